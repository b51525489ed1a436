package import HTTPMessage

/// `/livez`, `/readyz`, `/healthz` and `/metrics` of a daemon (operations.md).
package struct HealthRoutes: Sendable {
  /// A named condition: nil when it holds, else what is wrong.
  package struct Check: Sendable {
    let name: String
    let problem: @Sendable () async -> String?

    package init(_ name: String, _ problem: @escaping @Sendable () async -> String?) {
      self.name = name
      self.problem = problem
    }
  }

  private let live: [Check]
  private let ready: [Check]
  private let metrics: MetricsRegistry?

  /// `metrics` nil: the route is off.
  package init(live: [Check], ready: [Check], metrics: MetricsRegistry?) {
    self.live = live
    self.ready = ready
    self.metrics = metrics
  }

  package func respond(to request: HTTPRequest) async -> HTTPResponse {
    guard request.method == "GET" || request.method == "HEAD" else { return HTTPResponse(status: 405, text: "method not allowed\n") }
    switch request.path {
    case "/livez", "/healthz": return await answer(live)
    case "/readyz": return await answer(live + ready)
    case "/metrics":
      guard let metrics else { return HTTPResponse(status: 404, text: "metrics are switched off\n") }
      return HTTPResponse(status: 200, text: metrics.prometheusText, contentType: MetricsRegistry.contentType)
    default: return HTTPResponse(status: 404, text: "not found\n")
    }
  }

  private func answer(_ checks: [Check]) async -> HTTPResponse {
    var faults: [String] = []
    for check in checks {
      if let problem = await check.problem() { faults.append("\(check.name): \(problem)") }
    }
    guard !faults.isEmpty else { return HTTPResponse(status: 200, text: "ok") }
    return HTTPResponse(status: 503, text: faults.joined(separator: "\n") + "\n")
  }
}
