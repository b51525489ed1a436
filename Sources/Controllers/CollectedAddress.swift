import IPAM
package import KubeAPI
import NetAddress
package import PodNetwork

/// An address that nobody stood behind any more, and why it is free again.
package struct CollectedAddress: Sendable {
  /// The name of its IP object, with the object's uid where there was one.
  package let record: ObjectKey
  package let uid: String
  package let address: String
  package let subnet: String
  package let why: ReleaseReason

  init(record: IPRecord, why: ReleaseReason) {
    self.record = record.key
    uid = record.metadata.uid
    address = record.addresses?.description ?? record.spec.ipAddress
    subnet = record.spec.subnet
    self.why = why
  }

  /// One that only the allocator knew.
  init(_ held: HeldNIC, why: ReleaseReason) {
    record = ObjectKey(name: held.allocation.nic)
    uid = ""
    address = held.allocation.addresses.description
    subnet = held.allocation.subnet
    self.why = why
  }
}
