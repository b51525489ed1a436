package import HTTPMessage
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A client of one server over HTTP/1.1: a bounded pool of kept connections for exchanges, and a connection of its own for every stream.
///
/// Nothing is repeated behind the caller's back, with one exception: when a *kept* connection turns out to be dead before anything
/// of a response came, the request goes out again on another connection, if it was not sent at all or is a GET, HEAD or OPTIONS.
/// Cancelling a call closes its connection.
///
/// The pool lives as long as somebody holds it; then, or at `shutDown`, its connections are closed. The event loops are NIO's
/// process-wide ones.
package final class HTTPPool: HTTPExchange {
  private typealias Waiter = CheckedContinuation<Lease, any Error>
  private typealias Pool = PoolState<any Channel, Waiter>

  /// A connection to send one request on, or leave to open one.
  private enum Lease: Sendable {
    case kept(any Channel)
    case open
  }

  private struct State {
    var pool: Pool
    var streams = 0
    /// Every open channel, so that `shutDown` reaches those that are in use, too.
    var channels: [ObjectIdentifier: any Channel] = [:]
  }

  /// Sends of one request at most: each but the last on a kept connection that was dead.
  private static let maxAttempts = 3

  private let peer: HTTPPeer
  private let options: HTTPPoolOptions
  private let connector: ClientConnector
  private let state: Mutex<State>

  /// Throws when the certificates or the key cannot be used.
  package init(_ peer: HTTPPeer, options: HTTPPoolOptions = HTTPPoolOptions()) throws {
    self.peer = peer
    self.options = options
    connector = try ClientConnector(peer, options)
    state = Mutex(State(pool: Pool(limit: options.maxConnections)))
  }

  deinit { shutDown() }

  /// Closes every connection; calls that are under way fail, and so do later ones.
  package func shutDown() {
    let (waiters, channels) = state.withLock { ($0.pool.shutDown(), Array($0.channels.values)) }
    for waiter in waiters { waiter.resume(throwing: ClientFailure.notSent("the client was shut down")) }
    for channel in channels { channel.close(promise: nil) }
  }

  package func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
    try check(request)
    let deadline = NIODeadline.now() + TimeAmount(options.requestTimeout)
    do {
      return try await attempt(request, deadline)
    } catch {
      throw translated(error)
    }
  }

  private func attempt(_ request: HTTPRequest, _ deadline: NIODeadline) async throws -> HTTPResponse {
    var attempts = 1
    while true {
      let lease = try await checkOut(deadline)
      switch lease {
      case .open: return try await send(request, on: try await open(), deadline)
      case .kept(let channel):
        do {
          return try await send(request, on: channel, deadline)
        } catch let failure as ClientFailure where failure.allowsRepeat(of: request.method) && attempts < Self.maxAttempts {
          try Task.checkCancellation()
          attempts += 1
          for channel in state.withLock({ $0.pool.takeIdle() }) { channel.close(promise: nil) }
        }
      }
    }
  }

  package func stream<Result: Sendable>(
    _ request: HTTPRequest, _ consume: (HTTPStreamedResponse) async throws -> Result
  ) async throws -> Result {
    try check(request)
    let deadline = NIODeadline.now() + TimeAmount(options.requestTimeout)
    let channel: any Channel
    let body: ResponseStream
    let head: ResponseStream.Head
    do {
      channel = try await openStream()
      body = ResponseStream(channel: channel)
    } catch {
      throw translated(error)
    }
    defer { channel.close(promise: nil) }
    do {
      head = try await body.head {
        let written = channel.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenFailure { body.end(.failure(.notSent("\($0)"))) }
        channel.writeAndFlush(ClientCommand.stream(request, body, deadline: deadline), promise: written)
      }
    } catch {
      throw translated(error)
    }
    return try await consume(
      HTTPStreamedResponse(status: head.status, headers: head.headers) { [self] in
        do {
          return try await body.next()
        } catch {
          throw translated(error)
        }
      })
  }

  // MARK: One request

  private func send(_ request: HTTPRequest, on channel: any Channel, _ deadline: NIODeadline) async throws -> HTTPResponse {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let reply = ExchangeReply(continuation)
        let written = channel.eventLoop.makePromise(of: Void.self)
        // The handler keeps the promise at once; it fails where there is no handler any more.
        written.futureResult.whenFailure { reply.resume(.failure(ClientFailure.notSent("\($0)"))) }
        channel.writeAndFlush(ClientCommand.exchange(request, reply, deadline: deadline), promise: written)
      }
    } onCancel: {
      channel.close(promise: nil)
    }
  }

  /// A target or method with spaces or control characters would become another request.
  private func check(_ request: HTTPRequest) throws {
    let isPlain = request.target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && request.method.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    guard isPlain, !request.target.isEmpty, !request.method.isEmpty else {
      throw HTTPExchangeError.notConnected(
        peer: peer.endpoint.description, reason: "the request line \(request.method) \(request.target) is not well formed")
    }
  }

  private func translated(_ error: any Error) -> any Error {
    if Task.isCancelled { return CancellationError() }
    let name = peer.endpoint.description
    guard let failure = error as? ClientFailure else { return error }
    return switch failure {
    case .notSent(let reason): HTTPExchangeError.notConnected(peer: name, reason: reason)
    case .noResponse(let reason), .broken(let reason): HTTPExchangeError.lostAnswer(peer: name, reason: reason)
    case .timedOut: HTTPExchangeError.timedOut(peer: name, after: options.requestTimeout)
    case .malformed(let reason): HTTPExchangeError.malformed(peer: name, reason: reason)
    }
  }

  // MARK: Connections

  private func checkOut(_ deadline: NIODeadline) async throws -> Lease {
    switch state.withLock({ $0.pool.acquire() }) {
    case .reuse(let channel): return .kept(channel)
    case .open: return .open
    case .shutDown: throw ClientFailure.notSent("the client was shut down")
    case .mustWait(let id): return try await waitForLease(id, deadline)
    }
  }

  private func waitForLease(_ id: UInt64, _ deadline: NIODeadline) async throws -> Lease {
    let timer = connector.group.next().scheduleTask(deadline: deadline) { [weak self] in
      self?.withdraw(id, ClientFailure.notSent("all connections were in use for too long"))
    }
    defer { timer.cancel() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        switch state.withLock({ $0.pool.enqueue(id, waiter) }) {
        case .reuse(let channel): waiter.resume(returning: .kept(channel))
        case .open: waiter.resume(returning: .open)
        case .shutDown: waiter.resume(throwing: ClientFailure.notSent("the client was shut down"))
        case .mustWait: break
        case nil: waiter.resume(throwing: CancellationError())
        }
      }
    } onCancel: {
      withdraw(id, CancellationError())
    }
  }

  private func withdraw(_ id: UInt64, _ error: any Error) {
    state.withLock { $0.pool.withdraw(id) }?.resume(throwing: error)
  }

  /// Opens a connection on a place that `checkOut` has granted.
  private func open() async throws -> any Channel {
    do {
      let channel = try await connector.connect { [weak self] channel in self?.release(channel) }
      adopt(channel) { $0.placeIsFree(channel) }
      return channel
    } catch {
      placeIsFree(nil)
      throw error
    }
  }

  private func openStream() async throws -> any Channel {
    let isGranted = state.withLock { state -> Bool in
      guard !state.pool.isShutDown, state.streams < options.maxStreams else { return false }
      state.streams += 1
      return true
    }
    guard isGranted else { throw ClientFailure.notSent("\(options.maxStreams) streams are open, or the client was shut down") }
    do {
      let channel = try await connector.connect { $0.close(promise: nil) }
      adopt(channel) { pool in pool.state.withLock { $0.streams -= 1 } }
      return channel
    } catch {
      state.withLock { $0.streams -= 1 }
      throw error
    }
  }

  private func adopt(_ channel: any Channel, onClose: @escaping @Sendable (HTTPPool) -> Void) {
    let isShutDown = state.withLock { state in
      state.channels[ObjectIdentifier(channel)] = channel
      return state.pool.isShutDown
    }
    channel.closeFuture.whenComplete { [weak self] _ in
      guard let self else { return }
      state.withLock { $0.channels[ObjectIdentifier(channel)] = nil }
      onClose(self)
    }
    if isShutDown { channel.close(promise: nil) }
  }

  private func release(_ channel: any Channel) {
    switch state.withLock({ $0.pool.release(channel) }) {
    case .none: break
    case .close: channel.close(promise: nil)
    case .serve(let waiter): waiter.resume(returning: .kept(channel))
    }
  }

  private func placeIsFree(_ channel: (any Channel)?) {
    let handover = state.withLock { $0.pool.closed { $0 === channel } }
    if case .serve(let waiter) = handover { waiter.resume(returning: .open) }
  }
}
