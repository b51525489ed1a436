/// A strict pull reader over UTF-8 JSON (RFC 8259): the caller asks for what it expects, skips what it does not know, and nothing is
/// built that nobody asked for.
///
/// ```swift
/// try reader.beginObject()
/// while let key = try reader.nextKey() {
///   switch key {
///   case "name": name = try reader.readString()
///   default: try reader.skipValue()
///   }
/// }
/// ```
/// The reader points into the caller's bytes, so it lives only inside the closure of `parse`.
package struct JSONReader {
  /// Deeper documents are refused: each level is a stack frame in `readValue`.
  package static let depthLimit = 256

  let bytes: UnsafeBufferPointer<UInt8>
  package internal(set) var position = 0
  private var depth = 0
  /// True between an opening bracket and the first element behind it.
  private var isFirst = false

  private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// Reads one value and demands that nothing but white space follows it.
  package static func parse<Result>(
    _ bytes: [UInt8], _ body: (inout JSONReader) throws(JSONError) -> Result
  ) throws(JSONError) -> Result {
    try read(bytes, body) { (reader) throws(JSONError) in
      reader.skipSpace()
      guard reader.position == reader.bytes.count else { throw reader.error(.trailingBytes) }
    }
  }

  private static func read<Result>(
    _ bytes: [UInt8], _ body: (inout JSONReader) throws(JSONError) -> Result, _ finish: (inout JSONReader) throws(JSONError) -> Void
  ) throws(JSONError) -> Result {
    let outcome: Swift.Result<Result, JSONError> = bytes.withUnsafeBufferPointer { buffer in
      var reader = JSONReader(buffer)
      do throws(JSONError) {
        let result = try body(&reader)
        try finish(&reader)
        return .success(result)
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }

  // MARK: Structure

  package mutating func beginObject() throws(JSONError) { try open(0x7B, "an object") }
  package mutating func beginArray() throws(JSONError) { try open(0x5B, "an array") }

  /// The next member's name, or nil at the object's end; the reader then stands before the member's value.
  package mutating func nextKey() throws(JSONError) -> JSONKey? {
    guard try advance(closing: 0x7D) else { return nil }
    guard peek() == 0x22 else { throw unexpected() }
    let key = try scanKey()
    skipSpace()
    guard peek() == 0x3A else { throw unexpected() }
    position += 1
    return key
  }

  /// Whether another element stands before the array's end.
  package mutating func nextElement() throws(JSONError) -> Bool { try advance(closing: 0x5D) }

  /// Calls `body` before each element; it must consume exactly that element.
  package mutating func readArray(_ body: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
    try beginArray()
    while try nextElement() { try body(&self) }
  }

  /// What kind of value comes next, without consuming it: its first byte.
  package mutating func peekKind() throws(JSONError) -> JSONKind {
    skipSpace()
    guard let byte = peek() else { throw error(.unexpectedEnd) }
    switch byte {
    case 0x7B: return .object
    case 0x5B: return .array
    case 0x22: return .string
    case 0x74, 0x66: return .bool
    case 0x6E: return .null
    case 0x2D, 0x30...0x39: return .number
    default: throw unexpected()
    }
  }

  private mutating func open(_ byte: UInt8, _ what: String) throws(JSONError) {
    skipSpace()
    guard let found = peek() else { throw error(.unexpectedEnd) }
    guard found == byte else { throw error(.expected(what)) }
    guard depth < Self.depthLimit else { throw error(.tooDeep(limit: Self.depthLimit)) }
    position += 1
    depth += 1
    isFirst = true
  }

  private mutating func advance(closing: UInt8) throws(JSONError) -> Bool {
    skipSpace()
    guard let byte = peek() else { throw error(.unexpectedEnd) }
    if byte == closing {
      position += 1
      depth -= 1
      isFirst = false
      return false
    }
    if isFirst {
      isFirst = false
    } else {
      guard byte == 0x2C else { throw unexpected() }
      position += 1
      skipSpace()
      guard peek() != closing else { throw unexpected() }
    }
    return true
  }

  // MARK: Scalars

  package mutating func readString() throws(JSONError) -> String {
    skipSpace()
    guard let byte = peek() else { throw error(.unexpectedEnd) }
    guard byte == 0x22 else { throw error(.expected("a string")) }
    return try scanString()
  }

  /// The same for texts that come again in other objects (keys of labels and annotations, owners, nodes): kept in memory once.
  package mutating func readSharedString() throws(JSONError) -> String {
    skipSpace()
    guard let byte = peek() else { throw error(.unexpectedEnd) }
    guard byte == 0x22 else { throw error(.expected("a string")) }
    return try scanSharedString()
  }

  package mutating func readBool() throws(JSONError) -> Bool {
    switch try peekKind() {
    case .bool:
      let value = peek() == 0x74
      try expectLiteral(value ? "true" : "false")
      return value
    default: throw error(.expected("true or false"))
    }
  }

  /// Consumes `null` if it comes next: an absent optional, as Go writes it.
  package mutating func readNull() throws(JSONError) -> Bool {
    skipSpace()
    guard peek() == 0x6E else { return false }
    try expectLiteral("null")
    return true
  }

  package mutating func readNumber() throws(JSONError) -> JSONNumber {
    guard try peekKind() == .number else { throw error(.expected("a number")) }
    let start = position
    try scanNumber()
    return JSONNumber(literal: text(start, position))
  }

  package mutating func readInt64() throws(JSONError) -> Int64 {
    skipSpace()
    let start = position
    let number = try readNumber()
    guard let value = number.int64 else { throw JSONError(offset: start, reason: .numberOutOfRange(number.text)) }
    return value
  }

  // MARK: Trees

  package mutating func readValue() throws(JSONError) -> JSONValue {
    switch try peekKind() {
    case .null:
      try expectLiteral("null")
      return .null
    case .bool: return .bool(try readBool())
    case .number: return .number(try readNumber())
    case .string: return .string(try scanString())
    case .array:
      var elements: [JSONValue] = []
      try beginArray()
      while try nextElement() { elements.append(try readValue()) }
      return .array(elements)
    case .object:
      var members: [String: JSONValue] = [:]
      try beginObject()
      while let key = try nextKey() { members[key.string] = try readValue() }
      return .object(members)
    }
  }

  /// Passes over one value of any kind, checking that it is well formed.
  package mutating func skipValue() throws(JSONError) {
    switch try peekKind() {
    case .null: try expectLiteral("null")
    case .bool: _ = try readBool()
    case .number: try scanNumber()
    case .string: try skipString()
    case .array:
      try beginArray()
      while try nextElement() { try skipValue() }
    case .object:
      try beginObject()
      while try nextKey() != nil { try skipValue() }
    }
  }

  /// The bytes of the next value, checked but not interpreted.
  package mutating func readRawValue() throws(JSONError) -> [UInt8] {
    skipSpace()
    let start = position
    try skipValue()
    return Array(bytes[start..<position])
  }

  // MARK: Cursor

  func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  func text(_ start: Int, _ end: Int) -> String {
    String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self)
  }

  package func error(_ reason: JSONError.Reason) -> JSONError { JSONError(offset: position, reason: reason) }

  func unexpected() -> JSONError { peek().map { error(.unexpectedByte($0)) } ?? error(.unexpectedEnd) }

  private mutating func expectLiteral(_ literal: StaticString) throws(JSONError) {
    for index in 0..<literal.utf8CodeUnitCount {
      guard peek() == literal.utf8Start[index] else { throw unexpected() }
      position += 1
    }
  }
}

/// The six kinds of JSON value.
package enum JSONKind: Sendable { case null, bool, number, string, array, object }
