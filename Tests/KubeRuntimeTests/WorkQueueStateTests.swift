import KubeRuntime
import Testing

@Suite struct WorkQueueStateTests {
  @Test("a key waits once however often it is added")
  func dedupes() {
    var state = WorkQueueState<String>()
    state.add("a")
    state.add("a")
    #expect(state.next() == "a")
    #expect(state.next() == nil)
  }

  @Test("a key added while it runs waits again after it, and never runs twice at once")
  func runsAgain() {
    var state = WorkQueueState<String>()
    state.add("a")
    #expect(state.next() == "a")
    state.add("a")
    #expect(state.next() == nil)
    state.finish("a")
    #expect(state.next() == "a")
    state.finish("a")
    #expect(state.isIdle)
  }

  @Test("fresh work goes before the backlog, and a key of the backlog that changes moves ahead")
  func priorities() {
    var state = WorkQueueState<String>()
    for key in ["old1", "old2", "old3"] { state.add(key, priority: .low) }
    state.add("new")
    state.add("old3")
    #expect([state.next(), state.next(), state.next(), state.next(), state.next()] == ["new", "old3", "old1", "old2", nil])
  }

  @Test("what is put off comes at its time, in order; the earlier of two times counts; an add ends the wait")
  func delays() {
    var state = WorkQueueState<String>()
    state.add("late", at: 30)
    state.add("early", at: 20)
    state.add("late", at: 10)
    state.add("now", at: 50)
    state.add("now")
    #expect(state.advance(to: 5) == 10)
    #expect(state.next() == "now")
    #expect(state.advance(to: 25) == nil)
    #expect([state.next(), state.next(), state.next()] == ["late", "early", nil])
  }

  @Test("failures in a row are counted and forgotten at success")
  func failures() {
    var state = WorkQueueState<String>()
    for expected in 1...3 {
      state.add("a")
      _ = state.next()
      state.finish("a", failed: true)
      #expect(state.failures(of: "a") == expected)
    }
    state.add("a")
    _ = state.next()
    state.finish("a")
    #expect(state.failures(of: "a") == 0)
  }

  @Test(
    "the delay after failures doubles from 5 ms and stops at 30 s",
    arguments: [(1, 5), (2, 10), (5, 80), (13, 20_480), (14, 30_000), (500, 30_000)])
  func backoff(failures: Int, milliseconds: Int) {
    #expect(RetryDelay.delay(afterFailures: failures) == .milliseconds(milliseconds))
  }

  @Test("workers take every key once, whoever adds it")
  func workers() async {
    let queue = WorkQueue<Int>(clock: ContinuousClock())
    let seen = await withTaskGroup(of: [Int].self) { group in
      for _ in 0..<4 {
        group.addTask {
          var mine: [Int] = []
          while let key = await queue.next() {
            if key < 0 {
              queue.finish(key)
              queue.add(key)
              break
            }
            mine.append(key)
            queue.finish(key)
          }
          return mine
        }
      }
      for key in 0..<1000 { queue.add(key) }
      queue.add(-1, priority: .low)
      var all: [Int] = []
      for await part in group { all += part }
      return all
    }
    #expect(seen.sorted() == Array(0..<1000))
  }

  @Test("a waiting worker ends when it is cancelled")
  func cancellation() async {
    let queue = WorkQueue<Int>(clock: ContinuousClock())
    let key: Int?? = await withTaskGroup(of: Int?.self) { group in
      group.addTask { await queue.next() }
      group.cancelAll()
      return await group.next()
    }
    #expect(key == .some(nil))
  }
}
