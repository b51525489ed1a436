import WireJSON

/// One step of a transaction (RFC 7047 §5.2).
package enum Operation: Hashable, Sendable {
  package enum Until: String, Sendable {
    case equal = "=="
    case notEqual = "!="
  }

  /// `name` stands for the new row in the same transaction.
  case insert(table: String, row: [String: Datum], name: String?)
  /// Without `columns`, all of them.
  case select(table: String, where: [Condition], columns: [String]?)
  case update(table: String, where: [Condition], row: [String: Datum])
  case mutate(table: String, where: [Condition], mutations: [Mutation])
  case delete(table: String, where: [Condition])
  /// Holds the transaction up until the rows found, reduced to `columns`, are `rows`, or differ from them, and fails it after
  /// `timeout`. With a timeout of zero it is a guard: the transaction fails at once unless the database is as it is believed to be.
  case wait(table: String, where: [Condition], columns: [String]?, until: Until, rows: [[String: Datum]], timeout: Duration)
  /// `isDurable`: the answer shall mean that the change is on disk.
  case commit(isDurable: Bool)
  /// Fails the transaction: what came before it is tried and taken back.
  case abort
  /// A text for the server's log of changes.
  case comment(String)
  /// Fails the transaction unless this connection holds the lock.
  case assert(lock: String)

  /// The operation's name on the wire.
  package var name: String {
    switch self {
    case .insert: "insert"
    case .select: "select"
    case .update: "update"
    case .mutate: "mutate"
    case .delete: "delete"
    case .wait: "wait"
    case .commit: "commit"
    case .abort: "abort"
    case .comment: "comment"
    case .assert: "assert"
    }
  }

  /// The table that it is about, if it is about one.
  package var table: String? {
    switch self {
    case .insert(let table, _, _), .select(let table, _, _), .update(let table, _, _), .mutate(let table, _, _),
      .delete(let table, _), .wait(let table, _, _, _, _, _):
      table
    case .commit, .abort, .comment, .assert: nil
    }
  }

  /// Why the operation cannot be sent; nil if it can.
  var fault: String? {
    for value in values { if let fault = value.fault { return "\(name)\(table.map { " of \($0)" } ?? ""): \(fault)" } }
    return nil
  }

  private var values: [Datum] {
    switch self {
    case .insert(_, let row, _): Array(row.values)
    case .select(_, let conditions, _), .delete(_, let conditions): conditions.map(\.value)
    case .update(_, let conditions, let row): conditions.map(\.value) + row.values
    case .mutate(_, let conditions, let mutations): conditions.map(\.value) + mutations.map(\.value)
    case .wait(_, let conditions, _, _, let rows, _): conditions.map(\.value) + rows.flatMap(\.values)
    case .comment(let text), .assert(let text): [Datum(text)]
    case .commit, .abort: []
    }
  }
}

extension JSONWriter {
  mutating func operation(_ operation: Operation) {
    beginObject()
    field("op", operation.name)
    if let table = operation.table { field("table", table) }
    switch operation {
    case .insert(_, let row, let name):
      key("row")
      columns(row)
      if let name { field("uuid-name", name) }
    case .select(_, let conditions, let names):
      self.conditions(conditions)
      columnNames(names)
    case .update(_, let conditions, let row):
      self.conditions(conditions)
      key("row")
      columns(row)
    case .mutate(_, let conditions, let mutations):
      self.conditions(conditions)
      key("mutations")
      beginArray()
      for mutation in mutations { triple(mutation.column, mutation.mutator.rawValue, mutation.value) }
      endArray()
    case .delete(_, let conditions): self.conditions(conditions)
    case .wait(_, let conditions, let names, let until, let rows, let timeout):
      self.conditions(conditions)
      columnNames(names)
      field("until", until.rawValue)
      key("rows")
      beginArray()
      for row in rows { columns(row) }
      endArray()
      field("timeout", timeout.wholeMilliseconds)
    case .commit(let isDurable): field("durable", isDurable)
    case .abort: break
    case .comment(let text): field("comment", text)
    case .assert(let lock): field("lock", lock)
    }
    endObject()
  }

  private mutating func conditions(_ conditions: [Condition]) {
    key("where")
    beginArray()
    for condition in conditions { triple(condition.column, condition.function.rawValue, condition.value) }
    endArray()
  }

  private mutating func triple(_ column: String, _ word: String, _ value: Datum) {
    beginArray()
    string(column)
    string(word)
    datum(value)
    endArray()
  }

  mutating func columnNames(_ names: [String]?) {
    guard let names else { return }
    key("columns")
    beginArray()
    for name in names { string(name) }
    endArray()
  }
}

extension Duration {
  /// Rounded up, and never negative: a guard that is to wait a little does wait.
  fileprivate var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    return overflow ? .max : whole &+ (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
  }
}
