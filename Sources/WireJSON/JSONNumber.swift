/// A JSON number as its literal text, so that neither 64-bit integers nor Kube-OVN's arbitrary-precision counts lose a digit.
package struct JSONNumber: Hashable, Sendable, CustomStringConvertible {
  /// A valid literal (RFC 8259 §6).
  package let text: String

  /// The caller vouches that `text` is a JSON number literal.
  package init(literal text: String) { self.text = text }
  package init(_ value: some BinaryInteger) { text = String(value) }

  /// A finite double in the shortest text that reads back the same; integers without a fraction.
  package init(_ value: Double) {
    // By its text, not by rounding: that would call the C mathematics library, which the static plugin does not link.
    let shortest = "\(value)"
    text = shortest.hasSuffix(".0") ? String(shortest.dropLast(2)) : shortest
  }

  package var int64: Int64? { Int64(text) }
  package var double: Double? { Double(text) }
  package var isInteger: Bool { text.utf8.allSatisfy { $0 == 0x2D || ($0 >= 0x30 && $0 <= 0x39) } }
  package var description: String { text }
}
