/// A name that the kernel takes for an interface: 1 to 15 bytes, no `/`, `:`, `%` or white space, not `.` or `..`.
///
/// `%` the kernel would allow, but reads it as a pattern for a number of its own choice.
package struct InterfaceName: Sendable, Hashable, Comparable {
  /// IFNAMSIZ without the closing zero.
  package static let maximumLength = 15

  package let text: String

  package init(parsing text: String) throws(NetlinkError) {
    let bytes = text.utf8
    if bytes.isEmpty { throw Self.error(text, "it is empty") }
    if bytes.count > Self.maximumLength { throw Self.error(text, "it is longer than \(Self.maximumLength) bytes") }
    if text == "." || text == ".." { throw Self.error(text, "the kernel keeps it for itself") }
    let forbidden: (UInt8) -> Bool = { $0 <= 0x20 || $0 == 0x7F || $0 == 0xA0 || "/:%".utf8.contains($0) }
    if bytes.contains(where: forbidden) { throw Self.error(text, "it contains /, :, %, white space or a control character") }
    self.text = text
  }

  private static func error(_ text: String, _ rule: String) -> NetlinkError {
    NetlinkError("use an interface name", .invalidName(text, rule: rule))
  }

  /// The attribute's value: with a closing zero.
  var attribute: [UInt8] { Array(text.utf8) + [0] }

  package static func < (left: InterfaceName, right: InterfaceName) -> Bool { left.text < right.text }
}

extension InterfaceName: LosslessStringConvertible {
  package init?(_ description: String) {
    guard let name = try? InterfaceName(parsing: description) else { return nil }
    self = name
  }

  package var description: String { text }
}
