import NetAddress

/// The three ways to an address, and the MAC. Each writes to the journal and may stop half-way with an error: the caller rolls back.
extension AllocatorState {
  // MARK: - Random

  /// Both families that the subnet serves, or the one asked for, from a pool; v4 first. A family that the NIC has already stays
  /// as it is, whatever the pool, unless its address is to be skipped (allocation.md §2).
  mutating func takeRandom(
    _ slot: Slot, _ request: AllocationRequest, pool: String, skipping: Set<IPAddress>
  ) throws(AllocationError) {
    let index = subnet(of: slot)
    try requireServed(request.family, subnet: index)
    try modify(index) { subnet, ledger throws(AllocationError) in
      if request.family.includes(.v4), subnet.v4.isServed {
        try Self.takeRandom(.v4, slot, in: &subnet, from: (pool, skipping), &ledger)
      }
      if request.family.includes(.v6), subnet.v6.isServed {
        try Self.takeRandom(.v6, slot, in: &subnet, from: (pool, skipping), &ledger)
      }
    }
  }

  private static func takeRandom(
    _ family: AddressFamily, _ slot: Slot, in subnet: inout SubnetAllocator, from source: (pool: String, skipping: Set<IPAddress>),
    _ ledger: inout Ledger
  ) throws(AllocationError) {
    if ledger.holdings[slot].has(family) {
      guard !source.skipping.isEmpty, let current = ledger.holdings[slot].address(family), source.skipping.contains(current) else {
        return
      }
      if family == .v4 { subnet.v4.giveBack(slot, &ledger) } else { subnet.v6.giveBack(slot, &ledger) }
    }
    guard let pool = subnet.poolIndex(source.pool) else { throw .noPool(PoolKey(subnet: subnet.name, pool: source.pool)) }
    do throws(FamilyRefusal) {
      switch family {
      case .v4: try subnet.v4.takeLowest(pool: pool, skipping: source.skipping, for: slot, &ledger)
      case .v6: try subnet.v6.takeLowest(pool: pool, skipping: source.skipping, for: slot, &ledger)
      }
    } catch {
      let key = PoolKey(subnet: subnet.name, pool: source.pool)
      if case .allSkipped(let count) = error { throw .allSkipped(key, family, count: count) }
      throw .exhausted(key, family, subnet.occupancy(family, pool: pool))
    }
  }

  // MARK: - Fixed

  /// These addresses. All families are looked at before anything is taken; a dual-stack subnet completes the other family from its
  /// own pool unless one family was asked for (allocation.md §3).
  mutating func takeFixed(_ slot: Slot, _ request: AllocationRequest, _ addresses: [IPAddress]) throws(AllocationError) {
    let index = subnet(of: slot)
    guard let first = addresses.first else { throw .noAddressGiven(subnet: name(of: index)) }
    if let wanted = request.family, let other = addresses.first(where: { $0.family != wanted }) {
      throw .wrongFamily(other, wanted: wanted)
    }
    try requireServed(request.family, subnet: index)
    for (place, address) in addresses.enumerated() {
      if let twin = addresses[..<place].first(where: { $0.family == address.family }) { throw .twoOfFamily(twin, address) }
    }
    for address in addresses { try takeFixed(slot, address, sharing: request.sharing) }
    guard request.family == nil, addresses.count == 1 else { return }
    let other = first.family.other
    try modify(index) { subnet, ledger throws(AllocationError) in
      guard subnet.serves(other) else { return }
      try Self.takeRandom(other, slot, in: &subnet, from: ("", []), &ledger)
    }
  }

  private mutating func takeFixed(_ slot: Slot, _ address: IPAddress, sharing: Sharing) throws(AllocationError) {
    let index = subnet(of: slot)
    do {
      try modify(index) { subnet, ledger throws(FamilyRefusal) in
        switch address {
        case .v4(let address): try subnet.v4.takeFixed(address, for: slot, sharing: sharing, &ledger)
        case .v6(let address): try subnet.v6.takeFixed(address, for: slot, sharing: sharing, &ledger)
        }
      }
    } catch {
      throw refusal(error, of: address, in: index)
    }
  }

