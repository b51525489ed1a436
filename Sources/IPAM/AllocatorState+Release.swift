import NetAddress

extension AllocatorState {
  /// Takes everything from the owner's NICs, except those that a later namesake of the pod has taken over.
  mutating func release(_ owner: Owner) -> [ReleasedNIC] {
    var released: [ReleasedNIC] = []
    let hash = ledger.holdings.hash(of: owner.key)
    var next = ledger.holdings.first(of: owner.key, hash: hash) ?? .none
    while next != .none {
      let slot = next
      next = ledger.holdings[slot].next
      if ledger.holdings.belongs(slot, toUID: owner.uid) { released.append(release(slot, hash)) }
    }
    if released.count > 1 { released.sort { $0.held.allocation.nic < $1.held.allocation.nic } }
    return released
  }

  /// nil when this owner does not hold the NIC (any more).
  mutating func release(nic: String, of owner: Owner) -> ReleasedNIC? {
    let hash = ledger.holdings.hash(of: owner.key)
    guard let slot = ledger.holdings.slot(ofNIC: nic, from: ledger.holdings.first(of: owner.key, hash: hash)),
      ledger.holdings.belongs(slot, toUID: owner.uid)
    else { return nil }
    return release(slot, hash)
  }

  private mutating func release(_ slot: Slot, _ hash: UInt32) -> ReleasedNIC {
    let held = HeldNIC(owner: ledger.holdings.owner(slot), allocation: allocation(of: slot))
    let pools = modify(subnet(of: slot)) { subnet, ledger in subnet.takeAwayAll(slot, &ledger.holdings) }
    ledger.holdings.destroy(slot, hash: hash)
    return ReleasedNIC(held: held, v4Pool: pools.v4, v6Pool: pools.v6)
  }
}
