package import KubeAPI

/// Which subnets and pools a namespace is bound to, as its annotations tell (annotations.md §4, §9).
package struct NamespaceBinding: Sendable, Equatable {
  /// In name order.
  package let subnets: [String]
  package let pools: [String]
  /// What the four annotations are to say; one that is not here is not to be there.
  package let annotations: [String: String]

  /// `defaultSubnet` serves namespaces that have no subnet of their own, where it exists.
  package init(of namespace: Namespace, in table: SubnetTable, defaultSubnet: String) {
    let open = table.plans.values.filter { !table.closed.contains($0.name) }
    var bound = open.filter { $0.binds(namespace) }
    if bound.isEmpty { bound = open.filter { $0.name == defaultSubnet } }
    bound.sort { $0.name < $1.name }
    subnets = bound.map(\.name)
    let name = namespace.metadata.name
    pools = (table.pools.plans(boundTo: name).map(\.name) + table.pools.refusedNames(boundTo: name)).sorted()
    var annotations: [String: String] = [:]
    if !bound.isEmpty {
      annotations[Self.subnetKey] = subnets.joined(separator: ",")
      annotations[Self.cidrKey] = bound.map(\.spec.cidrBlock).joined(separator: ";")
      annotations[AnnotationKey.excludeIPs] = bound.map { $0.spec.excludeIPs.joined(separator: ",") }.joined(separator: ";")
    }
    if !pools.isEmpty { annotations[Self.poolKey] = pools.joined(separator: ",") }
    self.annotations = annotations
  }

  /// What the namespace's annotations lack or have too much; empty when they are right.
  package func patch(of namespace: Namespace) -> MetadataPatch {
    var patch = MetadataPatch(of: namespace.metadata)
    for key in [Self.subnetKey, Self.cidrKey, AnnotationKey.excludeIPs, Self.poolKey]
    where namespace.metadata.annotations[key] != annotations[key] {
      patch.annotations[key] = .some(annotations[key])
    }
    return patch
  }

  private static let subnetKey = ProviderName.primary.key(.logicalSwitch)
  private static let cidrKey = ProviderName.primary.key(.cidr)
  private static let poolKey = ProviderName.primary.key(.ipPool)
}

extension SubnetPlan {
  /// By name, or by any of the selectors.
  fileprivate func binds(_ namespace: Namespace) -> Bool {
    spec.namespaces.contains(namespace.metadata.name) || spec.namespaceSelectors.contains { $0.matches(namespace.metadata.labels) }
  }
}
