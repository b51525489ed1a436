package import WireJSON

/// The type of a column (RFC 7047 §3.2): between `min` and `max` atoms, or pairs of atoms where there is a `value` type.
package struct ColumnType: Hashable, Sendable {
  package let key: AtomType
  package let value: AtomType?
  package let min: Int
  /// Nil is unlimited.
  package let max: Int?

  package init(key: AtomType, value: AtomType? = nil, min: Int = 1, max: Int? = 1) {
    self.key = key
    self.value = value
    self.min = min
    self.max = max
  }

  /// Whether update2 and update3 state a change as the difference of old and new, rather than as the new value.
  package var changesByDifference: Bool { max != 1 }

  /// What a row holds that was inserted without this column (RFC 7047 §5.2.1).
  package var defaultValue: Datum {
    if min == 0 { return value == nil ? .empty : .emptyMap }
    guard let value else { return Datum(key.zero) }
    return Datum(map: [key.zero: value.zero])
  }
}

package struct TableSchema: Hashable, Sendable {
  package let columns: [String: ColumnType]

  package init(columns: [String: ColumnType]) { self.columns = columns }
}

/// What a client must know of a database's schema: its tables, and how to read their columns.
package struct DatabaseSchema: Hashable, Sendable {
  package let name: String
  /// `x.y.z`, empty where a server gives none.
  package let version: String
  package let tables: [String: TableSchema]

  package init(name: String, version: String = "", tables: [String: TableSchema]) {
    self.name = name
    self.version = version
    self.tables = tables
  }

  /// Reads the result of `get_schema` (RFC 7047 §3.2).
  package init(parsing bytes: [UInt8]) throws(JSONError) {
    self = try JSONReader.parse(bytes) { (reader) throws(JSONError) in try DatabaseSchema(reading: &reader) }
  }

  private init(reading reader: inout JSONReader) throws(JSONError) {
    var name = ""
    var version = ""
    var tables: [String: TableSchema]?
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.readString()
      case "version": version = try reader.readString()
      case "tables": tables = try reader.readMembers { (reader) throws(JSONError) in try TableSchema(reading: &reader) }
      default: try reader.skipValue()
      }
    }
    guard let tables else { throw reader.error(.expected("a schema with tables")) }
    self.init(name: name, version: version, tables: tables)
  }
}

extension TableSchema {
  fileprivate init(reading reader: inout JSONReader) throws(JSONError) {
    var columns: [String: ColumnType]?
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "columns": columns = try reader.readMembers { (reader) throws(JSONError) in try ColumnType(readingColumn: &reader) }
      default: try reader.skipValue()
      }
    }
    guard let columns else { throw reader.error(.expected("a table with columns")) }
    self.init(columns: columns)
  }
}

extension ColumnType {
  fileprivate init(readingColumn reader: inout JSONReader) throws(JSONError) {
    var type: ColumnType?
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "type": type = try ColumnType(reading: &reader)
      default: try reader.skipValue()
      }
    }
    guard let type else { throw reader.error(.expected("a column with a type")) }
    self = type
  }

  private init(reading reader: inout JSONReader) throws(JSONError) {
    if try reader.peekKind() == .string {
      self.init(key: try reader.readAtomType())
      return
    }
    var key: AtomType?
    var value: AtomType?
    var min = 1
    var max: Int? = 1
    try reader.beginObject()
    while let member = try reader.nextKey() {
      switch member {
      case "key": key = try reader.readBaseType()
      case "value": value = try reader.readBaseType()
      case "min": min = Int(try reader.readInt64())
      case "max": max = try reader.readLimit()
      default: try reader.skipValue()
      }
    }
    guard let key else { throw reader.error(.expected("a type with a key")) }
    self.init(key: key, value: value, min: min, max: max)
  }
}

extension JSONReader {
  /// An object as a dictionary; of two equal names the last one counts.
  fileprivate mutating func readMembers<Member>(
    _ read: (inout JSONReader) throws(JSONError) -> Member
  ) throws(JSONError) -> [String: Member] {
    var members: [String: Member] = [:]
    try beginObject()
    while let key = try nextKey() { members[key.string] = try read(&self) }
    return members
  }

  /// A base type is its name, or an object that restrains it further, which is the server's business.
  fileprivate mutating func readBaseType() throws(JSONError) -> AtomType {
    guard try peekKind() == .object else { return try readAtomType() }
    var type: AtomType?
    try beginObject()
    while let key = try nextKey() {
      switch key {
      case "type": type = try readAtomType()
      default: try skipValue()
      }
    }
    guard let type else { throw error(.expected("a base type")) }
    return type
  }

  fileprivate mutating func readAtomType() throws(JSONError) -> AtomType {
    guard let type = AtomType(rawValue: try readString()) else { throw error(.expected("integer, real, boolean, string or uuid")) }
    return type
  }

  fileprivate mutating func readLimit() throws(JSONError) -> Int? {
    guard try peekKind() == .string else { return Int(try readInt64()) }
    guard try readString() == "unlimited" else { throw error(.expected("a number or \"unlimited\"")) }
    return nil
  }
}
