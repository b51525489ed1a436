import NetAddress

extension AllocatorState {
  /// Adds a subnet, or puts a new definition of it in force (allocation.md §10).
  mutating func setSubnet(_ definition: SubnetDefinition) throws(DefinitionError) -> EditOutcome {
    guard let index = index(ofSubnet: definition.name) else {
      add(SubnetAllocator(definition))
      return EditOutcome(gained: gainedPools(of: definition.name))
    }
    guard !definition.cidrs.isEmpty || subnets[index].definition.cidrs.isEmpty else { throw .cidrRemoved(subnet: definition.name) }
    var before: [Slot: Allocation] = [:]
    for slot in outsiders(of: definition, in: index) { before[slot] = allocation(of: slot) }
    let (lost, changed) = modify(index) { subnet, ledger in subnet.redefine(definition, &ledger.holdings) }
    var outcome = EditOutcome()
    for slot in lost {
      guard let had = before[slot] else { continue }
      outcome.dropped.append(HeldNIC(owner: ledger.holdings.owner(slot), allocation: difference(had, slot)))
      removeIfAddressless(slot)
    }
    outcome.dropped.sort { $0.allocation.nic < $1.allocation.nic }
    if !changed.isEmpty { outcome.gained = gainedPools(of: definition.name) }
    return outcome
  }

  /// NICs whose address the new definition no longer covers.
  private func outsiders(of definition: SubnetDefinition, in index: Int) -> [Slot] {
    guard definition.cidrs != subnets[index].definition.cidrs else { return [] }
    return subnets[index].slots.filter { slot in
      let holding = ledger.holdings[slot]
      return AddressFamily.allCases.contains { family in
        holding.address(family).map { definition.cidrs[family]?.usable?.contains($0) != true } ?? false
      }
    }
  }

  /// What of `had` the NIC has no more.
  private func difference(_ had: Allocation, _ slot: Slot) -> Allocation {
    let holding = ledger.holdings[slot]
    let v4 = holding.v4 == nil ? had.v4 : nil
    let v6 = holding.v6 == nil ? had.v6 : nil
    let isBare = holding.v4 == nil && holding.v6 == nil
    return Allocation(
      nic: had.nic, in: PoolKey(subnet: had.subnet, pool: had.pool), addresses: (v4, v6), mac: isBare ? had.mac : nil)
  }

  /// A NIC without address keeps no MAC either in a subnet that gives addresses.
  private mutating func removeIfAddressless(_ slot: Slot) {
    guard ledger.holdings[slot].v4 == nil, ledger.holdings[slot].v6 == nil else { return }
    modify(subnet(of: slot)) { subnet, ledger in _ = subnet.takeAwayMAC(slot, &ledger.holdings) }
    ledger.holdings.destroy(slot)
  }

  /// Forgets a subnet with its pools and holders, which are returned.
  mutating func removeSubnet(_ name: String) -> EditOutcome {
    guard let subnet = subnet(named: name) else { return EditOutcome() }
    let slots = subnet.slots
    let dropped = slots.map { HeldNIC(owner: ledger.holdings.owner($0), allocation: allocation(of: $0)) }
    for slot in slots { ledger.holdings.destroy(slot) }
    forgetSubnet(name)
    return EditOutcome(dropped: dropped.sorted { $0.allocation.nic < $1.allocation.nic })
  }

  /// Adds or changes an IPPool. Addresses in use move to the pool that now covers them; nobody loses anything.
  mutating func setPool(_ pool: PoolDefinition, in subnetName: String) throws(DefinitionError) -> EditOutcome {
    guard let index = index(ofSubnet: subnetName) else { throw .noSubnet(subnetName) }
    try modify(index) { subnet, _ throws(DefinitionError) in try subnet.setPool(pool) }
    return EditOutcome(gained: gainedPools(of: subnetName, only: ["", pool.name]))
  }

  mutating func removePool(_ name: String, in subnetName: String) -> EditOutcome {
    guard let index = index(ofSubnet: subnetName) else { return EditOutcome() }
    let isRemoved = modify(index) { subnet, _ in subnet.removePool(name) }
    return EditOutcome(gained: isRemoved ? gainedPools(of: subnetName, only: [""]) : [])
  }

  /// Pools touched by an edit that have something to give.
  private func gainedPools(of name: String, only wanted: Set<String>? = nil) -> [PoolKey] {
    guard let subnet = subnet(named: name) else { return [] }
    return subnet.v4.pools.indices.compactMap { index in
      let pool = subnet.poolName(index)
      guard wanted?.contains(pool) != false else { return nil }
      let hasRoom = AddressFamily.allCases.contains { subnet.availableCount($0, pool: index) > 0 }
      return hasRoom ? PoolKey(subnet: name, pool: pool) : nil
    }
  }
}
