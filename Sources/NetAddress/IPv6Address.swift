/// An IPv6 address as a number in host order.
///
/// Holds IPv4-mapped values (`::ffff:0:0/96`) like any other; only `IPAddress`, which reads text whose family is not yet
/// known, takes those for IPv4 as Go does.
package struct IPv6Address: FamilyAddress {
  package let rawValue: UInt128

  @inlinable
  package static var family: AddressFamily { .v6 }

  @inlinable
  package init(rawValue: UInt128) { self.rawValue = rawValue }

  /// The mapped form of an IPv4 address, `::ffff:a.b.c.d`.
  package init(mapping address: IPv4Address) {
    rawValue = 0xffff_0000_0000 | UInt128(address.rawValue)
  }

  /// RFC 4291 §2.2 in any case and padding; a zone is refused.
  package init(parsing text: String) throws(AddressError) {
    guard !text.isEmpty else { throw .invalidAddress(text, reason: .empty) }
    guard !text.utf8.contains(.percent) else { throw .invalidAddress(text, reason: .zone) }
    guard let value = AddressText.ipv6(text.utf8[...]) else { throw .invalidAddress(text, reason: .malformedIPv6) }
    rawValue = value
  }

  /// Sixteen bytes in network order; nil for any other number of bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    rawValue = bytes.reduce(0) { $0 << 8 | UInt128($1) }
  }

  /// Network order, sixteen bytes.
  package var bytes: [UInt8] {
    stride(from: 120, through: 0, by: -8).map { UInt8(truncatingIfNeeded: rawValue >> UInt128($0)) }
  }

  /// The IPv4 address inside `::ffff:0:0/96`.
  package var mappedIPv4: IPv4Address? {
    rawValue >> 32 == 0xffff ? IPv4Address(rawValue: UInt32(truncatingIfNeeded: rawValue)) : nil
  }

  /// ff00::/8.
  package var isMulticast: Bool { rawValue >> 120 == 0xff }

  /// fe80::/10.
  package var isLinkLocal: Bool { rawValue >> 118 == 0x3fa }

  @inlinable
  package static func == (left: IPv6Address, right: IPv6Address) -> Bool { left.rawValue == right.rawValue }

  @inlinable
  package static func < (left: IPv6Address, right: IPv6Address) -> Bool { left.rawValue < right.rawValue }

  @inlinable
  package func hash(into hasher: inout Hasher) {
    hasher.combine(UInt64(truncatingIfNeeded: rawValue >> 64))
    hasher.combine(UInt64(truncatingIfNeeded: rawValue))
  }
}

extension IPv6Address: CustomStringConvertible {
  /// RFC 5952: lower case, no padding, the first longest run of two or more zero groups as `::`, mapped IPv4 in dotted form.
  package var description: String {
    var text: [UInt8] = []
    text.reserveCapacity(39)
    if let mapped = mappedIPv4 {
      text.append(contentsOf: "::ffff:".utf8)
      AddressText.appendIPv4(mapped.rawValue, to: &text)
      return String(decoding: text, as: UTF8.self)
    }
    let run = longestZeroRun
    var index = 0
    while index < 8 {
      if let run, index == run.lowerBound {
        text.append(contentsOf: "::".utf8)
        index = run.upperBound
        continue
      }
      if index > 0, index != run?.upperBound { text.append(.colon) }
      AddressText.appendHex(group(index), to: &text)
      index += 1
    }
    return String(decoding: text, as: UTF8.self)
  }

  private func group(_ index: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: rawValue >> UInt128(112 - 16 * index))
  }

  /// The first longest run of at least two zero groups.
  private var longestZeroRun: Range<Int>? {
    var best: Range<Int>?
    var start: Int?
    for index in 0...8 {
      if index < 8, group(index) == 0 {
        start = start ?? index
      } else if let first = start {
        if index - first >= 2, index - first > (best?.count ?? 0) { best = first..<index }
        start = nil
      }
    }
    return best
  }
}
