import NetAddress

/// The list that an address came from or went to.
enum Origin: UInt8, Sendable {
  /// Never given since the lists were last built.
  case free
  /// Given back; used again only when nothing is free.
  case released
  /// Excluded: in no list, to be had by name only.
  case excluded
  /// Others hold it too: no list changes.
  case shared
}

/// One change made under a request, with what it takes to undo it. Undone strictly backwards, so each step finds the tables as
/// they were right after it. Plain numbers throughout, so that writing and dropping the journal costs next to nothing.
enum UndoStep: Sendable {
  case created(Slot)
  case took(Slot, IPAddress, Origin)
  case gave(Slot, IPAddress, Origin, place: Int)
  case tookMAC(Slot, MACAddress)
  case gaveMAC(Slot, MACAddress, place: Int)
  /// The released addresses of a pool became its free ones.
  case recycled(subnet: Int, AddressFamily, pool: Int)
  case moved(Slot, from: Int32)
  /// What it was is on top of `Ledger.formerUIDs`.
  case changedUID(Slot)
}

/// The holdings and the journal of the request under way: what every part of an allocation writes to.
struct Ledger: Sendable {
  var holdings = HoldingTable()
  /// Empty between requests; keeps its room.
  private(set) var journal: [UndoStep] = []
  private var formerUIDs: [String?] = []
  /// Whether the request under way took anything from anybody.
  private(set) var hasGivenBack = false

  mutating func note(_ step: UndoStep) {
    journal.append(step)
    if case .gave = step { hasGivenBack = true }
  }

  /// The last step, which the caller undoes.
  mutating func popStep() -> UndoStep? { journal.popLast() }

  /// From now on the holding is this pod's. A request without UID leaves the one that is there.
  mutating func adopt(_ slot: Slot, uid: String?) {
    guard let uid else { return }
    let old = holdings.uid(slot)
    guard old != uid else { return }
    formerUIDs.append(old)
    journal.append(.changedUID(slot))
    holdings.setUID(slot, uid)
  }

  mutating func undoAdoption(of slot: Slot) {
    guard let uid = formerUIDs.popLast() else { preconditionFailure("no former UID of slot \(slot.rawValue)") }
    holdings.setUID(slot, uid)
  }

  /// The steps stand; they are forgotten.
  mutating func commit() {
    journal.removeAll(keepingCapacity: true)
    hasGivenBack = false
    if !formerUIDs.isEmpty { formerUIDs.removeAll(keepingCapacity: true) }
  }
}
