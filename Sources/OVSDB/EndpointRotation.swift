/// Which server to try next, and when: each of the list at once, then a pause that doubles with every fruitless round.
struct EndpointRotation: Sendable {
  let endpoints: [Endpoint]
  private let backoff: Backoff
  private var next = 0
  /// Attempts in a row that came to nothing.
  private(set) var failures = 0

  init(_ endpoints: [Endpoint], _ backoff: Backoff) {
    self.endpoints = endpoints
    self.backoff = backoff
  }

  /// The server whose turn it is.
  mutating func take() -> Endpoint {
    defer { next = (next + 1) % endpoints.count }
    return endpoints[next]
  }

  /// How long to pause after an attempt that failed, or after the loss of a connection that had not lasted.
  mutating func failed() -> Duration {
    failures += 1
    guard failures % endpoints.count == 0 else { return .zero }
    return backoff.delay(after: failures / endpoints.count)
  }

  /// A connection has lasted.
  mutating func succeeded() { failures = 0 }
}

/// The pauses between rounds of attempts.
package struct Backoff: Sendable {
  package var initial: Duration
  package var longest: Duration
  /// Between 0.5 and 1: what part of the pause is waited, so that clients who lost a server together do not come back together.
  package var jitter: @Sendable () -> Double

  package init(
    initial: Duration = .milliseconds(200), longest: Duration = .seconds(5),
    jitter: @escaping @Sendable () -> Double = { Double.random(in: 0.5...1) }
  ) {
    self.initial = initial
    self.longest = longest
    self.jitter = jitter
  }

  func delay(after rounds: Int) -> Duration {
    let doublings = min(max(rounds - 1, 0), 20)
    return min(initial * (1 << doublings), longest) * jitter()
  }
}
