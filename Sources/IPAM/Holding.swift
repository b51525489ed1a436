import NetAddress

/// What one NIC holds, without its texts: 40 bytes of plain numbers, so that reading one costs no reference counting.
struct Holding: Sendable {
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

  init(subnet: Int, next: Slot) {
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
      let number = newValue?.rawValue ?? 0
      v6High = UInt64(truncatingIfNeeded: number >> 64)
      v6Low = UInt64(truncatingIfNeeded: number)
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

  func address(_ family: AddressFamily) -> IPAddress? {
    switch family {
    case .v4: v4.map(IPAddress.v4)
    case .v6: v6.map(IPAddress.v6)
    }
  }

  func has(_ family: AddressFamily) -> Bool {
    switch family {
    case .v4: macAndFlags & Self.hasV4 != 0
    case .v6: macAndFlags & Self.hasV6 != 0
    }
  }

  /// Every one of these, and at least one.
  func holds(all addresses: [IPAddress]) -> Bool {
    !addresses.isEmpty && addresses.allSatisfy { address($0.family) == $0 }
  }

  private mutating func setFlag(_ flag: UInt64, _ isSet: Bool) {
    if isSet { macAndFlags |= flag } else { macAndFlags &= ~flag }
  }
}

/// A value that a NIC holds and others must not: what `HolderIndex` files.
protocol HeldValue: Sendable, Hashable {
  static func read(_ holding: Holding) -> Self?
  static func write(_ value: Self?, to holding: inout Holding)
  func hash(by hash: SeededHash) -> UInt32
}

extension IPv4Address: HeldValue {
  static func read(_ holding: Holding) -> IPv4Address? { holding.v4 }
  static func write(_ value: IPv4Address?, to holding: inout Holding) { holding.v4 = value }
  func hash(by hash: SeededHash) -> UInt32 { hash.of(UInt64(rawValue)) }
}

extension IPv6Address: HeldValue {
  static func read(_ holding: Holding) -> IPv6Address? { holding.v6 }
  static func write(_ value: IPv6Address?, to holding: inout Holding) { holding.v6 = value }
  func hash(by hash: SeededHash) -> UInt32 { hash.of(rawValue) }
}

extension MACAddress: HeldValue {
  static func read(_ holding: Holding) -> MACAddress? { holding.mac }
  static func write(_ value: MACAddress?, to holding: inout Holding) { holding.mac = value }
  func hash(by hash: SeededHash) -> UInt32 { hash.of(rawValue) }
}
