/// All holdings of all subnets, found by owner and NIC.
///
/// Holdings live in chunks that never move, so growth copies nothing; freed slots are used again. The NICs of an owner are chained,
/// which makes "everything of this pod" as cheap as its number of NICs.
struct HoldingTable: Sendable {
  private static let chunkSize = 256

  private var chunks: [ContiguousArray<Holding>] = []
  /// Head of the chain of unused slots.
  private var unused = Slot.none
  /// From the hash of an owner key to the owner's first NIC.
  private var owners = SlotTable()
  private(set) var count = 0

  subscript(slot: Slot) -> Holding {
    @inline(__always)
    _read { yield chunks[Int(slot.rawValue) / Self.chunkSize][Int(slot.rawValue) % Self.chunkSize] }
    @inline(__always)
    _modify { yield &chunks[Int(slot.rawValue) / Self.chunkSize][Int(slot.rawValue) % Self.chunkSize] }
  }

  /// To be computed once for all NICs of a request.
  static func hash(of ownerKey: String) -> UInt32 {
    var hasher = Hasher()
    hasher.combine(ownerKey)
    return UInt32(truncatingIfNeeded: hasher.finalize())
  }

  /// The owner's first NIC; the others follow by `next`.
  func first(of ownerKey: String, hash: UInt32) -> Slot? {
    owners.first(hash) { self[$0].ownerKey == ownerKey }
  }

  func slot(of ownerKey: String, nic: String, hash: UInt32) -> Slot? {
    guard var slot = first(of: ownerKey, hash: hash) else { return nil }
    while slot != .none {
      if self[slot].nic == nic { return slot }
      slot = self[slot].next
    }
    return nil
  }

  func slots(of ownerKey: String) -> [Slot] {
    guard var slot = first(of: ownerKey, hash: Self.hash(of: ownerKey)) else { return [] }
    var slots: [Slot] = []
    while slot != .none {
      slots.append(slot)
      slot = self[slot].next
    }
    return slots
  }

  /// A holding of nothing yet. The owner must not have this NIC.
  mutating func create(owner: Owner, nic: String, subnet: Int, hash: UInt32) -> Slot {
    let head = first(of: owner.key, hash: hash)
    let holding = Holding(owner: owner, nic: nic, subnet: subnet, next: head ?? .none)
    let slot = store(holding)
    if let head { owners.replace(hash, head, by: slot) } else { owners.insert(hash, slot) }
    count += 1
    return slot
  }

  mutating func destroy(_ slot: Slot) {
    let hash = Self.hash(of: self[slot].ownerKey)
    let next = self[slot].next
    if owners.contains(hash, slot) {
      if next == .none { owners.remove(hash, slot) } else { owners.replace(hash, slot, by: next) }
    } else if var previous = first(of: self[slot].ownerKey, hash: hash) {
      while self[previous].next != slot { previous = self[previous].next }
      self[previous].next = next
    }
    self[slot] = Holding(owner: Owner(key: ""), nic: "", subnet: 0, next: unused)
    unused = slot
    count -= 1
  }

  private mutating func store(_ holding: Holding) -> Slot {
    guard unused == .none else {
      let slot = unused
      unused = self[slot].next
      self[slot] = holding
      return slot
    }
    if chunks.last?.count ?? Self.chunkSize == Self.chunkSize {
      var chunk = ContiguousArray<Holding>()
      chunk.reserveCapacity(Self.chunkSize)
      chunks.append(chunk)
    }
    let last = chunks.count - 1
    chunks[last].append(holding)
    return Slot(last * Self.chunkSize + chunks[last].count - 1)
  }
}
