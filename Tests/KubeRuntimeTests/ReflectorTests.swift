import HTTPMessage
import KubeAPI
import KubeClient
import KubeTesting
import Synchronization
import Telemetry
import Testing
import WireJSON

@testable import KubeRuntime

/// One answer of the scripted API server, and what is needed to say it shortly.
private enum Answer: Sendable {
  case list([JSONValue], version: String, next: String = "")
  /// Sends the events, then ends the watch in good order.
  case watch([JSONValue])
  /// Sends the events, then stays silent until the reflector leaves.
  case standing([JSONValue])
  /// Sends the events, then breaks off.
  case broken([JSONValue])
  case text(String)
  case refusal(Int)

  func response(_ latch: Latch) -> HTTPResponse {
    switch self {
    case .list(let items, let version, let next):
      let metadata: JSONValue = ["resourceVersion": .string(version), "continue": .string(next)]
      return HTTPResponse(status: 200, json: (["items": .array(items), "metadata": metadata] as JSONValue).bytes)
    case .watch(let events): return Self.stream(events) {}
    case .standing(let events):
      return Self.stream(events) {
        latch.open()
        await Latch().wait()
      }
    case .broken(let events): return Self.stream(events) { throw HTTPExchangeError.lostAnswer(peer: "api", reason: "cut") }
    case .text(let text): return HTTPResponse(status: 200, text: text)
    case .refusal(let status): return HTTPResponse(status: status, text: "refused")
    }
  }

  private static func stream(_ events: [JSONValue], _ finish: @escaping @Sendable () async throws -> Void) -> HTTPResponse {
    HTTPResponse(
      status: 200,
      body: .stream { writer in
        for event in events { try await writer.write(event.bytes + [0x0A]) }
        try await finish()
      })
  }
}

private func subnet(_ name: String, _ version: Int, cidr: JSONValue = "10.0.0.0/16") -> JSONValue {
  ["metadata": ["name": .string(name), "resourceVersion": .string("\(version)")], "spec": ["cidrBlock": cidr]]
}

private func event(_ type: String, _ object: JSONValue) -> JSONValue { ["type": .string(type), "object": object] }

