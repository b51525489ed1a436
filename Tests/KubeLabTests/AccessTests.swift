import HTTPMessage
import Testing
import WireJSON

@testable import KubeLab

@Suite("Access")
struct AccessTests {
  private func lab() async throws -> LabClient {
    let lab = try await LabClient {
      $0.accounts = [
        StaticAccount(token: "root", name: "admin", groups: ["system:masters"]),
        StaticAccount(token: "reader", serviceAccount: "reader", namespace: "default"),
      ]
    }
    let rules = try APIServer.manifests(at: fixture("rbac.yaml"))
    try await lab.server.install(rules)
    return lab
  }

  private func ask(_ lab: LabClient, _ token: String?, _ method: String, _ target: String, _ body: JSONValue? = nil) async throws -> (
    status: Int, body: JSONValue
  ) {
    try await lab.ask(method, target, body, headers: token.map { ["Authorization": "Bearer " + $0] } ?? [:])
  }

  @Test(
    "roles allow what they name and nothing else",
    arguments: [
      ("GET", "/api/v1/namespaces/default/pods", 200), ("GET", "/api/v1/namespaces/kube-system/pods", 403), ("GET", "/api/v1/pods", 403),
      ("GET", "/api/v1/namespaces/default/pods?watch=1&timeoutSeconds=1", 403), ("DELETE", "/api/v1/namespaces/default/pods/x", 403),
      ("GET", "/api/v1/nodes", 200), ("GET", "/api/v1/namespaces/default/configmaps/allowed", 404),
      ("GET", "/api/v1/namespaces/default/configmaps/other", 403), ("GET", "/api/v1/namespaces/default/configmaps", 403),
      ("GET", "/api/v1/namespaces/default/configmaps?fieldSelector=metadata.name%3Dallowed", 200),
      ("PATCH", "/apis/lab.example.org/v1/gauges/a/status", 415), ("PATCH", "/apis/lab.example.org/v1/gauges/a", 403),
      ("GET", "/apis", 200), ("GET", "/metrics", 403), ("GET", "/healthz", 200), ("GET", "/apis/none.example.org/v1/things", 403),
    ])
  func roles(method: String, target: String, status: Int) async throws {
    let lab = try await lab()
    #expect(try await ask(lab, "reader", method, target).status == status)
  }

  @Test("refusals are worded as a kube-apiserver words them")
  func words() async throws {
    let lab = try await lab()
    let denied = try await ask(lab, "reader", "GET", "/api/v1/pods")
    #expect(
      denied.body["message"]
        == "pods is forbidden: User \"system:serviceaccount:default:reader\" cannot list resource \"pods\" in API group \"\" at the cluster scope"
    )
    #expect(try await ask(lab, "wrong", "GET", "/api/v1/pods").status == 401)
    #expect(try await ask(lab, nil, "GET", "/api/v1/pods").status == 403)
    #expect(try await ask(lab, "root", "GET", "/api/v1/pods").status == 200)
  }

  @Test("access reviews give the same answers", arguments: [("list", "default", true), ("delete", "default", false), ("list", "", false)])
  func reviews(verb: String, namespace: String, allowed: Bool) async throws {
    let lab = try await lab()
    let review: JSONValue = [
      "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
      "spec": ["resourceAttributes": ["verb": .string(verb), "resource": "pods", "namespace": .string(namespace)]],
    ]
    let answer = try await ask(lab, "reader", "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    #expect(answer.status == 201 && answer.body[path: ["status", "allowed"]] == .bool(allowed))
  }

  @Test("token files are read line by line, and a bad line is named")
  func tokenFile() throws {
    let accounts = try StaticAccount.parse(tokenFile: "# lab\nt1,u1,1\n\nt2,u2,2,\"g1,g2\"\n")
    #expect(accounts.map(\.caller.name) == ["u1", "u2"])
    #expect(accounts[1].caller.groups == ["g1", "g2", "system:authenticated"])
    #expect(throws: TokenFileError(line: 2)) { try StaticAccount.parse(tokenFile: "a,b,c\nnonsense") }
  }
}
