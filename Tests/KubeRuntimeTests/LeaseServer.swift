import HTTPMessage
import KubeAPI
import KubeClient
import KubeTesting
import Synchronization
import WireJSON

/// An API server that has one Lease and nothing else, with resource versions and conflicts; and faults, on demand.
final class LeaseServer: Sendable {
  enum Fault: Sendable {
    /// Nothing is carried out.
    case refused
    /// Carried out, but nobody hears of it.
    case answerLost
    /// Never answers.
    case hangs
  }

  private struct State {
    var lease: JSONValue?
    var version = 0
    var fault: Fault?
    var writes: [String] = []
  }

  private let state = Mutex(State())
  private let never = ManualClock()

  /// Who held the lease after each write, in order: `holder/term`.
  var writes: [String] { state.withLock { $0.writes } }

  func setFault(_ fault: Fault?) { state.withLock { $0.fault = fault } }

  /// Changes the stored Lease as another client would.
  func edit(_ change: (inout JSONValue) -> Void) {
    state.withLock { state in
      guard var lease = state.lease else { return }
      change(&lease)
      Self.store(lease, &state)
    }
  }

  func delete() { state.withLock { $0.lease = nil } }

  var client: KubeClient {
    let exchange = ScriptedExchange { [self] request, _ in
      let fault = state.withLock { $0.fault }
      if case .refused = fault { return HTTPResponse(status: 500, text: "out of order") }
      if case .hangs = fault { try await never.sleep(for: .seconds(1)) }
      let response = state.withLock { state in Self.answer(request, &state) }
      if case .answerLost = fault, request.method != "GET" { throw HTTPExchangeError.lostAnswer(peer: "lease", reason: "cut") }
      return response
    }
    return KubeClient(exchange, limiter: nil)
  }

  private static func answer(_ request: HTTPRequest, _ state: inout State) -> HTTPResponse {
    switch request.method {
    case "GET": return state.lease.map { HTTPResponse(status: 200, json: $0.bytes) } ?? refusal(404, "NotFound")
    case "POST":
      guard state.lease == nil else { return refusal(409, "AlreadyExists") }
      guard let body = try? JSONValue(parsing: request.body) else { return refusal(400, "BadRequest") }
      store(body, &state)
    default:
      guard let stored = state.lease else { return refusal(404, "NotFound") }
      guard let body = try? JSONValue(parsing: request.body) else { return refusal(400, "BadRequest") }
      let version = body["metadata"]?["resourceVersion"]
      guard version == stored["metadata"]?["resourceVersion"] else { return refusal(409, "Conflict") }
      store(body, &state)
    }
    return HTTPResponse(status: 200, json: state.lease?.bytes ?? [])
  }

  private static func store(_ lease: JSONValue, _ state: inout State) {
    var lease = lease
    state.version += 1
    lease["metadata"]?["resourceVersion"] = .string("\(state.version)")
    lease["metadata"]?["uid"] = "u"
    state.lease = lease
    let spec = lease["spec"]
    state.writes.append("\(spec?["holderIdentity"]?.string ?? "")/\(spec?["leaseTransitions"]?.int ?? 0)")
  }

  private static func refusal(_ code: Int, _ reason: String) -> HTTPResponse {
    HTTPResponse(status: code, json: (["kind": "Status", "code": .integer(code), "reason": .string(reason)] as JSONValue).bytes)
  }
}
