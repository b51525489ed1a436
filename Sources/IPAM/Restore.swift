package import NetAddress

/// What a stored record (IP, annotated pod, Vip, node) says a NIC has.
package struct HoldingRecord: Sendable, Hashable {
  package let nic: String
  package let owner: Owner
  package let subnet: String
  package let v4: IPv4Address?
  package let v6: IPv6Address?
  package let mac: MACAddress?
  package let sharing: Sharing

  package var addresses: AddressPair { AddressPair(v4: v4, v6: v6) }

  package init(
    nic: String, owner: Owner, subnet: String, addresses: AddressPair, mac: MACAddress? = nil, sharing: Sharing = .none
  ) {
    self.nic = nic
    self.owner = owner
    self.subnet = subnet
    v4 = addresses.v4?.v4
    v6 = addresses.v6?.v6
    self.mac = mac
    self.sharing = sharing
  }
}

/// What became of a record.
package enum RestoreOutcome: Sendable, Hashable {
  /// The NIC holds what the record says. Another NIC of the subnet may have the same MAC: both keep it, since both may be running.
  case granted(Allocation, macAlsoHeldBy: Holder?)
  /// Somebody else has the address (decisions §5.3).
  case held(IPAddress, by: Holder)
  /// The record cannot be true: no such subnet, an address outside it, or the NIC is known to hold something else.
  case refused(AllocationError)
}
