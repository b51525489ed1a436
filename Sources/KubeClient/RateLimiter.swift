import Synchronization

/// A token bucket: `rate` requests a second on average, `burst` at once after a pause. Waiters keep their order.
package final class RateLimiter: Sendable {
  private struct State {
    /// Below zero: that many have taken a token of the future, and wait for it.
    var tokens: Double
    var updated: Duration
  }

  private let rate: Double
  private let burst: Double
  private let time: TimeSource
  private let state: Mutex<State>

  /// The defaults are Kube-OVN's.
  package init(rate: Double = 1000, burst: Int = 2000, time: TimeSource = .continuous) {
    precondition(rate > 0 && burst > 0, "a rate limiter of \(rate) per second lets nothing through")
    self.rate = rate
    self.burst = Double(burst)
    self.time = time
    state = Mutex(State(tokens: Double(burst), updated: time.now))
  }

  /// Returns when a request may go out. A waiter that is cancelled gives its token back.
  func acquire() async throws {
    let delay = state.withLock { state -> Duration in
      refill(&state)
      state.tokens -= 1
      return state.tokens >= 0 ? .zero : .seconds(-state.tokens / rate)
    }
    guard delay > .zero else { return }
    do {
      try await time.sleep(for: delay)
    } catch {
      state.withLock { $0.tokens += 1 }
      throw error
    }
  }

  private func refill(_ state: inout State) {
    let now = time.now
    let (seconds, attoseconds) = (now - state.updated).components
    let passed = Double(seconds) + Double(attoseconds) * 1e-18
    state.tokens = min(burst, state.tokens + passed * rate)
    state.updated = now
  }
}
