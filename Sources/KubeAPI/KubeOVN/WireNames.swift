/// The finalizer that every Kube-OVN object carries while its controller has work left to do on its deletion.
package enum Finalizer {
  package static let controller = "kubeovn.io/kube-ovn-controller"
  /// What versions before 1.13 wrote; treated alike and replaced.
  package static let legacyController = "kube-ovn-controller"

  /// The list with our finalizer in it and the one of old versions replaced by it; nil when it is so already.
  package static func added(to present: [String]) -> [String]? {
    let others = present.filter { $0 != legacyController && $0 != controller }
    let isRight = present.contains(controller) && !present.contains(legacyController)
    return isRight ? nil : others + [controller]
  }
}

extension ObjectMeta {
  /// Whether the object carries a finalizer of the controller: it has been dealt with, and has to be taken leave of.
  package var isManaged: Bool { finalizers.contains { $0 == Finalizer.controller || $0 == Finalizer.legacyController } }
}

/// Labels on IP and Vip objects. Written by the controller; the node label also by the daemon.
package enum LabelKey {
  /// The subnet's name.
  package static let subnet = "ovn.kubernetes.io/subnet"
  /// The node's name, empty before the pod is scheduled.
  package static let nodeName = "ovn.kubernetes.io/node-name"
  /// `true` on a reservation made by hand, `false` on a record made for a pod.
  package static let ipReserved = "ovn.kubernetes.io/ip_reserved"
}

/// Reasons of the events on pods; the first six are Kube-OVN's own.
package enum EventReason {
  package static let allocated = "PodNetworkAllocated"
  package static let released = "PodNetworkReleased"
  package static let acquireAddressFailed = "AcquireAddressFailed"
  package static let updateFailed = "PodNetworkUpdateFailed"
  package static let releaseFailed = "PodNetworkReleaseFailed"
  package static let validateFailed = "ValidatePodNetworkFailed"
  /// Ours, on IP objects: an address was freed because nobody stood behind it any more.
  package static let collected = "AddressCollected"
  /// Ours: something about a network that does no harm but that the user will want to know.
  package static let notice = "PodNetworkNotice"
  /// Ours, on Vips and IPs: an address is held for the object from now on.
  package static let addressReserved = "AddressReserved"
  /// Ours, on Vips and IPs: what is asked for makes no sense.
  package static let invalidReservation = "InvalidReservation"
  /// Ours, on Vips and IPs: an address that was given once is not changed by an edit.
  package static let changeRefused = "ChangeRefused"
}

/// Types of the conditions of every kind, and reasons of those of Subnets.
package enum SubnetCondition {
  package static let ready = "Ready"
  package static let validated = "Validated"
  package static let error = "Error"
  package static let validateSuccess = "ValidateLogicalSwitchSuccess"
  package static let validateFailed = "ValidateLogicalSwitchFailed"
  package static let nonOVNSuccess = "SetNonOvnSubnetSuccess"
}
