import NetAddress

/// What one NIC holds, packed: 88 bytes beside the texts, which are shared with whoever passed them in.
struct Holding: Sendable {
  var ownerKey: String
  var nic: String
  var uid: String?
  /// Two halves instead of a 128-bit number, whose alignment would waste 8 bytes.
  private var v6High: UInt64 = 0
  private var v6Low: UInt64 = 0
  /// The MAC in the lower 48 bits, the flags below above it.
  private var macAndFlags: UInt64 = 0
  private var v4Bits: UInt32 = 0
  /// Index of the subnet.
  var subnet: Int32
  /// The owner's next NIC, or the next unused slot.
  var next: Slot

  private static let hasV4: UInt64 = 1 << 48
  private static let hasV6: UInt64 = 1 << 49
  private static let hasMAC: UInt64 = 1 << 50
  private static let macMask: UInt64 = (1 << 48) - 1

  init(owner: Owner, nic: String, subnet: Int, next: Slot) {
    ownerKey = owner.key
    self.nic = nic
    uid = owner.uid
    self.subnet = Int32(truncatingIfNeeded: subnet)
    self.next = next
  }

  var v4: IPv4Address? {
    get { macAndFlags & Self.hasV4 == 0 ? nil : IPv4Address(rawValue: v4Bits) }
    set {
      setFlag(Self.hasV4, newValue != nil)
      v4Bits = newValue?.rawValue ?? 0
    }
  }

  var v6: IPv6Address? {
    get { macAndFlags & Self.hasV6 == 0 ? nil : IPv6Address(rawValue: UInt128(v6High) << 64 | UInt128(v6Low)) }
    set {
      setFlag(Self.hasV6, newValue != nil)
      v6High = newValue.map { UInt64(truncatingIfNeeded: $0.rawValue >> 64) } ?? 0
      v6Low = newValue.map { UInt64(truncatingIfNeeded: $0.rawValue) } ?? 0
    }
  }

  var mac: MACAddress? {
    get { macAndFlags & Self.hasMAC == 0 ? nil : MACAddress(rawValue: macAndFlags & Self.macMask) }
    set {
      setFlag(Self.hasMAC, newValue != nil)
      macAndFlags = macAndFlags & ~Self.macMask | (newValue?.rawValue ?? 0)
    }
  }

  /// Nothing is left: the holding can go.
  var isEmpty: Bool { macAndFlags & (Self.hasV4 | Self.hasV6 | Self.hasMAC) == 0 }

  var owner: Owner { Owner(key: ownerKey, uid: uid) }

  var holder: Holder { Holder(owner: owner, nic: nic) }

  /// Whether a release by this owner concerns the holding: same key, and no other UID (decisions row 12).
  func belongs(to owner: Owner) -> Bool {
    guard ownerKey == owner.key else { return false }
    guard let mine = uid, let theirs = owner.uid else { return true }
    return mine == theirs
  }

  private mutating func setFlag(_ flag: UInt64, _ isSet: Bool) {
    if isSet { macAndFlags |= flag } else { macAndFlags &= ~flag }
  }
}

/// A value that a NIC holds and others must not: what `HolderIndex` files.
protocol HeldValue: Sendable, Hashable {
  static func read(_ holding: Holding) -> Self?
  static func write(_ value: Self?, to holding: inout Holding)
  /// Seeded, so that nobody can choose values that collide.
  func slotHash(seed: UInt64) -> UInt32
}

extension IPv4Address: HeldValue {
  static func read(_ holding: Holding) -> IPv4Address? { holding.v4 }
  static func write(_ value: IPv4Address?, to holding: inout Holding) { holding.v4 = value }
  func slotHash(seed: UInt64) -> UInt32 { UInt64(rawValue).mixed(with: seed) }
}

extension IPv6Address: HeldValue {
  static func read(_ holding: Holding) -> IPv6Address? { holding.v6 }
  static func write(_ value: IPv6Address?, to holding: inout Holding) { holding.v6 = value }
  func slotHash(seed: UInt64) -> UInt32 {
    let high = UInt64(truncatingIfNeeded: rawValue >> 64).multipliedFullWidth(by: seed | 1)
    return (UInt64(truncatingIfNeeded: rawValue) ^ high.high ^ high.low).mixed(with: seed)
  }
}

extension MACAddress: HeldValue {
  static func read(_ holding: Holding) -> MACAddress? { holding.mac }
  static func write(_ value: MACAddress?, to holding: inout Holding) { holding.mac = value }
  func slotHash(seed: UInt64) -> UInt32 { rawValue.mixed(with: seed) }
}

extension UInt64 {
  /// One full-width multiplication, both halves folded: every input bit reaches every output bit.
  fileprivate func mixed(with seed: UInt64) -> UInt32 {
    let product = (self ^ seed).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    let folded = product.high ^ product.low
    return UInt32(truncatingIfNeeded: folded ^ folded >> 32)
  }
}
