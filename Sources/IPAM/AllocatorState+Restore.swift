import NetAddress

extension AllocatorState {
  /// Enters what a record says, whole or not at all. Never chooses anything: no other family is completed, no MAC is drawn.
  mutating func restore(_ record: HoldingRecord) -> RestoreOutcome {
    do {
      let slot = try enter(record)
      let macHolder = enterMAC(record.mac, slot)
      ledger.commit()
      return .granted(allocation(of: slot), macAlsoHeldBy: macHolder)
    } catch {
      rollBack()
      if case .held(_, let address, let holder) = error { return .held(address, by: holder) }
      return .refused(error)
    }
  }

  private mutating func enter(_ record: HoldingRecord) throws(AllocationError) -> Slot {
    guard let index = index(ofSubnet: record.subnet) else { throw .noSubnet(record.subnet) }
    let slot: Slot
    if let existing = ledger.holdings.slot(of: record.owner.key, nic: record.nic) {
      slot = existing
      guard subnet(of: slot) == index, agrees(record, with: ledger.holdings[slot]) else { throw .nicHolds(allocation(of: slot)) }
    } else {
      let hash = ledger.holdings.hash(of: record.owner.key)
      slot = ledger.holdings.create(owner: record.owner, nic: record.nic, subnet: index, hash: hash)
      ledger.note(.created(slot))
    }
    let addresses = [record.v4.map(IPAddress.v4), record.v6.map(IPAddress.v6)].compactMap { $0 }
    if addresses.isEmpty, record.mac == nil { throw .noAddressGiven(subnet: record.subnet) }
    let request = AllocationRequest(nic: record.nic, candidates: [], sharing: record.sharing)
    for address in addresses { try takeFixedAlone(slot, address, request) }
    ledger.adopt(slot, uid: record.owner.uid)
    return slot
  }

  /// One address and nothing more: with the family named, the other one is not completed.
  private mutating func takeFixedAlone(_ slot: Slot, _ address: IPAddress, _ request: AllocationRequest) throws(AllocationError) {
    let alone = AllocationRequest(nic: request.nic, candidates: [], family: address.family, sharing: request.sharing)
    try takeFixed(slot, alone, [address])
  }

  /// A family that both name is the same address in both.
  private func agrees(_ record: HoldingRecord, with holding: Holding) -> Bool {
    (record.v4 == nil || holding.v4 == nil || record.v4 == holding.v4)
      && (record.v6 == nil || holding.v6 == nil || record.v6 == holding.v6)
  }

  /// Enters the MAC even where another NIC has it, and tells who: an address must not be lost over it.
  private mutating func enterMAC(_ mac: MACAddress?, _ slot: Slot) -> Holder? {
    guard let mac, ledger.holdings[slot].mac != mac else { return nil }
    let index = subnet(of: slot)
    let other = subnets[index].holder(of: mac, otherThan: slot, in: ledger.holdings)
    modify(index) { subnet, ledger in subnet.takeMAC(mac, for: slot, &ledger) }
    return other.map { ledger.holdings.holder($0) }
  }
}
