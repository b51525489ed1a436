/// Why a transaction has no result. Only `outcomeUnknown` leaves open whether the database was changed: whoever gets it has to look at
/// the database again before a second try.
package enum TransactionError: Error, Equatable {
  /// The transaction cannot be written down; nothing was sent.
  case invalid(String)
  /// It was not sent: the database was changed by nothing.
  case notSent(String)
  /// An operation failed, or the whole did when it was to be committed; the server has taken everything back.
  case rejected(TransactionFailure)
  /// The server did not look at the operations at all.
  case refused(RPCError)
  /// It was sent, and no answer will be seen.
  case outcomeUnknown(String)

  /// Whether a guard found the database other than was believed.
  package var isGuardFailure: Bool { if case .rejected(let failure) = self { failure.reason == .timedOut } else { false } }
}

extension TransactionError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .invalid(let fault): "OVSDB transaction cannot be sent: \(fault)"
    case .notSent(let reason): "OVSDB transaction was not sent: \(reason)"
    case .rejected(let failure): failure.description
    case .refused(let error): "OVSDB server refused the transaction: \(error)"
    case .outcomeUnknown(let reason): "OVSDB transaction was sent and may have taken effect; its answer is lost: \(reason)"
    }
  }
}

/// The operation that failed a transaction, and how (RFC 7047 §3.1, §5.2).
package struct TransactionFailure: Error, Equatable, Sendable {
  /// The words that ovsdb-server puts into `error`.
  package enum Reason: Hashable, Sendable {
    /// A `wait` was not met in time: of a guard, the database is other than was believed.
    case timedOut
    case constraintViolation
    case referentialIntegrityViolation
    case duplicateName
    case domainError
    case rangeError
    case aborted
    case notOwner
    case permissionDenied
    case resourcesExhausted
    case ioError
    case other(String)

    private static let words: [String: Reason] = [
      "timed out": .timedOut, "constraint violation": .constraintViolation,
      "referential integrity violation": .referentialIntegrityViolation, "duplicate uuid-name": .duplicateName,
      "domain error": .domainError, "range error": .rangeError, "aborted": .aborted, "not owner": .notOwner,
      "permission error": .permissionDenied, "resources exhausted": .resourcesExhausted, "I/O error": .ioError,
    ]

    init(_ word: String) { self = Self.words[word] ?? .other(word) }
  }

  package let reason: Reason
  /// The server's error with its details.
  package let error: RPCError
  /// The position of the operation; nil when all succeeded one by one and their sum did not.
  package let operation: Int?
  /// What the operation was, and on which table.
  package let operationName: String?
  package let table: String?

  init(_ error: RPCError, at index: Int, of operations: [Operation]) {
    reason = Reason(error.error)
    self.error = error
    let failed = operations.indices.contains(index) ? operations[index] : nil
    operation = failed == nil ? nil : index
    operationName = failed?.name
    table = failed?.table
  }
}

extension TransactionFailure: CustomStringConvertible {
  package var description: String {
    let place =
      if let operation, let operationName {
        "operation \(operation) (\(operationName)\(table.map { " \($0)" } ?? ""))"
      } else {
        "its commit"
      }
    return "OVSDB transaction failed at \(place): \(error)"
  }
}
