package import HTTPMessage
import Synchronization

/// A client's end of a handler in the same process: the same values cross as over a connection, and a streamed body waits for its reader.
package struct InProcessExchange: HTTPExchange {
  private let handler: HTTPHandler

  package init(_ handler: @escaping HTTPHandler) { self.handler = handler }

  package func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
    var response = await handler(request)
    guard case .stream(let produce) = response.body else { return response }
    let collector = BodyCollector()
    try await produce(collector)
    response.body = .bytes(collector.bytes)
    return response
  }

  package func stream<Result: Sendable>(
    _ request: HTTPRequest, _ consume: (HTTPStreamedResponse) async throws -> Result
  ) async throws -> Result {
    let response = await handler(request)
    switch response.body {
    case .bytes(let bytes):
      let rest = Mutex<[UInt8]?>(bytes.isEmpty ? nil : bytes)
      return try await consume(
        HTTPStreamedResponse(status: response.status, headers: response.headers) {
          rest.withLock { rest in
            defer { rest = nil }
            return rest
          }
        })
    case .stream(let produce):
      let pipe = BodyPipe()
      return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          do {
            try await produce(pipe)
            pipe.finish(nil)
          } catch {
            pipe.finish(error)
          }
        }
        defer {
          pipe.abandon()
          group.cancelAll()
        }
        return try await consume(
          HTTPStreamedResponse(status: response.status, headers: response.headers) { try await pipe.next() })
      }
    }
  }
}

/// Keeps everything that is written.
private final class BodyCollector: HTTPBodyWriter {
  private let collected = Mutex<[UInt8]>([])

  var bytes: [UInt8] { collected.withLock { $0 } }

  func write(_ bytes: [UInt8]) async throws { collected.withLock { $0 += bytes } }
}

/// One chunk between a writer and a reader: a writer that is ahead waits, as it would for a full socket.
///
/// Nobody is resumed under the lock: resuming takes the task's own lock, under which a cancellation handler takes this one.
final class BodyPipe: HTTPBodyWriter {
  private struct State {
    var chunk: [UInt8]?
    var isFinished = false
    var failure: (any Error)?
    /// The reader is gone.
    var isAbandoned = false
    var reader: CheckedContinuation<Void, Never>?
    var writer: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  func write(_ bytes: [UInt8]) async throws {
    while true {
      try Task.checkCancellation()
      let outcome: WriteOutcome = change(\.reader) { state in
        if state.isAbandoned { return (.gone, wakes: false) }
        guard state.chunk == nil else { return (.full, wakes: false) }
        state.chunk = bytes
        return (.taken, wakes: true)
      }
      switch outcome {
      case .taken: return
      case .gone: throw HTTPExchangeError.lostAnswer(peer: "in process", reason: "the reader has gone")
      case .full:
        await wait(\.writer) { $0.chunk == nil || $0.isAbandoned }
      }
    }
  }

  func next() async throws -> [UInt8]? {
    while true {
      try Task.checkCancellation()
      let outcome: ReadOutcome = change(\.writer) { state in
        if let chunk = state.chunk {
          state.chunk = nil
          return (.chunk(chunk), wakes: true)
        }
        if let failure = state.failure { return (.failed(failure), wakes: false) }
        return (state.isFinished ? .end : .empty, wakes: false)
      }
      switch outcome {
      case .chunk(let chunk): return chunk
      case .failed(let failure): throw failure
      case .end: return nil
      case .empty: await wait(\.reader) { $0.chunk != nil || $0.isFinished }
      }
    }
  }

  func finish(_ error: (any Error)?) {
    change(\.reader) { state in
      state.isFinished = true
      state.failure = error
      return ((), wakes: true)
    }
  }

  func abandon() {
    change(\.writer) { state in
      state.isAbandoned = true
      return ((), wakes: true)
    }
  }

  private typealias Slot = any WritableKeyPath<State, CheckedContinuation<Void, Never>?> & Sendable

  /// Changes the state, then wakes whoever waits in a slot if there is something for it.
  private func change<Outcome: Sendable>(_ slot: Slot, _ change: (inout State) -> (Outcome, wakes: Bool)) -> Outcome {
    let (outcome, sleeper): (Outcome, CheckedContinuation<Void, Never>?) = state.withLock { state in
      let (outcome, wakes) = change(&state)
      guard wakes else { return (outcome, nil) }
      defer { state[keyPath: slot] = nil }
      return (outcome, state[keyPath: slot])
    }
    sleeper?.resume()
    return outcome
  }

  private enum WriteOutcome { case taken, gone, full }
  private enum ReadOutcome { case chunk([UInt8]), end, empty, failed(any Error) }

  /// Suspends until the other side acts or the task is cancelled.
  private func wait(
    _ slot: Slot, unless isReady: @Sendable (State) -> Bool
  ) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let mayGoOn = state.withLock { state in
          if isReady(state) || Task.isCancelled { return true }
          state[keyPath: slot] = continuation
          return false
        }
        if mayGoOn { continuation.resume() }
      }
    } onCancel: {
      change(slot) { _ in ((), wakes: true) }
    }
  }
}
