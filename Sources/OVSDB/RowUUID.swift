/// The identity of a row, a cluster or a transaction: 128 bits, written as 36 characters (RFC 4122). Kept as two words, without Foundation.
package struct RowUUID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let high: UInt64
  package let low: UInt64

  /// What a server gives where it has no transaction identifier.
  package static let zero = RowUUID(high: 0, low: 0)

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Reads `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` in either case; nil for anything else.
  package init?(_ text: String) {
    var words: (high: UInt64, low: UInt64) = (0, 0)
    var digits = 0
    var position = 0
    for byte in text.utf8 {
      if Self.dashes.contains(position) {
        guard byte == UInt8(ascii: "-") else { return nil }
      } else {
        guard digits < 32, let nibble = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
        if digits < 16 { words.high = words.high << 4 | UInt64(nibble) } else { words.low = words.low << 4 | UInt64(nibble) }
        digits += 1
      }
      position += 1
    }
    guard digits == 32, position == 36 else { return nil }
    self.init(high: words.high, low: words.low)
  }

  private static let dashes: Set<Int> = [8, 13, 18, 23]

  package static func < (left: RowUUID, right: RowUUID) -> Bool {
    left.high == right.high ? left.low < right.low : left.high < right.high
  }

  package var description: String {
    var text = ""
    text.reserveCapacity(36)
    for digit in 0..<32 {
      if Self.dashes.contains(text.utf8.count) { text.append("-") }
      let word = digit < 16 ? high : low
      let nibble = word >> UInt64(60 - 4 * (digit % 16)) & 15
      text.append(String(nibble, radix: 16))
    }
    return text
  }
}
