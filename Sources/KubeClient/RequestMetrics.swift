package import Telemetry

/// What is counted of requests to the API server, under the names that Kube-OVN's dashboards read.
package struct RequestMetrics: Sendable {
  private let requests: Counter
  private let latency: Histogram
  private let host: String

  package init(_ registry: MetricsRegistry, host: String) {
    requests = registry.counter("rest_client_requests_total", help: "Requests to the API server by method, host and status.")
    latency = registry.histogram("rest_client_request_latency_seconds", help: "Time to the whole response by verb and resource.")
    self.host = host
  }

  /// `code` is the status, or `error` where there was no response. `resource` is the path of the collection, so that names do not
  /// become series.
  func record(method: String, resource: String, code: String, took: Duration) {
    requests.add(1, [Label("code", code), Label("host", host), Label("method", method)])
    latency.observe(took, [Label("verb", method), Label("url", resource)])
  }
}
