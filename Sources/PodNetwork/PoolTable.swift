package import NetAddress

/// The IPPools as they stand: those in force by name, subnet and namespace, and why others are not.
package struct PoolTable: Sendable {
  /// Pools in force. One whose newest text is refused stays with its last good one.
  package private(set) var plans: [String: PoolPlan] = [:]
  /// Pools whose newest text is refused, in force or not.
  package private(set) var refused: [String: RefusedPool] = [:]

  /// A pool that cannot be in force as it is written.
  package struct RefusedPool: Sendable, Equatable {
    /// The subnet it wants; empty where it names none.
    package let subnet: String
    /// The namespaces it is bound to: theirs is no other pool meanwhile.
    package let namespaces: [String]
    package let reason: String

    package init(subnet: String, namespaces: [String], reason: String) {
      self.subnet = subnet
      self.namespaces = namespaces
      self.reason = reason
    }
  }

  private var bySubnet: [String: Set<String>] = [:]
  private var byNamespace: [String: Set<String>] = [:]

  package init() {}

  package mutating func accept(_ plan: PoolPlan) {
    remove(plan.name)
    plans[plan.name] = plan
    bySubnet[plan.subnet, default: []].insert(plan.name)
    for namespace in plan.namespaces { byNamespace[namespace, default: []].insert(plan.name) }
  }

  package mutating func refuse(_ name: String, _ pool: RefusedPool) { refused[name] = pool }

  /// The pool is in force no more, whatever became of its newest text.
  package mutating func withdraw(_ name: String) {
    guard let plan = plans.removeValue(forKey: name) else { return }
    bySubnet[plan.subnet]?.remove(name)
    for namespace in plan.namespaces { byNamespace[namespace]?.remove(name) }
  }

  package mutating func remove(_ name: String) {
    refused[name] = nil
    withdraw(name)
  }

  /// Whether anything has been decided about the pool.
  package func isJudged(_ name: String) -> Bool { plans[name] != nil || refused[name] != nil }

  /// Pools in force in a subnet, in name order.
  package func names(inSubnet subnet: String) -> [String] { bySubnet[subnet, default: []].sorted() }

  /// Pools in force that a namespace is bound to, in name order: the order in which they are tried.
  package func plans(boundTo namespace: String) -> [PoolPlan] {
    guard let names = byNamespace[namespace] else { return [] }
    return names.sorted().compactMap { plans[$0] }
  }

  /// Pools that a namespace is bound to and that are not in force at all, in name order.
  package func refusedNames(boundTo namespace: String) -> [String] {
    refused.filter { plans[$0.key] == nil && $0.value.namespaces.contains(namespace) }.keys.sorted()
  }

  /// The pool in force that an address of a subnet belongs to.
  package func plan(holding address: IPAddress, inSubnet subnet: String) -> PoolPlan? {
    for name in bySubnet[subnet, default: []] {
      if let plan = plans[name], plan.contains(address) { return plan }
    }
    return nil
  }
}
