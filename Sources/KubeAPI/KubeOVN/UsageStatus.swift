package import WireJSON

/// What Subnets and IPPools alike show of their addresses: conditions, and per family how many are free and held, and which.
/// Counts are kept as literal text: they exceed 64 bits, and a kube-apiserver rounds them (crds.md).
package struct UsageStatus: Sendable, Equatable {
  package var conditions: [Condition] = []
  package var v4Available = JSONNumber(literal: "0")
  package var v4Using = JSONNumber(literal: "0")
  package var v6Available = JSONNumber(literal: "0")
  package var v6Using = JSONNumber(literal: "0")
  package var v4AvailableRange = ""
  package var v4UsingRange = ""
  package var v6AvailableRange = ""
  package var v6UsingRange = ""
  /// Whether the object had a status with counts at all.
  package var hasCounts = false

  package init() {}

  /// Reads a status whose fields are spelled as `fields` says.
  init(from reader: inout JSONReader, _ fields: UsageFields) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key.string {
      case "conditions": conditions = try reader.readObjects { (reader) throws(JSONError) in try Condition(from: &reader) }
      case fields.v4Available:
        v4Available = try reader.readCount()
        hasCounts = true
      case fields.v4Using: v4Using = try reader.readCount()
      case fields.v6Available: v6Available = try reader.readCount()
      case fields.v6Using: v6Using = try reader.readCount()
      case fields.v4AvailableRange: v4AvailableRange = try reader.readStringOrNull()
      case fields.v4UsingRange: v4UsingRange = try reader.readStringOrNull()
      case fields.v6AvailableRange: v6AvailableRange = try reader.readStringOrNull()
      case fields.v6UsingRange: v6UsingRange = try reader.readStringOrNull()
      default: try reader.skipValue()
      }
    }
  }
}

/// How a kind spells the eight fields: Subnets and IPPools differ in their capitals (crds.md). Written by the controller, read by
/// users and by printer columns.
package struct UsageFields: Sendable {
  package let v4Available: String
  package let v4Using: String
  package let v6Available: String
  package let v6Using: String
  package let v4AvailableRange: String
  package let v4UsingRange: String
  package let v6AvailableRange: String
  package let v6UsingRange: String

  package static let subnet = UsageFields(available: "available", using: "using", count: "IPs", range: "IPrange")
  package static let pool = UsageFields(available: "Available", using: "Using", count: "IPs", range: "IPRange")

  private init(available: String, using: String, count: String, range: String) {
    v4Available = "v4" + available + count
    v4Using = "v4" + using + count
    v6Available = "v6" + available + count
    v6Using = "v6" + using + count
    v4AvailableRange = "v4" + available + range
    v4UsingRange = "v4" + using + range
    v6AvailableRange = "v6" + available + range
    v6UsingRange = "v6" + using + range
  }
}

extension JSONReader {
  /// A count of addresses: bare digits, digits in quotes (older versions), or null.
  package mutating func readCount() throws(JSONError) -> JSONNumber {
    if try readNull() { return JSONNumber(literal: "0") }
    guard try peekKind() == .string else { return try readNumber() }
    let text = try readString()
    return JSONNumber(literal: text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } && !text.isEmpty ? text : "0")
  }
}
