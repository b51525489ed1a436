import KubeAPI
import WireJSON

/// Which prefix the annotations of a NIC have: the NAD's provider, or that with the interface behind it (decisions.md §4 row 3).
///
/// Controller and node both decide by this, from the pod alone. What a NIC runs under already stays, however the networks annotation
/// changes around it: a prefix that moves is an address that is freed while it is in use.
struct ProviderForm {
  private let annotations: [String: String]

  init(_ pod: Pod) { annotations = pod.metadata.annotations }

  func provider(of base: ProviderName, network: ObjectKey, interface: String, isRepeated: Bool) -> ProviderName {
    let own = base.appending(interface: interface)
    if isAllocated(own) { return own }
    return isRepeated && !keepsShared(base, network, interface) ? own : base
  }

  /// The same for a node, which knows the provider but not the NAD.
  func provider(of base: ProviderName, interface: String, podNamespace: String) -> ProviderName {
    let networks = [AnnotationKey.defaultNetwork, AnnotationKey.networks].flatMap { key in
      annotations[key].flatMap { try? NetworkSelection.parse($0, podNamespace: podNamespace) } ?? []
    }.map(\.network)
    let matching = networks.filter {
      ProviderName(network: $0, isOVN: false) == base || ProviderName(network: $0, isOVN: true) == base
    }
    let network = matching.first ?? ObjectKey(name: "")
    return provider(of: base, network: network, interface: interface, isRepeated: matching.count > 1)
  }

  private func isAllocated(_ provider: ProviderName) -> Bool { annotations[provider.key(.allocated)] == "true" }

  /// Kube-OVN gives the NICs of a repeated IPAM NAD one address. A NIC that came to a running pod later does not share it.
  private func keepsShared(_ base: ProviderName, _ network: ObjectKey, _ interface: String) -> Bool {
    guard isAllocated(base) else { return false }
    let running = reportedInterfaces(of: network)
    return running.isEmpty || running.contains(interface)
  }

  /// The interfaces of a NAD that Multus reports (`k8s.v1.cni.cncf.io/network-status`): none while the pod starts, and none where
  /// the report makes no sense.
  private func reportedInterfaces(of network: ObjectKey) -> Set<String> {
    guard let status = annotations[AnnotationKey.networkStatus], let entries = (try? JSONValue(parsing: status))?.array else { return [] }
    return Set(entries.filter { $0["name"]?.string == network.description }.compactMap { $0["interface"]?.string })
  }
}

extension ProviderName {
  /// The longest provider before `.kubernetes.io`, since the part of an annotation key before its slash is a DNS name.
  static let keyPrefixLimit = 253 - ".kubernetes.io".utf8.count

  /// Whether `<provider>.kubernetes.io/…` is a key that Kubernetes stores.
  var isKeyPrefix: Bool {
    text.utf8.count <= Self.keyPrefixLimit
      && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(NetworkSelection.isLabel)
  }
}
