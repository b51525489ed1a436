import WireJSON

/// Which column finds rows quickly: every element of a set column is a key to its row, or, of a map column, the value at `key`.
package struct TableIndex: Hashable, Sendable {
  package let column: String
  package let key: Atom?

  package init(_ column: String) {
    self.column = column
    key = nil
  }

  package init(_ column: String, key: Atom) {
    self.column = column
    self.key = key
  }

  /// Under what the row is found.
  func keys(of row: Row) -> Set<Atom> {
    guard let value = row[column] else { return [] }
    guard let key else { return value.atoms }
    return value[key].map { [$0] } ?? []
  }
}

/// A table to keep a replica of, and what its rows are to be found by.
package struct MonitoredTable: Hashable, Sendable {
  package let name: String
  /// Nil is all that the schema has. What the schema does not have is not asked for: an older server refuses the whole monitor for it.
  package let columns: [String]?
  package let indexes: Set<TableIndex>

  package init(_ name: String, columns: [String]? = nil, indexes: Set<TableIndex> = []) {
    self.name = name
    self.columns = columns
    self.indexes = indexes
  }

  /// What to ask a server with this schema for; nil if it does not have the table.
  func columns(in schema: DatabaseSchema) -> [String]? {
    guard let table = schema.tables[name] else { return nil }
    guard let columns else { return table.columns.keys.sorted() }
    return columns.filter { table.columns[$0] != nil }
  }

  /// What is wanted and not in the schema, as `Table` or `Table.column`.
  func absent(from schema: DatabaseSchema) -> [String] {
    guard let table = schema.tables[name] else { return [name] }
    return (columns ?? []).filter { table.columns[$0] == nil }.map { "\(name).\($0)" }
  }
}

/// The three ways to follow a database, the best first.
enum MonitorMethod: Int, Sendable, CaseIterable {
  /// ovsdb-server since 2.12: tells what has happened since a transaction; updates are `update3`.
  case since
  /// Since 2.6: `update2`.
  case conditional
  /// RFC 7047 §4.1.5: `update`.
  case plain

  var requestName: String {
    switch self {
    case .since: "monitor_cond_since"
    case .conditional: "monitor_cond"
    case .plain: "monitor"
    }
  }

  var notificationName: String {
    switch self {
    case .since: "update3"
    case .conditional: "update2"
    case .plain: "update"
    }
  }

  /// What to try when the server does not know this one.
  var fallback: MonitorMethod? { MonitorMethod(rawValue: rawValue + 1) }

  /// The parameters of the request for these tables as far as the schema has them.
  func parameters(database: String, id: String, tables: [MonitoredTable], schema: DatabaseSchema, since: RowUUID) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginArray()
    writer.string(database)
    writer.string(id)
    writer.beginObject()
    for table in tables {
      guard let columns = table.columns(in: schema) else { continue }
      writer.key(table.name)
      writer.beginArray()
      writer.beginObject()
      writer.columnNames(columns)
      writer.endObject()
      writer.endArray()
    }
    writer.endObject()
    if self == .since { writer.string(since.description) }
    writer.endArray()
    return writer.bytes
  }
}
