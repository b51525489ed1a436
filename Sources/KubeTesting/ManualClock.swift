import Synchronization

/// A clock that stands still until a test moves it. Sleepers wake in the order of their deadlines.
package final class ManualClock: Clock, Sendable {
  package struct Instant: InstantProtocol {
    package let offset: Duration

    package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    package func duration(to other: Instant) -> Duration { other.offset - offset }
    package static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
  }

  private struct Sleeper {
    let id: UInt64
    let deadline: Instant
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct Observer {
    let count: Int
    /// Sleepers with a later deadline do not count.
    let limit: Instant?
    let continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var now = Instant(offset: .zero)
    var sleepers: [Sleeper] = []
    var observers: [Observer] = []
    var arriving: Set<UInt64> = []
    var nextID: UInt64 = 0
    var slept: [Duration] = []

    mutating func takeDue() -> [Sleeper] {
      let due = sleepers.filter { $0.deadline <= now }.sorted { ($0.deadline, $0.id) < ($1.deadline, $1.id) }
      sleepers.removeAll { $0.deadline <= now }
      return due
    }

    func isMet(_ count: Int, _ limit: Instant?) -> Bool {
      sleepers.count { sleeper in limit.map { sleeper.deadline <= $0 } ?? true } >= count
    }

    mutating func takeSatisfied() -> [Observer] {
      let satisfied = observers.filter { isMet($0.count, $0.limit) }
      observers = observers.filter { !isMet($0.count, $0.limit) }
      return satisfied
    }
  }

  private let state = Mutex(State())
  private let isHasty: Bool

  /// On a hasty clock nobody waits: each sleep moves the time to its deadline at once.
  package init(isHasty: Bool = false) { self.isHasty = isHasty }

  package var now: Instant { state.withLock { $0.now } }
  package var minimumResolution: Duration { .nanoseconds(1) }

  /// Every duration that somebody wanted to sleep, in order.
  package var sleeps: [Duration] { state.withLock { $0.slept } }

  package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    try Task.checkCancellation()
    let id: UInt64? = state.withLock { state in
      state.slept.append(state.now.duration(to: deadline))
      if isHasty { state.now = max(state.now, deadline) }
      if deadline <= state.now { return nil }
      state.nextID += 1
      state.arriving.insert(state.nextID)
      return state.nextID
    }
    guard let id else { return await Task.yield() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let (answer, satisfied) = state.withLock { state -> (Result<Void, any Error>?, [Observer]) in
          guard state.arriving.remove(id) != nil else { return (.failure(CancellationError()), []) }
          if deadline <= state.now { return (.success(()), []) }
          state.sleepers.append(Sleeper(id: id, deadline: deadline, continuation: continuation))
          return (nil, state.takeSatisfied())
        }
        if let answer { continuation.resume(with: answer) }
        for observer in satisfied { observer.continuation.resume() }
      }
    } onCancel: {
      let sleeper = state.withLock { state -> Sleeper? in
        if state.arriving.remove(id) != nil { return nil }
        guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else { return nil }
        return state.sleepers.remove(at: index)
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }

  /// Moves the time on and wakes whose deadline has come.
  package func advance(by duration: Duration) {
    let due = state.withLock { state in
      state.now = state.now.advanced(by: duration)
      return state.takeDue()
    }
    for sleeper in due { sleeper.continuation.resume() }
  }

  /// Returns once at least `count` tasks sleep, if a duration is given for no longer than that: the way to know that the code under
  /// test has come to its waiting point.
  package func waitForSleepers(_ count: Int = 1, within duration: Duration? = nil) async {
    await withCheckedContinuation { continuation in
      let isMet = state.withLock { state in
        let limit = duration.map { state.now.advanced(by: $0) }
        if state.isMet(count, limit) { return true }
        state.observers.append(Observer(count: count, limit: limit, continuation: continuation))
        return false
      }
      if isMet { continuation.resume() }
    }
  }

  /// Waits until somebody sleeps, and moves the time to the earliest deadline. Returns how far that was.
  @discardableResult
  package func advanceToNextSleeper() async -> Duration {
    await waitForSleepers()
    let (distance, due) = state.withLock { state -> (Duration, [Sleeper]) in
      guard let earliest = state.sleepers.map(\.deadline).min() else { return (.zero, []) }
      let distance = state.now.duration(to: earliest)
      state.now = earliest
      return (distance, state.takeDue())
    }
    for sleeper in due { sleeper.continuation.resume() }
    return distance
  }
}
