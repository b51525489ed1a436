import Synchronization

/// What a connection's channel handler tells the task that serves the connection. One task consumes it.
final class RequestQueue: Sendable {
  private struct State {
    var requests: [ReceivedRequest] = []
    var reader: CheckedContinuation<ReceivedRequest?, Never>?
    /// No request comes any more.
    var isFinished = false
    /// The peer takes no answer any more.
    var isGone = false
    /// The server stops: a streamed response ends now, another may still be completed.
    var isDraining = false
    var isStreaming = false
    var watcher: CheckedContinuation<Void, Never>?

    var mustStop: Bool { isGone || (isDraining && isStreaming) }

    mutating func takeWatcher() -> CheckedContinuation<Void, Never>? {
      guard mustStop else { return nil }
      defer { watcher = nil }
      return watcher
    }
  }

  private let state = Mutex(State())

  func push(_ request: ReceivedRequest) {
    let reader = state.withLock { state -> CheckedContinuation<ReceivedRequest?, Never>? in
      if let reader = state.reader {
        state.reader = nil
        return reader
      }
      state.requests.append(request)
      return nil
    }
    reader?.resume(returning: request)
  }

  /// The next request; nil when there is none any more, or when the task is cancelled and nothing is left to answer.
  func next() async -> ReceivedRequest? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: ReceivedRequest?? = state.withLock { state in
          if !state.requests.isEmpty { return .some(state.requests.removeFirst()) }
          if state.isFinished || Task.isCancelled { return .some(nil) }
          state.reader = continuation
          return .none
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      stopReading(finished: false)
    }
  }

  func finish() { stopReading(finished: true) }

  private func stopReading(finished: Bool) {
    let reader = state.withLock { state -> CheckedContinuation<ReceivedRequest?, Never>? in
      if finished { state.isFinished = true }
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume(returning: nil)
  }

  /// Returns when work for this peer must stop, or when the task is cancelled.
  func untilStop() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state -> Bool in
          if state.mustStop || Task.isCancelled { return true }
          state.watcher = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let watcher = state.withLock { state -> CheckedContinuation<Void, Never>? in
        defer { state.watcher = nil }
        return state.watcher
      }
      watcher?.resume()
    }
  }

  func peerGone() { update { $0.isGone = true } }
  func drain() { update { $0.isDraining = true } }
  func setStreaming(_ isStreaming: Bool) { update { $0.isStreaming = isStreaming } }

  private func update(_ change: (inout State) -> Void) {
    let watcher = state.withLock { state -> CheckedContinuation<Void, Never>? in
      change(&state)
      return state.takeWatcher()
    }
    watcher?.resume()
  }
}
