/// An IPv4 address as a number in host order.
package struct IPv4Address: FamilyAddress {
  package let rawValue: UInt32

  @inlinable
  package static var family: AddressFamily { .v4 }

  @inlinable
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    rawValue = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
  }

  /// Dotted decimal, strictly: four octets, no leading zeros, no blanks.
  package init(parsing text: String) throws(AddressError) {
    guard !text.isEmpty else { throw .invalidAddress(text, reason: .empty) }
    guard let value = AddressText.ipv4(text.utf8) else { throw .invalidAddress(text, reason: .malformedIPv4) }
    rawValue = value
  }

  /// Network order, four bytes.
  package var bytes: [UInt8] {
    [UInt8(rawValue >> 24), UInt8(rawValue >> 16 & 0xff), UInt8(rawValue >> 8 & 0xff), UInt8(rawValue & 0xff)]
  }

  /// 224.0.0.0/4.
  package var isMulticast: Bool { rawValue >> 28 == 0xe }

  @inlinable
  package static func == (left: IPv4Address, right: IPv4Address) -> Bool { left.rawValue == right.rawValue }

  @inlinable
  package static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.rawValue < right.rawValue }

  @inlinable
  package func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

extension IPv4Address: CustomStringConvertible {
  package var description: String {
    var text: [UInt8] = []
    text.reserveCapacity(15)
    AddressText.appendIPv4(rawValue, to: &text)
    return String(decoding: text, as: UTF8.self)
  }
}
