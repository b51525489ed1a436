import HTTPMessage
import NIOCore
import Synchronization

/// A response's head and the chunks of its body between the event loop that reads them and the one task that consumes them.
final class ResponseStream: Sendable {
  /// Status and fields of a response.
  struct Head: Sendable {
    let status: Int
    let headers: HTTPMessage.HTTPHeaders
  }

  private enum Waiter {
    case head(CheckedContinuation<Head, any Error>)
    case chunk(CheckedContinuation<[UInt8]?, any Error>)
  }

  private struct State {
    var head: Head?
    var chunks: [[UInt8]] = []
    /// Index of the first chunk that was not taken: taking from the front of an array moves the rest.
    var first = 0
    var bufferedBytes = 0
    var outcome: Result<Void, ClientFailure>?
    var waiter: Waiter?
    /// The handler holds a read back.
    var isWithheld = false

    mutating func popChunk() -> [UInt8]? {
      guard first < chunks.count else { return nil }
      let chunk = chunks[first]
      first += 1
      if first == chunks.count {
        chunks.removeAll(keepingCapacity: true)
        first = 0
      }
      bufferedBytes -= chunk.count
      return chunk
    }

    mutating func takeWaiter() -> Waiter? {
      defer { waiter = nil }
      return waiter
    }
  }

  /// Bytes that may wait for the consumer before reading stops.
  private static let highWatermark = 256 * 1024
  private static let lowWatermark = 64 * 1024

  private let channel: any Channel
  private let state = Mutex(State())

  init(channel: any Channel) { self.channel = channel }

  // MARK: The event loop's side

  func receiveHead(_ head: Head) {
    let waiter = state.withLock { state -> Waiter? in
      state.head = head
      return state.takeWaiter()
    }
    if case .head(let continuation) = waiter { continuation.resume(returning: head) }
  }

  func receive(_ chunk: [UInt8]) {
    let waiter = state.withLock { state -> Waiter? in
      if let waiter = state.takeWaiter() { return waiter }
      state.chunks.append(chunk)
      state.bufferedBytes += chunk.count
      return nil
    }
    if case .chunk(let continuation) = waiter { continuation.resume(returning: chunk) }
  }

  func end(_ outcome: Result<Void, ClientFailure>) {
    let waiter = state.withLock { state -> Waiter? in
      guard state.outcome == nil else { return nil }
      state.outcome = outcome
      return state.takeWaiter()
    }
    switch (waiter, outcome) {
    case (.head(let continuation), .failure(let failure)): continuation.resume(throwing: failure)
    case (.head(let continuation), .success): continuation.resume(throwing: ClientFailure.noResponse("the response has no head"))
    case (.chunk(let continuation), .failure(let failure)): continuation.resume(throwing: failure)
    case (.chunk(let continuation), .success): continuation.resume(returning: nil)
    case (nil, _): break
    }
  }

  /// Whether the handler may read on; if not, it is told by `ClientSignal.readOn` when it may.
  func mayRead() -> Bool {
    state.withLock { state in
      state.isWithheld = state.bufferedBytes > Self.highWatermark
      return !state.isWithheld
    }
  }

  // MARK: The consumer's side

  /// Calls `send` and waits for the response's head.
  func head(send: () -> Void) async throws -> Head {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isCancelled = state.withLock { state -> Bool in
          if Task.isCancelled { return true }
          state.waiter = .head(continuation)
          return false
        }
        if isCancelled { continuation.resume(throwing: CancellationError()) } else { send() }
      }
    } onCancel: {
      cancel()
    }
  }

  func next() async throws -> [UInt8]? {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<[UInt8]?, any Error>) in
        let (answer, readsOn) = state.withLock { state -> (Result<[UInt8]?, any Error>?, Bool) in
          if Task.isCancelled { return (.failure(CancellationError()), false) }
          if let chunk = state.popChunk() {
            let readsOn = state.isWithheld && state.bufferedBytes <= Self.lowWatermark
            if readsOn { state.isWithheld = false }
            return (.success(chunk), readsOn)
          }
          if let outcome = state.outcome {
            return (outcome.map { _ in nil }.mapError { $0 }, false)
          }
          state.waiter = .chunk(continuation)
          return (nil, false)
        }
        if readsOn { channel.triggerUserOutboundEvent(ClientSignal.readOn, promise: nil) }
        if let answer { continuation.resume(with: answer) }
      }
    } onCancel: {
      cancel()
    }
  }

  private func cancel() {
    let waiter = state.withLock { $0.takeWaiter() }
    switch waiter {
    case .head(let continuation): continuation.resume(throwing: CancellationError())
    case .chunk(let continuation): continuation.resume(throwing: CancellationError())
    case nil: break
    }
  }
}
