package import NetAddress
import Synchronization

/// Who holds which address of which subnet: the cluster's one table, behind one lock.
///
/// Every call is synchronous and does no I/O, so all NICs of a pod are decided in one step that nothing can interrupt. Allocation
/// is refused until `restoreFinished()`: an allocator that does not know all holders would give their addresses away.
package final class Allocator: Sendable {
  private let state: Mutex<AllocatorState>

  /// `seed` starts the drawing of MACs; tests fix it.
  package init(seed: UInt64 = UInt64.random(in: 0 ... .max)) {
    state = Mutex(AllocatorState(seed: seed))
  }

  // MARK: - Ready gate

  /// All records are in: from now on addresses are given.
  package func restoreFinished() { state.withLock { $0.isReady = true } }

  package var isReady: Bool { state.withLock { $0.isReady } }

  // MARK: - Allocating

  /// Serves every NIC or changes nothing, down to the order in which addresses will be given later (decisions row 19).
  ///
  /// Asked again, a NIC gets the answer it got before, as long as one of its candidates is content with it.
  package func allocate(_ requests: [AllocationRequest], owner: Owner) throws(AllocationFailure) -> [Allocation] {
    try state.withLock { state throws(AllocationFailure) in try state.allocate(requests, owner: owner) }
  }

  /// Takes everything from the owner's NICs and tells what became free. With a UID, only from NICs of that very pod.
  package func release(_ owner: Owner) -> [ReleasedNIC] {
    state.withLock { $0.release(owner) }
  }

  /// The same for one NIC; nil when this owner does not hold it.
  @discardableResult
  package func release(nic: String, of owner: Owner) -> ReleasedNIC? {
    state.withLock { $0.release(nic: nic, of: owner) }
  }

  /// Enters a stored record. Allowed before `restoreFinished()`, and after it for records that turn up late.
  package func restore(_ record: HoldingRecord) -> RestoreOutcome {
    state.withLock { $0.restore(record) }
  }

  // MARK: - Subnets and pools

  /// Adds a subnet or changes a live one. A family whose CIDR, gateway and excludes stay the same is not touched.
  ///
  /// `records` are entered in the same step, in their order: an address that becomes the subnet's by this edit, and that somebody runs on
  /// already, is never free in between. What became of each stands in the outcome.
  @discardableResult
  package func setSubnet(_ definition: SubnetDefinition, restoring records: [HoldingRecord] = []) throws(DefinitionError) -> EditOutcome {
    try state.withLock { state throws(DefinitionError) in
      var outcome = try state.setSubnet(definition)
      for record in records { outcome.restored.append(state.restore(record)) }
      return outcome
    }
  }

  /// Forgets the subnet, its pools and its holders.
  @discardableResult
  package func removeSubnet(_ name: String) -> EditOutcome {
    state.withLock { $0.removeSubnet(name) }
  }

  /// Adds or changes a pool. Throws, changing nothing, when it overlaps another pool of the subnet.
  @discardableResult
  package func setPool(_ pool: PoolDefinition, in subnet: String) throws(DefinitionError) -> EditOutcome {
    try state.withLock { state throws(DefinitionError) in try state.setPool(pool, in: subnet) }
  }

  /// Gives the pool's addresses back to the subnet's own pool. Holders keep theirs.
  @discardableResult
  package func removePool(_ name: String, in subnet: String) -> EditOutcome {
    state.withLock { $0.removePool(name, in: subnet) }
  }

  package var subnetNames: [String] { state.withLock { $0.subnetNames } }

  package func definition(ofSubnet name: String) -> SubnetDefinition? {
    state.withLock { $0.subnet(named: name)?.definition }
  }

  /// The named pools of a subnet, in the order they were added.
  package func pools(of subnet: String) -> [PoolDefinition] {
    state.withLock { $0.subnet(named: subnet)?.pools ?? [] }
  }

  // MARK: - Looking up

  /// Everybody who holds the address, the first holder first; empty when it is free or the subnet unknown.
  package func holders(of address: IPAddress, in subnet: String) -> [Holder] {
    state.withLock { state in
      guard let subnet = state.subnet(named: subnet) else { return [] }
      return subnet.holders(of: address, in: state.ledger.holdings).map { state.ledger.holdings.holder($0) }
    }
  }

  /// The same in whatever subnet.
  package func holders(of address: IPAddress) -> [Holder] {
    subnetNames.flatMap { holders(of: address, in: $0) }
  }

  package func holders(of mac: MACAddress, in subnet: String) -> [Holder] {
    state.withLock { state in
      guard let subnet = state.subnet(named: subnet) else { return [] }
      return subnet.macs.all(mac, in: state.ledger.holdings).map { state.ledger.holdings.holder($0) }
    }
  }

  /// What a NIC holds, whichever namesake of the pod took it; the owner with its UID comes along.
  package func held(nic: String, ofOwner key: String) -> HeldNIC? {
    state.withLock { state in
      guard let slot = state.ledger.holdings.slot(of: key, nic: nic) else { return nil }
      return HeldNIC(owner: state.ledger.holdings.owner(slot), allocation: state.allocation(of: slot))
    }
  }

  /// Every NIC of an owner, by name.
  package func held(byOwner key: String) -> [HeldNIC] {
    let nics = state.withLock { state in
      state.ledger.holdings.slots(of: key).map { HeldNIC(owner: state.ledger.holdings.owner($0), allocation: state.allocation(of: $0)) }
    }
    return nics.sorted { $0.allocation.nic < $1.allocation.nic }
  }

  /// Every NIC of a subnet, by owner and name. Walks the whole subnet.
  package func held(inSubnet name: String) -> [HeldNIC] {
    let nics = state.withLock { state in state.subnet(named: name).map { state.heldNICs(in: $0) } ?? [] }
    return nics.sorted { ($0.owner.key, $0.allocation.nic) < ($1.owner.key, $1.allocation.nic) }
  }

  // MARK: - Counting

  /// How many addresses a pool can still give; nil when there is no such pool. Costs no walk.
  package func availableCount(_ family: AddressFamily, in pool: PoolKey) -> UInt128? {
    state.withLock { state in
      guard let subnet = state.subnet(named: pool.subnet), let index = subnet.poolIndex(pool.pool) else { return nil }
      return subnet.availableCount(family, pool: index)
    }
  }

  /// A subnet's status: its named pools included, excluded addresses left out.
  package func usage(ofSubnet name: String) -> Usage? {
    state.withLock { state in state.subnet(named: name).map { SubnetLists($0) } }?.usage
  }

  /// A pool's status; the empty name is the subnet's own pool.
  package func usage(ofPool pool: PoolKey) -> Usage? {
    let found = state.withLock { state -> (lists: SubnetLists, index: Int)? in
      guard let subnet = state.subnet(named: pool.subnet), let index = subnet.poolIndex(pool.pool) else { return nil }
      return (SubnetLists(subnet), index)
    }
    return found.map { $0.lists.usage(pool: $0.index) }
  }

  /// Everything at once, for audits and tests. Walks all holders.
  package var snapshot: AllocatorSnapshot { state.withLock { $0.snapshot } }
}
