package import WireJSON

/// Annotation keys of pods. Those of one network start with its provider: `<provider>.kubernetes.io/<field>` (annotations.md §1).
package enum AnnotationKey {
  /// Multus: the extra networks that a pod asks for. Written by users, read by the controller and Multus.
  package static let networks = "k8s.v1.cni.cncf.io/networks"
  /// Multus: replaces the pod's primary network. Written by users.
  package static let defaultNetwork = "v1.multus-cni.io/default-network"
  /// Multus' report of what was attached. Written by Multus (and the lab's pod starter).
  package static let networkStatus = "k8s.v1.cni.cncf.io/network-status"
  /// Ours: why NICs of the pod have no address yet; a JSON object from provider to `{"reason","final"}` (decisions.md §4 row 2).
  /// Written by the controller, read by the daemon.
  package static let allocationError = "ovn.kubernetes.io/allocation_error"
  /// Ours: the term of the leader that last claimed a waiting pod (decisions.md §5.2). Written by the controller.
  package static let allocatorEpoch = "ovn.kubernetes.io/allocator_epoch"
  /// Ours: the uid of the pod that an address was given to. On IP objects it tells a pod from its namesake (decisions.md §4 row 12); on
  /// pods it tells what was given to this pod from what came along in a copied manifest. Written by the controller, read by both.
  package static let podUID = "ovn.kubernetes.io/pod_uid"
  /// On Namespaces: what `excludeIps` of the subnets bound to them say, `;` between subnets. Written by the controller.
  package static let excludeIPs = "ovn.kubernetes.io/exclude_ips"
  /// Ours, on IP objects of StatefulSet pods: the uid of the set, which tells it from one that is made again under its name. A record
  /// without it (from Kube-OVN) matches by name. Written and read by the controller.
  package static let ownerUID = "ovn.kubernetes.io/owner_uid"
  /// The Vip whose addresses one NIC of the pod is to have. Written by users, read by the controller.
  package static let vip = ProviderName.primary.key(.vip)
  /// The job that moves a virtual machine to another node. Written by KubeVirt.
  package static let migrationJob = "kubevirt.io/migrationJobName"

  static let hostSuffix = ".kubernetes.io/"

  /// Whether some network may have to do with a pod's annotation: `<provider>.kubernetes.io/<field>`, Multus' and KubeVirt's. kubectl's
  /// copy of the whole manifest, which is most of what pods carry, is not.
  package static func concernsNetworks(_ key: JSONKey) -> Bool {
    if key.contains(".kubernetes.io/") { return !key.hasPrefix("kubectl.") }
    return key.contains("cni.cncf.io/") || key.hasPrefix("v1.multus-cni.io/") || key.hasPrefix("kubevirt.io/")
  }
}

/// The fields that a network's provider prefixes.
package enum NetworkField: String, Sendable, CaseIterable {
  case ipAddress = "ip_address"
  case macAddress = "mac_address"
  case cidr
  case gateway
  case logicalSwitch = "logical_switch"
  case podNICType = "pod_nic_type"
  case allocated
  case routed
  case ipPool = "ip_pool"
  case ipFamily = "ip_family"
  case routes
  case defaultRoute = "default_route"
  case virtualMachine = "virtualmachine"
  case ingressRate = "ingress_rate"
  case egressRate = "egress_rate"
  case ingressBurst = "ingress_burst"
  case egressBurst = "egress_burst"
  case logicalRouter = "logical_router"
  case vlanID = "vlan_id"
  case providerNetwork = "provider_network"
  case vip
}
