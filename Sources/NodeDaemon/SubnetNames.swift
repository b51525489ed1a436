package import KubeAPI
package import KubeRuntime
import NetAddress
import PodNetwork

/// The Subnets of the node's store, as the decisions ask for them.
struct SubnetNames: SubnetLookup {
  let store: Store<Subnet>

  func names(provider: ProviderName) -> [String] {
    store.objects(Self.providerIndex, provider.text).map(\.metadata.name)
  }

  func name(provider: ProviderName, holding address: IPAddress) -> String? {
    let subnets = store.objects(Self.providerIndex, provider.text)
    return subnets.first { CIDRBlock($0.spec.cidrBlock)?.containing(address) != nil }?.metadata.name
  }

  func contains(name: String) -> Bool { store[ObjectKey(name: name)] != nil }

  static let providerIndex = "provider"
}

extension NodeStores {
  /// A Subnet without a provider serves the primary network.
  static func provider(of subnet: Subnet) -> String {
    subnet.spec.provider.isEmpty ? ProviderName.primary.text : subnet.spec.provider
  }
}

/// The daemon's view of the cluster: the pods of its node, and all Subnets.
package struct NodeStores: Sendable {
  package let pods = Store<Pod>()
  package let subnets = Store<Subnet>(indexes: [.init(SubnetNames.providerIndex) { [provider(of: $0)] }])

  package init() {}

  package var areSynced: Bool { pods.isSynced && subnets.isSynced }
}
