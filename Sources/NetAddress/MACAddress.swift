/// A 48-bit hardware address. Compared as a number, so case and separators of its text never matter (decisions row 30).
package struct MACAddress: Sendable, Hashable {
  /// The six bytes as a number; the upper 16 bits are zero.
  package let rawValue: UInt64

  /// The lower 48 bits of `rawValue`.
  @inlinable
  package init(rawValue: UInt64) { self.rawValue = rawValue & 0xffff_ffff_ffff }

  /// Exactly six bytes, else nil.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 6 else { return nil }
    rawValue = bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// `aa:bb:cc:dd:ee:ff`, `AA-BB-CC-DD-EE-FF` or `aabb.ccdd.eeff`; one separator throughout.
  package init(parsing text: String) throws(AddressError) {
    guard let value = Self.value(of: Array(text.utf8)) else { throw .invalidMAC(text) }
    rawValue = value
  }

  /// A locally administered unicast address: 46 random bits (byte 0 is `(b | 0x02) & 0xfe`, allocation.md §4).
  package static func random(using generator: inout some RandomNumberGenerator) -> MACAddress {
    let bits = UInt64.random(in: 0...0xffff_ffff_ffff, using: &generator)
    return MACAddress(rawValue: (bits | 0x0200_0000_0000) & ~0x0100_0000_0000)
  }

  package var bytes: [UInt8] {
    stride(from: 40, through: 0, by: -8).map { UInt8(truncatingIfNeeded: rawValue >> UInt64($0)) }
  }

  /// The group bit of the first byte: such an address cannot be an interface's own.
  package var isMulticast: Bool { rawValue >> 40 & 1 == 1 }

  /// All zeros: no hardware address at all.
  package var isZero: Bool { rawValue == 0 }

  private static func value(of text: [UInt8]) -> UInt64? {
    guard text.count == 17 || text.count == 14 else { return nil }
    let width = text.count == 17 ? 2 : 4
    let separator = text[width]
    guard width == 4 ? separator == .dot : separator == .colon || separator == .dash else { return nil }
    var value: UInt64 = 0
    for (index, byte) in text.enumerated() {
      if index % (width + 1) == width {
        guard byte == separator else { return nil }
      } else {
        guard let digit = byte.hexDigit else { return nil }
        value = value << 4 | UInt64(digit)
      }
    }
    return value
  }

  @inlinable
  package static func == (left: MACAddress, right: MACAddress) -> Bool { left.rawValue == right.rawValue }

  @inlinable
  package func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

extension MACAddress: Comparable {
  @inlinable
  package static func < (left: MACAddress, right: MACAddress) -> Bool { left.rawValue < right.rawValue }
}

extension MACAddress: LosslessStringConvertible {
  package init?(_ description: String) {
    guard let address = try? MACAddress(parsing: description) else { return nil }
    self = address
  }

  /// Lower case with colons.
  package var description: String {
    var text: [UInt8] = []
    text.reserveCapacity(17)
    for byte in bytes {
      if !text.isEmpty { text.append(.colon) }
      AddressText.appendHexByte(byte, to: &text)
    }
    return String(decoding: text, as: UTF8.self)
  }
}
