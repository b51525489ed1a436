/// A clock without its type: how much time has passed since some start, and waiting.
package struct TimeSource: Sendable {
  private let elapsed: @Sendable () -> Duration
  private let wait: @Sendable (Duration) async throws -> Void

  package init<C: Clock<Duration>>(_ clock: C) {
    let start = clock.now
    elapsed = { start.duration(to: clock.now) }
    wait = { try await clock.sleep(until: clock.now.advanced(by: $0), tolerance: nil) }
  }

  package static var continuous: TimeSource { TimeSource(ContinuousClock()) }

  /// Since the source was made.
  package var now: Duration { elapsed() }

  /// Throws `CancellationError` when the task is cancelled.
  package func sleep(for duration: Duration) async throws { try await wait(duration) }
}
