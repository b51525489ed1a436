/// A test on a column (RFC 7047 §5.1): `[<column>, <function>, <value>]`.
package struct Condition: Hashable, Sendable {
  package enum Function: String, Sendable {
    case less = "<"
    case lessOrEqual = "<="
    case equal = "=="
    case notEqual = "!="
    case greaterOrEqual = ">="
    case greater = ">"
    case includes
    case excludes
  }

  package let column: String
  package let function: Function
  package let value: Datum

  package init(_ column: String, _ function: Function, _ value: Datum) {
    self.column = column
    self.function = function
    self.value = value
  }

  package static func equal(_ column: String, _ value: Datum) -> Condition { Condition(column, .equal, value) }
  package static func includes(_ column: String, _ value: Datum) -> Condition { Condition(column, .includes, value) }

  /// The one row of this identity.
  package static func row(_ uuid: RowUUID) -> Condition { .equal(Column.uuid, Datum(uuid)) }
}

/// Columns that every row has without being in the schema (RFC 7047 §3.2).
package enum Column {
  package static let uuid = "_uuid"
  package static let version = "_version"
}
