import HTTPMessage
import NIOCore
import NIOHTTP1
import NIOSSL

/// The limits of a client.
package struct HTTPPoolOptions: Sendable, Equatable {
  package var connectTimeout: Duration = .seconds(5)
  /// From the call of `exchange` to the whole response; of `stream`, to the response's head.
  package var requestTimeout: Duration = .seconds(30)
  /// How long a stream may be silent; nil is for ever.
  package var streamIdleTimeout: Duration?
  /// How long an idle connection is kept: less than servers keep theirs (kube-apiserver: 90 s), so that they seldom close first.
  package var idleLifetime: Duration = .seconds(55)
  /// Connections for exchanges, and so exchanges at a time; the others wait in order of arrival.
  package var maxConnections = 32
  /// Streams at a time; each has a connection of its own.
  package var maxStreams = 256
  package var maxResponseBytes = 512 * 1024 * 1024
  package var maxHeaderBytes = 256 * 1024

  package init() {}
}

/// What a connection's handler needs to know of its pool.
struct ClientConnectionSettings: Sendable {
  let authority: String
  let context: NIOSSLContext?
  let maxResponseBytes: Int
  let idleLifetime: TimeAmount
  let streamIdleTimeout: TimeAmount?

  init(_ peer: HTTPPeer, _ options: HTTPPoolOptions, context: NIOSSLContext?) {
    authority = peer.endpoint.authority
    self.context = context
    maxResponseBytes = options.maxResponseBytes
    idleLifetime = TimeAmount(options.idleLifetime)
    streamIdleTimeout = options.streamIdleTimeout.map { TimeAmount($0) }
  }

  /// The request's head with the fields that the connection adds.
  func head(of request: HTTPRequest) -> HTTPRequestHead {
    var headers = NIOHTTP1.HTTPHeaders(request.headers)
    headers.remove(name: "transfer-encoding")
    if !headers.contains(name: "host") { headers.add(name: "host", value: authority) }
    let takesBody = request.method == "POST" || request.method == "PUT" || request.method == "PATCH"
    if takesBody || !request.body.isEmpty {
      headers.replaceOrAdd(name: "content-length", value: String(request.body.count))
    }
    return HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: request.target, headers: headers)
  }
}
