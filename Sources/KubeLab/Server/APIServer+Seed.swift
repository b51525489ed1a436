import HTTPMessage
import WireJSON

/// What a cluster has from its first moment.
extension APIServer {
  static let firstNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"]

  func seedNamespace(_ name: String) {
    insertOwn("namespaces", namespace: nil, ["metadata": ["name": .string(name)]])
  }

  /// Every namespace has the account that pods act as unless they name one.
  func createServiceAccount(in namespace: String) {
    insertOwn("serviceaccounts", namespace: namespace, ["metadata": ["name": "default"]])
  }

  /// The roles that kubectl users and bootstrap policies expect: administrators may do all, everybody may look at the server's own documents.
  func seedAccessRules() {
    func role(_ name: String, _ rules: JSONValue) {
      insertOwn("clusterroles." + BuiltinKinds.rbacGroup, namespace: nil, ["metadata": ["name": .string(name)], "rules": rules])
    }
    func bind(_ name: String, to group: String) {
      insertOwn(
        "clusterrolebindings." + BuiltinKinds.rbacGroup, namespace: nil,
        [
          "metadata": ["name": .string(name)], "roleRef": ["kind": "ClusterRole", "name": .string(name)],
          "subjects": [["kind": "Group", "name": .string(group)]],
        ])
    }
    role(
      "cluster-admin",
      [["apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]], ["nonResourceURLs": ["*"], "verbs": ["*"]]])
    bind("cluster-admin", to: "system:masters")
    role(
      "system:discovery",
      [
        [
          "nonResourceURLs": [
            "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/",
          ],
          "verbs": ["get"],
        ]
      ])
    bind("system:discovery", to: "system:authenticated")
    role(
      "system:basic-user",
      [
        [
          "apiGroups": [.string(BuiltinKinds.authorizationGroup)],
          "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], "verbs": ["create"],
        ],
        ["apiGroups": [.string(BuiltinKinds.authenticationGroup)], "resources": ["selfsubjectreviews"], "verbs": ["create"]],
      ])
    bind("system:basic-user", to: "system:authenticated")
  }

  private func insertOwn(_ resource: String, namespace: String?, _ object: JSONValue) {
    guard let definition = registry.definition(storage: resource) else { return }
    let call = APICall(
      definition: definition, namespace: namespace, request: .init(method: "POST", target: "/"), query: ["fieldManager": "kube-apiserver"],
      form: .object, caller: .admin)
    var filled = object
    definition.rules.defaults(&filled)
    // It can only fail because the object is there already, which is as good.
    _ = try? insert(filled, call, booking: .update)
  }
}
