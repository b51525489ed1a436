import NetAddress

extension AllocatorState {
  /// Serves every request or changes nothing. Each NIC is tried even after another failed, so that the error names all that fail.
  mutating func allocate(_ requests: [AllocationRequest], owner: Owner) throws(AllocationFailure) -> [Allocation] {
    guard isReady else {
      throw AllocationFailure(owner: owner, nics: requests.map { NICFailure(nic: $0.nic, attempts: [.notReady]) })
    }
    var allocations: [Allocation] = []
    allocations.reserveCapacity(requests.count)
    var failures: [NICFailure] = []
    let hash = ledger.holdings.hash(of: owner.key)
    // A span lends its elements; an array would copy each.
    let span = requests.span
    for index in span.indices {
      let mark = ledger.journal.count
      do throws(NICFailure) {
        if index > 0, requests[..<index].contains(where: { $0.nic == requests[index].nic }) {
          throw NICFailure(nic: span[index].nic, attempts: [.sameNICTwice])
        }
        let slot = try serve(span[index], owner, hash)
        // Apart from the next line: as its argument, this mutating call would make that line copy the whole state.
        let freed = freed(since: mark)
        allocations.append(allocation(of: slot, family: span[index].family, freed: freed))
      } catch {
        failures.append(error)
      }
    }
    guard failures.isEmpty else {
      rollBack()
      throw AllocationFailure(owner: owner, nics: failures)
    }
    ledger.commit()
    return allocations
  }

  /// Walks the candidates. What the NIC has already is kept if any candidate is content with it, whatever the order.
  private mutating func serve(_ request: AllocationRequest, _ owner: Owner, _ hash: UInt32) throws(NICFailure) -> Slot {
    let first = ledger.holdings.first(of: owner.key, hash: hash)
    let existing = ledger.holdings.slot(ofNIC: request.nic, from: first)
    let contented = existing.flatMap { slot in request.candidates.firstIndex { isContent(slot, with: $0, for: request) } }
    var attempts: [AllocationError] = []
    if let contented, let existing {
      do {
        try attempt(request.candidates[contented], request, owner, existing)
        return existing
      } catch {
        attempts.append(error)
      }
    }
    if !request.mayMove, let existing {
      throw NICFailure(nic: request.nic, attempts: attempts.isEmpty ? [.nicHolds(allocation(of: existing))] : attempts)
    }
    for index in request.candidates.indices where index != contented {
      guard let subnet = self.index(ofSubnet: request.candidates[index].subnet) else {
        attempts.append(.noSubnet(request.candidates[index].subnet))
        continue
      }
      let mark = ledger.journal.count
      let slot = existing.map { move($0, to: subnet) } ?? create(owner, request.nic, in: subnet, hash)
      do {
        try attempt(request.candidates[index], request, owner, slot)
        return slot
      } catch {
        rollBack(to: mark)
        attempts.append(error)
      }
    }
    throw NICFailure(nic: request.nic, attempts: attempts.isEmpty ? [.noCandidate] : attempts)
  }

  /// Whether what the NIC holds is what this candidate would give, MAC aside.
  private func isContent(_ slot: Slot, with candidate: Candidate, for request: AllocationRequest) -> Bool {
    let holding = ledger.holdings[slot]
    guard let index = index(ofSubnet: candidate.subnet), index == Int(holding.subnet) else { return false }
    for family in AddressFamily.allCases where request.family.includes(family) {
      guard holding.has(family) || !subnets[index].serves(family) else { return false }
      if case .random(_, let skipping) = candidate.source, !skipping.isEmpty, let address = holding.address(family) {
        guard !skipping.contains(address) else { return false }
      }
    }
    switch candidate.source {
    case .random: return true
    case .fixed(let addresses): return holding.holds(all: addresses)
    case .firstFree(let entries): return entries.contains { holding.holds(all: $0) }
    }
  }

