/// Strict readers of address texts, byte by byte. They accept what Go's `net.ParseIP` accepts, because stored objects were
/// written under that rule, and nothing more.
enum AddressText {
  /// Four decimal octets; a leading zero is refused since it may mean octal elsewhere.
  static func ipv4<Bytes: Collection<UInt8>>(_ bytes: Bytes) -> UInt32? {
    var value: UInt32 = 0
    var octet: UInt32 = 0
    var digits = 0
    var dots = 0
    for byte in bytes {
      if byte == .dot {
        guard digits > 0, dots < 3 else { return nil }
        value = value << 8 | octet
        (octet, digits) = (0, 0)
        dots += 1
      } else {
        guard let digit = byte.decimalDigit, digits == 0 || octet != 0 else { return nil }
        octet = octet * 10 + UInt32(digit)
        digits += 1
        guard octet <= 255 else { return nil }
      }
    }
    guard dots == 3, digits > 0 else { return nil }
    return value << 8 | octet
  }

  /// RFC 4291 §2.2, all three forms: groups, `::`, and a dotted IPv4 tail. Case and zero padding of groups do not matter.
  static func ipv6<Bytes: BidirectionalCollection<UInt8>>(_ bytes: Bytes) -> UInt128? where Bytes.SubSequence == Bytes {
    var reader = IPv6Groups()
    var rest = bytes
    if rest.first == .colon {
      // Only a `::` may open with a colon; its first colon is dropped here and the second is met by the loop.
      rest = rest.dropFirst()
      guard rest.first == .colon else { return nil }
      guard reader.gapHere() else { return nil }
      rest = rest.dropFirst()
    }
    while !rest.isEmpty {
      let group = rest.prefix { $0 != .colon }
      let after = rest[group.endIndex...]
      if group.contains(.dot) {
        guard after.isEmpty, let tail = ipv4(group), reader.append(tail: tail) else { return nil }
        break
      }
      guard let value = hexGroup(group), reader.append(value) else { return nil }
      guard !after.isEmpty else { break }
      rest = after.dropFirst()
      // A single colon at the very end leaves nothing to read.
      guard let next = rest.first else { return nil }
      if next == .colon {
        guard reader.gapHere() else { return nil }
        rest = rest.dropFirst()
      }
    }
    return reader.value
  }

  /// Decimal digits only, as Go's prefix reader: no sign, no blank. nil beyond `maximum`.
  static func decimal<Bytes: Collection<UInt8>>(_ bytes: Bytes, maximum: Int) -> Int? {
    var value = 0
    guard !bytes.isEmpty else { return nil }
    for byte in bytes {
      guard let digit = byte.decimalDigit else { return nil }
      value = value * 10 + Int(digit)
      guard value <= maximum else { return nil }
    }
    return value
  }

  /// One to four hexadecimal digits.
  static func hexGroup<Bytes: Collection<UInt8>>(_ bytes: Bytes) -> UInt16? {
    var value: UInt16 = 0
    var digits = 0
    for byte in bytes {
      guard digits < 4, let digit = byte.hexDigit else { return nil }
      value = value << 4 | UInt16(digit)
      digits += 1
    }
    return digits > 0 ? value : nil
  }

  private static let digits = Array("0123456789abcdef".utf8)

  /// Lower-case hexadecimal without padding, as RFC 5952 §4.1 and §4.3 want a group.
  static func appendHex(_ value: UInt16, to text: inout [UInt8]) {
    var started = false
    for shift in stride(from: 12, through: 0, by: -4) {
      let digit = Int(value >> UInt16(shift) & 0xf)
      if digit != 0 || started || shift == 0 {
        text.append(digits[digit])
        started = true
      }
    }
  }

  /// Two lower-case hexadecimal digits.
  static func appendHexByte(_ value: UInt8, to text: inout [UInt8]) {
    text.append(digits[Int(value >> 4)])
    text.append(digits[Int(value & 0xf)])
  }

  /// Dotted decimal.
  static func appendIPv4(_ value: UInt32, to text: inout [UInt8]) {
    for shift in stride(from: UInt32(24), through: 0, by: -8) {
      let octet = UInt8(truncatingIfNeeded: value >> shift)
      if octet >= 100 { text.append(digits[Int(octet / 100)]) }
      if octet >= 10 { text.append(digits[Int(octet / 10 % 10)]) }
      text.append(digits[Int(octet % 10)])
      if shift > 0 { text.append(.dot) }
    }
  }
}

/// Collects the groups of an IPv6 text and the place of its `::`.
private struct IPv6Groups {
  private var groups: UInt128 = 0
  private var count = 0
  private var gap: Int?

  /// False when the eight groups are full.
  mutating func append(_ group: UInt16) -> Bool {
    guard count < 8 else { return false }
    groups = groups << 16 | UInt128(group)
    count += 1
    return true
  }

  mutating func append(tail: UInt32) -> Bool {
    append(UInt16(tail >> 16)) && append(UInt16(tail & 0xffff))
  }

  /// False for a second `::`.
  mutating func gapHere() -> Bool {
    guard gap == nil else { return false }
    gap = count
    return true
  }

  /// The address, when the groups are eight or a `::` stands for at least one group of zeros.
  var value: UInt128? {
    guard let gap else { return count == 8 ? groups : nil }
    guard count < 8 else { return nil }
    let after = UInt128(16 * (count - gap))
    let low = after == 0 ? 0 : groups & (UInt128.max >> (128 - after))
    let high = after == 128 ? 0 : groups >> after
    let missing = UInt128(16 * (8 - count)) + after
    return (missing >= 128 ? 0 : high << missing) | low
  }
}

extension UInt8 {
  static let dot = UInt8(ascii: ".")
  static let colon = UInt8(ascii: ":")
  static let dash = UInt8(ascii: "-")
  static let slash = UInt8(ascii: "/")
  static let comma = UInt8(ascii: ",")
  static let percent = UInt8(ascii: "%")

  var decimalDigit: UInt8? {
    self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") ? self - UInt8(ascii: "0") : nil
  }

  var hexDigit: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
