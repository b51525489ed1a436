import HTTPMessage

/// The `server` of a kubeconfig's cluster, taken apart.
struct ServerURL: Equatable {
  let isSecure: Bool
  let host: String
  let port: Int
  /// What stands before every API path: empty, or `/k8s/clusters/c1` behind some proxies.
  let basePath: String

  init(_ text: String) throws(ConfigurationError) {
    let failure = ConfigurationError.badServer(text)
    let rest: Substring
    if text.hasPrefix("https://") {
      isSecure = true
      rest = text.dropFirst(8)
    } else if text.hasPrefix("http://") {
      isSecure = false
      rest = text.dropFirst(7)
    } else {
      throw failure
    }
    var authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    // kubectl sends tokens over TLS alone, so a kubeconfig for plain HTTP names its user here for kubectl; we have the token itself.
    if !isSecure, let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
    var path = rest[authority.endIndex...]
    guard !path.contains("?"), !path.contains("#"), !authority.contains("@") else { throw failure }
    while path.last == "/" { path = path.dropLast() }
    basePath = String(path)
    var portText: Substring?
    if authority.first == "[" {
      guard let end = authority.firstIndex(of: "]") else { throw failure }
      host = String(authority[authority.index(after: authority.startIndex)..<end])
      let tail = authority[authority.index(after: end)...]
      guard tail.isEmpty || tail.first == ":" else { throw failure }
      portText = tail.isEmpty ? nil : tail.dropFirst()
    } else if let colon = authority.lastIndex(of: ":") {
      host = String(authority[..<colon])
      portText = authority[authority.index(after: colon)...]
    } else {
      host = String(authority)
    }
    guard let port = portText.map({ Int($0) }) ?? (isSecure ? 443 : 80), (1...65_535).contains(port), !host.isEmpty else { throw failure }
    self.port = port
  }

  var endpoint: HTTPEndpoint { .tcp(host: host, port: port) }
}
