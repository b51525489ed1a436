import HTTPMessage
import KubeAPI
import KubeTesting
import Synchronization
import Telemetry
import Testing
import WireJSON

@testable import KubeClient

/// A pod as a list shows it.
func podJSON(_ name: String, version: String = "1", namespace: String = "default") -> JSONValue {
  ["metadata": ["name": .string(name), "namespace": .string(namespace), "resourceVersion": .string(version)]]
}

func listJSON(_ items: [JSONValue], version: String = "10", next: String = "") -> HTTPResponse {
  HTTPResponse(
    status: 200,
    json: (["kind": "PodList", "items": .array(items), "metadata": ["resourceVersion": .string(version), "continue": .string(next)]]
      as JSONValue).bytes)
}

func statusJSON(_ code: Int, _ reason: String, _ message: String = "m", retryAfter: Int? = nil) -> HTTPResponse {
  var body: JSONValue = ["kind": "Status", "code": .integer(code), "reason": .string(reason), "message": .string(message)]
  if let retryAfter { body["details"] = ["retryAfterSeconds": .integer(retryAfter)] }
  return HTTPResponse(status: code, json: body.bytes)
}

@Suite("requests to the API server", .timeLimit(.minutes(10))) struct KubeClientTests {
  private let clock = ManualClock(isHasty: true)
  private let key = ObjectKey(namespace: "default", name: "a")

  private func client(
    _ exchange: ScriptedExchange, configuration: ClientConfiguration? = nil, metrics: RequestMetrics? = nil
  ) -> KubeClient {
    KubeClient(
      exchange, configuration: configuration, identity: KubeClient.Identity(userAgent: "t", fieldManager: "m"), limiter: nil,
      metrics: metrics, time: TimeSource(clock))
  }

  @Test("each verb is the request that the API documents")
  func verbs() async throws {
    let exchange = ScriptedExchange { _, _ in HTTPResponse(status: 200, json: podJSON("a").bytes) }
    let client = client(exchange)
    _ = try await client.get(Pod.self, key)
    _ = try await client.create(Pod.self, namespace: "default", body: podJSON("a"))
    try await client.patch(Pod.self, key, merge: ["metadata": ["labels": ["x": nil]]])
    try await client.patch(Subnet.resourceType, ObjectKey(name: "s"), merge: ["status": [:]], subresource: "status")
    try await client.jsonPatch(Pod.self, key, [["op": "remove", "path": "/x"]])
    try await client.replace(Lease.self, ObjectKey(namespace: "kube-system", name: "l"), body: [:])
    var metadata = ObjectMeta(name: "a", namespace: "default")
    metadata.uid = "u1"
    metadata.resourceVersion = "7"
    try await client.delete(Pod.self, key, KubeClient.DeleteOptions(exactly: metadata))
    let lines = exchange.requests.map {
      "\($0.method) \($0.target) \($0.headers["content-type"] ?? "-") \(String(decoding: $0.body, as: UTF8.self))"
    }
    let path = "/api/v1/namespaces/default/pods"
    #expect(
      lines == [
        "GET \(path)/a - ",
        "POST \(path)?fieldManager=m application/json " + podJSON("a").text,
        "PATCH \(path)/a?fieldManager=m application/merge-patch+json {\"metadata\":{\"labels\":{\"x\":null}}}",
        "PATCH /apis/kubeovn.io/v1/subnets/s/status?fieldManager=m application/merge-patch+json {\"status\":{}}",
        "PATCH \(path)/a?fieldManager=m application/json-patch+json [{\"op\":\"remove\",\"path\":\"/x\"}]",
        "PUT /apis/coordination.k8s.io/v1/namespaces/kube-system/leases/l?fieldManager=m application/json {}",
        "DELETE \(path)/a application/json "
          + #"{"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"resourceVersion":"7","uid":"u1"}}"#,
      ])
    #expect(exchange.requests.allSatisfy { $0.headers["user-agent"] == "t" && $0.headers["accept"] == "application/json" })
  }

  @Test("a name from outside cannot leave its place in the path")
  func hostileName() async throws {
    let exchange = ScriptedExchange { _, _ in HTTPResponse(status: 200, json: podJSON("a").bytes) }
    _ = try await client(exchange).get(Pod.self, ObjectKey(namespace: "default", name: "../../x?y#z w"))
    #expect(exchange.requests[0].target == "/api/v1/namespaces/default/pods/..%2F..%2Fx%3Fy%23z%20w")
  }

  @Test("the base path and the token of the configuration are on every request")
  func configuration() async throws {
    let exchange = ScriptedExchange { _, _ in HTTPResponse(status: 200, json: podJSON("a").bytes) }
    let configuration = ClientConfiguration(
      peer: HTTPPeer(endpoint: .tcp(host: "h", port: 1)), basePath: "/k8s", credentials: .token("secret"))
    _ = try await client(exchange, configuration: configuration).get(Pod.self, key)
    #expect(exchange.requests[0].target == "/k8s/api/v1/namespaces/default/pods/a")
    #expect(exchange.requests[0].headers["authorization"] == "Bearer secret")
  }

  @Test(
    "a refusal is an error that tells what kind it is",
    arguments: [
      (404, "NotFound", "not found"), (409, "Conflict", "conflict"), (409, "AlreadyExists", "already exists"),
      (410, "Expired", "expired"), (403, "Forbidden", "forbidden"), (422, "Invalid", "invalid"), (401, "Unauthorized", "unauthorized"),
    ])
  func refusals(code: Int, reason: String, kind: String) async throws {
    let exchange = ScriptedExchange { _, _ in statusJSON(code, reason, "why") }
    let error = try #require(await #expect(throws: APIError.self) { try await client(exchange).get(Pod.self, key) })
    let kinds = [
      "not found": error.isNotFound, "conflict": error.isConflict, "already exists": error.isAlreadyExists, "expired": error.isExpired,
      "forbidden": error.isForbidden, "invalid": error.isInvalid, "unauthorized": error.isUnauthorized,
    ]
    #expect(kinds.filter(\.value).map(\.key) == [kind])
    #expect(error.description == "GET /api/v1/namespaces/default/pods/a: \(code) \(reason): why")
    #expect(exchange.requests.count == 1)
  }

  @Test("a refusal that is no Status shows the beginning of what it is")
  func foreignRefusal() async throws {
    let exchange = ScriptedExchange { _, _ in HTTPResponse(status: 502, text: "<html>bad gateway" + String(repeating: "x", count: 5000)) }
    let error = await #expect(throws: APIError.self) { try await client(exchange).get(Pod.self, key) }
    #expect(error?.status == 502 && error?.message.hasPrefix("<html>bad") == true)
    #expect((error?.message.utf8.count ?? 0) <= 300)
  }

  @Test(
    "only what the server did not look at is sent again, after the time it wants",
    arguments: [
      ("429", 3, [Duration.seconds(2), .seconds(2)]), ("503 with time", 3, [.seconds(2), .seconds(2)]), ("503", 1, []), ("500", 1, []),
      ("429 too long", 1, []), ("not connected", 3, [.milliseconds(20), .milliseconds(100)]), ("lost", 1, []), ("timed out", 1, []),
    ])
  func repeats(fault: String, sent: Int, waits: [Duration]) async throws {
    let exchange = ScriptedExchange { _, number in
      if number == 2 { return HTTPResponse(status: 200, json: podJSON("a").bytes) }
      switch fault {
      case "429": return statusJSON(429, "TooManyRequests", retryAfter: 2)
      case "429 too long": return statusJSON(429, "TooManyRequests", retryAfter: 600)
      case "503 with time":
        var response = statusJSON(503, "ServiceUnavailable")
        response.headers["Retry-After"] = "2"
        return response
      case "not connected": throw HTTPExchangeError.notConnected(peer: "p", reason: "r")
      case "lost": throw HTTPExchangeError.lostAnswer(peer: "p", reason: "r")
      case "timed out": throw HTTPExchangeError.timedOut(peer: "p", after: .seconds(1))
      default: return statusJSON(Int(fault) ?? 0, "x")
      }
    }
    let outcome: Result<Pod, any Error>
    do {
      outcome = .success(try await client(exchange).patch(Pod.self, key, merge: [:]))
    } catch {
      outcome = .failure(error)
    }
    #expect((try? outcome.get()) != nil || sent == 1)
    #expect(exchange.requests.count == sent)
    #expect(clock.sleeps == waits)
  }

  @Test("repeating ends")
  func bounded() async throws {
    for fault in ["429", "not connected"] {
      let exchange = ScriptedExchange { _, _ in
        if fault == "429" { return statusJSON(429, "TooManyRequests") }
        throw HTTPExchangeError.notConnected(peer: "p", reason: "r")
      }
      await #expect(throws: (any Error).self) { try await client(exchange).get(Pod.self, key) }
      #expect(exchange.requests.count == 4)
    }
  }

  @Test("an answer that is not the kind that was asked for is an error of its own")
  func undecodable() async throws {
    let exchange = ScriptedExchange { _, _ in HTTPResponse(status: 200, json: Array(#"{"metadata":{"name":7}}"#.utf8)) }
    let error = await #expect(throws: UndecodableAnswer.self) { try await client(exchange).get(Pod.self, key) }
    #expect(error?.request == "GET /api/v1/namespaces/default/pods/a")
  }

  @Test("requests are counted by method, status and kind, never by name")
  func metrics() async throws {
    let registry = MetricsRegistry()
    let exchange = ScriptedExchange { _, number in
      if number == 1 { throw HTTPExchangeError.lostAnswer(peer: "p", reason: "r") }
      return HTTPResponse(status: 200, json: podJSON("a").bytes)
    }
    let client = client(exchange, metrics: RequestMetrics(registry, host: "h:6443"))
    _ = try await client.get(Pod.self, key)
    _ = try? await client.get(Pod.self, key)
    #expect(registry.prometheusText.contains(#"rest_client_requests_total{code="200",host="h:6443",method="GET"} 1"#))
    #expect(registry.prometheusText.contains(#"rest_client_requests_total{code="error",host="h:6443",method="GET"} 1"#))
    #expect(registry.prometheusText.contains(#"rest_client_request_latency_seconds_count{url="/api/v1/pods",verb="GET"} 2"#))
  }

  @Test("cancellation ends the wait before a repeat")
  func cancelled() async throws {
    let standing = ManualClock()
    let exchange = ScriptedExchange { _, _ in statusJSON(429, "TooManyRequests") }
    let client = KubeClient(exchange, limiter: nil, time: TimeSource(standing))
    let call = Task { try await client.get(Pod.self, key) }
    await standing.waitForSleepers()
    call.cancel()
    await #expect(throws: CancellationError.self) { try await call.value }
    #expect(exchange.requests.count == 1)
  }

  @Test("the rate limiter lets a burst through, then as many as its rate; a cancelled waiter gives its turn back")
  func limiter() async throws {
    let standing = ManualClock()
    let limiter = RateLimiter(rate: 10, burst: 2, time: TimeSource(standing))
    try await limiter.acquire()
    try await limiter.acquire()
    let third = Task { try await limiter.acquire() }
    await standing.waitForSleepers()
    let fourth = Task { try await limiter.acquire() }
    await standing.waitForSleepers(2)
    third.cancel()
    await #expect(throws: CancellationError.self) { try await third.value }
    standing.advance(by: .milliseconds(200))
    try await fourth.value
    #expect(standing.sleeps == [.milliseconds(100), .milliseconds(200)])
    // 0.2 s gave two tokens, of which one was used.
    try await limiter.acquire()
    #expect(standing.sleeps.count == 2)
  }
}
