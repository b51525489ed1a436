/// What a handler answers.
package struct HTTPResponse: Sendable {
  /// A whole body, or one that is written while it comes into being (a watch).
  package enum Body: Sendable {
    case bytes([UInt8])
    /// Called once with the writer; the response ends when it returns. `write` suspends while the peer is slow and throws
    /// when the peer is gone; the closure is cancelled then too.
    case stream(@Sendable (any HTTPBodyWriter) async throws -> Void)
  }

  package var status: Int
  package var headers: HTTPHeaders
  package var body: Body

  package init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: Body = .bytes([])) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  package init(status: Int, text: String, contentType: String = "text/plain; charset=utf-8") {
    self.init(status: status, headers: ["Content-Type": contentType], body: .bytes(Array(text.utf8)))
  }

  package init(status: Int, json: [UInt8]) {
    self.init(status: status, headers: ["Content-Type": "application/json"], body: .bytes(json))
  }
}

/// The sending end of a streamed body.
package protocol HTTPBodyWriter: Sendable {
  /// Hands over a chunk and returns when the transport has taken it.
  func write(_ bytes: [UInt8]) async throws
}

/// Answers requests; the one shape that every server of the project has, so that a test can call it without a socket.
package typealias HTTPHandler = @Sendable (HTTPRequest) async -> HTTPResponse

/// The asking end: a real connection pool, or a handler in the same process.
package protocol HTTPExchange: Sendable {
  /// Sends a request and collects the whole response (its body is `.bytes`). Throws `HTTPExchangeError`, or cancellation.
  func exchange(_ request: HTTPRequest) async throws -> HTTPResponse

  /// Sends a request and hands its response over while the body is still arriving; the connection is given up when `consume`
  /// returns or throws.
  func stream<Result: Sendable>(
    _ request: HTTPRequest, _ consume: (HTTPStreamedResponse) async throws -> Result
  ) async throws -> Result
}

/// A response whose body arrives piece by piece.
package struct HTTPStreamedResponse: Sendable {
  package let status: Int
  package let headers: HTTPHeaders
  /// The body's chunks as they arrive, with back-pressure; nil at its end, throws when the connection breaks.
  package let next: @Sendable () async throws -> [UInt8]?

  package init(status: Int, headers: HTTPHeaders, next: @escaping @Sendable () async throws -> [UInt8]?) {
    self.status = status
    self.headers = headers
    self.next = next
  }
}

/// Why no response came.
package enum HTTPExchangeError: Error, Equatable, CustomStringConvertible {
  /// Nothing was sent: refused, unreachable, TLS refused.
  case notConnected(peer: String, reason: String)
  /// Sent, or partly; whether the server acted is unknown.
  case lostAnswer(peer: String, reason: String)
  /// No answer within the deadline; whether the server acted is unknown.
  case timedOut(peer: String, after: Duration)
  /// The peer answered, but not with HTTP/1.1 that we accept.
  case malformed(peer: String, reason: String)

  package var description: String {
    switch self {
    case .notConnected(let peer, let reason): "cannot reach \(peer): \(reason)"
    case .lostAnswer(let peer, let reason): "connection to \(peer) broke before its answer was complete: \(reason)"
    case .timedOut(let peer, let after): "no answer from \(peer) within \(after)"
    case .malformed(let peer, let reason): "\(peer) answered with malformed HTTP: \(reason)"
    }
  }
}
