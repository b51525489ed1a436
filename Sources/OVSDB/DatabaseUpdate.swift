import WireJSON

/// What a monitor says happened to one row.
package enum RowUpdate: Hashable, Sendable {
  /// The row is new: all its columns.
  case insert([String: Datum])
  /// All columns of a row that may be new or not (RFC 7047 §4.1.6: the plain monitor does not say in so many words).
  case replace([String: Datum])
  /// Columns that have changed: by difference where the column's type is one that changes so, else the new value.
  case modify([String: Datum])
  case delete
}

/// What a monitor says happened to a database in one transaction, or all it has at first.
package struct DatabaseUpdate: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    package let table: String
    package let row: RowUUID
    package let update: RowUpdate
  }

  package let entries: [Entry]

  package init(entries: [Entry]) { self.entries = entries }

  /// Reads `<table-updates>` (RFC 7047 §4.1.6) or, of the other methods, `<table-updates2>` (ovsdb-server(7) §4.1.14).
  ///
  /// Tables and columns that the schema does not have are passed over.
  init(reading reader: inout JSONReader, _ method: MonitorMethod, _ schema: DatabaseSchema) throws(JSONError) {
    var entries: [Entry] = []
    try reader.beginObject()
    while let key = try reader.nextKey() {
      let name = key.string
      guard let table = schema.tables[name] else {
        try reader.skipValue()
        continue
      }
      try reader.beginObject()
      while let key = try reader.nextKey() {
        guard let row = RowUUID(key.string) else { throw reader.error(.expected("a row's uuid")) }
        let update = try method == .plain ? RowUpdate(readingPlain: &reader, table) : RowUpdate(readingConditional: &reader, table)
        entries.append(Entry(table: name, row: row, update: update))
      }
    }
    self.entries = entries
  }
}

extension RowUpdate {
  /// `{"old": …}` deletes; `{"new": …}`, with or without `old`, has the whole row.
  fileprivate init(readingPlain reader: inout JSONReader, _ table: TableSchema) throws(JSONError) {
    var hasOld = false
    var new: [String: Datum]?
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "old":
        hasOld = true
        try reader.skipValue()
      case "new": new = try reader.readColumns(table)
      default: throw reader.error(.expected("old or new"))
      }
    }
    guard hasOld || new != nil else { throw reader.error(.expected("old or new")) }
    self = new.map { .replace($0) } ?? .delete
  }

  fileprivate init(readingConditional reader: inout JSONReader, _ table: TableSchema) throws(JSONError) {
    var update: RowUpdate?
    try reader.beginObject()
    while let key = try reader.nextKey() {
      guard update == nil else { throw reader.error(.expected("one kind of change to a row")) }
      switch key {
      case "initial", "insert": update = .insert(try reader.readColumns(table))
      case "modify": update = .modify(try reader.readColumns(table))
      case "delete":
        try reader.skipValue()
        update = .delete
      default: throw reader.error(.expected("initial, insert, modify or delete"))
      }
    }
    guard let update else { throw reader.error(.expected("initial, insert, modify or delete")) }
    self = update
  }
}
