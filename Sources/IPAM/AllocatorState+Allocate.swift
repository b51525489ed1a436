import NetAddress

/// One NIC's request while it is being served.
private struct NICContext {
  let request: AllocationRequest
  let owner: Owner
  let ownerHash: UInt32
}

extension AllocatorState {
  /// Serves every request or changes nothing. Each NIC is tried even after another failed, so that the error names all that fail.
  mutating func allocate(_ requests: [AllocationRequest], owner: Owner) throws(AllocationFailure) -> [Allocation] {
    guard isReady else {
      throw AllocationFailure(owner: owner, nics: requests.map { NICFailure(nic: $0.nic, attempts: [.notReady]) })
    }
    var allocations: [Allocation] = []
    allocations.reserveCapacity(requests.count)
    var failures: [NICFailure] = []
    let hash = HoldingTable.hash(of: owner.key)
    for (index, request) in requests.enumerated() {
      let mark = ledger.journal.count
      do throws(NICFailure) {
        if index > 0, requests[..<index].contains(where: { $0.nic == request.nic }) {
          throw NICFailure(nic: request.nic, attempts: [.sameNICTwice])
        }
        let slot = try serve(NICContext(request: request, owner: owner, ownerHash: hash))
        allocations.append(allocation(of: slot, family: request.family, freed: freed(since: mark)))
      } catch {
        failures.append(error)
      }
    }
    guard failures.isEmpty else {
      rollBack()
      throw AllocationFailure(owner: owner, nics: failures)
    }
    commit()
    return allocations
  }

  /// Walks the candidates. What the NIC has already is kept if any candidate is content with it, whatever the order.
  private mutating func serve(_ context: NICContext) throws(NICFailure) -> Slot {
    let request = context.request
    let existing = ledger.holdings.slot(of: context.owner.key, nic: request.nic, hash: context.ownerHash)
    let contented = existing.flatMap { slot in request.candidates.firstIndex { isContent(slot, with: $0, for: request) } }
    var attempts: [AllocationError] = []
    if let contented {
      do {
        return try attempt(request.candidates[contented], context, slot: existing)
      } catch {
        attempts.append(error)
      }
    }
    for (index, candidate) in request.candidates.enumerated() where index != contented {
      do {
        return try attempt(candidate, context, slot: existing)
      } catch {
        attempts.append(error)
      }
    }
    throw NICFailure(nic: request.nic, attempts: attempts.isEmpty ? [.noCandidate] : attempts)
  }

  /// Whether what the NIC holds is what this candidate would give, MAC aside.
  private func isContent(_ slot: Slot, with candidate: Candidate, for request: AllocationRequest) -> Bool {
    guard let index = index(ofSubnet: candidate.subnet), index == subnet(of: slot) else { return false }
    let holding = ledger.holdings[slot]
    let hasWanted = AddressFamily.allCases.allSatisfy { family in
      guard request.family ?? family == family, subnets[index].serves(family) else { return true }
      return holding.address(family) != nil
    }
    guard hasWanted else { return false }
    switch candidate.source {
    case .random(_, let skipping):
      guard !skipping.isEmpty else { return true }
      return AddressFamily.allCases.allSatisfy { family in
        guard request.family ?? family == family, let address = holding.address(family) else { return true }
        return !skipping.contains(address)
      }
    case .fixed(let addresses):
      return holding.holds(all: addresses)
    case .firstFree(let entries):
      return entries.contains { holding.holds(all: $0) }
    }
  }

  /// One candidate, all or nothing.
  private mutating func attempt(_ candidate: Candidate, _ context: NICContext, slot existing: Slot?) throws(AllocationError) -> Slot {
    guard let index = index(ofSubnet: candidate.subnet) else { throw .noSubnet(candidate.subnet) }
    let mark = ledger.journal.count
    do throws(AllocationError) {
      let slot = place(existing, in: index, context)
      switch candidate.source {
      case .random(let pool, let skipping):
        try takeRandom(slot, context.request, pool: pool, skipping: skipping)
      case .fixed(let addresses):
        try takeFixed(slot, context.request, addresses)
      case .firstFree(let entries):
        try takeFirstFree(slot, context.request, entries)
      }
      try settleMAC(slot, context.request)
      // An underlay subnet has only MACs to give.
      guard !ledger.holdings[slot].isEmpty else { throw .noAddressGiven(subnet: candidate.subnet) }
      if let uid = context.owner.uid, ledger.holdings[slot].uid != uid {
        ledger.note(.changedUID(slot, from: ledger.holdings[slot].uid))
        ledger.holdings[slot].uid = uid
      }
      return slot
    } catch {
      rollBack(to: mark)
      throw error
    }
  }

  /// The NIC's holding in this subnet: a new one, the one it has, or the one it has elsewhere, emptied and moved.
  private mutating func place(_ existing: Slot?, in index: Int, _ context: NICContext) -> Slot {
    guard let slot = existing else {
      let slot = ledger.holdings.create(owner: context.owner, nic: context.request.nic, subnet: index, hash: context.ownerHash)
      ledger.note(.created(slot))
      return slot
    }
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
    let v4 = family == .v6 ? nil : ledger.holdings[slot].v4
    let v6 = family == .v4 ? nil : ledger.holdings[slot].v6
    let index = subnet(of: slot)
    var pool = ""
    if !subnets[index].pools.isEmpty, let address = v4.map(IPAddress.v4) ?? v6.map(IPAddress.v6) {
      pool = subnets[index].poolName(of: address)
    }
    return Allocation(
      nic: ledger.holdings[slot].nic, subnet: subnets[index].name, pool: pool, addresses: (v4, v6), mac: ledger.holdings[slot].mac,
      freed: freed)
  }

  /// Addresses given back since the mark that others can have. Must be asked before the journal is cleared, for one NIC's steps.
  func freed(since mark: Int) -> [FreedAddress] {
    var freed: [FreedAddress] = []
    // Steps before a move are about the subnet that the NIC left.
    var left: Int32?
    for case .moved(_, let subnet) in ledger.journal[mark...] { left = subnet }
    for step in ledger.journal[mark...] {
      if case .moved = step { left = nil }
      guard case .gave(let slot, let address, .released, _) = step else { continue }
      let index = left.map { Int($0) } ?? subnet(of: slot)
      if freed.isEmpty { freed.reserveCapacity(2) }
      freed.append(FreedAddress(pool: PoolKey(subnet: subnets[index].name, pool: subnets[index].poolName(of: address)), address: address))
    }
    return freed
  }
}

extension Holding {
  func address(_ family: AddressFamily) -> IPAddress? {
    family == .v4 ? v4.map(IPAddress.v4) : v6.map(IPAddress.v6)
  }

  /// Every one of these, and at least one.
  func holds(all addresses: [IPAddress]) -> Bool {
    !addresses.isEmpty && addresses.allSatisfy { address($0.family) == $0 }
  }
}
