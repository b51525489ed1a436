import NetAddress

/// One subnet: its two families, its named pools and its MACs.
struct SubnetAllocator: Sendable {
  private(set) var definition: SubnetDefinition
  /// Named pools; pool `i` here is pool `i + 1` of either family.
  private(set) var pools: [PoolDefinition] = []
  private var poolIndexes: [String: Int] = [:]
  var v4 = FamilyAllocator<IPv4Address>()
  var v6 = FamilyAllocator<IPv6Address>()
  private(set) var macs = HolderIndex<MACAddress>()

  init(_ definition: SubnetDefinition) {
    self.definition = definition
    defineFamilies()
  }

  var name: String { definition.name }

  /// nil for an unknown name; `""` is the subnet's own pool.
  func poolIndex(_ name: String) -> Int? { name.isEmpty ? 0 : poolIndexes[name] }

  func poolName(_ index: Int) -> String { index == 0 ? "" : pools[index - 1].name }

  func serves(_ family: AddressFamily) -> Bool { family == .v4 ? v4.isServed : v6.isServed }

  /// The pool that an address of the subnet belongs to.
  func poolName(of address: IPAddress) -> String {
    switch address {
    case .v4(let address): poolName(v4.poolIndex(of: address))
    case .v6(let address): poolName(v6.poolIndex(of: address))
    }
  }

  func poolKey(of address: IPAddress) -> PoolKey {
    PoolKey(subnet: name, pool: pools.isEmpty ? "" : poolName(of: address))
  }

  /// Whoever held the address first.
  func holder(of address: IPAddress, in holdings: HoldingTable) -> Slot? {
    switch address {
    case .v4(let address): v4.holders.first(address, in: holdings)
    case .v6(let address): v6.holders.first(address, in: holdings)
    }
  }

  /// A holder that stands in the way of another NIC.
  func rival(of slot: Slot, _ address: IPAddress, _ sharing: Sharing, in holdings: HoldingTable) -> Slot? {
    switch address {
    case .v4(let address): v4.holders.rival(of: slot, address, sharing, in: holdings)
    case .v6(let address): v6.holders.rival(of: slot, address, sharing, in: holdings)
    }
  }

  func holders(of address: IPAddress, in holdings: HoldingTable) -> [Slot] {
    switch address {
    case .v4(let address): v4.holders.all(address, in: holdings)
    case .v6(let address): v6.holders.all(address, in: holdings)
    }
  }

  /// Every NIC that holds something of the subnet.
  var slots: Set<Slot> { Set(v4.holders.slots).union(v6.holders.slots).union(macs.slots) }

  func availableCount(_ family: AddressFamily, pool: Int) -> UInt128 {
    family == .v4 ? v4.pools[pool].availableCount : v6.pools[pool].availableCount
  }

  // MARK: - MACs

  /// Another NIC with this MAC. Even a NIC of the same owner counts: two interfaces on one wire cannot have one MAC.
  func holder(of mac: MACAddress, otherThan slot: Slot, in holdings: HoldingTable) -> Slot? {
    macs.other(than: slot, mac, in: holdings)
  }

  mutating func takeMAC(_ mac: MACAddress, for slot: Slot, _ ledger: inout Ledger) {
    giveBackMAC(slot, &ledger)
    if macs.first(mac, in: ledger.holdings) == nil { macs.insert(mac, slot) } else { macs.share(mac, slot) }
    ledger.holdings[slot].mac = mac
    ledger.note(.tookMAC(slot, mac))
  }

  mutating func giveBackMAC(_ slot: Slot, _ ledger: inout Ledger) {
    guard let mac = ledger.holdings[slot].mac, let place = takeAwayMAC(slot, &ledger.holdings) else { return }
    ledger.note(.gaveMAC(slot, mac, place: place))
  }

  /// The same for good; which of the MAC's holders the NIC was, nil when it has none.
  @discardableResult
  mutating func takeAwayMAC(_ slot: Slot, _ holdings: inout HoldingTable) -> Int? {
    guard let mac = holdings[slot].mac else { return nil }
    holdings[slot].mac = nil
    return macs.remove(mac, slot).place
  }

