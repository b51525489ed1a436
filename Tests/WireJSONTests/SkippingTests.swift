import Testing
import WireJSON

/// Texts that are passed over are judged as those that are read, wherever in a word of eight bytes something stands.
@Suite struct SkippingTests {
  private static func skips(_ bytes: [UInt8]) -> JSONError? {
    do throws(JSONError) {
      try JSONReader.parse(bytes) { (reader) throws(JSONError) in try reader.skipValue() }
      return nil
    } catch {
      return error
    }
  }

  @Test("a text that is skipped is refused where a text that is read would be", arguments: 0..<40)
  func skipsAlike(offset: Int) {
    let parts: [[UInt8]] = [
      Array("\\\"".utf8), Array("\\u00e9".utf8), Array("\\x".utf8), Array("é".utf8), Array("😀".utf8), [0x01], [0x1F], [0x20], [0x7F],
      [0xFF],
      [0x80], Array("\"".utf8), [0x5C], Array("!".utf8), Array("]".utf8),
    ]
    for part in parts {
      let padding = [UInt8](repeating: 0x61, count: offset)
      for text in [padding + part + padding, padding + part] {
        let document = [0x22] + text + [0x22]
        let read: JSONError?
        do throws(JSONError) {
          _ = try JSONValue(parsing: document)
          read = nil
        } catch {
          read = error
        }
        #expect(Self.skips(document) == read, "\(document)")
      }
    }
  }

  @Test("a text from the pool equals the text, whatever stood in its place before")
  func pooled() throws {
    var seed: UInt64 = 7
    func next() -> UInt64 {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return seed >> 33
    }
    let texts = (0..<6000).map { _ in String((0..<Int(next() % 120)).map { _ in Character(UnicodeScalar(UInt8(0x61 + next() % 26))) }) }
    for text in texts + texts.reversed() + ["ünïcödé text that is long enough", #"an \" escaped text, long enough too"#, ""] {
      let bytes = Array(JSONValue.string(text).text.utf8)
      let read = try JSONReader.parse(bytes) { (reader) throws(JSONError) in try reader.readSharedString() }
      #expect(read == text)
    }
    #expect(throws: JSONError(offset: 0, reason: .invalidUTF8)) {
      try JSONReader.parse([0x22] + [UInt8](repeating: 0xFF, count: 20) + [0x22]) { (reader) throws(JSONError) in
        try reader.readSharedString()
      }
    }
  }
}
