package import NetAddress

/// Everything the allocator knows, down to the lists that no status shows, in a form that can be compared and printed: for audits,
/// and for the proof that a failed request changed nothing.
package struct AllocatorSnapshot: Sendable, Hashable {
  package var subnets: [SubnetSnapshot] = []
  /// By owner key, then NIC.
  package var holdings: [HeldNIC] = []
}

package struct SubnetSnapshot: Sendable, Hashable {
  package let definition: SubnetDefinition
  /// The subnet's own pool first.
  package let pools: [PoolSnapshot]
  /// Shared addresses and MACs with all their holders in order.
  package let sharers: [String: [Holder]]
}

package struct PoolSnapshot: Sendable, Hashable {
  package let name: String
  package let v4: PoolLists<IPv4Address>
  package let v6: PoolLists<IPv6Address>
}

/// The lists of one pool in one family.
package struct PoolLists<Address: FamilyAddress>: Sendable, Hashable {
  package let members: AddressRangeSet<Address>
  package let free: AddressRangeSet<Address>
  package let released: AddressRangeSet<Address>
  package let using: AddressRangeSet<Address>
  package let excluded: UInt128

  init(_ pool: FamilyPool<Address>) {
    members = pool.members
    free = pool.free
    released = pool.released
    using = pool.using
    excluded = pool.excludedCount
  }
}

extension AllocatorState {
  var snapshot: AllocatorSnapshot {
    var snapshot = AllocatorSnapshot()
    for name in subnetNames {
      guard let subnet = subnet(named: name) else { continue }
      let pools = subnet.v4.pools.indices.map { index in
        PoolSnapshot(name: subnet.poolName(index), v4: PoolLists(subnet.v4.pools[index]), v6: PoolLists(subnet.v6.pools[index]))
      }
      snapshot.subnets.append(SubnetSnapshot(definition: subnet.definition, pools: pools, sharers: sharers(of: subnet)))
      snapshot.holdings += heldNICs(in: subnet)
    }
    snapshot.holdings.sort { ($0.owner.key, $0.allocation.nic) < ($1.owner.key, $1.allocation.nic) }
    return snapshot
  }

  /// Every NIC of a subnet.
  func heldNICs(in subnet: SubnetAllocator) -> [HeldNIC] {
    subnet.slots.map { HeldNIC(owner: ledger.holdings.owner($0), allocation: allocation(of: $0)) }
  }

  private func sharers(of subnet: SubnetAllocator) -> [String: [Holder]] {
    var sharers: [String: [Holder]] = [:]
    for slot in subnet.slots {
      let holding = ledger.holdings[slot]
      for address in [holding.address(.v4), holding.address(.v6)].compactMap({ $0 }) {
        let holders = subnet.holders(of: address, in: ledger.holdings)
        if holders.count > 1 { sharers[address.description] = holders.map { ledger.holdings.holder($0) } }
      }
      if let mac = holding.mac {
        let holders = subnet.macs.all(mac, in: ledger.holdings)
        if holders.count > 1 { sharers[mac.description] = holders.map { ledger.holdings.holder($0) } }
      }
    }
    return sharers
  }
}
