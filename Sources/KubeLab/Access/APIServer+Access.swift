import HTTPMessage
import WireJSON

/// Who asks, whether they may, and the reviews that answer the same as objects.
extension APIServer {
  private var authorizer: Authorizer { Authorizer(store: store) }

  func authenticate(_ request: HTTPRequest) throws(APIStatus) -> Caller {
    guard !configuration.accounts.isEmpty else { return .admin }
    let header = request.headers["Authorization"] ?? ""
    guard header.lowercased().hasPrefix("bearer ") else {
      // Health may be asked by anybody; everything else is refused with the anonymous user's missing rights.
      guard header.isEmpty else { throw Self.unauthorized }
      return Caller(name: "system:anonymous", groups: ["system:unauthenticated"])
    }
    let token = header.dropFirst(7).filter { $0 != " " }
    guard let account = configuration.accounts.first(where: { $0.token == token }) else { throw Self.unauthorized }
    return account.caller
  }

  private static let unauthorized = APIStatus(code: 401, reason: "Unauthorized", message: "Unauthorized")

  func authorize(_ call: APICall) throws(APIStatus) {
    guard !configuration.accounts.isEmpty else { return }
    let question = AccessQuestion(
      verb: Self.verb(call.request.method, hasName: call.name != nil, isWatch: call.flag("watch")), group: call.definition.group,
      resource: call.definition.plural, subresource: call.subresource ?? "", name: call.name ?? Self.selectedName(call),
      // A namespace itself is asked for as a resource inside itself.
      namespace: call.definition.storage == "namespaces" ? call.name ?? "" : call.namespace ?? "")
    try check(question, call.caller)
  }

  /// A list or a watch of one name counts as naming it, so that resourceNames can allow it.
  private static func selectedName(_ call: APICall) -> String {
    guard ["GET", "DELETE"].contains(call.request.method), let text = call.query["fieldSelector"], text.hasPrefix("metadata.name=") else {
      return ""
    }
    let name = text.dropFirst("metadata.name=".count)
    return name.contains(",") ? "" : String(name)
  }

  /// A resource that is not served is denied like any other to those who may not ask for it.
  func authorizeUnknown(_ path: ResourcePath, _ request: HTTPRequest, _ caller: Caller) throws(APIStatus) {
    guard !configuration.accounts.isEmpty else { return }
    let question = AccessQuestion(
      verb: Self.verb(request.method, hasName: path.name != nil, isWatch: false), group: path.group, resource: path.plural,
      subresource: path.subresource ?? "", name: path.name ?? "", namespace: path.namespace ?? "")
    try check(question, caller)
  }

  func authorizePath(_ path: String, _ method: String, _ caller: Caller) throws(APIStatus) {
    guard !configuration.accounts.isEmpty else { return }
    try check(AccessQuestion(verb: method.lowercased(), path: path), caller)
  }

  private func check(_ question: AccessQuestion, _ caller: Caller) throws(APIStatus) {
    guard !authorizer.allows(question, for: caller) else { return }
    if let path = question.path {
      throw APIStatus(
        code: 403, reason: "Forbidden",
        message: "forbidden: User \"\(caller.name)\" cannot \(question.verb) path \"\(path)\"", details: [:])
    }
    let qualified = question.group.isEmpty ? question.resource : question.resource + "." + question.group
    let whole = question.subresource.isEmpty ? question.resource : question.resource + "/" + question.subresource
    let place = question.namespace.isEmpty ? "at the cluster scope" : "in the namespace \"\(question.namespace)\""
    let subject = question.name.isEmpty ? "\(qualified) is" : "\(qualified) \"\(question.name)\" is"
    var details: JSONValue = ["kind": .string(question.resource)]
    if !question.name.isEmpty { details["name"] = .string(question.name) }
    if !question.group.isEmpty { details["group"] = .string(question.group) }
    throw APIStatus(
      code: 403, reason: "Forbidden",
      message: "\(subject) forbidden: User \"\(caller.name)\" cannot \(question.verb) resource \"\(whole)\" in API group "
        + "\"\(question.group)\" \(place)", details: details)
  }

  private static func verb(_ method: String, hasName: Bool, isWatch: Bool) -> String {
    switch method {
    case "POST": "create"
    case "PUT": "update"
    case "PATCH": "patch"
    case "DELETE": hasName ? "delete" : "deletecollection"
    default: isWatch ? "watch" : hasName ? "get" : "list"
    }
  }

  // MARK: Reviews

  func answerReview(_ call: APICall) throws -> HTTPResponse {
    guard call.request.method == "POST", call.name == nil else { throw APIStatus.methodNotAllowed() }
    var review = try call.decodedBody()
    let spec = review["spec"] ?? [:]
    review["apiVersion"] = .string(call.definition.apiVersion)
    review["kind"] = .string(call.definition.kind)
    review.setDefault("metadata", ["creationTimestamp": .null])
    switch call.definition.kind {
    case "SelfSubjectAccessReview": review["status"] = accessStatus(spec, call.caller)
    case "SubjectAccessReview":
      let groups = spec["groups"]?.array?.compactMap(\.string) ?? []
      review["status"] = accessStatus(spec, Caller(name: spec["user"]?.string ?? "", groups: groups))
    case "SelfSubjectRulesReview": review["status"] = rulesStatus(spec["namespace"]?.string ?? "", call.caller)
    default:
      var user: JSONValue = [
        "username": .string(call.caller.name), "groups": .array(call.caller.groups.map { .string($0) }),
      ]
      if !call.caller.uid.isEmpty { user["uid"] = .string(call.caller.uid) }
      review["status"] = ["userInfo": user]
    }
    return HTTPResponse(status: 201, json: review.bytes)
  }

  private func accessStatus(_ spec: JSONValue, _ caller: Caller) -> JSONValue {
    var question: AccessQuestion
    if let attributes = spec["nonResourceAttributes"] {
      question = AccessQuestion(verb: attributes["verb"]?.string ?? "", path: attributes["path"]?.string ?? "")
    } else {
      let attributes = spec["resourceAttributes"] ?? [:]
      func word(_ name: String) -> String { attributes[name]?.string ?? "" }
      question = AccessQuestion(
        verb: word("verb"), group: word("group"), resource: word("resource"), subresource: word("subresource"), name: word("name"),
        namespace: word("namespace"))
    }
    let isAllowed = configuration.accounts.isEmpty || authorizer.allows(question, for: caller)
    return ["allowed": .bool(isAllowed)]
  }

  private func rulesStatus(_ namespace: String, _ caller: Caller) -> JSONValue {
    let rules = authorizer.rules(for: caller, namespace: namespace)
    let isPath = { (rule: JSONValue) in rule["nonResourceURLs"]?.array?.isEmpty == false }
    return [
      "resourceRules": .array(rules.filter { !isPath($0) }), "nonResourceRules": .array(rules.filter(isPath)), "incomplete": false,
    ]
  }
}
