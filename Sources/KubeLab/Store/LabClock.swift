import Glibc

/// The server's only source of time: deletion stamps, bookmarks and watch time-outs all come from here, so that a test can move it by hand.
package protocol LabClock: Sendable {
  func now() -> Timestamp
  func sleep(for duration: Duration) async throws
}

/// The machine's clocks: wall time for stamps, the continuous clock for waiting.
package struct SystemLabClock: LabClock {
  package init() {}

  package func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
  }

  package func sleep(for duration: Duration) async throws { try await ContinuousClock().sleep(for: duration) }
}
