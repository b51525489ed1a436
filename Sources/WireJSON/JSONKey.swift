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

  package static func ~= (pattern: StaticString, key: JSONKey) -> Bool {
    if let text = key.text { return text == pattern.description }
    let count = pattern.utf8CodeUnitCount
    guard key.raw.count == count else { return false }
    for index in 0..<count where key.raw[index] != pattern.utf8Start[index] { return false }
    return true
  }
}
