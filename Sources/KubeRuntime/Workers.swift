package import Logging

/// How a reconcile ends. Anything else it throws is retried with back-off.
package enum ReconcileResult: Sendable, Equatable {
  /// Until something changes.
  case done
  /// Look again after a while even if nothing changes.
  case again(after: Duration)
}

/// A fault that only a change of the object can mend: told once, not retried.
package struct TerminalError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// How long a key that keeps failing waits: 5 ms, doubled at each failure, at most 30 s.
package enum RetryDelay {
  package static func delay(afterFailures failures: Int) -> Duration {
    .milliseconds(min(30_000, 5 << min(max(failures - 1, 0), 13)))
  }
}

/// Runs `count` workers over a queue until cancelled: level-triggered, one key on one worker at a time.
package func runWorkers<Key: Hashable & Sendable>(
  _ count: Int, on queue: WorkQueue<Key>, logger: Logger, reconcile: @escaping @Sendable (Key) async throws -> ReconcileResult
) async {
  await withTaskGroup(of: Void.self) { group in
    group.addTask { await queue.runTimer() }
    for _ in 0..<count {
      group.addTask {
        while let key = await queue.next() { await work(on: key, queue: queue, logger: logger, reconcile: reconcile) }
      }
    }
  }
}

private func work<Key: Hashable & Sendable>(
  on key: Key, queue: WorkQueue<Key>, logger: Logger, reconcile: @Sendable (Key) async throws -> ReconcileResult
) async {
  do {
    let result = try await reconcile(key)
    queue.finish(key)
    if case .again(let delay) = result { queue.add(key, after: delay) }
  } catch is CancellationError {
    queue.finish(key)
  } catch let error as TerminalError {
    queue.finish(key)
    logger.warning("not retried until it changes", metadata: ["key": "\(key)", "error": "\(error)"])
  } catch {
    queue.finish(key, failed: true)
    let failures = queue.failures(of: key)
    let delay = RetryDelay.delay(afterFailures: failures)
    queue.add(key, after: delay)
    logger.log(
      level: failures > 3 ? .warning : .debug, "will retry",
      metadata: ["key": "\(key)", "error": "\(error)", "failures": "\(failures)", "delay": "\(delay)"])
  }
}
