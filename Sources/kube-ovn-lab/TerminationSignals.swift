import Dispatch
import Foundation

/// SIGINT and SIGTERM as something to wait for.
enum TerminationSignals {
  /// Returns at the first of the two signals, or when the task is cancelled.
  static func wait() async {
    let (signals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let sources = [SIGINT, SIGTERM].map { number in
      // The default action would end the process before anything is cleaned up.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield() }
      source.activate()
      return source
    }
    for await _ in signals { break }
    for source in sources { source.cancel() }
  }
}
