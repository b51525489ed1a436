import CNI
import KubeAPI
import NetAddress
import PodNetwork
import Testing
import WireJSON

/// Testing has a type of that name too.
typealias Attachment = PodNetwork.Attachment

/// The objects that tests start from: pod `team-a/web`, NAD `default/macvlan`, subnet `net-a`.
enum Sample {
  static let podUID = "0b8f"
  static let macvlan = ProviderName("macvlan.default")

  static func pod(_ annotations: [String: String] = [:], name: String = "web", owner: OwnerReference? = nil) -> Pod {
    var metadata = ObjectMeta(name: name, namespace: "team-a")
    metadata.uid = podUID
    metadata.resourceVersion = "41"
    metadata.annotations = annotations
    metadata.ownerReferences = owner.map { [$0] } ?? []
    return Pod(metadata: metadata)
  }

  static func networks(_ text: String, _ more: [String: String] = [:]) -> Pod {
    pod(more.merging([AnnotationKey.networks: text]) { $1 })
  }

  static func statefulSet(_ name: String) -> OwnerReference {
    OwnerReference(apiVersion: "apps/v1", kind: "StatefulSet", name: name, uid: "5e7", isController: true)
  }

  /// A macvlan configuration whose IPAM is ours.
  static func ipam(_ provider: String?, type: String = "macvlan") -> String {
    let provider = provider.map { #","provider":"\#($0)""# } ?? ""
    return #"{"cniVersion":"0.3.1","type":"\#(type)","ipam":{"type":"kube-ovn"\#(provider)}}"#
  }

  static func ovn(_ provider: String) -> String { #"{"cniVersion":"0.3.1","type":"kube-ovn","provider":"\#(provider)"}"# }

  /// The NADs of `default`, by name; a lookup for `PodNetworks`.
  static func definitions(_ configs: [String: String]) -> @Sendable (ObjectKey) -> NetworkAttachmentDefinition? {
    { key in
      guard key.namespace == "default", let config = configs[key.name] else { return nil }
      return NetworkAttachmentDefinition(metadata: ObjectMeta(name: key.name, namespace: key.namespace), config: config)
    }
  }

  /// The usual NADs.
  static let usual: @Sendable (ObjectKey) -> NetworkAttachmentDefinition? = definitions([
    "macvlan": ipam("macvlan.default"), "vlan": ipam("vlan.default", type: "vlan"), "ipvlan": ipam("ipvlan.default", type: "ipvlan"),
    "attach": ovn("attach.default.ovn"), "foreign": #"{"type":"macvlan","ipam":{"type":"host-local"}}"#,
  ])

  static func attachment(
    _ provider: ProviderName = macvlan, interface: String = "net1", named: Bool = false, type: String = "macvlan"
  ) -> Attachment {
    var attachment = Attachment(
      network: ObjectKey(namespace: "default", name: "macvlan"), provider: provider, subnetProvider: macvlan, interface: interface,
      namesInterface: named)
    attachment.pluginType = type
    return attachment
  }

  /// One of two NICs of NAD `default/macvlan`.
  static func repeated(_ interface: String) -> Attachment {
    attachment(macvlan.appending(interface: interface), interface: interface, named: true)
  }

  static func subnet(
    _ name: String = "net-a", cidr: String = "10.0.0.0/24", provider: String = "macvlan.default",
    _ change: (inout Subnet.Spec) -> Void = { _ in }
  ) -> Subnet {
    var metadata = ObjectMeta(name: name)
    metadata.uid = "50b"
    metadata.resourceVersion = "7"
    metadata.generation = 3
    var spec = Subnet.Spec()
    spec.cidrBlock = cidr
    spec.provider = provider
    change(&spec)
    return Subnet(metadata: metadata, spec: spec)
  }

  static func plan(_ name: String = "net-a", cidr: String = "10.0.0.0/24", provider: String = "macvlan.default") throws -> SubnetPlan {
    try SubnetPlan(subnet(name, cidr: cidr, provider: provider))
  }

  static func addresses(_ text: String) throws -> AddressPair { try AddressPair(parsing: text) }
}

/// What a throwing call refuses with; fails the test where it does not throw.
func refusal<T>(_ body: () throws(NetworkRefusal) -> T, _ location: SourceLocation = #_sourceLocation) throws -> NetworkRefusal {
  do throws(NetworkRefusal) {
    let value = try body()
    Issue.record("expected a refusal, not \(value)", sourceLocation: location)
    return NetworkRefusal(subject: "", reason: "", isFinal: false)
  } catch {
    return error
  }
}

/// SplitMix64: the same numbers for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
