package import KubeAPI

/// The subnets as they stand: those in use by name and provider, and why the others are not.
package struct SubnetTable: Sendable {
  /// Accepted subnets by name.
  package private(set) var plans: [String: SubnetPlan] = [:]
  /// Refused ones, with the provider that they would serve and the reason.
  package private(set) var refused: [String: RefusedSubnet] = [:]

  package struct RefusedSubnet: Sendable, Equatable {
    package let provider: ProviderName
    package let reason: String
  }

  /// Subnets that are on their way out: what they gave stays theirs to speak of, and they give no more.
  package private(set) var closed: Set<String> = []

  /// The IPPools: here, so that a pod is judged by subnets and pools of one moment.
  package var pools = PoolTable()

  private var byProvider: [ProviderName: Set<String>] = [:]

  package init() {}

  package mutating func accept(_ plan: SubnetPlan) {
    remove(plan.name)
    plans[plan.name] = plan
    byProvider[plan.provider, default: []].insert(plan.name)
  }

  /// An accepted subnet stays as it was: its pods keep their addresses while its new text makes no sense.
  package mutating func refuse(_ name: String, provider: ProviderName, reason: String) {
    refused[name] = RefusedSubnet(provider: provider, reason: reason)
  }

  /// A subnet that is being deleted. Its plan stays for the pods that hold its addresses.
  package mutating func close(_ name: String, provider: ProviderName, reason: String) {
    refuse(name, provider: provider, reason: reason)
    closed.insert(name)
    if let plan = plans[name] { byProvider[plan.provider]?.remove(name) }
  }

  package mutating func remove(_ name: String) {
    refused[name] = nil
    closed.remove(name)
    guard let plan = plans.removeValue(forKey: name) else { return }
    byProvider[plan.provider]?.remove(name)
  }

  /// Accepted subnets of a provider, in name order (decisions.md §4 row 6).
  package func names(of provider: ProviderName) -> [String] { byProvider[provider, default: []].sorted() }

  /// Refused subnets that would serve a provider, in name order.
  package func refusedNames(of provider: ProviderName) -> [String] {
    refused.filter { $0.value.provider == provider && (plans[$0.key] == nil || closed.contains($0.key)) }.keys.sorted()
  }
}
