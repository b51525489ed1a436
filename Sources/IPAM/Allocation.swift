package import NetAddress

/// What a NIC holds.
package struct Allocation: Sendable, Hashable {
  package let nic: String
  package let subnet: String
  /// The pool that the address belongs to, `""` for the subnet's own.
  package let pool: String
  package let v4: IPv4Address?
  package let v6: IPv6Address?
  package let mac: MACAddress?
  /// Addresses the NIC gave up for this one, so that whoever waits can be woken.
  package let freed: [FreedAddress]

  package init(
    nic: String, in pool: PoolKey, addresses: (v4: IPv4Address?, v6: IPv6Address?), mac: MACAddress?, freed: [FreedAddress] = []
  ) {
    self.nic = nic
    subnet = pool.subnet
    self.pool = pool.pool
    v4 = addresses.v4
    v6 = addresses.v6
    self.mac = mac
    self.freed = freed
  }

  /// Both families in one value, for texts.
  package var addresses: AddressPair { AddressPair(v4: v4, v6: v6) }
}

/// An allocation with its owner.
package struct HeldNIC: Sendable, Hashable {
  package let owner: Owner
  package let allocation: Allocation

  package init(owner: Owner, allocation: Allocation) {
    self.owner = owner
    self.allocation = allocation
  }

  package var holder: Holder { Holder(owner: owner, nic: allocation.nic) }
}

/// A pool of a subnet; the empty pool name is the subnet's own.
package struct PoolKey: Sendable, Hashable, Comparable {
  package let subnet: String
  package let pool: String

  package init(subnet: String, pool: String) {
    self.subnet = subnet
    self.pool = pool
  }

  package static func < (left: PoolKey, right: PoolKey) -> Bool {
    (left.subnet, left.pool) < (right.subnet, right.pool)
  }
}

/// An address that somebody else can have from now on. Excluded addresses and those another NIC still shares are not among them.
package struct FreedAddress: Sendable, Hashable {
  package let pool: PoolKey
  package let address: IPAddress

  package init(pool: PoolKey, address: IPAddress) {
    self.pool = pool
    self.address = address
  }
}

/// A NIC that lost everything it held, by a release or by an edit of its subnet.
package struct ReleasedNIC: Sendable, Hashable {
  package let held: HeldNIC
  /// The pools that gained the addresses; nil where there was none or nobody else can have it.
  private let v4Pool: String?
  private let v6Pool: String?

  init(held: HeldNIC, v4Pool: String?, v6Pool: String?) {
    self.held = held
    self.v4Pool = v4Pool
    self.v6Pool = v6Pool
  }

  /// What others can have now: one waiting pod may be woken for each.
  package var freed: [FreedAddress] {
    let v4 = freed(held.allocation.v4.map(IPAddress.v4), in: v4Pool)
    let v6 = freed(held.allocation.v6.map(IPAddress.v6), in: v6Pool)
    return [v4, v6].compactMap { $0 }
  }

  private func freed(_ address: IPAddress?, in pool: String?) -> FreedAddress? {
    guard let address, let pool else { return nil }
    return FreedAddress(pool: PoolKey(subnet: held.allocation.subnet, pool: pool), address: address)
  }
}

/// What an edit of a subnet or pool did.
package struct EditOutcome: Sendable, Hashable {
  /// NICs whose address no longer lies in the subnet: forgotten here, while the pods keep their annotations (allocation.md §10).
  /// A dual-stack NIC that lost one family only is listed with what it lost.
  package var dropped: [HeldNIC] = []
  /// Pools that may have gained addresses: whoever waits for one of them should try again (decisions row 18).
  package var gained: [PoolKey] = []
  /// What became of the records that were entered in the same step, one each.
  package var restored: [RestoreOutcome] = []

  package init(dropped: [HeldNIC] = [], gained: [PoolKey] = []) {
    self.dropped = dropped
    self.gained = gained
  }
}
