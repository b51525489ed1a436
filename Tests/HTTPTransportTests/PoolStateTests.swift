import Testing

@testable import HTTPTransport

@Suite("which connection a request gets") struct PoolStateTests {
  private typealias State = PoolState<Int, String>

  private func isOpen(_ grant: State.Grant?) -> Bool {
    if case .open = grant { true } else { false }
  }

  private func reused(_ grant: State.Grant?) -> Int? {
    if case .reuse(let connection) = grant { connection } else { nil }
  }

  private func waiter(_ handover: State.Handover) -> String? {
    if case .serve(let waiter) = handover { waiter } else { nil }
  }

  @Test("kept connections are reused, the freshest first, before new ones are opened")
  func reuse() {
    var state = State(limit: 3)
    #expect(isOpen(state.acquire()) && isOpen(state.acquire()))
    _ = state.release(1)
    _ = state.release(2)
    #expect(reused(state.acquire()) == 2)
    #expect(reused(state.acquire()) == 1)
    #expect(isOpen(state.acquire()))
    guard case .mustWait = state.acquire() else {
      Issue.record("the limit is passed")
      return
    }
  }

  @Test("waiters are served in their order, by a released connection or by a closed one's place")
  func order() throws {
    var state = State(limit: 1)
    _ = state.acquire()
    for name in ["a", "b", "c"] {
      guard case .mustWait(let id) = state.acquire(), case .mustWait = state.enqueue(id, name) else {
        Issue.record("must wait")
        return
      }
    }
    #expect(waiter(state.release(1)) == "a")
    #expect(state.withdraw(2) == "b")
    #expect(state.withdraw(2) == nil)
    #expect(waiter(state.closed { $0 == 1 }) == "c")
    #expect(state.open == 1)
    #expect(waiter(state.closed { $0 == 2 }) == nil)
    #expect(state.open == 0)
  }

  @Test("a waiter that is withdrawn before it arrives is not queued; a place that became free meanwhile is taken")
  func races() {
    var state = State(limit: 1)
    _ = state.acquire()
    guard case .mustWait(let first) = state.acquire(), case .mustWait(let second) = state.acquire() else {
      Issue.record("must wait")
      return
    }
    #expect(state.withdraw(first) == nil)
    #expect(state.enqueue(first, "a") == nil)
    _ = state.release(7)
    #expect(reused(state.enqueue(second, "b")) == 7)
  }

  @Test("after shutdown everybody is refused and what is released is closed")
  func shutDown() {
    var state = State(limit: 1)
    _ = state.acquire()
    guard case .mustWait(let id) = state.acquire() else { return }
    _ = state.enqueue(id, "a")
    #expect(state.shutDown() == ["a"])
    guard case .shutDown = state.acquire(), case .close = state.release(1) else {
      Issue.record("must refuse")
      return
    }
  }

  @Test(
    "only what cannot have been acted on, or only reads, may be sent again",
    arguments: [
      (ClientFailure.notSent("x"), "PATCH", true), (.noResponse("x"), "GET", true), (.noResponse("x"), "PATCH", false),
      (.broken("x"), "GET", false), (.timedOut, "GET", false), (.malformed("x"), "GET", false),
    ])
  func repeats(failure: ClientFailure, method: String, allowed: Bool) {
    #expect(failure.allowsRepeat(of: method) == allowed)
  }
}
