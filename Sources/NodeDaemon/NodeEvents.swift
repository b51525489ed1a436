import CNI
package import KubeAPI
package import KubeRuntime
import NetAddress
import PodNetwork

/// The daemon's events on pods, in Kube-OVN's reasons and words (wire.md §5, §6).
package struct NodeEvents: Sendable {
  private let node: String
  private let uid: @Sendable (ObjectKey) -> String
  private let record: @Sendable (EventDraft) -> Void

  package init(node: String, uid: @escaping @Sendable (ObjectKey) -> String, record: @escaping @Sendable (EventDraft) -> Void) {
    self.node = node
    self.uid = uid
    self.record = record
  }

  func configured(_ request: DaemonRequest, _ plan: InterfacePlan) {
    let ip = plan.addresses.map(\.address.description).joined(separator: ",")
    note(
      request, .normal, "PodNetworkConfigured",
      "subnet=\(plan.subnet) ip=\(ip) mac=\(plan.mac?.description ?? "") provider=\(request.provider) "
        + "interface=\(request.interfaceName) node=\(node)")
  }

  func configureFailed(_ request: DaemonRequest, _ failure: AddFailure) {
    note(
      request, .warning, "PodNetworkConfigureFailed",
      "stage=\(failure.stage) error=\(redacted(failure.message, request)) provider=\(request.provider) "
        + "interface=\(request.interfaceName) node=\(node)")
  }

  func removed(_ request: DaemonRequest) {
    note(
      request, .normal, "PodNetworkRemoved",
      "removed pod network provider=\(request.provider) interface=\(request.interfaceName) node=\(node)")
  }

  /// What differs at every try would make a new event of each.
  private func redacted(_ message: String, _ request: DaemonRequest) -> String {
    [request.containerID, request.networkNamespace, request.device.deviceID].filter { !$0.isEmpty }
      .reduce(message) { $0.split(separator: $1).joined(separator: "<redacted>") }
  }

  private func note(_ request: DaemonRequest, _ level: EventDraft.Level, _ reason: String, _ message: String) {
    guard !request.podName.isEmpty else { return }
    let pod = ObjectKey(namespace: request.podNamespace, name: request.podName)
    record(EventDraft(type: Pod.resourceType, object: pod, uid: uid(pod), level: level, reason: reason, message: message))
  }
}
