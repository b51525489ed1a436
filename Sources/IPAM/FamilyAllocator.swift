import NetAddress

/// An address that the allocator can file and report.
protocol HeldAddress: FamilyAddress, HeldValue {
  var ip: IPAddress { get }
}

extension IPv4Address: HeldAddress {
  var ip: IPAddress { .v4(self) }
}

extension IPv6Address: HeldAddress {
  var ip: IPAddress { .v6(self) }
}

/// Why the lists of one family cannot give an address; the subnet's name is added by the caller.
enum FamilyRefusal: Error {
  case exhausted(Occupancy)
  case allSkipped(count: UInt128)
  case outOfRange
  case gateway
  case held(Slot)
  case unavailable
}

/// An address that a NIC lost.
struct TakenAway<Address: HeldAddress> {
  let address: Address
  /// Where it went.
  let target: Origin
  /// Which of its holders the NIC was.
  let place: Int
}

/// One address family of one subnet: its pools, and who holds what. The order in which addresses are given is Kube-OVN's
/// (allocation.md §2): lowest first, given back last.
struct FamilyAllocator<Address: HeldAddress>: Sendable {
  /// nil when the subnet does not serve the family; every list is empty then.
  private(set) var cidr: CIDR?
  private(set) var usable: ClosedRange<Address>?
  private(set) var gateway: Address?
  /// Never given unless asked for by name.
  private(set) var excluded = AddressRangeSet<Address>()
  /// The subnet's own pool, then the named ones in the order of the subnet's list.
  private(set) var pools: [FamilyPool<Address>] = [FamilyPool()]
  /// The members of the named pools, ascending, so that an address finds its pool without a look at each.
  private var namedRanges: [NamedRange] = []
  private(set) var holders = HolderIndex<Address>()

  /// A piece of a named pool.
  private struct NamedRange: Sendable {
    let range: ClosedRange<Address>
    let pool: Int
  }

  var isServed: Bool { usable != nil }

  /// The pool whose members include the address; the subnet's own when no named pool does.
  func poolIndex(of address: Address) -> Int {
    var low = 0
    var high = namedRanges.count
    while low < high {
      let middle = (low + high) / 2
      if namedRanges[middle].range.upperBound < address { low = middle + 1 } else { high = middle }
    }
    return low < namedRanges.count && namedRanges[low].range.contains(address) ? namedRanges[low].pool : 0
  }

  // MARK: - Giving

  /// Gives the lowest free address of a pool that is not in `skipping` and not the gateway.
  ///
  /// When every free address is skipped, the released ones are looked at as well. (Kube-OVN answers a conflict there, for ever if
  /// the free one is a node's.)
  mutating func takeLowest(
    pool: Int, skipping: Set<IPAddress>, for slot: Slot, _ ledger: inout Ledger
  ) throws(FamilyRefusal) {
    if pools[pool].free.isEmpty, !pools[pool].released.isEmpty {
      recycle(pool)
      ledger.note(.recycled(subnet: Int(ledger.holdings[slot].subnet), Address.family, pool: pool))
    }
    if skipping.isEmpty, gateway == nil || pools[pool].free.first != gateway {
      guard let address = pools[pool].free.popFirst() else { throw .exhausted(pools[pool].occupancy) }
      hold(address, pool: pool, for: slot, from: .free, &ledger)
      return
    }
    let gateway = gateway
    let isForbidden = { (address: Address) in address == gateway || skipping.contains(address.ip) }
    if let address = pools[pool].free.first(except: isForbidden) {
      pools[pool].free.remove(address)
      hold(address, pool: pool, for: slot, from: .free, &ledger)
    } else if let address = pools[pool].released.first(except: isForbidden) {
      pools[pool].released.remove(address)
      hold(address, pool: pool, for: slot, from: .released, &ledger)
    } else if pools[pool].availableCount == 0 {
      throw .exhausted(pools[pool].occupancy)
    } else {
      throw .allSkipped(count: pools[pool].availableCount)
    }
  }

  /// Gives this address and takes back another one that the NIC had. Excluded addresses may be had this way. Any other NIC that
  /// has the address is in the way, also one of the same owner. (Kube-OVN lets two NICs of a pod have one address, and frees it
  /// when the first of them goes.)
  mutating func takeFixed(
    _ address: Address, for slot: Slot, sharing: Sharing, _ ledger: inout Ledger
  ) throws(FamilyRefusal) {
    guard let usable, usable.contains(address) else { throw .outOfRange }
    guard address != gateway || sharing == .anyone else { throw .gateway }
    let current = Address.read(ledger.holdings[slot])
    guard current != address else { return }
    let pool = poolIndex(of: address)
    let origin: Origin
    if holders.first(address, in: ledger.holdings) != nil {
      if let rival = holders.rival(of: slot, address, sharing, in: ledger.holdings) { throw .held(rival) }
      origin = .shared
    } else if excluded.contains(address) {
      origin = .excluded
    } else if pools[pool].free.remove(address) {
      origin = .free
    } else if pools[pool].released.remove(address) {
      origin = .released
    } else {
      throw .unavailable
    }
    if current != nil { giveBack(slot, &ledger) }
    hold(address, pool: pool, for: slot, from: origin, &ledger)
  }

  /// Takes the NIC's address of this family away, under the journal. Nothing happens when it has none.
  mutating func giveBack(_ slot: Slot, _ ledger: inout Ledger) {
    guard let taken = takeAway(slot, &ledger.holdings) else { return }
    ledger.note(.gave(slot, taken.address.ip, taken.target, place: taken.place))
  }

