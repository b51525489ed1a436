import CNI
import KubeAPI
import KubeRuntime
import PodNetwork

/// Waits until the controller has decided about a NIC: by the pod's change, never by polling (decisions.md §4 row 1).
struct AllocationWaiter: Sendable {
  let stores: NodeStores
  let node: String
  /// Asks the API server for a pod that the node's watch has not shown yet; nil when it does not exist.
  let fetch: @Sendable (ObjectKey) async throws -> Pod?
  let sleep: @Sendable (Duration) async throws -> Void
  /// From the request's arrival.
  let deadline: Duration

  /// What the answer is made of; throws `AddFailure` when there will be none, with the last reason known.
  func plan(_ request: DaemonRequest) async throws -> InterfacePlan {
    let key = ObjectKey(namespace: request.podNamespace, name: request.podName)
    let known = try await find(key)
    if let plan = try settled(request, known) { return plan }
    do {
      try await withDeadline {
        try await stores.pods.wait(for: key) { pod in
          guard let pod else { return true }
          if case .wait = AddDecision(request, pod: pod, subnets: SubnetNames(store: stores.subnets)) { return false }
          return true
        }
      }
    } catch is DeadlinePassed {
      let last = stores.pods[key].map { AddDecision(request, pod: $0, subnets: SubnetNames(store: stores.subnets)) }
      var reason = "kube-ovn-controller has not allocated it yet"
      if case .wait(let why) = last { reason = why }
      throw AddFailure(
        status: 500, stage: "wait-address", message: AddDecision.unallocated(request, reason + " (waited \(deadline))"))
    }
    guard let pod = stores.pods[key] else {
      throw AddFailure(status: 500, stage: "get-pod", message: "get pod \(key) failed: it was deleted while its network was set up")
    }
    guard let plan = try settled(request, pod) else {
      throw AddFailure(status: 500, stage: "wait-address", message: AddDecision.unallocated(request, "its annotations changed again"))
    }
    return plan
  }

  private func find(_ key: ObjectKey) async throws -> Pod {
    if let pod = stores.pods[key] { return pod }
    let fetched: Pod?
    do { fetched = try await fetch(key) } catch {
      throw AddFailure(status: 500, stage: "get-pod", message: "get pod \(key) failed: \(error)")
    }
    guard let fetched else {
      throw AddFailure(status: 500, stage: "get-pod", message: "get pod \(key) failed: pod \"\(key.name)\" not found")
    }
    guard fetched.nodeName == node else {
      throw AddFailure(
        status: 500, stage: "get-pod", message: "get pod \(key) failed: it is bound to node \"\(fetched.nodeName)\", this is \"\(node)\"")
    }
    // The watch is behind; what it brings later replaces this.
    stores.pods.apply(fetched)
    return stores.pods[key] ?? fetched
  }

  private func settled(_ request: DaemonRequest, _ pod: Pod) throws -> InterfacePlan? {
    switch AddDecision(request, pod: pod, subnets: SubnetNames(store: stores.subnets)) {
    case .ready(let plan): return plan
    case .wait: return nil
    case .fail(let failure): throw failure
    }
  }

  private struct DeadlinePassed: Error {}

  private func withDeadline(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await body() }
      group.addTask {
        try await sleep(deadline)
        throw DeadlinePassed()
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }
}
