package import HTTPMessage

/// A client of the Kubernetes API: typed calls in its extensions, one way to send a request here.
///
/// What is repeated by itself, a bounded number of times: a request that never reached the server, and one that the server refused
/// before it looked at it (429, or 503 with `Retry-After`). A request whose answer was lost is not: only the caller knows whether doing
/// it twice is harmless, so `HTTPExchangeError` is thrown.
package struct KubeClient: Sendable {
  private let exchange: any HTTPExchange
  private let basePath: String
  private let credentials: Credentials
  private let limiter: RateLimiter?
  private let metrics: RequestMetrics?
  private let time: TimeSource
  let identity: Identity

  /// How the server knows this program.
  package struct Identity: Sendable {
    package var userAgent: String
    /// Who owns the fields that are written; nil lets the server derive it from the user agent.
    package var fieldManager: String?

    package init(userAgent: String, fieldManager: String? = nil) {
      self.userAgent = userAgent
      self.fieldManager = fieldManager
    }
  }

  package init(
    _ exchange: any HTTPExchange, configuration: ClientConfiguration? = nil, identity: Identity = Identity(userAgent: "kube-ovn"),
    limiter: RateLimiter? = RateLimiter(), metrics: RequestMetrics? = nil, time: TimeSource = .continuous
  ) {
    self.exchange = exchange
    basePath = configuration?.basePath ?? ""
    credentials = configuration?.credentials ?? .none
    self.identity = identity
    self.limiter = limiter
    self.metrics = metrics
    self.time = time
  }

  /// One request to the API.
  struct Call {
    var method: String
    /// The path of the collection, which names the series in the metrics.
    var resource: String
    var path: String
    var query: [HTTPQueryItem] = []
    var body: [UInt8] = []
    var contentType: String?

    var target: String {
      if query.isEmpty { return path }
      return path + "?" + query.map { PercentEncoding.encode($0.name) + "=" + PercentEncoding.encode($0.value) }.joined(separator: "&")
    }

    var summary: String { method + " " + path }
  }

  /// The most that one request is sent.
  private static let maxAttempts = 4
  /// The longest that the server's wish to be left alone is waited for within one request.
  private static let longestWait = Duration.seconds(10)
  /// Before the second, third and fourth attempt to connect.
  private static let connectDelays: [Duration] = [.milliseconds(20), .milliseconds(100), .milliseconds(400)]

  /// Sends a request and gives the body of a success. Throws `APIError` for a refusal, `HTTPExchangeError`, or cancellation.
  func send(_ call: Call) async throws -> [UInt8] {
    var attempt = 0
    var hasRefreshed = false
    while true {
      attempt += 1
      let response: HTTPResponse
      do {
        response = try await exchangeOnce(call)
      } catch HTTPExchangeError.notConnected(let peer, let reason) {
        guard attempt < Self.maxAttempts else { throw HTTPExchangeError.notConnected(peer: peer, reason: reason) }
        try await time.sleep(for: Self.connectDelays[attempt - 1])
        continue
      }
      guard case .bytes(let body) = response.body else { preconditionFailure("an exchange gave a response without bytes") }
      if (200..<300).contains(response.status) { return body }
      let error = APIError(status: response.status, headers: response.headers, body: body, request: call.summary)
      if error.isUnauthorized, !hasRefreshed, credentials.refresh() {
        hasRefreshed = true
      } else if let wait = Self.wait(before: error), attempt < Self.maxAttempts {
        try await time.sleep(for: wait)
      } else {
        throw error
      }
    }
  }

  /// How long to wait before a refused request goes out again; nil when it must not.
  private static func wait(before error: APIError) -> Duration? {
    switch error.status {
    case 429: (error.retryAfter ?? .seconds(1)) <= longestWait ? error.retryAfter ?? .seconds(1) : nil
    case 503: error.retryAfter.flatMap { $0 <= longestWait ? $0 : nil }
    default: nil
    }
  }

  private func exchangeOnce(_ call: Call) async throws -> HTTPResponse {
    try await limiter?.acquire()
    let start = time.now
    do {
      let response = try await exchange.exchange(request(call))
      metrics?.record(method: call.method, resource: call.resource, code: String(response.status), took: time.now - start)
      return response
    } catch {
      metrics?.record(method: call.method, resource: call.resource, code: "error", took: time.now - start)
      throw error
    }
  }

  /// Sends a request whose body is consumed as it arrives. A refusal is thrown as `APIError`.
  func stream<Result: Sendable>(_ call: Call, _ consume: (HTTPStreamedResponse) async throws -> Result) async throws -> Result {
    try await limiter?.acquire()
    let start = time.now
    return try await exchange.stream(request(call)) { response in
      metrics?.record(method: call.method, resource: call.resource, code: String(response.status), took: time.now - start)
      guard response.status == 200 else {
        let body = try await Self.collect(response)
        if response.status == 401 { _ = credentials.refresh() }
        throw APIError(status: response.status, headers: response.headers, body: body, request: call.summary)
      }
      return try await consume(response)
    }
  }

  /// A refusal's body; what is longer than any Status is cut.
  private static func collect(_ response: HTTPStreamedResponse) async throws -> [UInt8] {
    var body: [UInt8] = []
    while body.count < 256 * 1024, let chunk = try await response.next() { body += chunk }
    return body
  }

  private func request(_ call: Call) -> HTTPRequest {
    var headers: HTTPHeaders = ["Accept": "application/json", "User-Agent": identity.userAgent]
    if let contentType = call.contentType { headers.append("Content-Type", contentType) }
    if let authorization = credentials.authorization { headers.append("Authorization", authorization) }
    return HTTPRequest(method: call.method, target: basePath + call.target, headers: headers, body: call.body)
  }

  // MARK: For tools

  /// Any request, as `kubectl get --raw` sends it. `target` is a path, with a query where one is wanted.
  package func raw(_ method: String, _ target: String, body: [UInt8] = [], contentType: String? = nil) async throws -> [UInt8] {
    try await send(Call(method: method, resource: "raw", path: target, body: body, contentType: contentType))
  }
}
