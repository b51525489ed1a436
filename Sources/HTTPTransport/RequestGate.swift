import Synchronization

/// Lets a bounded number of tasks through at a time, the others in the order in which they came.
final class RequestGate: Sendable {
  private struct Waiter {
    let id: UInt64
    let continuation: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var free: Int
    var waiters: [Waiter] = []
    var nextID: UInt64 = 0
    /// Waiters on their way into the list; one that is cancelled there is taken out, and so finds itself missing.
    var arriving: Set<UInt64> = []
  }

  private let state: Mutex<State>

  init(limit: Int) {
    precondition(limit > 0, "a gate of \(limit) lets nobody through")
    state = Mutex(State(free: limit))
  }

  /// Runs `body` when a place is free. Nil when the task was cancelled while it waited: then `body` did not run.
  func run<Result: Sendable>(_ body: () async -> Result) async -> Result? {
    guard await enter() else { return nil }
    defer { leave() }
    return await body()
  }

  private func enter() async -> Bool {
    let id: UInt64? = state.withLock { state in
      if state.free > 0 {
        state.free -= 1
        return nil
      }
      state.nextID += 1
      state.arriving.insert(state.nextID)
      return state.nextID
    }
    guard let id else { return true }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: Bool? = state.withLock { state in
          guard state.arriving.remove(id) != nil else { return false }
          // A place may have become free since the id was drawn.
          if state.free > 0 {
            state.free -= 1
            return true
          }
          state.waiters.append(Waiter(id: id, continuation: continuation))
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      cancel(id)
    }
  }

  private func leave() {
    let next = state.withLock { state -> Waiter? in
      if state.waiters.isEmpty {
        state.free += 1
        return nil
      }
      return state.waiters.removeFirst()
    }
    next?.continuation.resume(returning: true)
  }

  private func cancel(_ id: UInt64) {
    let waiter = state.withLock { state -> Waiter? in
      if state.arriving.remove(id) != nil { return nil }
      guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
      return state.waiters.remove(at: index)
    }
    waiter?.continuation.resume(returning: false)
  }
}
