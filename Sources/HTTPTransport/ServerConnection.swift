import HTTPMessage
import NIOCore
import Synchronization

/// One accepted connection: its channel, and the requests that its channel handler has assembled.
struct ServerConnection: Sendable {
  let channel: any Channel
  let queue: RequestQueue

  /// Answers the connection's requests in order until the peer, or the server, has enough.
  ///
  /// When the peer goes away while it is being answered, the handler and a streamed body are cancelled.
  func serve(_ handler: @escaping HTTPHandler, gate: RequestGate?) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await queue.untilStop() }
      group.addTask {
        while let received = await queue.next() {
          await answer(received, handler, gate)
          if !received.framing.keepsAlive { break }
        }
      }
      await group.next()
      group.cancelAll()
    }
    channel.triggerUserOutboundEvent(ServerSignal.drain, promise: nil)
  }

  /// Lets the request that is being answered finish, and closes.
  func drain() {
    queue.drain()
    channel.triggerUserOutboundEvent(ServerSignal.drain, promise: nil)
  }

  private func answer(_ received: ReceivedRequest, _ handler: HTTPHandler, _ gate: RequestGate?) async {
    let response: HTTPResponse
    if let gate {
      // Cancelled while it waited for its turn: the peer, or the server, is going.
      response = await gate.run { await handler(received.request) } ?? HTTPResponse(status: 503, text: "the server is stopping\n")
    } else {
      response = await handler(received.request)
    }
    switch response.body {
    case .bytes(let bytes):
      channel.writeAndFlush(ServerCommand.whole(response, bytes: bytes, received.framing), promise: nil)
    case .stream(let body): await stream(response, body, received.framing)
    }
  }

  private func stream(
    _ response: HTTPResponse, _ body: @Sendable (any HTTPBodyWriter) async throws -> Void, _ framing: ResponseFraming
  ) async {
    queue.setStreaming(true)
    defer { queue.setStreaming(false) }
    channel.writeAndFlush(ServerCommand.begin(response, framing), promise: nil)
    do {
      if !framing.isHead { try await body(ChannelBodyWriter(channel: channel)) }
      channel.writeAndFlush(ServerCommand.end, promise: nil)
    } catch is CancellationError {
      // The peer is gone, or the server stops and says so by a well-formed end.
      channel.writeAndFlush(ServerCommand.end, promise: nil)
    } catch {
      // The body is incomplete: cutting the connection is how HTTP/1.1 says so.
      channel.close(promise: nil)
    }
  }
}

/// Writes a streamed body's chunks. A few may be on their way at once, so that a fast stream does not wait for each of them.
final class ChannelBodyWriter: HTTPBodyWriter {
  private struct Window {
    var pending = 0
    var failure: (any Error)?
    var waiter: CheckedContinuation<Void, any Error>?
  }

  /// Bytes that may be on their way before `write` suspends.
  private static let highWatermark = 64 * 1024
  private static let lowWatermark = 16 * 1024

  private let channel: any Channel
  private let window = Mutex(Window())

  init(channel: any Channel) { self.channel = channel }

  func write(_ bytes: [UInt8]) async throws {
    try Task.checkCancellation()
    let failure = window.withLock { window -> (any Error)? in
      window.pending += bytes.count
      return window.failure
    }
    if let failure { throw failure }
    let written = channel.eventLoop.makePromise(of: Void.self)
    written.futureResult.whenComplete { result in self.settle(bytes.count, result) }
    channel.writeAndFlush(ServerCommand.chunk(bytes), promise: written)
    try await waitForRoom()
  }

  private func settle(_ count: Int, _ result: Result<Void, any Error>) {
    let waiter = window.withLock { window -> CheckedContinuation<Void, any Error>? in
      window.pending -= count
      if case .failure(let error) = result { window.failure = error }
      guard window.failure != nil || window.pending <= Self.lowWatermark else { return nil }
      defer { window.waiter = nil }
      return window.waiter
    }
    waiter?.resume(with: result)
  }

  private func waitForRoom() async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let answer: Result<Void, any Error>? = window.withLock { window in
          if let failure = window.failure { return .failure(failure) }
          if window.pending <= Self.highWatermark { return .success(()) }
          if Task.isCancelled { return .failure(CancellationError()) }
          window.waiter = continuation
          return nil
        }
        if let answer { continuation.resume(with: answer) }
      }
    } onCancel: {
      let waiter = window.withLock { window -> CheckedContinuation<Void, any Error>? in
        defer { window.waiter = nil }
        return window.waiter
      }
      waiter?.resume(throwing: CancellationError())
    }
  }
}
