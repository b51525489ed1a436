/// What a server listens on.
package enum HTTPListener: Sendable, Equatable {
  /// A local address and port; port 0 takes any free one.
  case tcp(host: String, port: Int)
  /// A socket file with its permission bits. A file that nobody answers on is replaced, one that answers is an error.
  case unix(path: String, mode: UInt16)
  /// A stream socket that is bound already (also in another network namespace). The server takes it over and closes it.
  case boundSocket(Int32)
}

/// A server's own certificate, and whom it asks for theirs. Every text is PEM.
package struct HTTPServerTLS: Sendable, Equatable {
  package var certificateChain: [UInt8]
  package var privateKey: [UInt8]
  /// When set, every client must show a certificate of one of these authorities.
  package var clientTrustRoots: [UInt8]?

  package init(certificateChain: [UInt8], privateKey: [UInt8], clientTrustRoots: [UInt8]? = nil) {
    self.certificateChain = certificateChain
    self.privateKey = privateKey
    self.clientTrustRoots = clientTrustRoots
  }
}

/// The limits of a server. A peer that passes one is answered with the status that says so, and its connection is closed.
package struct HTTPServerOptions: Sendable, Equatable {
  /// Request line and header fields together.
  package var maxHeaderBytes = 64 * 1024
  package var maxBodyBytes = 16 * 1024 * 1024
  /// From accepting the connection, or from a later request's first bytes, to the end of its header.
  package var headerTimeout: Duration = .seconds(10)
  /// How long a connection may stay without a request, and a request's body without progress.
  package var idleTimeout: Duration = .seconds(120)
  /// How long a peer may refuse to take any of what is written to it.
  package var writeTimeout: Duration = .seconds(60)
  /// How long open requests may go on after `run` was cancelled.
  package var gracePeriod: Duration = .seconds(10)
  package var maxConnections = 4096
  /// How many handlers run at a time, the others waiting in order of arrival; nil is no limit. Streaming does not count.
  package var maxConcurrentRequests: Int?
  package var tls: HTTPServerTLS?

  package init() {}
}

/// Why a server cannot listen.
package enum HTTPServerError: Error, Equatable, CustomStringConvertible {
  /// Another process answers on the socket file.
  case inUse(path: String)
  /// Something that is no socket stands where the socket file belongs; it is left alone.
  case notASocket(path: String)
  /// Socket addresses hold at most 107 bytes.
  case pathTooLong(path: String)
  case cannotListen(String, reason: String)
  case badCertificate(reason: String)
  /// `run` serves once.
  case alreadyRun

  package var description: String {
    switch self {
    case .inUse(let path): "another process answers on \(path)"
    case .notASocket(let path): "\(path) exists and is no socket; remove it to let the server listen there"
    case .pathTooLong(let path): "socket path \(path) is longer than the 107 bytes that a socket address holds"
    case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
    case .badCertificate(let reason): "server certificate or key: \(reason)"
    case .alreadyRun: "this server has been run already"
    }
  }
}