  /// Takes everything from a NIC for good. Names the pools of the addresses that others can have now.
  mutating func takeAwayAll(_ slot: Slot, _ holdings: inout HoldingTable) -> (v4: String?, v6: String?) {
    var pools: (v4: String?, v6: String?) = (nil, nil)
    if let taken = v4.takeAway(slot, &holdings), taken.target == .released { pools.v4 = poolKey(of: taken.address.ip).pool }
    if let taken = v6.takeAway(slot, &holdings), taken.target == .released { pools.v6 = poolKey(of: taken.address.ip).pool }
    takeAwayMAC(slot, &holdings)
    return pools
  }

  mutating func undoTakeMAC(_ mac: MACAddress, _ slot: Slot, _ holdings: inout HoldingTable) {
    _ = macs.remove(mac, slot)
    holdings[slot].mac = nil
  }

  mutating func undoGiveBackMAC(_ mac: MACAddress, _ slot: Slot, place: Int, _ holdings: inout HoldingTable) {
    macs.restore(mac, slot, at: place, in: holdings)
    holdings[slot].mac = mac
  }

  // MARK: - Editing

  /// Puts a new definition in force, and returns the slots that lost an address by it. Families that did not change keep every
  /// list as it is.
  mutating func redefine(_ new: SubnetDefinition, _ holdings: inout HoldingTable) -> (lost: Set<Slot>, changed: [AddressFamily]) {
    var lost: Set<Slot> = []
    var changed: [AddressFamily] = []
    definition = new
    if !v4.matches(cidr: new.cidrs.v4, gateway: new.gateways.v4?.v4, excluded: new.v4Excludes) {
      lost.formUnion(v4.dropOutsiders(of: new.cidrs.v4?.usable?.v4, &holdings))
      changed.append(.v4)
    }
    if !v6.matches(cidr: new.cidrs.v6, gateway: new.gateways.v6?.v6, excluded: new.v6Excludes) {
      lost.formUnion(v6.dropOutsiders(of: new.cidrs.v6?.usable?.v6, &holdings))
      changed.append(.v6)
    }
    defineFamilies(changed)
    return (lost, changed)
  }

  private mutating func defineFamilies(_ families: [AddressFamily] = AddressFamily.allCases) {
    let new = definition
    if families.contains(.v4) {
      v4.define(
        cidr: new.cidrs.v4, usable: new.cidrs.v4?.usable?.v4, gateway: new.gateways.v4?.v4, excluded: new.v4Excludes,
        named: pools.map(\.v4))
    }
    if families.contains(.v6) {
      v6.define(
        cidr: new.cidrs.v6, usable: new.cidrs.v6?.usable?.v6, gateway: new.gateways.v6?.v6, excluded: new.v6Excludes,
        named: pools.map(\.v6))
    }
  }

  /// Adds or changes a named pool. Throws when it overlaps another one, leaving everything as it was.
  mutating func setPool(_ pool: PoolDefinition) throws(DefinitionError) {
    for other in pools where other.name != pool.name {
      // Families that the subnet does not serve yet count too (Kube-OVN passes them over): it may serve them later.
      let shared4 = pool.v4.intersection(other.v4)
      let shared6 = pool.v6.intersection(other.v6)
      guard shared4.isEmpty && shared6.isEmpty else {
        let ranges = [shared4.description, shared6.description].filter { !$0.isEmpty }.joined(separator: ",")
        throw .poolOverlap(pool: pool.name, other: other.name, ranges: ranges)
      }
    }
    let index = poolIndexes[pool.name] ?? pools.count + 1
    if index > pools.count { pools.append(pool) } else { pools[index - 1] = pool }
    poolIndexes[pool.name] = index
    v4.setPool(index, members: pool.v4)
    v6.setPool(index, members: pool.v6)
  }

  /// False when there is no such pool.
  mutating func removePool(_ name: String) -> Bool {
    guard let index = poolIndexes[name] else { return false }
    v4.removePool(index)
    v6.removePool(index)
    pools.remove(at: index - 1)
    poolIndexes = Dictionary(uniqueKeysWithValues: pools.enumerated().map { ($1.name, $0 + 1) })
    return true
  }
}

extension SubnetDefinition {
  var v4Excludes: AddressRangeSet<IPv4Address> { AddressRangeSet(excludes.compactMap(\.v4)) }
  var v6Excludes: AddressRangeSet<IPv6Address> { AddressRangeSet(excludes.compactMap(\.v6)) }
}
