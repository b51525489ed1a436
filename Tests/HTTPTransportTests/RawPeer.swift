import HTTPMessage
import NIOCore
import NIOPosix

/// A connection on which a test says every byte itself.
final class RawPeer {
  private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  private let channel: any Channel
  private var received = ""

  init(
    _ channel: any Channel, _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) {
    self.channel = channel
    iterator = inbound.makeAsyncIterator()
    self.outbound = outbound
  }

  func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

  /// Says that nothing more will be sent, and goes on receiving.
  func endOutput() async throws { try await channel.close(mode: .output) }

  func close() async throws { try await channel.close() }

  /// Everything up to and including `end`; what came behind it is kept. At the end of input: everything that came.
  func receive(until end: String) async throws -> String {
    while true {
      if let range = received.firstRange(of: end) {
        defer { received = String(received[range.upperBound...]) }
        return String(received[..<range.upperBound])
      }
      guard let buffer = try await iterator.next(isolation: #isolation) else {
        defer { received = "" }
        return received
      }
      received += String(buffer: buffer)
    }
  }

  /// Everything until the other side closes.
  func receiveAll() async -> String {
    do {
      while let buffer = try await iterator.next(isolation: #isolation) { received += String(buffer: buffer) }
    } catch {
      // A reset ends the input, too.
    }
    return received
  }
}

private let halfClosing = NIOAsyncChannel<ByteBuffer, ByteBuffer>.Configuration(isOutboundHalfClosureEnabled: true)

/// Connects to a server and gives the connection to `body`.
func withRawClient<Result: Sendable>(_ endpoint: HTTPEndpoint, _ body: (RawPeer) async throws -> Result) async throws -> Result {
  let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).channelOption(.allowRemoteHalfClosure, value: true)
  let wrap: @Sendable (any Channel) -> EventLoopFuture<NIOAsyncChannel<ByteBuffer, ByteBuffer>> = { channel in
    channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel, configuration: halfClosing) }
  }
  let channel =
    switch endpoint {
    case .tcp(let host, let port): try await bootstrap.connect(host: host, port: port, channelInitializer: wrap)
    case .unix(let path): try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: wrap)
    }
  return try await channel.executeThenClose { inbound, outbound in
    try await body(RawPeer(channel.channel, inbound, outbound))
  }
}

/// A server that follows a script: `script` is called with each connection and its number, from 0.
func withRawServer<Result: Sendable>(
  _ script: @escaping @Sendable (RawPeer, Int) async throws -> Void, _ body: (HTTPEndpoint) async throws -> Result
) async throws -> Result {
  let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    .bind(host: "127.0.0.1", port: 0) { channel in
      channel.eventLoop.makeCompletedFuture {
        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel, configuration: halfClosing)
      }
    }
  let port = listener.channel.localAddress?.port ?? 0
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask {
      try await withThrowingDiscardingTaskGroup { connections in
        try await listener.executeThenClose { inbound in
          var count = 0
          for try await connection in inbound {
            let number = count
            count += 1
            connections.addTask {
              // A connection that the client breaks is part of most scripts.
              try? await connection.executeThenClose { inbound, outbound in
                try await script(RawPeer(connection.channel, inbound, outbound), number)
              }
            }
          }
        }
      }
    }
    let result = try await body(.tcp(host: "127.0.0.1", port: port))
    group.cancelAll()
    while let outcome = await group.nextResult() { _ = outcome }
    return result
  }
}
