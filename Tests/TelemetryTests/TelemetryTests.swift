import HTTPMessage
import Logging
import Synchronization
import Telemetry
import Testing

@Suite struct MetricsRegistryTests {
  @Test("counters, gauges and histograms print as Prometheus reads them")
  func prints() {
    let registry = MetricsRegistry()
    let calls = registry.counter("calls_total", help: "Calls\nby verb.")
    calls.add(1, [Label("verb", "get"), Label("code", "200")])
    calls.add(2.5, [Label("code", "200"), Label("verb", "get")])
    calls.add(1, [Label("verb", "a\"b\\c\nd")])
    registry.gauge("depth", help: "Depth.").set(-2)
    let latency = registry.histogram("latency_seconds", help: "Latency.", bounds: [0.1, 1])
    for value in [0.05, 0.1, 0.5, 7] { latency.observe(value) }
    #expect(
      registry.prometheusText == """
        # HELP calls_total Calls\\nby verb.
        # TYPE calls_total counter
        calls_total{code="200",verb="get"} 3.5
        calls_total{verb="a\\"b\\\\c\\nd"} 1
        # HELP depth Depth.
        # TYPE depth gauge
        depth -2
        # HELP latency_seconds Latency.
        # TYPE latency_seconds histogram
        latency_seconds_bucket{le="0.1"} 2
        latency_seconds_bucket{le="1"} 3
        latency_seconds_bucket{le="+Inf"} 4
        latency_seconds_sum 7.65
        latency_seconds_count 4

        """)
  }

  @Test("no label value can break the format, whatever Swift takes for one character")
  func hostileLabels() {
    let registry = MetricsRegistry()
    registry.gauge("g", help: "a\r\nb").set(1, [Label("l", "x\r\ny\"\u{301}")])
    #expect(registry.prometheusText == "# HELP g a\r\\nb\n# TYPE g gauge\ng{l=\"x\r\\ny\\\"\u{301}\"} 1\n")
  }

  @Test("a series that is removed is printed no more, and a metric declared twice is one metric")
  func removes() {
    let registry = MetricsRegistry()
    let gauge = registry.gauge("g", help: "G.")
    gauge.set(1, [Label("subnet", "a")])
    registry.gauge("g", help: "again").set(2, [Label("subnet", "b")])
    gauge.remove([Label("subnet", "a")])
    #expect(registry.prometheusText == "# HELP g G.\n# TYPE g gauge\ng{subnet=\"b\"} 2\n")
  }
}

@Suite struct HealthRoutesTests {
  private func body(_ response: HTTPResponse) -> String {
    guard case .bytes(let bytes) = response.body else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("a check that fails is named with its reason; readiness includes liveness")
  func checks() async {
    let routes = HealthRoutes(
      live: [.init("socket") { "is gone" }], ready: [.init("watch") { "not synced" }, .init("fine") { nil }], metrics: nil)
    let live = await routes.respond(to: HTTPRequest(method: "GET", target: "/livez"))
    #expect(live.status == 503 && body(live) == "socket: is gone\n")
    let ready = await routes.respond(to: HTTPRequest(method: "GET", target: "/readyz?verbose"))
    #expect(ready.status == 503 && body(ready) == "socket: is gone\nwatch: not synced\n")
  }

  @Test("all well is 200 ok; unknown paths, other methods and metrics that are off are refused")
  func answers() async {
    let routes = HealthRoutes(live: [], ready: [], metrics: nil)
    let ok = await routes.respond(to: HTTPRequest(method: "GET", target: "/readyz"))
    #expect(ok.status == 200 && body(ok) == "ok")
    for (method, target, status) in [("POST", "/livez", 405), ("GET", "/", 404), ("GET", "/metrics", 404)] {
      let response = await routes.respond(to: HTTPRequest(method: method, target: target))
      #expect(response.status == status, "\(method) \(target)")
    }
  }
}

@Suite struct LineLogHandlerTests {
  @Test("a line has level, label, message and its metadata in key order, quoted where needed")
  func formats() {
    let lines = Mutex<[String]>([])
    var logger = Logger(label: "controller") { label in
      LineLogHandler(label: label, level: .debug) { line in lines.withLock { $0.append(line) } }
    }
    logger[metadataKey: "node"] = "n1"
    logger.info("allocated", metadata: ["pod": "d/p", "reason": "no \"address\"\nleft", "empty": ""])
    logger.trace("unseen")
    let seen = lines.withLock { $0 }
    #expect(seen.count == 1)
    #expect(
      seen.first?.hasSuffix(#" INFO controller: allocated empty="" node=n1 pod=d/p reason="no \"address\"\nleft""# + "\n") == true,
      "\(seen)")
  }

  @Test(
    "no value, message or error can forge a line or another value",
    arguments: [
      ("plain", "plain"), ("a=b", "\"a=b\""), ("x\r\ny", "\"x \\ny\""), ("\u{1B}[31m", "\" [31m\""), ("b\\s", "\"b\\\\s\""), ("ü", "ü"),
      ("a\u{2028}b", "\"a b\""),
    ])
  func hostile(value: String, printed: String) {
    struct Failure: Error, CustomStringConvertible { let description: String }
    let lines = Mutex<[String]>([])
    let logger = Logger(label: "l") { label in
      LineLogHandler(label: label, level: .debug) { line in lines.withLock { $0.append(line) } }
    }
    logger.error("m\nm", error: Failure(description: value), metadata: ["k": "\(value)"])
    let line = lines.withLock { $0.first } ?? ""
    #expect(line.hasSuffix(" ERROR l: m\\nm error=\(printed) k=\(printed)\n"), "\(line)")
  }
}
