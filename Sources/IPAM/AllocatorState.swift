import NetAddress

/// Everything behind the allocator's lock. All decisions are made here, synchronously, in plain value types.
struct AllocatorState: Sendable {
  /// Indexed by `Holding.subnet`. A removed subnet leaves a vacant one, since the others must keep their places.
  private(set) var subnets: [SubnetAllocator] = []
  private var vacancies: [Int] = []
  /// From the hash of a subnet's name to its index.
  private var names = SlotTable()
  var ledger = Ledger()
  /// False until every known holder has been restored.
  var isReady = false
  var generator: MACGenerator

  init(seed: UInt64) {
    generator = MACGenerator(seed: seed)
  }

  func index(ofSubnet name: String) -> Int? {
    names.first(names.hash.of(name)) { subnets[Int($0.rawValue)].definition.name == name }.map { Int($0.rawValue) }
  }

  func subnet(named name: String) -> SubnetAllocator? { index(ofSubnet: name).map { subnets[$0] } }

  var subnetNames: [String] { names.slots.map { subnets[Int($0.rawValue)].name }.sorted() }

  /// The subnet at an index that `index(ofSubnet:)` or a holding gave, changed in place together with the ledger. (Taking it out
  /// of the array and putting it back would copy its lists.)
  @inline(__always)
  mutating func modify<Result, Failure>(
    _ index: Int, _ body: (inout SubnetAllocator, inout Ledger) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(&subnets[index], &ledger)
  }

  // MARK: - Undo

  /// Undoes every step noted after `mark`, last first.
  mutating func rollBack(to mark: Int = 0) {
    while ledger.journal.count > mark, let step = ledger.popStep() { undo(step) }
  }

  private mutating func undo(_ step: UndoStep) {
    switch step {
    case .created(let slot):
      ledger.holdings.destroy(slot)
    case .moved(let slot, let subnet):
      ledger.holdings[slot].subnet = subnet
    case .changedUID(let slot):
      ledger.undoAdoption(of: slot)
    case .recycled(let subnet, let family, let pool):
      modify(subnet) { subnet, _ in
        if family == .v4 { subnet.v4.undoRecycle(pool) } else { subnet.v6.undoRecycle(pool) }
      }
    case .took(let slot, let address, let origin):
      modify(subnet(of: slot)) { subnet, ledger in
        switch address {
        case .v4(let address): subnet.v4.undoTake(address, slot, origin, &ledger.holdings)
        case .v6(let address): subnet.v6.undoTake(address, slot, origin, &ledger.holdings)
        }
      }
    case .gave(let slot, let address, let target, let place):
      modify(subnet(of: slot)) { subnet, ledger in
        switch address {
        case .v4(let address): subnet.v4.undoGiveBack(address, slot, to: target, place: place, &ledger.holdings)
        case .v6(let address): subnet.v6.undoGiveBack(address, slot, to: target, place: place, &ledger.holdings)
        }
      }
    case .tookMAC(let slot, let mac):
      modify(subnet(of: slot)) { subnet, ledger in subnet.undoTakeMAC(mac, slot, &ledger.holdings) }
    case .gaveMAC(let slot, let mac, let place):
      modify(subnet(of: slot)) { subnet, ledger in subnet.undoGiveBackMAC(mac, slot, place: place, &ledger.holdings) }
    }
  }

  func subnet(of slot: Slot) -> Int { Int(ledger.holdings[slot].subnet) }

  // MARK: - Subnets

  mutating func add(_ subnet: SubnetAllocator) {
    let index = vacancies.popLast() ?? subnets.count
    if index == subnets.count { subnets.append(subnet) } else { subnets[index] = subnet }
    names.insert(names.hash.of(subnet.name), Slot(index))
  }

  /// The caller has destroyed its holdings.
  mutating func forgetSubnet(_ name: String) {
    guard let index = index(ofSubnet: name) else { return }
    names.remove(names.hash.of(name), Slot(index))
    subnets[index] = SubnetAllocator(.vacant)
    vacancies.append(index)
  }
}

/// SplitMix64. MACs need to differ, not to be secret; a system call for each would cost more than the rest of an allocation.
struct MACGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
