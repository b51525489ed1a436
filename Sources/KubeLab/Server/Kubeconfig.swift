/// The kubeconfig file that leads a client to the lab's server.
package struct Kubeconfig: Sendable, Equatable {
  package var server: String
  package var token: String?
  /// PEM text of the certificate authority; nil for plain HTTP.
  package var certificateAuthority: String?
  package var contextName: String

  package init(server: String, token: String? = nil, certificateAuthority: String? = nil, contextName: String = "kube-ovn-lab") {
    self.server = server
    self.token = token
    self.certificateAuthority = certificateAuthority
    self.contextName = contextName
  }

  /// YAML text; every value is quoted, so that no token can break it.
  package var yaml: String {
    var lines = [
      "apiVersion: v1", "kind: Config", "clusters:", "- name: \(quoted(contextName))", "  cluster:", "    server: \(quoted(server))",
    ]
    if let certificateAuthority {
      lines.append("    certificate-authority-data: \(quoted(Base64.encode(Array(certificateAuthority.utf8))))")
    }
    lines += ["users:", "- name: \(quoted(contextName))"]
    lines += token.map { ["  user:", "    token: \(quoted($0))"] } ?? ["  user: {}"]
    lines += [
      "contexts:", "- name: \(quoted(contextName))", "  context:", "    cluster: \(quoted(contextName))",
      "    user: \(quoted(contextName))", "    namespace: default", "current-context: \(quoted(contextName))", "",
    ]
    return lines.joined(separator: "\n")
  }

  /// YAML double quotes.
  private func quoted(_ text: String) -> String {
    "\"" + text.map { $0 == "\\" || $0 == "\"" ? "\\\($0)" : String($0) }.joined() + "\""
  }
}
