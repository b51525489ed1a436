package import HTTPMessage

/// Where the API server is, how to trust it, and who we are to it.
package struct ClientConfiguration: Sendable {
  package var peer: HTTPPeer
  /// What stands before every API path.
  package var basePath: String
  package var credentials: Credentials
  /// The namespace of the context, or of our pod.
  package var namespace: String

  package init(peer: HTTPPeer, basePath: String = "", credentials: Credentials = .none, namespace: String = "default") {
    self.peer = peer
    self.basePath = basePath
    self.credentials = credentials
    self.namespace = namespace
  }

  /// As `--kubeconfig` says it: that file, or in-cluster when the path is empty.
  package static func load(kubeconfig: String, environment: [String: String]) throws(ConfigurationError) -> ClientConfiguration {
    kubeconfig.isEmpty
      ? try inCluster(environment: environment) : try Kubeconfig(paths: [kubeconfig]).configuration()
  }

  /// As kubectl finds it: an explicit path, else the files that `KUBECONFIG` lists, else `~/.kube/config`.
  package static func forUser(
    kubeconfig: String? = nil, context: String? = nil, environment: [String: String]
  ) throws(ConfigurationError) -> ClientConfiguration {
    var paths = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
    if let kubeconfig, !kubeconfig.isEmpty { paths = [kubeconfig] }
    if paths.isEmpty { paths = [(environment["HOME"] ?? "") + "/.kube/config"] }
    return try Kubeconfig(paths: paths).configuration(context: context)
  }

  /// Where Kubernetes puts the service account's token, authority and namespace into a pod.
  private static let serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

  /// From inside a pod, with its service account. The token is read anew whenever its file changes.
  package static func inCluster(environment: [String: String]) throws(ConfigurationError) -> ClientConfiguration {
    try inCluster(environment: environment, directory: serviceAccountDirectory)
  }

  static func inCluster(environment: [String: String], directory: String) throws(ConfigurationError) -> ClientConfiguration {
    guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
      let port = environment["KUBERNETES_SERVICE_PORT"].flatMap({ Int($0) }), (1...65_535).contains(port)
    else { throw .notInCluster }
    let authority = try TextFile.read(directory + "/ca.crt")
    let token = try TokenFile(path: directory + "/token")
    var namespace = "default"
    if let bytes = try? TextFile.read(directory + "/namespace") {
      let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
      if !text.isEmpty { namespace = text }
    }
    let peer = HTTPPeer(endpoint: .tcp(host: host, port: port), tls: HTTPClientTLS(trustRoots: authority))
    return ClientConfiguration(peer: peer, credentials: .tokenFile(token), namespace: namespace)
  }
}
