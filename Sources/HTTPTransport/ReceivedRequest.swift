import HTTPMessage
import NIOCore
import NIOHTTP1

/// A whole request and what its response must respect.
struct ReceivedRequest: Sendable {
  let request: HTTPRequest
  let framing: ResponseFraming
}

/// What the request decides about its response's form.
struct ResponseFraming: Sendable, Equatable {
  let version: HTTPVersion
  let isHead: Bool
  /// Whether the peer wants to send another request on this connection.
  let keepsAlive: Bool

  init(version: HTTPVersion, isHead: Bool, keepsAlive: Bool) {
    self.version = version
    self.isHead = isHead
    self.keepsAlive = keepsAlive
  }

  init(_ head: HTTPRequestHead) {
    self.init(version: head.version, isHead: head.method == .HEAD, keepsAlive: head.isKeepAlive)
  }
}

/// What the task that serves a connection asks its channel handler to send.
enum ServerCommand: Sendable {
  case whole(HTTPResponse, bytes: [UInt8], ResponseFraming)
  case begin(HTTPResponse, ResponseFraming)
  case chunk([UInt8])
  case end
}

/// What the server asks of a connection from outside.
enum ServerSignal: Sendable {
  /// Answer what was asked, then close; close at once when nothing was.
  case drain
}

extension HTTPRequest {
  /// The request as received. Nil for a target that is neither a path nor `*`; of an absolute one, the path is kept.
  init?(_ head: HTTPRequestHead, body: [UInt8]) {
    guard let target = Self.originForm(head.uri) else { return nil }
    self.init(method: head.method.rawValue, target: target, headers: HTTPMessage.HTTPHeaders(head.headers), body: body)
  }

  /// RFC 9112 §3.2.2: servers must understand the absolute form, too.
  private static func originForm(_ uri: String) -> String? {
    if uri.utf8.first == 0x2F || uri == "*" { return uri }
    for scheme in ["http://", "https://"] where uri.hasPrefix(scheme) {
      let rest = uri.dropFirst(scheme.count)
      guard let slash = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
      return rest[slash] == "?" ? "/" + rest[slash...] : String(rest[slash...])
    }
    return nil
  }
}

extension HTTPMessage.HTTPHeaders {
  init(_ headers: NIOHTTP1.HTTPHeaders) {
    self.init(headers.map { Field(name: $0.name, value: $0.value) })
  }
}

extension NIOHTTP1.HTTPHeaders {
  init(_ headers: HTTPMessage.HTTPHeaders) {
    self.init(headers.fields.map { ($0.name, $0.value) })
  }
}

extension TimeAmount {
  /// Rounded to nanoseconds; a duration beyond 292 years is that long.
  init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    self = .nanoseconds(overflow ? .max : whole &+ attoseconds / 1_000_000_000)
  }
}
