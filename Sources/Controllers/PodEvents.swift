import KubeAPI
package import KubeRuntime
import PodNetwork

/// What the controller tells users about their pods and subnets, in Kube-OVN's reasons and words (allocation.md §6).
package struct PodEvents: Sendable {
  private let record: @Sendable (EventDraft) -> Void

  package init(record: @escaping @Sendable (EventDraft) -> Void) { self.record = record }

  func allocated(_ grants: [Grant], _ pod: Pod) {
    note(pod, .normal, EventReason.allocated, grants.map(\.summary).joined(separator: "; "))
  }

  func released(_ what: [String], of key: ObjectKey, uid: String?) {
    record(
      EventDraft(
        type: Pod.resourceType, object: key, uid: uid ?? "", level: .normal, reason: EventReason.released,
        message: what.joined(separator: "; ")))
  }

  func collected(_ address: CollectedAddress) {
    record(
      EventDraft(
        type: IPRecord.resourceType, object: address.record, uid: address.uid, level: .normal, reason: EventReason.collected,
        message: "address \(address.address) of subnet \(address.subnet) is free again: \(address.why)"))
  }

  func refused(_ refusals: [NetworkRefusal], _ pod: Pod) {
    for refusal in refusals {
      note(
        pod, .warning, EventReason.acquireAddressFailed,
        "stage=acquireAddress error=no address for pod \(pod.key) provider \(refusal.subject): \(refusal.reason)")
    }
  }

  func notices(_ texts: [String], _ pod: Pod) {
    for text in texts { note(pod, .warning, EventReason.notice, text) }
  }

  func subnet(_ subnet: Subnet, warning: String?, problem: SubnetProblem?) {
    let isOVN = ProviderName(subnet.spec.provider).isOVN
    let reason = problem != nil ? SubnetCondition.validateFailed : isOVN ? SubnetCondition.validateSuccess : SubnetCondition.nonOVNSuccess
    record(
      EventDraft(
        type: Subnet.resourceType, object: subnet.key, uid: subnet.metadata.uid,
        level: problem == nil && warning == nil ? .normal : .warning, reason: reason,
        message: problem?.description ?? warning ?? "subnet \(subnet.metadata.name) is ready"))
  }

  func pool(_ pool: IPPool, warning: String?, problem: PoolProblem?) {
    record(
      EventDraft(
        type: IPPool.resourceType, object: pool.key, uid: pool.metadata.uid,
        level: problem == nil && warning == nil ? .normal : .warning,
        reason: problem == nil ? PoolCondition.updateSuccess : PoolCondition.updateFailed,
        message: problem?.description ?? warning ?? "ippool \(pool.metadata.name) is ready"))
  }

  /// About any object.
  func note(_ object: some Resource, _ level: EventDraft.Level, _ reason: String, _ message: String) {
    record(
      EventDraft(
        type: type(of: object).resourceType, object: object.key, uid: object.metadata.uid, level: level, reason: reason, message: message))
  }
}
