import NetAddress

/// Who holds which value in one subnet. Usually one NIC; several when a value is shared on purpose (live migration).
struct HolderIndex<Value: HeldValue>: Sendable {
  /// The first holder of every value.
  private var table = SlotTable()
  /// Further holders of shared values, in the order they came.
  private var sharers: [Value: [Slot]] = [:]

  /// Distinct values held.
  var count: Int { table.count }

  func first(_ value: Value, in holdings: HoldingTable) -> Slot? {
    table.first(value.hash(by: table.hash)) { Value.read(holdings[$0]) == value }
  }

  /// All holders, the first one first.
  func all(_ value: Value, in holdings: HoldingTable) -> [Slot] {
    guard let first = first(value, in: holdings) else { return [] }
    return [first] + (sharers[value] ?? [])
  }

  /// A holder of `value` other than `slot`.
  func other(than slot: Slot, _ value: Value, in holdings: HoldingTable) -> Slot? {
    guard let first = first(value, in: holdings) else { return nil }
    return first != slot ? first : sharers[value]?.first
  }

  /// The first holder that stands in the way of another NIC.
  func rival(of slot: Slot, _ value: Value, _ sharing: Sharing, in holdings: HoldingTable) -> Slot? {
    switch sharing {
    case .none: other(than: slot, value, in: holdings)
    case .anyone: nil
    case .with(let owner): all(value, in: holdings).first { $0 != slot && holdings.ownerKey($0) != owner }
    }
  }

  /// Every slot that holds something here, sharers included.
  var slots: [Slot] { table.slots + sharers.values.joined() }

  /// Files a value that nobody holds.
  mutating func insert(_ value: Value, _ slot: Slot) {
    table.insert(value.hash(by: table.hash), slot)
  }

  /// Files a value that another NIC holds too.
  mutating func share(_ value: Value, _ slot: Slot) {
    sharers[value, default: []].append(slot)
  }

  /// Takes a holder off. Its place among the holders is told so that `restore` can put it back there.
  mutating func remove(_ value: Value, _ slot: Slot) -> Removal {
    let hash = value.hash(by: table.hash)
    guard !sharers.isEmpty, var others = sharers[value] else {
      table.remove(hash, slot)
      return Removal(place: 0, isLast: true)
    }
    var place = 0
    if let index = others.firstIndex(of: slot) {
      others.remove(at: index)
      place = index + 1
    } else {
      table.replace(hash, slot, by: others.removeFirst())
    }
    sharers[value] = others.isEmpty ? nil : others
    return Removal(place: place, isLast: false)
  }

  /// Undoes `remove`.
  mutating func restore(_ value: Value, _ slot: Slot, at place: Int, in holdings: HoldingTable) {
    let first = first(value, in: holdings)
    if place > 0 {
      sharers[value, default: []].insert(slot, at: place - 1)
    } else if let first {
      table.replace(value.hash(by: table.hash), first, by: slot)
      sharers[value, default: []].insert(first, at: 0)
    } else {
      insert(value, slot)
    }
  }

  /// What taking a holder off left behind.
  struct Removal {
    /// 0 for the first holder.
    let place: Int
    /// Nobody holds the value any more.
    let isLast: Bool
  }
}
