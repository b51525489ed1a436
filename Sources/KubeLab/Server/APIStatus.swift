package import WireJSON

/// A request's failure, as a `Status` object says it.
package struct APIStatus: Error, Sendable, Equatable, CustomStringConvertible {
  package var code: Int
  package var reason: String
  package var message: String
  package var details: JSONValue?

  package var description: String { "\(code) \(reason): \(message)" }

  package init(code: Int, reason: String, message: String, details: JSONValue? = nil) {
    self.code = code
    self.reason = reason
    self.message = message
    self.details = details
  }

  package var json: JSONValue {
    var status: JSONValue = [
      "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message), "code": .integer(code),
    ]
    if !reason.isEmpty { status["reason"] = .string(reason) }
    if let details { status["details"] = details }
    return status
  }

  static func badRequest(_ message: String) -> APIStatus { APIStatus(code: 400, reason: "BadRequest", message: message) }

  static func notFound(_ definition: ResourceDefinition, _ name: String) -> APIStatus {
    APIStatus(
      code: 404, reason: "NotFound", message: "\(definition.qualifiedPlural) \"\(name)\" not found", details: details(definition, name))
  }

  /// No resource of that name is served.
  static func noResource() -> APIStatus {
    APIStatus(code: 404, reason: "NotFound", message: "the server could not find the requested resource", details: [:])
  }

  static func exists(_ definition: ResourceDefinition, _ name: String) -> APIStatus {
    APIStatus(
      code: 409, reason: "AlreadyExists", message: "\(definition.qualifiedPlural) \"\(name)\" already exists",
      details: details(definition, name))
  }

  static func conflict(_ definition: ResourceDefinition, _ name: String, _ why: String) -> APIStatus {
    APIStatus(
      code: 409, reason: "Conflict", message: "Operation cannot be fulfilled on \(definition.qualifiedPlural) \"\(name)\": \(why)",
      details: details(definition, name))
  }

  /// The object changed between the caller's read and its write.
  static func modified(_ definition: ResourceDefinition, _ name: String) -> APIStatus {
    conflict(
      definition, name, "the object has been modified; please apply your changes to the latest version and try again")
  }

  static func invalid(_ definition: ResourceDefinition, _ name: String, _ errors: [FieldError]) -> APIStatus {
    let kind = definition.group.isEmpty ? definition.kind : definition.kind + "." + definition.group
    let lines = errors.map(\.line)
    let causes = errors.map { error -> JSONValue in
      ["reason": .string(error.kind.reason), "message": .string(error.message), "field": .string(error.field)]
    }
    var details: JSONValue = ["name": .string(name), "kind": .string(definition.kind), "causes": .array(causes)]
    if !definition.group.isEmpty { details["group"] = .string(definition.group) }
    return APIStatus(
      code: 422, reason: "Invalid",
      message: "\(kind) \"\(name)\" is invalid: " + (lines.count == 1 ? lines[0] : "[" + lines.joined(separator: ", ") + "]"),
      details: details)
  }

  static func forbidden(_ definition: ResourceDefinition, _ name: String, _ why: String) -> APIStatus {
    let subject = name.isEmpty ? definition.qualifiedPlural : "\(definition.qualifiedPlural) \"\(name)\""
    return APIStatus(code: 403, reason: "Forbidden", message: "\(subject) is forbidden: \(why)", details: details(definition, name))
  }

  static func methodNotAllowed() -> APIStatus {
    APIStatus(
      code: 405, reason: "MethodNotAllowed", message: "the server does not allow this method on the requested resource", details: [:])
  }

  static func unsupportedMediaType(_ accepted: [String]) -> APIStatus {
    APIStatus(
      code: 415, reason: "UnsupportedMediaType",
      message: "the body of the request was in an unknown format - accepted media types include: \(accepted.joined(separator: ", "))")
  }

  /// The version that was asked for lies in the forgotten past.
  static func expired(_ message: String) -> APIStatus { APIStatus(code: 410, reason: "Expired", message: message) }

  private static func details(_ definition: ResourceDefinition, _ name: String) -> JSONValue {
    var details: JSONValue = ["kind": .string(definition.plural)]
    if !name.isEmpty { details["name"] = .string(name) }
    if !definition.group.isEmpty { details["group"] = .string(definition.group) }
    return details
  }
}
