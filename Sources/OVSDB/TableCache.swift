/// The replica of one table: its rows by identity and by its indexes.
package struct TableCache: Sendable {
  package private(set) var rows: [RowUUID: Row] = [:]
  /// Index → key → rows. Every declared index is there from the beginning.
  private var found: [TableIndex: [Atom: Set<RowUUID>]]

  package init(indexes: Set<TableIndex> = []) {
    found = Dictionary(uniqueKeysWithValues: indexes.map { ($0, [:]) })
  }

  package var count: Int { rows.count }

  package subscript(uuid: RowUUID) -> Row? { rows[uuid] }

  /// The rows with this key, in the order of their identities. An index that was not declared is a search through all rows.
  package func rows(_ index: TableIndex, _ key: Atom) -> [Row] {
    guard let keys = found[index] else {
      return rows.values.filter { index.keys(of: $0).contains(key) }.sorted { $0.uuid < $1.uuid }
    }
    return (keys[key] ?? []).sorted().compactMap { rows[$0] }
  }

  /// The row with this key; of several the one with the lowest identity.
  package func first(_ index: TableIndex, _ key: Atom) -> Row? { rows(index, key).first }

  /// Puts a row in the place of the one of its identity, or takes that one away; returns what was there.
  @discardableResult
  mutating func set(_ uuid: RowUUID, to row: Row?) -> Row? {
    let old = row.map { rows.updateValue($0, forKey: uuid) } ?? rows.removeValue(forKey: uuid)
    for index in found.keys {
      let before = old.map { index.keys(of: $0) } ?? []
      let after = row.map { index.keys(of: $0) } ?? []
      for key in before.subtracting(after) { forget(uuid, index, key) }
      for key in after.subtracting(before) { found[index, default: [:]][key, default: []].insert(uuid) }
    }
    return old
  }

  private mutating func forget(_ uuid: RowUUID, _ index: TableIndex, _ key: Atom) {
    found[index]?[key]?.remove(uuid)
    if found[index]?[key]?.isEmpty == true { found[index]?[key] = nil }
  }
}
