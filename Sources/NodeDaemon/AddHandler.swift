import CNI
import KubeAPI
import KubeRuntime
import Logging
import NetAddress
import PodNetwork

/// Answers an ADD: waits for the address, does what the NIC needs, tells the plugin (wire.md §5).
struct AddHandler: Sendable {
  let waiter: AllocationWaiter
  let interfaces: any PodInterfaces
  /// Names of IP CRs whose node may have to be written, after the answer (decisions.md §4 row 24).
  let placed: WorkQueue<ObjectKey>
  let logger: Logger

  func add(_ request: DaemonRequest) async throws -> InterfacePlan {
    if let refusal = AddDecision.refuse(request) { throw refusal }
    guard !request.wantsInterface else {
      throw AddFailure(
        status: 500, stage: "configure-nic",
        message: "configure nic \(request.interfaceName) for pod \(request.podName)/\(request.podNamespace) failed: "
          + "this daemon serves addresses to other plugins only; NICs of type kube-ovn need OVN")
    }
    let plan = try await waiter.plan(request)
    try apply(plan, request)
    placed.add(ObjectKey(name: plan.recordName))
    return plan
  }

  /// Sets the MAC and clears the way for a new default route; undoes the first when the second fails, so that a failed ADD leaves the
  /// interface as it was.
  private func apply(_ plan: InterfacePlan, _ request: DaemonRequest) throws {
    var undo: [@Sendable () throws -> Void] = []
    do {
      if let mac = plan.mac, let former = try setMAC(mac, request) {
        undo.append { _ = try interfaces.setMAC(former, interface: request.interfaceName, namespace: request.networkNamespace) }
      }
      for family in plan.replacedDefaults {
        let removed = try removeDefaults(family, request)
        undo.append { try removed.restore() }
      }
    } catch {
      for step in undo.reversed() {
        do { try step() } catch {
          logger.error("could not undo", metadata: ["pod": "\(request.podNamespace)/\(request.podName)", "error": "\(error)"])
        }
      }
      throw error
    }
  }

  private func setMAC(_ mac: MACAddress, _ request: DaemonRequest) throws -> MACAddress? {
    do {
      return try interfaces.setMAC(mac, interface: request.interfaceName, namespace: request.networkNamespace)
    } catch {
      throw AddFailure(
        status: 500, stage: "configure-nic",
        message:
          "failed to set MAC \(mac) on interface \(request.interfaceName) of pod \(request.podNamespace)/\(request.podName): \(error)")
    }
  }

  private func removeDefaults(_ family: AddressFamily, _ request: DaemonRequest) throws -> any RemovedRoutes {
    do {
      return try interfaces.removeDefaultRoutes(family, namespace: request.networkNamespace)
    } catch {
      throw AddFailure(
        status: 500, stage: "remove-default-route",
        message: "failed to remove existing default route for interface \(request.interfaceName) of pod "
          + "\(request.podNamespace)/\(request.podName): \(error)")
    }
  }
}

extension DaemonResponse {
  /// The answer that a plan amounts to: addresses and routes, nothing about a NIC that another plugin has made.
  init(_ plan: InterfacePlan) {
    self.init(addresses: plan.addresses.map { DaemonAddress($0.address, in: $0.cidr, gateway: $0.gateway) }, routes: plan.routes)
  }
}
