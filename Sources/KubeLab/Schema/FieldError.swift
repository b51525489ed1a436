import WireJSON

/// One reason why an object is refused, in the words of a kube-apiserver.
package struct FieldError: Error, Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case required
    case invalid
    case typeInvalid
    case notSupported
    case forbidden
    case duplicate
    case tooLong
    case tooMany

    var reason: String {
      switch self {
      case .required: "FieldValueRequired"
      case .invalid: "FieldValueInvalid"
      case .typeInvalid: "FieldValueTypeInvalid"
      case .notSupported: "FieldValueNotSupported"
      case .forbidden: "FieldValueForbidden"
      case .duplicate: "FieldValueDuplicate"
      case .tooLong: "FieldValueTooLong"
      case .tooMany: "FieldValueTooMany"
      }
    }
  }

  package var kind: Kind
  /// `spec.containers[0].name`; empty for the whole object.
  package var field: String
  package var message: String

  static func required(_ field: String, _ detail: String = "") -> FieldError {
    FieldError(kind: .required, field: field, message: "Required value" + (detail.isEmpty ? "" : ": " + detail))
  }

  static func invalid(_ field: String, _ value: JSONValue, _ detail: String) -> FieldError {
    FieldError(kind: .invalid, field: field, message: "Invalid value: \(shown(value)): \(detail)")
  }

  /// A value of the wrong type; the message names the type that was found.
  static func wrongType(_ field: String, found: String, expected: String) -> FieldError {
    FieldError(
      kind: .typeInvalid, field: field,
      message: "Invalid value: \"\(found)\": \(field.isEmpty ? "" : field + " in body ")must be of type \(expected): \"\(found)\"")
  }

  static func notSupported(_ field: String, _ value: JSONValue, _ allowed: [String]) -> FieldError {
    let list = allowed.map { "\"\($0)\"" }.joined(separator: ", ")
    return FieldError(kind: .notSupported, field: field, message: "Unsupported value: \(shown(value)): supported values: \(list)")
  }

  static func forbidden(_ field: String, _ detail: String) -> FieldError {
    FieldError(kind: .forbidden, field: field, message: "Forbidden: " + detail)
  }

  static func duplicate(_ field: String, _ value: JSONValue) -> FieldError {
    FieldError(kind: .duplicate, field: field, message: "Duplicate value: \(shown(value))")
  }

  static func tooLong(_ field: String, limit: Int) -> FieldError {
    FieldError(kind: .tooLong, field: field, message: "Too long: may not be more than \(limit) bytes")
  }

  static func tooMany(_ field: String, found: Int, limit: Int) -> FieldError {
    FieldError(kind: .tooMany, field: field, message: "Too many: \(found): must have at most \(limit) items")
  }

  /// `field: message`.
  var line: String { (field.isEmpty ? "<nil>" : field) + ": " + message }

  private static func shown(_ value: JSONValue) -> String { value.text }
}
