/// The number of a holding in `HoldingTable`.
struct Slot: Sendable, Hashable {
  let rawValue: UInt32

  /// No holding.
  static let none = Slot(rawValue: .max)

  init(rawValue: UInt32) { self.rawValue = rawValue }

  init(_ index: Int) { rawValue = UInt32(truncatingIfNeeded: index) }
}

/// A hash index from keys to slots that keeps neither the keys nor a box for each: eight bytes an entry, the hash and the slot.
///
/// Open addressing with linear probing; a removal closes the gap by moving later entries back, so there are no tombstones and a
/// long life of taking and freeing costs nothing. Keys are compared by the caller, who can find them through the slot.
struct SlotTable: Sendable {
  /// `hash << 32 | slot + 1`; 0 is an empty place. The number of places is a power of two.
  private var entries: ContiguousArray<UInt64> = []
  private(set) var count = 0
  let hash = SeededHash()

  var isEmpty: Bool { count == 0 }

  /// The first slot under this hash that the caller recognises.
  @inline(__always)
  func first(_ hash: UInt32, where isMatch: (Slot) -> Bool) -> Slot? {
    guard count > 0 else { return nil }
    let mask = entries.count - 1
    var index = Int(hash) & mask
    while entries[index] != 0 {
      let entry = entries[index]
      if UInt32(truncatingIfNeeded: entry >> 32) == hash {
        let slot = Slot(rawValue: UInt32(truncatingIfNeeded: entry) - 1)
        if isMatch(slot) { return slot }
      }
      index = (index + 1) & mask
    }
    return nil
  }

  mutating func insert(_ hash: UInt32, _ slot: Slot) {
    if (count + 1) * 4 > entries.count * 3 { grow() }
    place(Self.entry(hash, slot))
    count += 1
  }

  /// Removes an entry that must be there.
  mutating func remove(_ hash: UInt32, _ slot: Slot) {
    guard let index = index(of: Self.entry(hash, slot)) else { preconditionFailure("slot \(slot.rawValue) is not in the table") }
    let mask = entries.count - 1
    var hole = index
    var next = (index + 1) & mask
    while entries[next] != 0 {
      let home = Int(UInt32(truncatingIfNeeded: entries[next] >> 32)) & mask
      // The entry may move back only if its home does not lie between the hole and itself.
      if (next - home) & mask >= (next - hole) & mask {
        entries[hole] = entries[next]
        hole = next
      }
      next = (next + 1) & mask
    }
    entries[hole] = 0
    count -= 1
  }

  /// Whether exactly this slot is filed under this hash.
  func contains(_ hash: UInt32, _ slot: Slot) -> Bool { count > 0 && index(of: Self.entry(hash, slot)) != nil }

  /// Puts another slot in the place of one that must be there.
  mutating func replace(_ hash: UInt32, _ slot: Slot, by other: Slot) {
    guard let index = index(of: Self.entry(hash, slot)) else { preconditionFailure("slot \(slot.rawValue) is not in the table") }
    entries[index] = Self.entry(hash, other)
  }

  /// Every slot, in no order that means anything.
  var slots: [Slot] {
    entries.compactMap { $0 == 0 ? nil : Slot(rawValue: UInt32(truncatingIfNeeded: $0) - 1) }
  }

  private static func entry(_ hash: UInt32, _ slot: Slot) -> UInt64 {
    UInt64(hash) << 32 | UInt64(slot.rawValue + 1)
  }

  private func index(of entry: UInt64) -> Int? {
    guard count > 0 else { return nil }
    let mask = entries.count - 1
    var index = Int(UInt32(truncatingIfNeeded: entry >> 32)) & mask
    while entries[index] != 0 {
      if entries[index] == entry { return index }
      index = (index + 1) & mask
    }
    return nil
  }

  private mutating func place(_ entry: UInt64) {
    let mask = entries.count - 1
    var index = Int(UInt32(truncatingIfNeeded: entry >> 32)) & mask
    while entries[index] != 0 { index = (index + 1) & mask }
    entries[index] = entry
  }

  private mutating func grow() {
    let old = entries
    entries = ContiguousArray(repeating: 0, count: max(8, old.count * 2))
    for entry in old where entry != 0 { place(entry) }
  }
}
