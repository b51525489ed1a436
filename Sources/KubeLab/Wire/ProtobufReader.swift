import WireJSON

/// Reads bodies of type `application/vnd.kubernetes.protobuf`: kubectl's own creates come so, and it has no second try in JSON.
///
/// Only reading, and only messages of `ProtobufTypes`: a field that is not listed there is refused by number, never dropped.
struct ProtobufReader {
  static let mediaType = "application/vnd.kubernetes.protobuf"
  /// Four bytes before every message.
  private static let magic: [UInt8] = [0x6B, 0x38, 0x73, 0x00]
  private static let depthLimit = 32

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private struct Field {
    var name: String
    var type: String
    var isList: Bool
  }

  private static let types: [String: [UInt64: Field]] = {
    var types: [String: [UInt64: Field]] = [:]
    for line in ProtobufTypes.text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      var fields: [UInt64: Field] = [:]
      for entry in (parts.count > 1 ? parts[1] : "").split(separator: ",") {
        let words = entry.split(separator: " ")
        guard words.count == 3, let number = UInt64(words[0]) else { continue }
        let isList = words[2].first == "*"
        fields[number] = Field(name: String(words[1]), type: String(isList ? words[2].dropFirst() : words[2]), isList: isList)
      }
      types[String(parts[0])] = fields
    }
    return types
  }()

  /// One value on the wire.
  private enum Wire {
    case number(UInt64)
    case bytes(ArraySlice<UInt8>)
  }

  private var rest: ArraySlice<UInt8>

  private init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// The object in an envelope (`runtime.Unknown`: type, raw message).
  static func object(_ body: [UInt8]) throws(Failure) -> JSONValue {
    guard body.starts(with: magic) else { throw Failure(description: "the protobuf body does not begin with its magic number") }
    var envelope = ProtobufReader(body.dropFirst(magic.count))
    var (apiVersion, kind) = ("", "")
    var raw: ArraySlice<UInt8> = []
    while let (number, wire) = try envelope.next() {
      guard case .bytes(let bytes) = wire else { continue }
      if number == 1 {
        var type = ProtobufReader(bytes)
        while let (number, wire) = try type.next() {
          guard case .bytes(let text) = wire else { continue }
          if number == 1 { apiVersion = String(decoding: text, as: UTF8.self) }
          if number == 2 { kind = String(decoding: text, as: UTF8.self) }
        }
      }
      if number == 2 { raw = bytes }
    }
    var object = try message(raw, kind, depth: 0)
    object["apiVersion"] = .string(apiVersion)
    object["kind"] = .string(kind)
    return object
  }

  private static func message(_ bytes: ArraySlice<UInt8>, _ type: String, depth: Int) throws(Failure) -> JSONValue {
    guard depth < depthLimit else { throw Failure(description: "protobuf messages are nested too deep") }
    guard let fields = types[type] else { throw Failure(description: "\(type) is not read from protobuf here; send JSON") }
    var reader = ProtobufReader(bytes)
    var members: [String: JSONValue] = [:]
    while let (number, wire) = try reader.next() {
      guard let field = fields[number] else {
        // Go writes empty messages that a kind merely embeds; they say nothing.
        if case .bytes(let content) = wire, content.isEmpty { continue }
        throw Failure(description: "field \(number) of \(type) is not read from protobuf here; send JSON")
      }
      let value = try value(wire, field, depth: depth)
      switch field.type {
      case "m", "x", "y":
        var map = members[field.name]?.object ?? [:]
        map.merge(value.object ?? [:]) { _, new in new }
        members[field.name] = .object(map)
      default:
        if field.isList {
          members[field.name] = .array((members[field.name]?.array ?? []) + [value])
        } else if value != "", field.type != "z" || value != 0, field.type != "g" || value != false {
          // Go writes empty texts and zeros too, where JSON leaves them out.
          members[field.name] = value
        }
      }
    }
    return .object(members)
  }

  private static func value(_ wire: Wire, _ field: Field, depth: Int) throws(Failure) -> JSONValue {
    switch (wire, field.type) {
    case (.number(let number), "i"), (.number(let number), "z"): return .integer(Int64(bitPattern: number))
    case (.number(let number), "f"), (.number(let number), "g"): return .bool(number != 0)
    case (.bytes(let bytes), "s"): return .string(String(decoding: bytes, as: UTF8.self))
    case (.bytes(let bytes), "b"): return .string(Base64.encode(Array(bytes)))
    case (.bytes(let bytes), "t"), (.bytes(let bytes), "u"):
      let parts = try numbers(bytes)
      let moment = Timestamp(seconds: Int64(bitPattern: parts[1] ?? 0), nanoseconds: Int32(truncatingIfNeeded: parts[2] ?? 0))
      // The zero time stands for none.
      if moment.seconds <= 0 { return "" }
      return .string(field.type == "t" ? moment.text : moment.microText)
    case (.bytes(let bytes), "n"):
      let parts = try numbers(bytes)
      return parts[1] == 1 ? .string(try text(3, in: bytes)) : .integer(Int64(bitPattern: parts[2] ?? 0))
    case (.bytes(let bytes), "q"): return .string(try text(1, in: bytes))
    case (.bytes(let bytes), "m"), (.bytes(let bytes), "x"), (.bytes(let bytes), "y"): return try entry(bytes, field.type)
    case (.bytes(let bytes), _) where types[field.type] != nil: return try message(bytes, field.type, depth: depth + 1)
    default: throw Failure(description: "\(field.name) has the wrong protobuf wire type")
    }
  }

  /// One entry of a map: key 1, value 2.
  private static func entry(_ bytes: ArraySlice<UInt8>, _ type: String) throws(Failure) -> JSONValue {
    var reader = ProtobufReader(bytes)
    var key = ""
    var value: ArraySlice<UInt8> = []
    while let (number, wire) = try reader.next() {
      guard case .bytes(let bytes) = wire else { continue }
      if number == 1 { key = String(decoding: bytes, as: UTF8.self) } else { value = bytes }
    }
    switch type {
    case "x": return .object([key: .string(Base64.encode(Array(value)))])
    case "y": return .object([key: .string(try text(1, in: value))])
    default: return .object([key: .string(String(decoding: value, as: UTF8.self))])
    }
  }

  private static func numbers(_ bytes: ArraySlice<UInt8>) throws(Failure) -> [UInt64: UInt64] {
    var reader = ProtobufReader(bytes)
    var found: [UInt64: UInt64] = [:]
    while let (number, wire) = try reader.next() {
      if case .number(let value) = wire { found[number] = value }
    }
    return found
  }

  private static func text(_ wanted: UInt64, in bytes: ArraySlice<UInt8>) throws(Failure) -> String {
    var reader = ProtobufReader(bytes)
    while let (number, wire) = try reader.next() {
      if number == wanted, case .bytes(let text) = wire { return String(decoding: text, as: UTF8.self) }
    }
    return ""
  }

  // MARK: Wire

  private mutating func next() throws(Failure) -> (UInt64, Wire)? {
    guard !rest.isEmpty else { return nil }
    let tag = try varint()
    switch tag & 7 {
    case 0: return (tag >> 3, .number(try varint()))
    case 1: return (tag >> 3, .number(try fixed(8)))
    case 2:
      let count = try varint()
      guard count <= UInt64(rest.count) else { throw Failure(description: "a protobuf field is longer than its message") }
      let bytes = rest.prefix(Int(count))
      rest = rest.dropFirst(Int(count))
      return (tag >> 3, .bytes(bytes))
    case 5: return (tag >> 3, .number(try fixed(4)))
    default: throw Failure(description: "unknown protobuf wire type \(tag & 7)")
    }
  }

  private mutating func varint() throws(Failure) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = rest.popFirst() else { throw Failure(description: "a protobuf number ends early") }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw Failure(description: "a protobuf number is too long")
  }

  private mutating func fixed(_ count: Int) throws(Failure) -> UInt64 {
    guard rest.count >= count else { throw Failure(description: "a protobuf number ends early") }
    let value = rest.prefix(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    rest = rest.dropFirst(count)
    return value
  }
}
