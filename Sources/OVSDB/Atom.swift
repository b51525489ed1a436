/// The five base types of a column (RFC 7047 §3.2), by their names in a schema.
package enum AtomType: String, Sendable, CaseIterable {
  case integer, real, boolean, string, uuid

  /// What a column of this type holds in a new row that does not name it (RFC 7047 §5.2.1).
  package var zero: Atom {
    switch self {
    case .integer: .integer(0)
    case .real: .real(0)
    case .boolean: .boolean(false)
    case .string: .string("")
    case .uuid: .uuid(.zero)
    }
  }
}

/// One scalar of a column (RFC 7047 §5.1).
package enum Atom: Hashable, Sendable {
  case integer(Int64)
  case real(Double)
  case boolean(Bool)
  case string(String)
  case uuid(RowUUID)
  /// A row that the same transaction inserts, by the name that it has there. Only requests have these.
  case named(String)

  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
  package var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
  package var uuid: RowUUID? { if case .uuid(let value) = self { value } else { nil } }

  /// A number without a fraction is written as an integer, so one counts as real, too.
  package var real: Double? {
    switch self {
    case .real(let value): value
    case .integer(let value): Double(value)
    default: nil
    }
  }

  /// Why the atom cannot be sent; nil if it can. ovsdb-server closes the connection on a zero character, which would cost all other
  /// requests on it their answers, and JSON has no infinities.
  var fault: String? {
    switch self {
    case .string(let text) where text.utf8.contains(0): "the text \(text.debugDescription) contains a zero character"
    case .real(let value) where !value.isFinite: "\(value) is not a finite number"
    default: nil
    }
  }
}

/// An order among atoms, so that equal sets and maps are written alike.
extension Atom: Comparable {
  package static func < (left: Atom, right: Atom) -> Bool {
    switch (left, right) {
    case (.integer(let left), .integer(let right)): left < right
    case (.real(let left), .real(let right)): left < right
    case (.boolean(let left), .boolean(let right)): !left && right
    case (.string(let left), .string(let right)): left < right
    case (.uuid(let left), .uuid(let right)): left < right
    case (.named(let left), .named(let right)): left < right
    default: left.rank < right.rank
    }
  }

  private var rank: Int {
    switch self {
    case .integer: 0
    case .real: 1
    case .boolean: 2
    case .string: 3
    case .uuid: 4
    case .named: 5
    }
  }
}

extension Atom: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral {
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .real(value) }
  package init(booleanLiteral value: Bool) { self = .boolean(value) }
}

extension Atom: CustomStringConvertible {
  package var description: String {
    switch self {
    case .integer(let value): "\(value)"
    case .real(let value): "\(value)"
    case .boolean(let value): "\(value)"
    case .string(let value): value
    case .uuid(let value): value.description
    case .named(let name): name
    }
  }
}
