import WireJSON

/// Operations on one database that take effect together or not at all (RFC 7047 §4.1.3).
///
/// ```swift
/// var transaction = Transaction(database: "OVN_Northbound")
/// let port = transaction.insert("Logical_Switch_Port", ["name": "web-0.shop"])
/// transaction.mutate("Logical_Switch", where: [.equal("name", "ovn-default")], [.insert("ports", port.reference)])
/// let result = try await client.transact(transaction)
/// let uuid = result[port]
/// ```
package struct Transaction: Hashable, Sendable {
  /// A row that a transaction inserts, before it has an identity.
  package struct NewRow: Hashable, Sendable {
    /// The position of its insert.
    package let operation: Int
    let name: String

    /// What other rows of the same transaction hold to refer to it.
    package var reference: Datum { Datum(atom) }
    package var atom: Atom { .named(name) }
  }

  package let database: String
  package private(set) var operations: [Operation] = []

  package init(database: String) { self.database = database }

  package var isEmpty: Bool { operations.isEmpty }

  /// Adds an operation; returns its position, which finds its result.
  @discardableResult
  package mutating func add(_ operation: Operation) -> Int {
    operations.append(operation)
    return operations.count - 1
  }

  @discardableResult
  package mutating func insert(_ table: String, _ row: [String: Datum]) -> NewRow {
    let name = "row\(operations.count)"
    return NewRow(operation: add(.insert(table: table, row: row, name: name)), name: name)
  }

  @discardableResult
  package mutating func select(_ table: String, where conditions: [Condition], columns: [String]? = nil) -> Int {
    add(.select(table: table, where: conditions, columns: columns))
  }

  @discardableResult
  package mutating func update(_ table: String, where conditions: [Condition], _ row: [String: Datum]) -> Int {
    add(.update(table: table, where: conditions, row: row))
  }

  @discardableResult
  package mutating func mutate(_ table: String, where conditions: [Condition], _ mutations: [Mutation]) -> Int {
    add(.mutate(table: table, where: conditions, mutations: mutations))
  }

  @discardableResult
  package mutating func delete(_ table: String, where conditions: [Condition]) -> Int {
    add(.delete(table: table, where: conditions))
  }

  /// Fails the whole transaction unless exactly one row is found and its columns are these.
  package mutating func require(_ table: String, where conditions: [Condition], _ row: [String: Datum]) {
    add(.wait(table: table, where: conditions, columns: row.keys.sorted(), until: .equal, rows: [row], timeout: .zero))
  }

  /// Fails the whole transaction if any row is found.
  package mutating func requireNone(_ table: String, where conditions: [Condition]) {
    add(.wait(table: table, where: conditions, columns: [Column.uuid], until: .equal, rows: [], timeout: .zero))
  }

  /// The parameters of `transact`: the database's name, then the operations.
  package func parameters() throws(TransactionError) -> [UInt8] {
    for operation in operations { if let fault = operation.fault { throw .invalid(fault) } }
    var writer = JSONWriter()
    writer.beginArray()
    writer.string(database)
    for operation in operations { writer.operation(operation) }
    writer.endArray()
    return writer.bytes
  }
}
