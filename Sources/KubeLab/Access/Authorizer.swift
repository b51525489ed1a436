import WireJSON

/// What somebody wants to do.
struct AccessQuestion: Sendable {
  var verb: String
  var group = ""
  var resource = ""
  var subresource = ""
  var name = ""
  /// Empty for cluster scope and for all namespaces.
  var namespace = ""
  /// A path that is no resource; nil for resources.
  var path: String?
}

/// RBAC over the roles and bindings in the store: a question is answered yes if one rule of one bound role allows it.
struct Authorizer {
  let store: ObjectStore

  private static let roles = "roles." + BuiltinKinds.rbacGroup
  private static let roleBindings = "rolebindings." + BuiltinKinds.rbacGroup
  private static let clusterRoles = "clusterroles." + BuiltinKinds.rbacGroup
  private static let clusterRoleBindings = "clusterrolebindings." + BuiltinKinds.rbacGroup

  func allows(_ question: AccessQuestion, for caller: Caller) -> Bool {
    if caller.groups.contains("system:masters") { return true }
    return rules(for: caller, namespace: question.namespace).contains { Self.covers($0, question) }
  }

  /// All rules that hold for a caller in a namespace.
  func rules(for caller: Caller, namespace: String) -> [JSONValue] {
    var rules: [JSONValue] = []
    store.snapshot(Self.clusterRoleBindings).table.forEach { binding in
      if Self.binds(binding, caller) { rules += self.rules(of: binding) }
      return true
    }
    guard !namespace.isEmpty else { return rules }
    store.snapshot(Self.roleBindings).table.forEach(from: namespace + "/") { binding in
      guard binding.key.namespace == namespace else { return false }
      if Self.binds(binding, caller) { rules += self.rules(of: binding) }
      return true
    }
    return rules
  }

  private static func binds(_ binding: StoredObject, _ caller: Caller) -> Bool {
    (binding.object["subjects"]?.array ?? []).contains { subject in
      let name = subject["name"]?.string ?? ""
      switch subject["kind"]?.string {
      case "User"?: return name == caller.name
      case "Group"?: return caller.groups.contains(name)
      case "ServiceAccount"?:
        let namespace = subject.text("namespace") ?? binding.key.namespace
        return caller.name == "system:serviceaccount:\(namespace):\(name)"
      default: return false
      }
    }
  }

  private func rules(of binding: StoredObject) -> [JSONValue] {
    let reference = binding.object["roleRef"] ?? [:]
    let name = reference["name"]?.string ?? ""
    let role =
      reference["kind"] == "ClusterRole"
      ? store.object(Self.clusterRoles, ObjectKey(name: name))
      : store.object(Self.roles, ObjectKey(namespace: binding.key.namespace, name: name))
    return role?.object["rules"]?.array ?? []
  }

  static func covers(_ rule: JSONValue, _ question: AccessQuestion) -> Bool {
    func list(_ name: String) -> [String] { rule[name]?.array?.compactMap(\.string) ?? [] }
    guard matches(list("verbs"), question.verb) else { return false }
    if let path = question.path {
      return list("nonResourceURLs").contains { $0 == "*" || $0 == path || ($0.hasSuffix("*") && path.hasPrefix($0.dropLast())) }
    }
    guard matches(list("apiGroups"), question.group) else { return false }
    let names = list("resourceNames")
    guard names.isEmpty || (!question.name.isEmpty && names.contains(question.name)) else { return false }
    let wanted = question.subresource.isEmpty ? question.resource : question.resource + "/" + question.subresource
    return list("resources").contains { resource in
      resource == "*" || resource == wanted || (!question.subresource.isEmpty && resource == "*/" + question.subresource)
    }
  }

  private static func matches(_ list: [String], _ word: String) -> Bool { list.contains("*") || list.contains(word) }
}
