import HTTPMessage
import NIOCore
import Synchronization

/// What a task asks a client connection to do.
enum ClientCommand: Sendable {
  case exchange(HTTPRequest, ExchangeReply, deadline: NIODeadline)
  /// The deadline is the response head's.
  case stream(HTTPRequest, ResponseStream, deadline: NIODeadline)
}

/// A consumer has taken what was held back for it.
enum ClientSignal: Sendable {
  case readOn
}

/// Why a connection gave no whole response, in terms of what the peer may have seen.
enum ClientFailure: Error, Equatable {
  /// The peer saw nothing of the request.
  case notSent(String)
  /// The request may have been seen; no byte of a response came.
  case noResponse(String)
  /// The response broke off.
  case broken(String)
  case timedOut
  case malformed(String)

  /// Whether the request may go out again on another connection without the caller's consent.
  func allowsRepeat(of method: String) -> Bool {
    switch self {
    case .notSent: true
    case .noResponse: method == "GET" || method == "HEAD" || method == "OPTIONS"
    case .broken, .timedOut, .malformed: false
    }
  }
}

/// The place to which one exchange's outcome goes, once.
final class ExchangeReply: Sendable {
  private let continuation: Mutex<CheckedContinuation<HTTPResponse, any Error>?>

  init(_ continuation: CheckedContinuation<HTTPResponse, any Error>) { self.continuation = Mutex(continuation) }

  func resume(_ result: Result<HTTPResponse, any Error>) {
    let continuation = continuation.withLock { cell in
      defer { cell = nil }
      return cell
    }
    continuation?.resume(with: result)
  }
}