  private func refusal(_ refusal: FamilyRefusal, of address: IPAddress, in index: Int) -> AllocationError {
    let name = name(of: index)
    switch refusal {
    case .outOfRange: return .outOfRange(subnet: name, address, cidr: subnets[index].definition.cidrs[address.family])
    case .gateway: return .gateway(subnet: name, address)
    case .held(let holder): return .held(subnet: name, address, by: ledger.holdings.holder(holder))
    case .unavailable, .exhausted, .allSkipped: return .unavailable(subnet: name, address)
    }
  }

  // MARK: - A list of addresses

  /// The entry that the NIC holds already, else the first one whose first address no other owner has and that can be had.
  mutating func takeFirstFree(_ slot: Slot, _ request: AllocationRequest, _ entries: [[IPAddress]]) throws(AllocationError) {
    let index = subnet(of: slot)
    let holding = ledger.holdings[slot]
    if let mine = entries.first(where: { holding.holds(all: $0) }) {
      try takeFixed(slot, request, mine)
      return
    }
    var taken: AllocationError?
    var best: AllocationError?
    for entry in entries {
      guard let first = entry.first else { continue }
      if let holder = modify(index, { subnet, ledger in subnet.rival(of: slot, first, request.sharing, in: ledger.holdings) }),
        ledger.holdings.ownerKey(holder) != ledger.holdings.ownerKey(slot)
      {
        taken =
          taken ?? .listTaken(subnet: name(of: index), entries: entries.count, first: first, by: ledger.holdings.holder(holder))
        continue
      }
      let mark = ledger.journal.count
      do {
        try takeFixed(slot, request, entry)
        return
      } catch {
        rollBack(to: mark)
        // One that waiting can cure says more than one that nothing cures.
        if best == nil || !error.isFinal || best?.isFinal == true { best = error }
      }
    }
    if let best, !best.isFinal { throw best }
    throw taken ?? best ?? .noAddressGiven(subnet: name(of: index))
  }

  // MARK: - MAC

  mutating func settleMAC(_ slot: Slot, _ request: AllocationRequest) throws(AllocationError) {
    let current = ledger.holdings[slot].mac
    let index = subnet(of: slot)
    switch request.mac {
    case .none:
      return
    case .random:
      guard current == nil else { return }
      let mac = unusedMAC(in: index)
      modify(index) { subnet, ledger in subnet.takeMAC(mac, for: slot, &ledger) }
    case .fixed(let mac):
      guard current != mac else { return }
      if request.sharing != .anyone, subnets[index].definition.gatewayMAC == mac {
        throw .macGateway(subnet: name(of: index), mac)
      }
      if let holder = modify(index, { subnet, ledger in subnet.macs.rival(of: slot, mac, request.sharing, in: ledger.holdings) }) {
        throw .macHeld(subnet: name(of: index), mac, by: ledger.holdings.holder(holder))
      }
      modify(index) { subnet, ledger in subnet.takeMAC(mac, for: slot, &ledger) }
    }
  }

  /// Drawn until it is neither the gateway's nor anybody's: of 2^46 the first one nearly always is.
  private mutating func unusedMAC(in index: Int) -> MACAddress {
    while true {
      let mac = MACAddress.random(using: &generator)
      let isTaken = modify(index) { subnet, ledger in
        subnet.definition.gatewayMAC == mac || subnet.holder(of: mac, otherThan: .none, in: ledger.holdings) != nil
      }
      if !isTaken { return mac }
    }
  }

  func requireServed(_ family: AddressFamily?, subnet index: Int) throws(AllocationError) {
    guard let family, !subnets[index].serves(family) else { return }
    throw .familyNotServed(subnet: subnets[index].name, family, subnets[index].definition.protocol)
  }

  func name(of index: Int) -> String { subnets[index].name }
}

extension SubnetAllocator {
  func occupancy(_ family: AddressFamily, pool: Int) -> Occupancy {
    family == .v4 ? v4.pools[pool].occupancy : v6.pools[pool].occupancy
  }
}
