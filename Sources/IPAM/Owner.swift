/// Who holds an address: a pod (or VM, node, Vip) by key, and the object's UID where it is known.
///
/// The key alone decides whether two requests come from the same owner. The UID tells a pod from its namesake that came later:
/// a release that carries the UID of the earlier one frees nothing of the later one (decisions rows 10 and 12).
package struct Owner: Sendable, Hashable {
  /// `ns/pod` or `ns/vm`; `node-<n>` for a node; the name for a Vip.
  package let key: String
  /// The pod's UID; nil for records that Kube-OVN wrote, which match by key.
  package let uid: String?

  package init(key: String, uid: String? = nil) {
    self.key = key
    self.uid = uid
  }
}

extension Owner: CustomStringConvertible {
  package var description: String { key }
}

/// One NIC of an owner, as answers name it.
package struct Holder: Sendable, Hashable {
  package let owner: Owner
  /// The port name, `<pod>.<ns>[.<provider>]`.
  package let nic: String

  package init(owner: Owner, nic: String) {
    self.owner = owner
    self.nic = nic
  }
}

extension Holder: CustomStringConvertible {
  package var description: String { "\(owner) (NIC \(nic))" }
}
