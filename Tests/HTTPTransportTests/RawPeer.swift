import HTTPMessage
import NIOCore
import NIOPosix

/// A connection on which a test says every byte itself.
final class RawPeer {
  private let connection: RawConnection
  private var iterator: AsyncStream<ByteBuffer>.Iterator
  private var received = ""

  init(_ connection: RawConnection) {
    self.connection = connection
    iterator = connection.input.makeAsyncIterator()
  }

  func send(_ text: String) async throws { try await connection.channel.writeAndFlush(ByteBuffer(string: text)) }

  /// Says that nothing more will be sent, and goes on receiving.
  func endOutput() async throws { try await connection.channel.close(mode: .output) }

  func close() async throws { try await connection.channel.close() }

  /// Everything up to and including `end`; what came behind it is kept. At the end of input: everything that came.
  func receive(until end: String) async throws -> String {
    while true {
      if let range = received.firstRange(of: end) {
        defer { received = String(received[range.upperBound...]) }
        return String(received[..<range.upperBound])
      }
      guard let buffer = await iterator.next(isolation: #isolation) else {
        defer { received = "" }
        return received
      }
      received += String(buffer: buffer)
    }
  }

  /// Everything until the other side closes.
  func receiveAll() async -> String {
    while let buffer = await iterator.next(isolation: #isolation) { received += String(buffer: buffer) }
    return received
  }
}

/// A channel and what it receives, up to its end.
struct RawConnection: Sendable {
  let channel: any Channel
  let input: AsyncStream<ByteBuffer>

  /// Sets up a channel whose peer may close one direction alone.
  static func make(_ channel: any Channel) throws -> RawConnection {
    let (input, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
    try channel.pipeline.syncOperations.addHandler(Handler(continuation: continuation))
    channel.closeFuture.whenComplete { _ in continuation.finish() }
    return RawConnection(channel: channel, input: input)
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    let continuation: AsyncStream<ByteBuffer>.Continuation

    init(continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { continuation.yield(unwrapInboundIn(data)) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if let event = event as? ChannelEvent, event == .inputClosed { continuation.finish() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}

/// Connects to a server and gives the connection to `body`; one that does not listen takes nothing of what the server sends.
func withRawClient<Result: Sendable>(
  _ endpoint: HTTPEndpoint, listens: Bool = true, _ body: (RawPeer) async throws -> Result
) async throws -> Result {
  let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    .channelOption(.allowRemoteHalfClosure, value: true).channelOption(.autoRead, value: listens)
  let setUp: @Sendable (any Channel) -> EventLoopFuture<RawConnection> = { channel in
    channel.eventLoop.makeCompletedFuture { try RawConnection.make(channel) }
  }
  let connection =
    switch endpoint {
    case .tcp(let host, let port): try await bootstrap.connect(host: host, port: port, channelInitializer: setUp)
    case .unix(let path): try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: setUp)
    }
  defer { connection.channel.close(promise: nil) }
  return try await body(RawPeer(connection))
}

/// A server that follows a script: `script` is called with each connection and its number, from 0, and the connection closed after it.
func withRawServer<Result: Sendable>(
  _ script: @escaping @Sendable (RawPeer, Int) async throws -> Void, _ body: (HTTPEndpoint) async throws -> Result
) async throws -> Result {
  let (accepted, continuation) = AsyncStream.makeStream(of: RawConnection.self)
  let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    .childChannelOption(.allowRemoteHalfClosure, value: true)
    .childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture { continuation.yield(try RawConnection.make(channel)) }
    }
    .bind(host: "127.0.0.1", port: 0).get()
  defer { listener.close(promise: nil) }
  let port = listener.localAddress?.port ?? 0
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask {
      await withDiscardingTaskGroup { connections in
        var count = 0
        for await connection in accepted {
          let number = count
          count += 1
          connections.addTask {
            // A connection that the client breaks is part of most scripts.
            try? await script(RawPeer(connection), number)
            try? await connection.channel.close()
          }
        }
      }
    }
    let result = try await body(.tcp(host: "127.0.0.1", port: port))
    group.cancelAll()
    try await group.waitForAll()
    return result
  }
}
