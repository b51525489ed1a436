package import KubeAPI
package import KubeRuntime
import PodNetwork

/// The controller's view of the cluster: one store a kind.
package struct ClusterStores: Sendable {
  package let pods = Store<Pod>(indexes: [
    .init(IndexName.network) { PodNetworks.named(by: $0).map(\.description) },
    .init(IndexName.vip) { VipUse.name(of: $0).map { [$0] } ?? [] },
    .init(IndexName.machine) { pod in PodOwner.machineKey(of: pod).map { [$0.description] } ?? [] },
  ])
  package let namespaces = Store<Namespace>()
  package let nodes = Store<Node>()
  package let networks = Store<NetworkAttachmentDefinition>()
  package let subnets = Store<Subnet>()
  package let pools = Store<IPPool>(indexes: [.init(IndexName.subnet) { [$0.spec.subnet] }])
  package let records = Store<IPRecord>(indexes: [
    .init(IndexName.pod) { [ObjectKey(namespace: $0.spec.namespace, name: $0.spec.podName).description] },
    .init(IndexName.subnet) { [$0.spec.subnet] },
    .init(IndexName.set) { record in
      guard record.spec.podType == PodOwner.Kind.statefulSet.rawValue, let set = PodOwner.setName(ofPod: record.spec.podName) else {
        return []
      }
      return [ObjectKey(namespace: record.spec.namespace, name: set).description]
    },
  ])
  package let vips = Store<Vip>(indexes: [.init(IndexName.subnet) { [$0.subnetName] }])
  package let sets = Store<StatefulSet>()
  /// KubeVirt's kinds, empty in a cluster without it.
  package let machines = Store<VirtualMachine>()
  package let instances = Store<VirtualMachineInstance>()

  package init() {}

  /// Pods that name a NAD.
  func pods(naming network: ObjectKey) -> [Pod] { pods.objects(IndexName.network, network.description) }

  /// Records of one pod (or virtual machine), in name order.
  package func records(ofPod key: ObjectKey) -> [IPRecord] { records.objects(IndexName.pod, key.description) }

  package func records(inSubnet name: String) -> [IPRecord] { records.objects(IndexName.subnet, name) }

  /// Pools whose text names a subnet, in name order.
  package func pools(inSubnet name: String) -> [IPPool] { pools.objects(IndexName.subnet, name) }

  /// Records that a StatefulSet's pods of any ordinal left behind or use.
  package func records(ofSet key: ObjectKey) -> [IPRecord] { records.objects(IndexName.set, key.description) }

  /// The pods in which a virtual machine runs: two while it moves to another node.
  package func pods(ofMachine key: ObjectKey) -> [Pod] { pods.objects(IndexName.machine, key.description) }

  /// Pods that name a Vip, in key order.
  func pods(usingVip name: String) -> [Pod] { pods.objects(IndexName.vip, name) }

  /// Vips that hold or want an address of a subnet, in name order.
  func vips(inSubnet name: String) -> [Vip] { vips.objects(IndexName.subnet, name) }

  /// Whether some object claims an address of the subnet. An IP that was made by hand and not accepted claims none.
  func areAddressesClaimed(inSubnet name: String) -> Bool {
    records(inSubnet: name).contains { !ReservationPlan.isPending($0) } || vips(inSubnet: name).contains(where: \.isAssigned)
  }

  /// Whether every first list has arrived.
  package var areSynced: Bool {
    pods.isSynced && namespaces.isSynced && nodes.isSynced && networks.isSynced && subnets.isSynced && pools.isSynced
      && records.isSynced && vips.isSynced && sets.isSynced && machines.isSynced && instances.isSynced
  }

  package func waitUntilSynced() async throws {
    try await subnets.waitUntilSynced()
    try await pools.waitUntilSynced()
    try await records.waitUntilSynced()
    try await vips.waitUntilSynced()
    try await networks.waitUntilSynced()
    try await namespaces.waitUntilSynced()
    try await nodes.waitUntilSynced()
    try await sets.waitUntilSynced()
    try await machines.waitUntilSynced()
    try await instances.waitUntilSynced()
    try await pods.waitUntilSynced()
  }
}

/// Names of the stores' indexes.
private enum IndexName {
  static let machine = "machine"
  static let network = "network"
  static let pod = "pod"
  static let set = "set"
  static let subnet = "subnet"
  static let vip = "vip"
}
