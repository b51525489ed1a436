import Synchronization

/// A work queue for several workers: `WorkQueueState` behind a lock, with a clock for what is put off.
package final class WorkQueue<Key: Hashable & Sendable>: Sendable {
  package typealias Priority = WorkQueueState<Key>.Priority

  private struct Guarded {
    var state = WorkQueueState<Key>()
    var sleepers: [UInt64: CheckedContinuation<Key?, Never>] = [:]
    var order = RingQueue<UInt64>()
    var nextSleeper: UInt64 = 0
    var cancelledEarly: Set<UInt64> = []
    /// Wakes the timer when an earlier instant arrives.
    var timer: CheckedContinuation<Void, Never>?
    var timerGeneration: UInt64 = 0
  }

  private let guarded = Mutex(Guarded())
  private let now: @Sendable () -> UInt64
  private let sleep: @Sendable (UInt64) async throws -> Void

  /// `Clock.Instant` distances are kept as nanoseconds since the queue was made.
  package init<C: Clock<Duration>>(clock: C) {
    let start = clock.now
    now = { UInt64(clamping: start.duration(to: clock.now).nanoseconds) }
    sleep = { until in try await clock.sleep(until: start.advanced(by: .nanoseconds(Int64(clamping: until))), tolerance: nil) }
  }

  package func add(_ key: Key, priority: Priority = .high) {
    hand { $0.state.add(key, priority: priority) }
  }

  /// Adds a key once `delay` has passed.
  package func add(_ key: Key, after delay: Duration) {
    let instant = now() + UInt64(clamping: delay.nanoseconds)
    let timer = guarded.withLock { guarded in
      guarded.state.add(key, at: instant)
      defer { guarded.timer = nil }
      return guarded.timer
    }
    timer?.resume()
  }

  package func finish(_ key: Key, failed: Bool = false) {
    hand { $0.state.finish(key, failed: failed) }
  }

  package func failures(of key: Key) -> Int { guarded.withLock { $0.state.failures(of: key) } }
  package var isIdle: Bool { guarded.withLock { $0.state.isIdle } }
  package var depth: Int { guarded.withLock { $0.state.depth } }

  /// Workers that wait for a key.
  var waitingWorkers: Int { guarded.withLock { $0.sleepers.count } }

  /// The next key, waiting for one; nil when the task is cancelled.
  package func next() async -> Key? {
    if Task.isCancelled { return nil }
    let id = guarded.withLock { guarded in
      guarded.nextSleeper += 1
      return guarded.nextSleeper
    }
    let key = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Key?, Never>) in
        let immediate: Key?? = guarded.withLock { guarded in
          if guarded.cancelledEarly.remove(id) != nil { return .some(nil) }
          if let key = guarded.state.next() { return .some(key) }
          guarded.sleepers[id] = continuation
          guarded.order.append(id)
          return nil
        }
        if let immediate { continuation.resume(returning: immediate) }
      }
    } onCancel: {
      let sleeper = guarded.withLock { guarded in
        let sleeper = guarded.sleepers.removeValue(forKey: id)
        if sleeper == nil { guarded.cancelledEarly.insert(id) }
        return sleeper
      }
      sleeper?.resume(returning: nil)
    }
    guarded.withLock { _ = $0.cancelledEarly.remove(id) }
    return key
  }

  /// Moves what was put off into line when its time comes; runs until cancelled.
  package func runTimer() async {
    while !Task.isCancelled {
      var due: UInt64?
      hand { due = $0.state.advance(to: self.now()) }
      await waitForTimer(until: due)
    }
  }

  /// Returns at `instant`, or earlier when something was put off to an earlier one, or at cancellation.
  private func waitForTimer(until instant: UInt64?) async {
    await withTaskGroup(of: Void.self) { group in
      if let instant {
        group.addTask { try? await self.sleep(instant) }
      }
      group.addTask { await self.waitForPoke(unlessEarlierThan: instant) }
      await group.next()
      group.cancelAll()
    }
  }

  private func waitForPoke(unlessEarlierThan instant: UInt64?) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        let isStale = guarded.withLock { guarded in
          // A key may have been put off between the look at the state and now.
          let earliest = guarded.state.advance(to: 0)
          if Task.isCancelled || (earliest ?? .max) < (instant ?? .max) { return true }
          guarded.timer = continuation
          return false
        }
        if isStale { continuation.resume() }
      }
    } onCancel: {
      let timer = guarded.withLock { guarded in
        defer { guarded.timer = nil }
        return guarded.timer
      }
      timer?.resume()
    }
  }

  /// Changes the state, then hands ready keys to sleeping workers.
  private func hand(_ change: (inout Guarded) -> Void) {
    let handed: [(CheckedContinuation<Key?, Never>, Key)] = guarded.withLock { guarded in
      change(&guarded)
      var handed: [(CheckedContinuation<Key?, Never>, Key)] = []
      while !guarded.sleepers.isEmpty, let key = guarded.state.next() {
        guard let sleeper = takeSleeper(&guarded) else {
          // Nobody sleeps after all: the key goes back into line.
          guarded.state.add(key)
          guarded.state.finish(key)
          break
        }
        handed.append((sleeper, key))
      }
      return handed
    }
    for (sleeper, key) in handed { sleeper.resume(returning: key) }
  }

  private func takeSleeper(_ guarded: inout Guarded) -> CheckedContinuation<Key?, Never>? {
    while let id = guarded.order.popFirst() {
      if let sleeper = guarded.sleepers.removeValue(forKey: id) { return sleeper }
    }
    return nil
  }
}

extension Duration {
  /// Whole nanoseconds, clamped.
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    return scaled.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue
  }
}
