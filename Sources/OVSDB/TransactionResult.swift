import WireJSON

/// What one operation of a successful transaction gave.
package enum OperationResult: Hashable, Sendable {
  /// Of operations that give nothing but their success.
  case done
  case inserted(RowUUID)
  /// How many rows were changed or deleted.
  case count(Int)
  case rows([[String: Datum]])
}

/// The answer to a transaction that took effect: a result for each operation.
package struct TransactionResult: Hashable, Sendable {
  package let operations: [OperationResult]

  /// The identity of a row that the transaction inserted; nil for a row of another transaction.
  package subscript(row: Transaction.NewRow) -> RowUUID? {
    guard operations.indices.contains(row.operation), case .inserted(let uuid) = operations[row.operation] else { return nil }
    return uuid
  }

  /// How many rows the operation at this position changed; 0 if it is not one that changes rows.
  package func count(at index: Int) -> Int {
    guard operations.indices.contains(index), case .count(let count) = operations[index] else { return 0 }
    return count
  }

  /// The rows that the `select` at this position found.
  package func rows(at index: Int) -> [[String: Datum]] {
    guard operations.indices.contains(index), case .rows(let rows) = operations[index] else { return [] }
    return rows
  }
}

extension Transaction {
  /// Reads the result of a `transact` request. Values of a `select` are read by the schema where it is given, else as they look.
  ///
  /// An answer that cannot be understood leaves open what happened, so it is `outcomeUnknown`.
  package func result(from bytes: [UInt8], schema: DatabaseSchema? = nil) throws(TransactionError) -> TransactionResult {
    let answers: [Answer]
    do {
      answers = try JSONReader.parse(bytes) { (reader) throws(JSONError) in try readAnswers(&reader, schema) }
    } catch {
      throw .outcomeUnknown("the answer is malformed: \(error)")
    }
    var results: [OperationResult] = []
    for (index, answer) in answers.enumerated() {
      switch answer {
      case .failure(let error): throw .rejected(TransactionFailure(error, at: index, of: operations))
      case .success(let result): results.append(result)
      case .notReached: throw .outcomeUnknown("the answer says neither that operation \(index) was done nor what failed before it")
      }
    }
    guard results.count == operations.count else {
      throw .outcomeUnknown("the answer has \(results.count) results for \(operations.count) operations")
    }
    return TransactionResult(operations: results)
  }

  private enum Answer {
    case success(OperationResult)
    case failure(RPCError)
    /// Null: an operation before it has failed.
    case notReached
  }

  private func readAnswers(_ reader: inout JSONReader, _ schema: DatabaseSchema?) throws(JSONError) -> [Answer] {
    var answers: [Answer] = []
    try reader.readArray { (reader) throws(JSONError) in
      let table = answers.count < operations.count ? operations[answers.count].table : nil
      answers.append(try readAnswer(&reader, table.flatMap { schema?.tables[$0] }))
    }
    return answers
  }

  private func readAnswer(_ reader: inout JSONReader, _ table: TableSchema?) throws(JSONError) -> Answer {
    if try reader.readNull() { return .notReached }
    var result = OperationResult.done
    var error: RPCError?
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "uuid":
        let value = try reader.readDatum(as: ColumnType(key: .uuid))
        guard let uuid = value.atom?.uuid else { throw reader.error(.expected("one uuid")) }
        result = .inserted(uuid)
      case "count": result = .count(Int(try reader.readInt64()))
      case "rows":
        var rows: [[String: Datum]] = []
        try reader.readArray { (reader) throws(JSONError) in rows.append(try reader.readColumns(table)) }
        result = .rows(rows)
      case "error": error = RPCError(error: try reader.readString(), details: error?.details)
      case "details": error = RPCError(error: error?.error ?? "", details: try reader.readString())
      default: try reader.skipValue()
      }
    }
    // Details alone are no error.
    if let error, !error.error.isEmpty { return .failure(error) }
    return .success(result)
  }
}

extension JSONReader {
  /// A row's columns. Columns that the schema does not know are left out, unless there is no schema.
  mutating func readColumns(_ table: TableSchema?) throws(JSONError) -> [String: Datum] {
    var columns: [String: Datum] = [:]
    try beginObject()
    while let key = try nextKey() {
      let name = key.string
      if name == Column.uuid || name == Column.version {
        columns[name] = try readDatum(as: ColumnType(key: .uuid))
      } else if let table {
        guard let type = table.columns[name] else {
          try skipValue()
          continue
        }
        columns[name] = try readDatum(as: type)
      } else {
        columns[name] = try readDatum(as: nil)
      }
    }
    return columns
  }
}
