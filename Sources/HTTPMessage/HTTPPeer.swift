/// Where an HTTP server listens.
package enum HTTPEndpoint: Sendable, Hashable, CustomStringConvertible {
  /// A host name or address without brackets.
  case tcp(host: String, port: Int)
  case unix(path: String)

  package var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): "unix:" + path
    }
  }

  /// What a client puts into its `Host` field.
  package var authority: String {
    switch self {
    case .tcp: description
    case .unix: "localhost"
    }
  }
}

/// How a client trusts a TLS server and shows who it is. Every text is PEM.
package struct HTTPClientTLS: Sendable, Equatable {
  /// The authorities to trust; nil means those of the operating system.
  package var trustRoots: [UInt8]?
  package var certificateChain: [UInt8]?
  package var privateKey: [UInt8]?
  /// The name to ask for and to verify; nil means the endpoint's host.
  package var serverName: String?
  /// Takes any certificate.
  package var isInsecure: Bool

  package init(
    trustRoots: [UInt8]? = nil, certificateChain: [UInt8]? = nil, privateKey: [UInt8]? = nil, serverName: String? = nil,
    isInsecure: Bool = false
  ) {
    self.trustRoots = trustRoots
    self.certificateChain = certificateChain
    self.privateKey = privateKey
    self.serverName = serverName
    self.isInsecure = isInsecure
  }
}

/// Everything that a client must know to connect: plain HTTP without `tls`.
package struct HTTPPeer: Sendable, Equatable {
  package var endpoint: HTTPEndpoint
  package var tls: HTTPClientTLS?

  package init(endpoint: HTTPEndpoint, tls: HTTPClientTLS? = nil) {
    self.endpoint = endpoint
    self.tls = tls
  }
}
