/// One row of a table as the database has it: its identity and its columns.
package struct Row: Hashable, Sendable {
  package let uuid: RowUUID
  package var columns: [String: Datum]

  package init(uuid: RowUUID, columns: [String: Datum]) {
    self.uuid = uuid
    self.columns = columns
  }

  package subscript(column: String) -> Datum? { columns[column] }
}

/// The columns by what they hold. A column that is absent, or holds something else, reads as empty: what a newer schema changed must
/// not bring a reader down.
extension Row {
  package func string(_ column: String) -> String? { columns[column]?.atom?.string }
  package func integer(_ column: String) -> Int64? { columns[column]?.atom?.integer }
  package func real(_ column: String) -> Double? { columns[column]?.atom?.real }
  package func boolean(_ column: String) -> Bool? { columns[column]?.atom?.boolean }
  package func reference(_ column: String) -> RowUUID? { columns[column]?.atom?.uuid }

  /// A set of texts in order.
  package func strings(_ column: String) -> [String] {
    (columns[column]?.atoms ?? []).compactMap(\.string).sorted()
  }

  package func references(_ column: String) -> Set<RowUUID> {
    Set((columns[column]?.atoms ?? []).compactMap(\.uuid))
  }

  /// A map of texts; pairs of other types are left out.
  package func texts(_ column: String) -> [String: String] {
    var texts: [String: String] = [:]
    for (key, value) in columns[column]?.pairs ?? [:] {
      if let key = key.string, let value = value.string { texts[key] = value }
    }
    return texts
  }

  /// One value of a map of texts.
  package func text(_ column: String, _ key: String) -> String? { columns[column]?[.string(key)]?.string }
}
