import HTTPMessage
import WireJSON

/// A request for a resource, taken apart.
struct APICall: Sendable {
  var definition: ResourceDefinition
  /// The namespace of the path; nil for cluster scope and for all namespaces.
  var namespace: String?
  var name: String?
  var subresource: String?
  var request: HTTPRequest
  var query: [String: String]
  var form: OutputForm
  var caller: Caller

  var isDryRun: Bool { query["dryRun"] == "All" }

  /// The writer's name in managedFields: the parameter, else the first word of the user agent.
  var manager: String {
    if let named = query["fieldManager"], !named.isEmpty { return named }
    let agent = request.headers["User-Agent"] ?? ""
    let first = agent.prefix { $0 != "/" && $0 != " " }
    return first.isEmpty ? "unknown" : String(first)
  }

  func flag(_ name: String) -> Bool {
    guard let value = query[name] else { return false }
    return value != "false" && value != "0"
  }

  func number(_ name: String) throws(APIStatus) -> Int64? {
    guard let text = query[name], !text.isEmpty else { return nil }
    guard let number = Int64(text), number >= 0 else { throw .badRequest("invalid \(name): \"\(text)\" is no number") }
    return number
  }

  func key(_ name: String) -> ObjectKey { ObjectKey(namespace: definition.isNamespaced ? namespace ?? "" : "", name: name) }
}

/// Who is asking.
package struct Caller: Sendable, Equatable {
  package var name: String
  package var groups: [String]
  package var uid: String

  package init(name: String, groups: [String], uid: String = "") {
    self.name = name
    self.groups = groups
    self.uid = uid
  }

  /// What everybody is while no tokens are configured.
  static let admin = Caller(name: "system:admin", groups: ["system:masters", "system:authenticated"])
}

/// The path of a request, before anybody knows whether such a resource exists.
struct ResourcePath: Equatable, Sendable {
  var group: String
  var version: String
  var namespace: String?
  var plural: String
  var name: String?
  var subresource: String?

  /// `/api/v1/…` and `/apis/group/version/…` with at least a resource behind; nil otherwise.
  init?(_ target: String) {
    let raw = target.prefix { $0 != "?" }
    var rest = raw.split(separator: "/").map { PercentEncoding.decode($0, plusIsSpace: false) }[...]
    guard let root = rest.popFirst() else { return nil }
    switch root {
    case "api": group = ""
    case "apis":
      guard let first = rest.popFirst() else { return nil }
      group = first
    default: return nil
    }
    guard let version = rest.popFirst() else { return nil }
    self.version = version
    // `/namespaces/x/status` is about the namespace itself, `/namespaces/x/pods` about what is inside.
    if group.isEmpty, rest.first == "namespaces", rest.count == 3, let last = rest.last, ["status", "finalize"].contains(last) {
      namespace = nil
    } else if rest.first == "namespaces", rest.count >= 3 {
      namespace = rest[rest.startIndex + 1]
      rest = rest.dropFirst(2)
    }
    guard let plural = rest.popFirst() else { return nil }
    self.plural = plural
    name = rest.popFirst()
    subresource = rest.popFirst()
    guard rest.isEmpty else { return nil }
  }
}