  /// One candidate, for a holding that lies in its subnet already. Undoes its own steps when it fails.
  private mutating func attempt(
    _ candidate: Candidate, _ request: AllocationRequest, _ owner: Owner, _ slot: Slot
  ) throws(AllocationError) {
    let mark = ledger.journal.count
    do throws(AllocationError) {
      switch candidate.source {
      case .random(let pool, let skipping): try takeRandom(slot, request, pool: pool, skipping: skipping)
      case .fixed(let addresses): try takeFixed(slot, request, addresses)
      case .firstFree(let entries): try takeFirstFree(slot, request, entries)
      }
      try settleMAC(slot, request)
      // An underlay subnet has only MACs to give.
      guard !ledger.holdings[slot].isEmpty else { throw .noAddressGiven(subnet: candidate.subnet) }
      ledger.adopt(slot, uid: owner.uid)
    } catch {
      rollBack(to: mark)
      throw error
    }
  }

  private mutating func create(_ owner: Owner, _ nic: String, in index: Int, _ hash: UInt32) -> Slot {
    let slot = ledger.holdings.create(owner: owner, nic: nic, subnet: index, hash: hash)
    ledger.note(.created(slot))
    return slot
  }

  /// The same holding in this subnet: emptied first when it comes from another one.
  private mutating func move(_ slot: Slot, to index: Int) -> Slot {
    let old = subnet(of: slot)
    guard old != index else { return slot }
    modify(old) { subnet, ledger in
      subnet.v4.giveBack(slot, &ledger)
      subnet.v6.giveBack(slot, &ledger)
      subnet.giveBackMAC(slot, &ledger)
    }
    ledger.note(.moved(slot, from: Int32(truncatingIfNeeded: old)))
    ledger.holdings[slot].subnet = Int32(truncatingIfNeeded: index)
    return slot
  }

  // MARK: - Answers

  /// What the NIC holds, in the family asked for.
  func allocation(of slot: Slot, family: AddressFamily? = nil, freed: [FreedAddress] = []) -> Allocation {
    let holding = ledger.holdings[slot]
    let v4 = family.includes(.v4) ? holding.v4 : nil
    let v6 = family.includes(.v6) ? holding.v6 : nil
    let index = Int(holding.subnet)
    var pool = ""
    if !subnets[index].pools.isEmpty, let address = v4.map(IPAddress.v4) ?? v6.map(IPAddress.v6) {
      pool = subnets[index].poolName(of: address)
    }
    return Allocation(
      nic: ledger.holdings.nic(slot), in: PoolKey(subnet: subnets[index].name, pool: pool), addresses: (v4, v6), mac: holding.mac,
      freed: freed)
  }

  /// Addresses given back since the mark that others can have. Must be asked before the journal is cleared, for one NIC's steps.
  private mutating func freed(since mark: Int) -> [FreedAddress] {
    var freed: [FreedAddress] = []
    // Steps before a move are about the subnet that the NIC left.
    var left: Int32?
    guard ledger.hasGivenBack else { return freed }
    for index in mark..<ledger.journal.count {
      if case .moved(_, let subnet) = ledger.journal[index] { left = subnet }
    }
    for index in mark..<ledger.journal.count {
      if case .moved = ledger.journal[index] { left = nil }
      guard case .gave(let slot, let address, .released, _) = ledger.journal[index] else { continue }
      var subnet = self.subnet(of: slot)
      if let left { subnet = Int(left) }
      let pool = modify(subnet) { subnet, _ in subnet.poolKey(of: address) }
      freed.append(FreedAddress(pool: pool, address: address))
    }
    return freed
  }
}

extension AddressFamily? {
  /// nil asks for both. (Spelled as a switch: comparing a raw-valued enum of another module goes through a generic call.)
  func includes(_ family: AddressFamily) -> Bool {
    switch (self, family) {
    case (nil, _), (.v4, .v4), (.v6, .v6): true
    default: false
    }
  }
}
