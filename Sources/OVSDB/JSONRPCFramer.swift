/// Cuts a stream of bytes into JSON objects that follow each other with nothing or white space between (RFC 7047 §4).
///
/// It only finds where an object ends, by brackets and quotes, however the stream is split; that what lies between is JSON, the parser
/// says. Everything is bounded: an object's size before it is held, its depth before anything recurses over it.
package struct JSONRPCFramer: Sendable {
  package struct Frame: Equatable, Sendable {
    package let bytes: [UInt8]
    /// Where in the stream it begins.
    package let offset: Int
  }

  package struct Limits: Sendable, Equatable {
    package var bytes: Int
    package var depth: Int

    /// A message of 1 GiB is a database of some millions of rows.
    package init(bytes: Int = 1 << 30, depth: Int = 128) {
      self.bytes = bytes
      self.depth = depth
    }
  }

  private let limits: Limits
  private var buffer: [UInt8] = []
  /// Where in the buffer the frame begins that is being looked for; what lies before it is done with.
  private var head = 0
  /// Where in the buffer to look on.
  private var scanned = 0
  /// Where in the stream the buffer begins.
  private var base = 0
  private var depth = 0
  private var isInString = false
  private var isEscaped = false

  package init(limits: Limits = Limits()) { self.limits = limits }

  /// Bytes that wait for the rest of their frame.
  package var pendingBytes: Int { buffer.count - head }

  package mutating func feed(_ bytes: some Sequence<UInt8>) {
    // Not at every frame: a chunk may hold hundreds.
    buffer.removeFirst(head)
    base += head
    scanned -= head
    head = 0
    buffer.append(contentsOf: bytes)
  }

  /// The next whole object; nil when more bytes are needed. After an error the stream is of no more use.
  package mutating func next() throws(FramingError) -> Frame? {
    if depth == 0, try !findBeginning() { return nil }
    while scanned < buffer.count {
      let byte = buffer[scanned]
      scanned += 1
      guard scanned - head <= limits.bytes else { throw .tooLarge(limit: limits.bytes, offset: base + head) }
      if isInString {
        scanString(byte)
      } else if try scanStructure(byte) {
        defer { head = scanned }
        return Frame(bytes: Array(buffer[head..<scanned]), offset: base + head)
      }
    }
    return nil
  }

  /// Passes over white space; false if nothing else is there.
  private mutating func findBeginning() throws(FramingError) -> Bool {
    while scanned < buffer.count, Self.isSpace(buffer[scanned]) { scanned += 1 }
    head = scanned
    guard head < buffer.count else { return false }
    guard buffer[head] == UInt8(ascii: "{") else { throw .notAnObject(byte: buffer[head], offset: base + head) }
    return true
  }

  private mutating func scanString(_ byte: UInt8) {
    if isEscaped {
      isEscaped = false
    } else if byte == UInt8(ascii: "\\") {
      isEscaped = true
    } else if byte == UInt8(ascii: "\"") {
      isInString = false
    }
  }

  /// True if the byte ends the frame.
  private mutating func scanStructure(_ byte: UInt8) throws(FramingError) -> Bool {
    switch byte {
    case UInt8(ascii: "\""): isInString = true
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      depth += 1
      guard depth <= limits.depth else { throw .tooDeep(limit: limits.depth, offset: base + scanned - 1) }
    case UInt8(ascii: "}"), UInt8(ascii: "]"):
      depth -= 1
      return depth == 0
    default: break
    }
    return false
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
}

/// Why a stream is not a sequence of JSON objects. Offsets count from the stream's beginning.
package enum FramingError: Error, Equatable, CustomStringConvertible {
  case notAnObject(byte: UInt8, offset: Int)
  case tooLarge(limit: Int, offset: Int)
  case tooDeep(limit: Int, offset: Int)

  package var description: String {
    switch self {
    case .notAnObject(let byte, let offset): "a message must begin with '{', but byte \(offset) of the stream is \(byte)"
    case .tooLarge(let limit, let offset): "the message at byte \(offset) of the stream is larger than \(limit) bytes"
    case .tooDeep(let limit, let offset): "a message is nested deeper than \(limit) levels at byte \(offset) of the stream"
    }
  }
}
