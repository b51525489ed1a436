/// What the flags of `kube-ovn-controller` decide (operations.md), validated once.
package struct ControllerOptions: Sendable, Equatable {
  /// Workers for each kind of object.
  package var workers = 3
  /// How often everything is looked over for leaks; nil never.
  package var collectionInterval: Duration? = .seconds(360)
  /// Whether some other CNI gives pods their eth0.
  package var isNonPrimary = false
  /// What `spec.enableLb` of a Subnet is set to where it says nothing.
  package var enableLB = true
  /// The subnet of namespaces that have none of their own, where it exists.
  package var defaultSubnet = "ovn-default"
  /// Whether a KubeVirt machine, rather than the pod it runs in, owns its addresses.
  package var keepsVMAddress = true
  /// Lease of leader election; nil runs without (tests, a single replica in the lab).
  package var namespace = "kube-system"
  package var identity = ""

  package init() {}
}
