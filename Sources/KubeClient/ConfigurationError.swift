/// Why it is not known how to reach the API server.
package enum ConfigurationError: Error, Equatable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case malformed(path: String, reason: String)
  /// A context names a cluster or user, or the configuration a context, that is not there.
  case missing(kind: String, name: String, path: String)
  case badServer(String)
  /// A way to log in that this client does not have.
  case unsupported(what: String, user: String)
  /// A `...-data` field that is no base64.
  case badData(field: String)
  /// Neither a kubeconfig was given nor does the process run in a pod.
  case notInCluster

  package var description: String {
    switch self {
    case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
    case .malformed(let path, let reason): "\(path) is no kubeconfig: \(reason)"
    case .missing(let kind, let name, let path): "\(path) has no \(kind) named \"\(name)\""
    case .badServer(let text): "server \"\(text)\" of the kubeconfig is no http or https URL"
    case .unsupported(let what, let user):
      "kubeconfig user \"\(user)\" logs in by \(what), which is not supported here; use a token or a client certificate"
    case .badData(let field): "\(field) of the kubeconfig is not base64"
    case .notInCluster:
      "no kubeconfig was given and KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: not running in a pod"
    }
  }
}
