/// Why a text is not the JSON that was expected.
package struct JSONError: Error, Equatable, CustomStringConvertible {
  package enum Reason: Equatable, Sendable {
    case unexpectedEnd
    case unexpectedByte(UInt8)
    /// A value of another type stands where one of this type is expected.
    case expected(String)
    case invalidEscape
    case invalidUTF8
    case controlCharacter
    case numberOutOfRange(String)
    case tooDeep(limit: Int)
    case trailingBytes
  }

  /// Byte offset into the text.
  package let offset: Int
  package let reason: Reason

  package init(offset: Int, reason: Reason) {
    self.offset = offset
    self.reason = reason
  }

  package var description: String {
    switch reason {
    case .unexpectedEnd: "JSON ends early at byte \(offset)"
    case .unexpectedByte(let byte):
      "unexpected \(byte >= 0x20 && byte < 0x7F ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)") at byte \(offset) of JSON"
    case .expected(let what): "JSON at byte \(offset): expected \(what)"
    case .invalidEscape: "invalid escape in JSON string at byte \(offset)"
    case .invalidUTF8: "JSON string at byte \(offset) is not UTF-8"
    case .controlCharacter: "unescaped control character in JSON string at byte \(offset)"
    case .numberOutOfRange(let text): "JSON number \(text) at byte \(offset) is out of range"
    case .tooDeep(let limit): "JSON is nested deeper than \(limit) levels at byte \(offset)"
    case .trailingBytes: "bytes after the JSON value at byte \(offset)"
    }
  }
}
