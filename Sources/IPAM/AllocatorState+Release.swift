import NetAddress

extension AllocatorState {
  /// Takes everything from the owner's NICs, except those that a later namesake of the pod has taken over.
  mutating func release(_ owner: Owner) -> [ReleasedNIC] {
    var released: [ReleasedNIC] = []
    var next = ledger.holdings.first(of: owner.key, hash: HoldingTable.hash(of: owner.key)) ?? .none
    while next != .none {
      let slot = next
      next = ledger.holdings[slot].next
      if ledger.holdings[slot].belongs(to: owner) { released.append(release(slot)) }
    }
    if released.count > 1 { released.sort { $0.held.allocation.nic < $1.held.allocation.nic } }
    return released
  }

  /// nil when this owner does not hold the NIC (any more).
  mutating func release(nic: String, of owner: Owner) -> ReleasedNIC? {
    let hash = HoldingTable.hash(of: owner.key)
    guard let slot = ledger.holdings.slot(of: owner.key, nic: nic, hash: hash), ledger.holdings[slot].belongs(to: owner) else {
      return nil
    }
    return release(slot)
  }

  private mutating func release(_ slot: Slot) -> ReleasedNIC {
    let held = HeldNIC(owner: ledger.holdings[slot].owner, allocation: allocation(of: slot))
    modify(subnet(of: slot)) { subnet, ledger in
      subnet.v4.giveBack(slot, &ledger)
      subnet.v6.giveBack(slot, &ledger)
      subnet.giveBackMAC(slot, &ledger)
    }
    let freed = freed(since: 0)
    ledger.holdings.destroy(slot)
    commit()
    return ReleasedNIC(held: held, freed: freed)
  }
}