  /// The same for good. nil when the NIC has no address of this family.
  mutating func takeAway(_ slot: Slot, _ holdings: inout HoldingTable) -> TakenAway<Address>? {
    guard let address = Address.read(holdings[slot]) else { return nil }
    let removal = holders.remove(address, slot)
    Address.write(nil, to: &holdings[slot])
    guard removal.isLast else { return TakenAway(address: address, target: .shared, place: removal.place) }
    let pool = poolIndex(of: address)
    pools[pool].using.remove(address)
    guard !excluded.contains(address) else { return TakenAway(address: address, target: .excluded, place: 0) }
    pools[pool].released.insert(address)
    return TakenAway(address: address, target: .released, place: 0)
  }

  /// Enters the holder; the address has left its list already.
  private mutating func hold(_ address: Address, pool: Int, for slot: Slot, from origin: Origin, _ ledger: inout Ledger) {
    if origin == .shared {
      holders.share(address, slot)
    } else {
      pools[pool].using.insert(address)
      holders.insert(address, slot)
    }
    Address.write(address, to: &ledger.holdings[slot])
    ledger.note(.took(slot, address.ip, origin))
  }

  private mutating func recycle(_ pool: Int) {
    let released = pools[pool].released
    pools[pool].released = AddressRangeSet()
    pools[pool].free = released
  }

  // MARK: - Undoing

  mutating func undoTake(_ address: Address, _ slot: Slot, _ origin: Origin, _ holdings: inout HoldingTable) {
    _ = holders.remove(address, slot)
    Address.write(nil, to: &holdings[slot])
    guard origin != .shared else { return }
    let pool = poolIndex(of: address)
    pools[pool].using.remove(address)
    if origin == .free { pools[pool].free.insert(address) }
    if origin == .released { pools[pool].released.insert(address) }
  }

  mutating func undoGiveBack(_ address: Address, _ slot: Slot, to target: Origin, place: Int, _ holdings: inout HoldingTable) {
    if target != .shared {
      let pool = poolIndex(of: address)
      if target == .released { pools[pool].released.remove(address) }
      pools[pool].using.insert(address)
    }
    holders.restore(address, slot, at: place, in: holdings)
    Address.write(address, to: &holdings[slot])
  }

  mutating func undoRecycle(_ pool: Int) {
    let free = pools[pool].free
    pools[pool].free = AddressRangeSet()
    pools[pool].released = free
  }

  // MARK: - Editing

  /// Whether this definition of the family is the one in force, in which case an edit leaves every list as it is.
  func matches(cidr: CIDR?, gateway: Address?, excluded: AddressRangeSet<Address>) -> Bool {
    self.cidr == cidr && self.gateway == gateway && self.excluded == excluded
  }

  /// A changed family is built anew from what is in use; nothing stays released (allocation.md §10). `dropOutsiders` must have
  /// run for the new range before.
  mutating func define(
    cidr: CIDR?, usable: ClosedRange<Address>?, gateway: Address?, excluded: AddressRangeSet<Address>, named: [AddressRangeSet<Address>]
  ) {
    let using = using
    self.cidr = cidr
    self.usable = usable
    self.gateway = gateway
    self.excluded = excluded
    let all = usable.map { AddressRangeSet($0) } ?? AddressRangeSet()
    pools = [FamilyPool()]
    var own = all
    for members in named {
      var pool = FamilyPool<Address>()
      pool.rebuild(members: members.intersection(all), using: using, excluded: excluded)
      pools.append(pool)
      own = own.subtracting(members)
    }
    pools[0].rebuild(members: own, using: using, excluded: excluded)
    indexNamedRanges()
  }

  /// Adds a pool at the end, or gives an existing one other members. Both it and the subnet's own pool are built anew, even when
  /// nothing changed: Kube-OVN does the same, and the traces pin it.
  mutating func setPool(_ index: Int, members: AddressRangeSet<Address>) {
    let using = using
    let all = usable.map { AddressRangeSet($0) } ?? AddressRangeSet()
    if index == pools.count { pools.append(FamilyPool()) }
    pools[index].rebuild(members: members.intersection(all), using: using, excluded: excluded)
    let named = pools[1...].reduce(AddressRangeSet<Address>()) { $0.union($1.members) }
    pools[0].rebuild(members: all.subtracting(named), using: using, excluded: excluded)
    indexNamedRanges()
  }

  /// The members go back to the subnet's own pool.
  mutating func removePool(_ index: Int) {
    pools[0].absorb(pools[index])
    pools.remove(at: index)
    indexNamedRanges()
  }

  /// Forgets holders whose address is not in `usable`, and returns them.
  mutating func dropOutsiders(of usable: ClosedRange<Address>?, _ holdings: inout HoldingTable) -> [Slot] {
    let outsiders = holders.slots.filter { slot in
      guard let address = Address.read(holdings[slot]) else { return false }
      return usable?.contains(address) != true
    }
    for slot in outsiders {
      guard let address = Address.read(holdings[slot]) else { continue }
      if holders.remove(address, slot).isLast { pools[poolIndex(of: address)].using.remove(address) }
      Address.write(nil, to: &holdings[slot])
    }
    return outsiders
  }

  /// Held addresses of all pools.
  var using: AddressRangeSet<Address> { pools.dropFirst().reduce(pools[0].using) { $0.union($1.using) } }

  private mutating func indexNamedRanges() {
    namedRanges = pools.indices.dropFirst().flatMap { index in
      pools[index].members.ranges.map { NamedRange(range: $0, pool: index) }
    }
    namedRanges.sort { $0.range.lowerBound < $1.range.lowerBound }
  }
}
