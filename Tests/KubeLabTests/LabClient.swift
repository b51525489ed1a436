import HTTPMessage
import Synchronization
import Testing
import WireJSON

@testable import KubeLab

/// A server in this process and short words for asking it.
struct LabClient: Sendable {
  static let gauges = "/apis/lab.example.org/v1/gauges"
  static let pods = "/api/v1/namespaces/default/pods"
  static let merge = "application/merge-patch+json"
  static let jsonPatch = "application/json-patch+json"
  static let strategic = "application/strategic-merge-patch+json"
  static let apply = "application/apply-patch+yaml"

  let server: APIServer
  let clock: ManualClock

  /// The same seed gives the same uids, so that a failure can be repeated.
  init(_ change: (inout APIServer.Configuration) -> Void = { _ in }) async throws {
    clock = ManualClock()
    var configuration = APIServer.Configuration()
    configuration.clock = clock
    configuration.seed = 7
    change(&configuration)
    server = APIServer(configuration)
    try await server.install(APIServer.manifests(at: fixture("gauges.yaml")))
  }

  func ask(
    _ method: String, _ target: String, _ body: JSONValue? = nil, type: String = "application/json", headers: HTTPHeaders = [:]
  ) async throws -> (status: Int, body: JSONValue) {
    try await server.send(method, target, body, type: type, headers: headers)
  }

  /// Asks and demands a status.
  @discardableResult
  func expect(
    _ status: Int, _ method: String, _ target: String, _ body: JSONValue? = nil, type: String = "application/json",
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> JSONValue {
    let answer = try await ask(method, target, body, type: type)
    #expect(answer.status == status, "\(answer.body.text.prefix(400))", sourceLocation: sourceLocation)
    return answer.body
  }

  @discardableResult
  func patch(
    _ target: String, _ body: JSONValue, _ type: String = LabClient.merge, expecting status: Int = 200,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> JSONValue {
    try await expect(status, "PATCH", target, body, type: type, sourceLocation: sourceLocation)
  }

  @discardableResult
  func makePod(_ name: String, _ change: (inout JSONValue) -> Void = { _ in }) async throws -> JSONValue {
    var pod = Self.pod(name)
    change(&pod)
    return try await expect(201, "POST", Self.pods, pod)
  }

  @discardableResult
  func makeGauge(_ name: String, _ change: (inout JSONValue) -> Void = { _ in }) async throws -> JSONValue {
    var gauge = Self.gauge(name)
    change(&gauge)
    return try await expect(201, "POST", Self.gauges, gauge)
  }

  static func pod(_ name: String) -> JSONValue {
    [
      "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name)],
      "spec": ["containers": [["name": "c", "image": "x"]]],
    ]
  }

  static func gauge(_ name: String) -> JSONValue {
    ["apiVersion": "lab.example.org/v1", "kind": "Gauge", "metadata": ["name": .string(name)], "spec": ["cidr": "10.0.0.0/24"]]
  }

  /// Opens a watch and hands its events over one by one.
  func watch<Result: Sendable>(
    _ target: String, _ body: (EventReader) async throws -> Result
  ) async throws -> Result {
    try await server.exchange.stream(HTTPRequest(method: "GET", target: target)) { response in
      #expect(response.status == 200)
      return try await body(EventReader(response))
    }
  }
}

/// The events of a watch.
final class EventReader: Sendable {
  private let response: HTTPStreamedResponse
  private let buffer = Mutex<[UInt8]>([])

  init(_ response: HTTPStreamedResponse) { self.response = response }

  /// The next event; nil at the end of the watch.
  func next() async throws -> JSONValue? {
    while true {
      let line: [UInt8]? = buffer.withLock { buffer in
        guard let end = buffer.firstIndex(of: 0x0A) else { return nil }
        defer { buffer.removeSubrange(...end) }
        return Array(buffer[..<end])
      }
      if let line { return try JSONValue(parsing: line) }
      guard let chunk = try await response.next() else { return nil }
      buffer.withLock { $0 += chunk }
    }
  }

  /// `TYPE name` of the next events.
  func next(_ count: Int) async throws -> [String] {
    var lines: [String] = []
    for _ in 0..<count {
      guard let event = try await next() else { break }
      lines.append("\(event["type"]?.string ?? "") \(event[path: ["object", "metadata", "name"]]?.string ?? "")")
    }
    return lines
  }
}

/// A clock that stands still until a test moves it.
final class ManualClock: LabClock {
  private struct Sleeper {
    var due: Timestamp
    var continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var now = Timestamp(seconds: 1_800_000_000)
    var sleepers: [Int: Sleeper] = [:]
    var nextID = 0
    var isCancelled: Set<Int> = []
    var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  func now() -> Timestamp { state.withLock { $0.now } }

  func sleep(for duration: Duration) async throws {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
          if state.isCancelled.remove(id) != nil {
            continuation.resume(throwing: CancellationError())
            return []
          }
          state.sleepers[id] = Sleeper(due: state.now + duration, continuation: continuation)
          let ready = state.waiting.filter { $0.count <= state.sleepers.count }
          state.waiting.removeAll { $0.count <= state.sleepers.count }
          return ready.map(\.continuation)
        }
        for continuation in waiting { continuation.resume() }
      }
    } onCancel: {
      let sleeper = state.withLock { state in
        let sleeper = state.sleepers.removeValue(forKey: id)
        if sleeper == nil { state.isCancelled.insert(id) }
        return sleeper
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }

  /// Returns when this many sleep.
  func waitForSleepers(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isReady = state.withLock { state in
        guard state.sleepers.count < count else { return true }
        state.waiting.append((count, continuation))
        return false
      }
      if isReady { continuation.resume() }
    }
  }

  func advance(by duration: Duration) {
    let due = state.withLock { state in
      state.now = state.now + duration
      let due = state.sleepers.filter { $0.value.due <= state.now }
      for id in due.keys { state.sleepers[id] = nil }
      return due.values.map(\.continuation)
    }
    for continuation in due { continuation.resume() }
  }
}