@Suite("reflector", .timeLimit(.minutes(10))) struct ReflectorTests {
  private let store = Store<Subnet>()
  private let clock = ManualClock(isHasty: true)

  /// What came of a script: what was asked (`list`, `list <token>`, `watch <version>`), and what could not be read.
  private struct Outcome {
    var asked: [String] = []
    var undecodable: [String] = []
  }

  /// Runs a reflector through the answers, the last of which must be a standing watch, and leaves when it has come to it.
  private func play(_ answers: [Answer], isOptional: Bool = false, whileStanding: (Reflector<Subnet>) async throws -> Void = { _ in })
    async throws -> Outcome
  {
    let standing = Latch()
    let exchange = ScriptedExchange { _, number in
      guard number < answers.count else { throw HTTPExchangeError.notConnected(peer: "api", reason: "the script is over") }
      return answers[number].response(standing)
    }
    let undecodable = Journal()
    var options = Reflector<Subnet>.Options()
    options.isOptional = isOptional
    options.undecodable = { undecodable.note($0.key?.name ?? "-") }
    let client = KubeClient(exchange, limiter: nil, time: TimeSource(clock))
    let reflector = Reflector(client: client, store: store, options: options, logger: quiet, clock: clock)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await reflector.run() }
      await standing.wait()
      // The server has begun to answer; the reflector hears of it a moment later.
      try await until { reflector.isConnected }
      try await whileStanding(reflector)
      group.cancelAll()
      while await group.nextResult() != nil {}
    }
    let asked = exchange.requests.map { request -> String in
      let query = Dictionary(request.query.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
      if query["watch"] != nil { return "watch \(query["resourceVersion"] ?? "-")" }
      #expect(query["resourceVersion"] == nil)
      return query["continue"].map { "list \($0)" } ?? "list"
    }
    return Outcome(asked: asked, undecodable: undecodable.all)
  }

  private var names: [String] { store.all.map { "\($0.metadata.name)@\($0.metadata.resourceVersion)" }.sorted() }

  @Test("lists in pages, follows the watch from the list's version, and goes on from the last event or bookmark")
  func course() async throws {
    let bookmark: JSONValue = ["metadata": ["resourceVersion": "9"]]
    let outcome = try await play([
      .list([subnet("a", 1)], version: "5", next: "t"), .list([subnet("b", 2)], version: "5"),
      .watch([event("ADDED", subnet("c", 6)), event("MODIFIED", subnet("a", 7)), event("DELETED", subnet("b", 8))]),
      .watch([event("BOOKMARK", bookmark)]), .standing([event("ADDED", subnet("d", 10))]),
    ])
    #expect(outcome.asked == ["list", "list t", "watch 5", "watch 8", "watch 9"])
    #expect(names == ["a@7", "c@6", "d@10"])
    #expect(store.isSynced)
  }

  @Test("a connection that breaks is taken up where it was, without a new list")
  func broken() async throws {
    let outcome = try await play([
      .list([], version: "5"), .broken([event("ADDED", subnet("a", 6))]), .refusal(500), .standing([event("ADDED", subnet("b", 7))]),
    ])
    #expect(outcome.asked == ["list", "watch 5", "watch 6", "watch 6"])
    #expect(names == ["a@6", "b@7"])
  }

  @Test("a version that is too old means a new list, which removes what went meanwhile", arguments: [true, false])
  func expired(isEvent: Bool) async throws {
    let status: JSONValue = ["kind": "Status", "code": 410, "reason": "Expired"]
    let outcome = try await play([
      .list([subnet("a", 1), subnet("b", 2)], version: "5"), isEvent ? .watch([event("ERROR", status)]) : .refusal(410),
      .list([subnet("b", 2), subnet("c", 8)], version: "9"), .standing([]),
    ])
    #expect(outcome.asked == ["list", "watch 5", "list", "watch 9"])
    #expect(names == ["b@2", "c@8"])
  }

  @Test("an object that cannot be read is told of and left out; its deletion is still seen, and nothing else suffers")
  func undecodable() async throws {
    let outcome = try await play([
      .list([subnet("a", 1), subnet("b", 2, cidr: ["x"]), subnet("c", 3)], version: "5"),
      .standing([
        event("MODIFIED", subnet("a", 6, cidr: 7)), event("DELETED", subnet("c", 7, cidr: 7)), event("ADDED", subnet("d", 8)),
      ]),
    ])
    #expect(outcome.undecodable == ["b", "a", "c"])
    // What could be read last stands until it can be read again.
    #expect(names == ["a@1", "d@8"])
  }

  @Test("a watch that sends what is no event is given up for a new list", arguments: ["{}\n", "[1,2]\n", "<html>\n"])
  func malformed(text: String) async throws {
    let outcome = try await play([.list([], version: "5"), .text(text), .list([subnet("a", 6)], version: "7"), .standing([])])
    #expect(outcome.asked == ["list", "watch 5", "list", "watch 7"])
    #expect(names == ["a@6"])
  }

  @Test("an optional kind that is not there counts as synced and empty, is asked for every ten seconds, and is found when it comes")
  func optional() async throws {
    let outcome = try await play(
      [.refusal(404), .refusal(404), .list([subnet("a", 1)], version: "5"), .standing([])], isOptional: true
    ) { _ in #expect(clock.sleeps.prefix(2) == [.seconds(10), .seconds(10)]) }
    #expect(outcome.asked == ["list", "list", "list", "watch 5"])
    #expect(names == ["a@1"])
  }

  @Test("an optional kind that goes away leaves an empty store")
  func removedKind() async throws {
    _ = try await play(
      [.list([subnet("a", 1)], version: "5"), .refusal(404), .refusal(404), .list([], version: "7"), .standing([])], isOptional: true)
    #expect(names.isEmpty)
  }

  @Test("a kind that must be there is not synced before it is")
  func required() async throws {
    let standing = ManualClock()
    let exchange = ScriptedExchange { _, _ in HTTPResponse(status: 404, text: "no") }
    let reflector = Reflector(
      client: KubeClient(exchange, limiter: nil), store: store, logger: quiet, clock: standing)
    let run = Task { try await reflector.run() }
    await standing.advanceToNextSleeper()
    await standing.waitForSleepers()
    #expect(!store.isSynced && !reflector.isConnected)
    #expect(exchange.requests.count == 2)
    run.cancel()
    _ = await run.result
  }

  @Test("while the server is out of order the old contents stand, and the waits grow")
  func outOfOrder() async throws {
    let faults = [Answer](repeating: .refusal(500), count: 6)
    _ = try await play([.list([subnet("a", 1)], version: "5")] + faults + [.standing([])]) { _ in
      let waits = clock.sleeps.filter { $0 > .zero }
      #expect(waits.count == 6)
      for (index, wait) in waits.enumerated() {
        let longest = Duration.milliseconds(50 << index)
        #expect(wait >= longest / 2 && wait <= longest, "wait \(index): \(wait)")
      }
    }
    #expect(names == ["a@1"])
  }

  @Test("lists, watches, versions and unreadable objects are counted under the names that dashboards know")
  func metrics() {
    let registry = MetricsRegistry()
    let metrics = ReflectorMetrics(registry)
    metrics.observe(Subnet.resourceType, .listed(count: 3, took: .seconds(1)))
    metrics.observe(Subnet.resourceType, .watched(took: .seconds(60)))
    metrics.observe(Subnet.resourceType, .advanced(resourceVersion: "77"))
    metrics.observe(Subnet.resourceType, .advanced(resourceVersion: "opaque"))
    metrics.undecodable(Subnet.resourceType)
    for line in [
      "lists_total{name=\"subnets\"} 1", "list_duration_seconds_sum{name=\"subnets\"} 1", "items_per_list_sum{name=\"subnets\"} 3",
      "watches_total{name=\"subnets\"} 1", "watch_duration_seconds_count{name=\"subnets\"} 1", "last_resource_version{name=\"subnets\"} 77",
      "kube_ovn_undecodable_objects_total{name=\"subnets\"} 1",
    ] {
      #expect(registry.prometheusText.contains("\n\(line)\n"), "\(line)")
    }
  }
}
