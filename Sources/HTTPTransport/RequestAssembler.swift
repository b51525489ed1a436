import HTTPMessage
import NIOCore
import NIOHTTP1

/// Builds whole requests from a connection's decoded parts, within the limits of the server.
struct RequestAssembler {
  /// What the connection has to do after a part.
  enum Action {
    case none
    /// The peer waits for leave to send its body (RFC 9110 §10.1.1).
    case sendContinue(HTTPVersion)
    case deliver(ReceivedRequest)
    /// Answer with this status, close, and read no further.
    case refuse(status: Int, reason: String)
  }

  private enum State {
    case idle
    case body(HTTPRequestHead)
    /// The last request said that no other follows.
    case finished
    case refused
  }

  private let maxBodyBytes: Int
  private var state = State.idle
  /// The body so far; apart from the state so that it grows in place.
  private var bytes: [UInt8] = []

  init(maxBodyBytes: Int) { self.maxBodyBytes = maxBodyBytes }

  /// Whether a request's header has come, but not the end of its body.
  var isInBody: Bool {
    if case .body = state { true } else { false }
  }

  var isRefused: Bool {
    if case .refused = state { true } else { false }
  }

  /// Takes no further part.
  mutating func refuse() {
    state = .refused
    bytes = []
  }

  mutating func receive(_ part: HTTPServerRequestPart) -> Action {
    switch (state, part) {
    case (.refused, _), (.finished, _): return .none
    case (_, .head(let head)): return begin(head)
    case (.body, .body(let buffer)):
      guard bytes.count + buffer.readableBytes <= maxBodyBytes else { return tooLarge() }
      bytes.append(contentsOf: buffer.readableBytesView)
      return .none
    case (.body(let head), .end): return end(head)
    case (.idle, .body), (.idle, .end): preconditionFailure("the decoder sent a body without a head")
    }
  }

  private mutating func begin(_ head: HTTPRequestHead) -> Action {
    let declared = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
    guard declared <= maxBodyBytes else { return tooLarge() }
    // The length is only the peer's word: no more than this is set aside before the bytes are there.
    bytes.reserveCapacity(min(declared, 256 * 1024))
    state = .body(head)
    guard let expectation = head.headers.first(name: "expect"), head.version != .http1_0 else { return .none }
    guard expectation.lowercased() == "100-continue" else {
      refuse()
      return .refuse(status: 417, reason: "the expectation \(expectation) is unknown")
    }
    return .sendContinue(head.version)
  }

  private mutating func end(_ head: HTTPRequestHead) -> Action {
    let framing = ResponseFraming(head)
    guard let request = HTTPRequest(head, body: bytes) else {
      refuse()
      return .refuse(status: 400, reason: "the request target is no path")
    }
    bytes = []
    state = framing.keepsAlive ? .idle : .finished
    return .deliver(ReceivedRequest(request: request, framing: framing))
  }

  private mutating func tooLarge() -> Action {
    refuse()
    return .refuse(status: 413, reason: "the body is larger than \(maxBodyBytes) bytes")
  }
}
