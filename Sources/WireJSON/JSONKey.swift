/// A member's name while the reader stands at it. `switch key { case "name": ... }` compares bytes and allocates nothing.
package struct JSONKey {
  private let raw: UnsafeBufferPointer<UInt8>
  private let text: String?

  init(raw: UnsafeBufferPointer<UInt8>) {
    self.raw = raw
    text = nil
  }

  init(text: String) {
    raw = UnsafeBufferPointer(start: nil, count: 0)
    self.text = text
  }

  package var string: String { text ?? String(decoding: raw, as: UTF8.self) }

  /// The same for names that come again: kept in memory once.
  package var sharedString: String {
    guard text == nil, StringPool.lengths.contains(raw.count) else { return string }
    return StringPool.shared.string(raw)
  }

  /// Whether the name begins with a text.
  package func hasPrefix(_ text: StaticString) -> Bool { holds(text, at: 0) }

  package func contains(_ part: StaticString) -> Bool {
    if let text { return text.contains(part.description) }
    guard raw.count >= part.utf8CodeUnitCount else { return false }
    return (0...(raw.count - part.utf8CodeUnitCount)).contains { holds(part, at: $0) }
  }

  private func holds(_ part: StaticString, at offset: Int) -> Bool {
    if let text { return text.utf8.dropFirst(offset).starts(with: part.description.utf8) }
    guard raw.count >= offset + part.utf8CodeUnitCount else { return false }
    for index in 0..<part.utf8CodeUnitCount where raw[offset + index] != part.utf8Start[index] { return false }
    return true
  }

  package static func ~= (pattern: StaticString, key: JSONKey) -> Bool {
    if let text = key.text { return text == pattern.description }
    let count = pattern.utf8CodeUnitCount
    guard key.raw.count == count else { return false }
    for index in 0..<count where key.raw[index] != pattern.utf8Start[index] { return false }
    return true
  }
}
