/// All holdings of all subnets, found by owner and NIC.
///
/// Numbers and texts lie in arrays of their own, 88 bytes a holding together; the texts themselves are shared with whoever passed
/// them in. Chunks never move, so growth copies nothing; freed slots are used again. The NICs of an owner are chained, which makes
/// "everything of this pod" as cheap as its number of NICs.
struct HoldingTable: Sendable {
  private static let chunkSize = 256

  private struct Texts: Sendable {
    var ownerKey: String
    var nic: String
    var uid: String?
  }

  private struct Chunk: Sendable {
    var holdings = ContiguousArray<Holding>()
    var texts = ContiguousArray<Texts>()

    init() {
      holdings.reserveCapacity(chunkSize)
      texts.reserveCapacity(chunkSize)
    }
  }

  private var chunks: ContiguousArray<Chunk> = []
  /// Head of the chain of unused slots.
  private var unused = Slot.none
  /// From the hash of an owner key to the owner's first NIC.
  private var owners = SlotTable()
  private(set) var count = 0

  subscript(slot: Slot) -> Holding {
    get { chunks[slot.chunk].holdings[slot.offset] }
    _modify { yield &chunks[slot.chunk].holdings[slot.offset] }
  }

  func ownerKey(_ slot: Slot) -> String { chunks[slot.chunk].texts[slot.offset].ownerKey }

  func nic(_ slot: Slot) -> String { chunks[slot.chunk].texts[slot.offset].nic }

  func uid(_ slot: Slot) -> String? { chunks[slot.chunk].texts[slot.offset].uid }

  mutating func setUID(_ slot: Slot, _ uid: String?) { chunks[slot.chunk].texts[slot.offset].uid = uid }

  func owner(_ slot: Slot) -> Owner { Owner(key: ownerKey(slot), uid: uid(slot)) }

  func holder(_ slot: Slot) -> Holder { Holder(owner: owner(slot), nic: nic(slot)) }

  /// Whether a release by this UID concerns the holding: not when it is known to be another pod's (decisions row 12).
  func belongs(_ slot: Slot, toUID uid: String?) -> Bool {
    guard let uid, let mine = self.uid(slot) else { return true }
    return mine == uid
  }

  /// To be computed once for all NICs of a request.
  func hash(of ownerKey: String) -> UInt32 { owners.hash.of(ownerKey) }

  /// The owner's first NIC; the others follow by `next`.
  func first(of ownerKey: String, hash: UInt32) -> Slot? {
    owners.first(hash) { chunks[$0.chunk].texts[$0.offset].ownerKey == ownerKey }
  }

  /// One of the NICs that follow from the owner's first.
  func slot(ofNIC nic: String, from first: Slot?) -> Slot? {
    var slot = first ?? .none
    while slot != .none {
      if chunks[slot.chunk].texts[slot.offset].nic == nic { return slot }
      slot = self[slot].next
    }
    return nil
  }

  func slot(of ownerKey: String, nic: String) -> Slot? {
    slot(ofNIC: nic, from: first(of: ownerKey, hash: hash(of: ownerKey)))
  }

  func slots(of ownerKey: String) -> [Slot] {
    var slots: [Slot] = []
    var slot = first(of: ownerKey, hash: hash(of: ownerKey)) ?? .none
    while slot != .none {
      slots.append(slot)
      slot = self[slot].next
    }
    return slots
  }

  /// A holding of nothing yet, put before the owner's other NICs. The owner must not have this NIC.
  mutating func create(owner: Owner, nic: String, subnet: Int, hash: UInt32) -> Slot {
    let head = first(of: owner.key, hash: hash)
    let slot = store(Holding(subnet: subnet, next: head ?? .none), owner, nic)
    if let head { owners.replace(hash, head, by: slot) } else { owners.insert(hash, slot) }
    count += 1
    return slot
  }

  mutating func destroy(_ slot: Slot) { destroy(slot, hash: hash(of: ownerKey(slot))) }

  /// `hash` is that of the owner's key.
  mutating func destroy(_ slot: Slot, hash: UInt32) {
    let next = self[slot].next
    if owners.contains(hash, slot) {
      if next == .none { owners.remove(hash, slot) } else { owners.replace(hash, slot, by: next) }
    } else if var previous = first(of: ownerKey(slot), hash: hash) {
      while self[previous].next != slot { previous = self[previous].next }
      self[previous].next = next
    }
    chunks[slot.chunk].texts[slot.offset] = Texts(ownerKey: "", nic: "", uid: nil)
    self[slot] = Holding(subnet: 0, next: unused)
    unused = slot
    count -= 1
  }

  private mutating func store(_ holding: Holding, _ owner: Owner, _ nic: String) -> Slot {
    guard unused == .none else {
      let slot = unused
      unused = self[slot].next
      self[slot] = holding
      chunks[slot.chunk].texts[slot.offset] = Texts(ownerKey: owner.key, nic: nic, uid: owner.uid)
      return slot
    }
    if chunks.isEmpty || chunks[chunks.count - 1].holdings.count == Self.chunkSize { chunks.append(Chunk()) }
    let last = chunks.count - 1
    chunks[last].holdings.append(holding)
    chunks[last].texts.append(Texts(ownerKey: owner.key, nic: nic, uid: owner.uid))
    return Slot(last * Self.chunkSize + chunks[last].holdings.count - 1)
  }
}

extension Slot {
  /// Slots are cut into chunks of 256.
  fileprivate var chunk: Int { Int(rawValue >> 8) }
  fileprivate var offset: Int { Int(rawValue & 255) }
}
