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
/// they were right after it.
enum UndoStep: Sendable {
  case created(Slot)
  case took(Slot, IPAddress, Origin)
  case gave(Slot, IPAddress, Origin, place: Int)
  case tookMAC(Slot, MACAddress)
  case gaveMAC(Slot, MACAddress, place: Int)
  /// The released addresses of a pool became its free ones.
  case recycled(subnet: Int, AddressFamily, pool: Int)
  case moved(Slot, from: Int32)
  case changedUID(Slot, from: String?)
}

/// The holdings and the journal of the request under way: what every part of an allocation writes to.
struct Ledger: Sendable {
  var holdings = HoldingTable()
  /// Empty between requests; keeps its room.
  var journal: [UndoStep] = []

  mutating func note(_ step: UndoStep) { journal.append(step) }
}
