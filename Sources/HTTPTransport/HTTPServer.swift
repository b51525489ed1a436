package import HTTPMessage
package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// The channel of a connection beyond the limit is given up with this.
private struct ConnectionRefused: Error {}

/// Serves an `HTTPHandler` on one listener over HTTP/1.1.
///
/// `bind` makes the socket and says where it is; `run` serves until its task is cancelled, then stops listening, ends streamed
/// responses and idle connections at once, and lets the other open requests finish within the grace period. Once `run` has returned,
/// nothing of the server is left. A unix socket's file that vanishes while the server runs is made again.
///
/// The event loops are the process-wide ones of NIO: they belong to nobody and are never shut down.
package final class HTTPServer: Sendable {
  private struct State {
    var listener: BoundListener?
    var connections: [ObjectIdentifier: ServerConnection] = [:]
    var isDraining = false
    var hasRun = false
  }

  private let listener: HTTPListener
  private let options: HTTPServerOptions
  private let logger: Logger
  private let handler: HTTPHandler
  private let state = Mutex(State())
  private let gate: RequestGate?
  private let accepted: AsyncStream<ServerConnection>
  private let acceptedContinuation: AsyncStream<ServerConnection>.Continuation

  package init(
    _ listener: HTTPListener, options: HTTPServerOptions = HTTPServerOptions(), logger: Logger, handler: @escaping HTTPHandler
  ) {
    self.listener = listener
    self.options = options
    self.logger = logger
    self.handler = handler
    gate = options.maxConcurrentRequests.map { RequestGate(limit: $0) }
    // Bounded by `maxConnections`: `admit` lets no more in.
    (accepted, acceptedContinuation) = AsyncStream.makeStream(of: ServerConnection.self, bufferingPolicy: .unbounded)
  }

  deinit {
    // Only a server that was bound and never run still has a listener that somebody must close.
    state.withLock { $0.listener }?.close()
  }

  /// Begins to listen, if the server does not yet, and returns where it is: the real port for port 0.
  @discardableResult
  package func bind() async throws(HTTPServerError) -> HTTPEndpoint {
    if let bound = state.withLock({ $0.listener }) { return bound.endpoint }
    let bound = try await makeListener()
    state.withLock { $0.listener = bound }
    return bound.endpoint
  }

  /// Whether the server can be reached where it was bound: for a unix socket, whether its path still leads to it.
  package var isReachable: Bool {
    guard let bound = state.withLock({ $0.listener }), bound.channel.isActive else { return false }
    return bound.file?.isPresent ?? true
  }

  /// Serves until the task is cancelled. Throws only when the server cannot listen.
  package func run() async throws {
    try state.withLock { state in
      guard !state.hasRun else { throw HTTPServerError.alreadyRun }
      state.hasRun = true
    }
    try await bind()
    await withTaskCancellationHandler {
      // Not a child task: those are cancelled together with their parent, and open requests shall have their grace period.
      // It cannot outlive `run`, which waits for it; `stopListening` makes it end.
      await Task { await serveConnections() }.value
    } onCancel: {
      stopListening()
    }
  }

  /// Runs the server for as long as `body` takes: for tests, and for programs that need the address first.
  package func withRunning<Result: Sendable>(_ body: (HTTPEndpoint) async throws -> Result) async throws -> Result {
    let endpoint = try await bind()
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.run() }
      let result = try await body(endpoint)
      group.cancelAll()
      try await group.waitForAll()
      return result
    }
  }

  // MARK: Serving

  private func serveConnections() async {
    await withDiscardingTaskGroup { group in
      if case .unix(let path, _) = listener { group.addTask { await self.keepSocketFile(path) } }
      for await connection in accepted {
        group.addTask { await connection.serve(self.handler, gate: self.gate) }
      }
      // `stopListening` has ended the stream.
      group.addTask { await self.endGracePeriod() }
    }
  }

  private func stopListening() {
    let (bound, connections) = state.withLock { state in
      state.isDraining = true
      return (state.listener, Array(state.connections.values))
    }
    bound?.close()
    acceptedContinuation.finish()
    for connection in connections { connection.drain() }
    stopped.fire()
  }

  /// Waits for the open connections, at most for the grace period, and cuts what is left.
  private func endGracePeriod() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await Task.sleep(for: self.options.gracePeriod) }
      group.addTask { await self.drained.wait() }
      if state.withLock({ $0.connections.isEmpty }) { drained.fire() }
      await group.next()
      group.cancelAll()
    }
    for connection in state.withLock({ Array($0.connections.values) }) {
      connection.channel.close(promise: nil)
    }
  }

  /// Fired when the server is to stop, and when its last connection has gone after that.
  private let stopped = OneShotSignal()
  private let drained = OneShotSignal()

  // MARK: Listening

  private func makeListener() async throws(HTTPServerError) -> BoundListener {
    let context: NIOSSLContext?
    do {
      context = try options.tls.map { try TLSContexts.server($0) }
    } catch {
      throw .badCertificate(reason: "\(error)")
    }
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: BoundListener.backlog)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: context == nil)
      .childChannelInitializer { [weak self] channel in
        channel.eventLoop.makeCompletedFuture {
          guard let self else { throw ChannelError.ioOnClosedChannel }
          try self.admit(channel, context)
        }
      }
    return try await BoundListener.bind(listener, bootstrap)
  }

  /// Sets up an accepted connection and hands it to `run`.
  private func admit(_ channel: any Channel, _ context: NIOSSLContext?) throws {
    let connection = ServerConnection(channel: channel, queue: RequestQueue())
    let isAdmitted = state.withLock { state -> Bool in
      guard !state.isDraining, state.connections.count < options.maxConnections else { return false }
      state.connections[ObjectIdentifier(channel)] = connection
      return true
    }
    guard isAdmitted else {
      logger.warning("connection refused", metadata: ["limit": "\(options.maxConnections)"])
      throw ConnectionRefused()
    }
    channel.closeFuture.whenComplete { _ in
      // Here, too: the handler hears nothing of a channel that closes before it has become active.
      connection.queue.finish()
      connection.queue.peerGone()
      self.forget(channel)
    }
    let pipeline = channel.pipeline.syncOperations
    if let context { try pipeline.addHandler(NIOSSLServerHandler(context: context)) }
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderListSize = options.maxHeaderBytes
    limits.maxHeaderFieldSize = options.maxHeaderBytes
    try pipeline.addHandler(HTTPResponseEncoder())
    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)))
    var isTCP = false
    if case .v4 = channel.localAddress { isTCP = true }
    if case .v6 = channel.localAddress { isTCP = true }
    if isTCP { _ = channel.setOption(.tcpOption(.tcp_nodelay), value: 1) }
    try pipeline.addHandler(ServerChannelHandler(options: options, queue: connection.queue, endOfInputMeansGone: isTCP))
    acceptedContinuation.yield(connection)
  }

  private func forget(_ channel: any Channel) {
    let isDrained = state.withLock { state in
      state.connections[ObjectIdentifier(channel)] = nil
      return state.isDraining && state.connections.isEmpty
    }
    if isDrained { drained.fire() }
  }

  // MARK: The socket file

  /// Listens anew whenever the socket's path no longer leads to this server, unless another process answers there.
  private func keepSocketFile(_ path: String) async {
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { String(path[..<$0]) } ?? "."
    let watch = await DirectoryWatch(directory: directory.isEmpty ? "/" : directory, group: MultiThreadedEventLoopGroup.singleton)
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await self.rebindIfNeeded(path)
        for await _ in watch.changes { await self.rebindIfNeeded(path) }
      }
      group.addTask { await self.stopped.wait() }
      await group.next()
      group.cancelAll()
    }
    watch.close()
  }

  private func rebindIfNeeded(_ path: String) async {
    guard let old = state.withLock({ $0.listener }), old.file?.isPresent == false else { return }
    do {
      let new = try await makeListener()
      let isLate = state.withLock { state -> Bool in
        if state.isDraining { return true }
        state.listener = new
        return false
      }
      (isLate ? new : old).close()
      if !isLate { logger.notice("socket file had vanished and is made again", metadata: ["path": "\(path)"]) }
    } catch {
      logger.warning("socket file has vanished and cannot be made again", metadata: ["path": "\(path)", "error": "\(error)"])
    }
  }
}
