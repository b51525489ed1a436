import HTTPMessage
import Synchronization

/// Hands chunks from one task to another; the writer goes on when its chunk was taken.
final class BytePipe: HTTPBodyWriter {
  private struct State {
    var chunk: [UInt8]?
    var writer: CheckedContinuation<Void, any Error>?
    var reader: CheckedContinuation<[UInt8]?, any Error>?
    var end: Result<Void, any Error>?
  }

  private let state = Mutex(State())

  func write(_ bytes: [UInt8]) async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let (reader, isCancelled) = state.withLock { state -> (CheckedContinuation<[UInt8]?, any Error>?, Bool) in
          if Task.isCancelled { return (nil, true) }
          if let reader = state.reader {
            state.reader = nil
            return (reader, false)
          }
          state.chunk = bytes
          state.writer = continuation
          return (nil, false)
        }
        if isCancelled {
          continuation.resume(throwing: CancellationError())
        } else if let reader {
          reader.resume(returning: bytes)
          continuation.resume()
        }
      }
    } onCancel: {
      let writer = state.withLock { state -> CheckedContinuation<Void, any Error>? in
        defer { state.writer = nil }
        return state.writer
      }
      writer?.resume(throwing: CancellationError())
    }
  }

  func finish(_ error: (any Error)?) {
    let reader = state.withLock { state -> CheckedContinuation<[UInt8]?, any Error>? in
      state.end = error.map { .failure($0) } ?? .success(())
      defer { state.reader = nil }
      return state.reader
    }
    if let error { reader?.resume(throwing: error) } else { reader?.resume(returning: nil) }
  }

  func next() async throws -> [UInt8]? {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<[UInt8]?, any Error>) in
        let (answer, writer) = state.withLock { state -> (Result<[UInt8]?, any Error>?, CheckedContinuation<Void, any Error>?) in
          if Task.isCancelled { return (.failure(CancellationError()), nil) }
          if let chunk = state.chunk {
            defer {
              state.chunk = nil
              state.writer = nil
            }
            return (.success(chunk), state.writer)
          }
          if let end = state.end { return (end.map { nil }, nil) }
          state.reader = continuation
          return (nil, nil)
        }
        if let answer { continuation.resume(with: answer) }
        writer?.resume()
      }
    } onCancel: {
      let reader = state.withLock { state -> CheckedContinuation<[UInt8]?, any Error>? in
        defer { state.reader = nil }
        return state.reader
      }
      reader?.resume(throwing: CancellationError())
    }
  }
}
