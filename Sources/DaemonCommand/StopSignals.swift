import Dispatch
import Glibc

/// SIGTERM and SIGINT as an end that can be awaited.
package enum StopSignals {
  /// Returns at the first signal, or at cancellation. The signals no longer kill the process from this call on.
  package static func wait() async -> String? {
    let (stream, continuation) = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingOldest(1))
    let queue = DispatchQueue(label: "signals")
    let sources = [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")].map { number, name in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { continuation.yield(name) }
      source.resume()
      return source
    }
    defer { for source in sources { source.cancel() } }
    for await name in stream { return name }
    return nil
  }
}

/// The first of several endless jobs that ends, ends them all: what a daemon is.
package func runUntilFirstEnds(_ jobs: [@Sendable () async throws -> Void]) async throws {
  try await withThrowingTaskGroup(of: Void.self) { group in
    for job in jobs { group.addTask { try await job() } }
    defer { group.cancelAll() }
    try await group.next()
  }
}
