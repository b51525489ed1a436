import KubeTesting
import Synchronization
import Testing

@testable import KubeRuntime

@Suite("work queue and workers", .timeLimit(.minutes(10))) struct WorkQueueTests {
  private let clock = ManualClock()

  @Test("a worker that waits gets what is added, one key each, the longest-waiting worker first")
  func waiting() async throws {
    let queue = WorkQueue<String>(clock: clock)
    queue.add("a")
    #expect(await queue.next() == "a")
    let first = Task { await queue.next() }
    try await until { queue.waitingWorkers == 1 }
    let second = Task { await queue.next() }
    try await until { queue.waitingWorkers == 2 }
    queue.add("b")
    #expect(await first.value == "b")
    queue.add("c")
    #expect(await second.value == "c")
  }

  @Test("a waiting worker that is cancelled takes no key with it")
  func cancelled() async throws {
    let queue = WorkQueue<String>(clock: clock)
    let gone = Task { await queue.next() }
    try await until { queue.waitingWorkers == 1 }
    gone.cancel()
    #expect(await gone.value == nil)
    queue.add("a")
    #expect(await queue.next() == "a")
  }

  @Test("what is put off comes when its time comes, an earlier one before a later, whatever the order of adding")
  func delays() async {
    let queue = WorkQueue<String>(clock: clock)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await queue.runTimer() }
      queue.add("late", after: .seconds(10))
      await clock.waitForSleepers(within: .seconds(10))
      queue.add("early", after: .seconds(1))
      await clock.waitForSleepers(within: .seconds(1))
      clock.advance(by: .seconds(1))
      #expect(await queue.next() == "early")
      queue.finish("early")
      #expect(queue.depth == 0)
      await clock.waitForSleepers(within: .seconds(9))
      clock.advance(by: .seconds(9))
      #expect(await queue.next() == "late")
      group.cancelAll()
    }
  }

  /// Runs workers until `body` is done.
  private func withWorkers(
    _ count: Int, _ queue: WorkQueue<String>, _ reconcile: @escaping @Sendable (String) async throws -> ReconcileResult,
    _ body: () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await runWorkers(count, on: queue, logger: quiet, reconcile: reconcile) }
      defer { group.cancelAll() }
      try await body()
    }
  }

  @Test("a key that fails is tried again after 5 ms, 10 ms, 20 ms; one that succeeds begins anew")
  func backoff() async throws {
    struct Failure: Error {}
    let queue = WorkQueue<String>(clock: clock)
    let (attempts, done) = (Journal(), Latch())
    try await withWorkers(1, queue) { [clock] key in
      attempts.note("\(clock.now.offset)")
      if attempts.all.count < 4 { throw Failure() }
      done.open()
      return .done
    } _: {
      queue.add("a")
      for wait in [5, 10, 20] {
        await clock.waitForSleepers(within: .milliseconds(wait))
        clock.advance(by: .milliseconds(wait))
      }
      await done.wait()
    }
    #expect(
      attempts.all == ["\(Duration.zero)", "\(Duration.milliseconds(5))", "\(Duration.milliseconds(15))", "\(Duration.milliseconds(35))"])
    #expect(queue.failures(of: "a") == 0)
  }

  @Test("an object at fault is not tried again, until it changes; one that asks for a later look gets it")
  func outcomes() async throws {
    let queue = WorkQueue<String>(clock: clock)
    let (seen, third) = (Journal(), Latch())
    try await withWorkers(1, queue) { key in
      seen.note(key)
      if key == "broken" { throw TerminalError("bad CIDR") }
      if seen.all.count == 3 { third.open() }
      return seen.all.count == 3 ? .done : .again(after: .seconds(30))
    } _: {
      queue.add("broken")
      queue.add("periodic")
      await clock.waitForSleepers(within: .seconds(30))
      #expect(seen.all == ["broken", "periodic"])
      clock.advance(by: .seconds(30))
      await third.wait()
    }
    #expect(seen.all == ["broken", "periodic", "periodic"])
  }

  @Test("many workers and many changes: no key is worked on twice at a time, and the last change of each is seen")
  func exclusive() async throws {
    let queue = WorkQueue<String>(clock: clock)
    let running = Mutex<Set<String>>([])
    let changes = Mutex<[String: Int]>([:])
    let handled = Mutex<[String: Int]>([:])
    let total = 2_000
    let finished = Latch()
    try await withWorkers(8, queue) { key in
      let isAlone = running.withLock { $0.insert(key).inserted }
      #expect(isAlone, "\(key) runs twice")
      let state = changes.withLock { $0[key] ?? 0 }
      await Task.yield()
      running.withLock { _ = $0.remove(key) }
      let isAll = handled.withLock { handled in
        handled[key] = state
        return handled == changes.withLock { $0 } && handled.values.reduce(0, +) == total
      }
      if isAll { finished.open() }
      return .done
    } _: {
      for number in 0..<total {
        let key = "\(number % 7)"
        changes.withLock { $0[key, default: 0] += 1 }
        queue.add(key)
        if number.isMultiple(of: 13) { await Task.yield() }
      }
      await finished.wait()
      // A key can stand in the queue once more than it has changes: a worker may see a change before it is added for it.
      try await until { queue.isIdle }
    }
  }
}

/// Waits for a state that nobody announces; ends at cancellation, too, so that a time limit is one.
func until(_ isMet: () -> Bool) async throws {
  while !isMet() {
    try Task.checkCancellation()
    await Task.yield()
  }
}

/// What happened, in order.
final class Journal: Sendable {
  private let lines = Mutex<[String]>([])
  func note(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}
