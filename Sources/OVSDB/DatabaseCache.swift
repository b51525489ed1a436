/// What changed of one row: an addition has no `old`, a removal no `new`.
package struct RowChange: Hashable, Sendable {
  package let table: String
  package let uuid: RowUUID
  package let old: Row?
  package let new: Row?

  package init(table: String, uuid: RowUUID, old: Row?, new: Row?) {
    self.table = table
    self.uuid = uuid
    self.old = old
    self.new = new
  }
}

/// The replica of a database: the tables that are monitored.
///
/// It is a value. Changing it in place costs what changes; changing it while somebody holds a copy costs a copy of the table.
package struct DatabaseCache: Sendable {
  /// All that the server has.
  package let schema: DatabaseSchema
  /// The part of it that is monitored.
  private let monitored: [String: TableSchema]
  private var tables: [String: TableCache]

  package init(schema: DatabaseSchema, tables: [MonitoredTable]) {
    self.schema = schema
    var monitored: [String: TableSchema] = [:]
    for table in tables {
      let names = Set(table.columns(in: schema) ?? [])
      monitored[table.name] = TableSchema(columns: (schema.tables[table.name]?.columns ?? [:]).filter { names.contains($0.key) })
    }
    self.monitored = monitored
    self.tables = Dictionary(tables.map { ($0.name, TableCache(indexes: $0.indexes)) }, uniquingKeysWith: { first, _ in first })
  }

  /// A table; one that is not monitored, or that the server does not have, is empty.
  package subscript(table: String) -> TableCache { tables[table] ?? TableCache() }

  package var names: [String] { tables.keys.sorted() }

  /// Takes in an update, whole or not at all; returns what has changed.
  package mutating func apply(_ update: DatabaseUpdate) throws(CacheInconsistency) -> [RowChange] {
    for entry in update.entries { try check(entry) }
    var changes: [RowChange] = []
    changes.reserveCapacity(update.entries.count)
    for entry in update.entries {
      guard let table = monitored[entry.table] else { continue }
      let old = tables[entry.table]?[entry.row]
      let new = Self.row(entry, old, table)
      tables[entry.table]?.set(entry.row, to: new)
      if old != new { changes.append(RowChange(table: entry.table, uuid: entry.row, old: old, new: new)) }
    }
    return changes
  }

  /// An update that contradicts the replica means that the two sides have lost each other; only reading everything anew can help.
  private func check(_ entry: DatabaseUpdate.Entry) throws(CacheInconsistency) {
    guard let table = tables[entry.table] else { throw CacheInconsistency(entry, "which is not monitored") }
    let exists = table[entry.row] != nil
    switch entry.update {
    case .insert: if exists { throw CacheInconsistency(entry, "which is there already") }
    case .modify, .delete: if !exists { throw CacheInconsistency(entry, "which is not there") }
    case .replace: break
    }
  }

  private static func row(_ entry: DatabaseUpdate.Entry, _ old: Row?, _ schema: TableSchema) -> Row? {
    switch entry.update {
    case .delete: return nil
    case .insert(let columns), .replace(let columns):
      // Columns that hold their type's default are left out on the wire.
      var row = Row(uuid: entry.row, columns: schema.columns.mapValues(\.defaultValue))
      row.columns.merge(columns) { _, new in new }
      return row
    case .modify(let columns):
      guard var row = old else { return nil }
      for (name, value) in columns {
        if let type = schema.columns[name], type.changesByDifference {
          row.columns[name] = (row.columns[name] ?? type.defaultValue).applying(difference: value)
        } else {
          row.columns[name] = value
        }
      }
      return row
    }
  }

  /// What somebody has to hear who has seen `old`; nil is an empty database.
  package func changes(since old: DatabaseCache?) -> [RowChange] {
    var changes: [RowChange] = []
    for name in Set(tables.keys).union(old.map { Array($0.tables.keys) } ?? []).sorted() {
      let before = old?[name].rows ?? [:]
      let after = self[name].rows
      for (uuid, row) in before where after[uuid] == nil { changes.append(RowChange(table: name, uuid: uuid, old: row, new: nil)) }
      for (uuid, row) in after where before[uuid] != row {
        changes.append(RowChange(table: name, uuid: uuid, old: before[uuid], new: row))
      }
    }
    return changes
  }
}

/// An update that cannot follow on what is in the cache.
package struct CacheInconsistency: Error, Equatable, CustomStringConvertible {
  package let table: String
  package let row: RowUUID
  private let reason: String

  init(_ entry: DatabaseUpdate.Entry, _ reason: String) {
    table = entry.table
    row = entry.row
    self.reason = "\(entry.update.word) of row \(entry.row) of \(entry.table), \(reason)"
  }

  package var description: String { "the server's updates contradict the cache: \(reason)" }
}

extension RowUpdate {
  fileprivate var word: String {
    switch self {
    case .insert: "insertion"
    case .replace: "replacement"
    case .modify: "modification"
    case .delete: "deletion"
    }
  }
}
