import Glibc
import HTTPMessage
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Opens connections to one server.
struct ClientConnector: Sendable {
  let group = MultiThreadedEventLoopGroup.singleton
  private let endpoint: HTTPEndpoint
  private let serverName: String?
  private let settings: ClientConnectionSettings
  private let connectTimeout: TimeAmount
  private let limits: NIOHTTPDecoderLimitConfiguration

  init(_ peer: HTTPPeer, _ options: HTTPPoolOptions) throws {
    endpoint = peer.endpoint
    let context = try peer.tls.map { try TLSContexts.client($0) }
    settings = ClientConnectionSettings(peer, options, context: context)
    connectTimeout = TimeAmount(options.connectTimeout)
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderListSize = options.maxHeaderBytes
    limits.maxHeaderFieldSize = options.maxHeaderBytes
    self.limits = limits
    serverName = Self.serverName(peer)
  }

  /// The name to verify. NIOSSL verifies addresses by itself and takes names only.
  private static func serverName(_ peer: HTTPPeer) -> String? {
    guard let tls = peer.tls else { return nil }
    var name = tls.serverName
    if name == nil, case .tcp(let host, _) = peer.endpoint { name = host }
    guard let name, (try? SocketAddress(ipAddress: name, port: 0)) == nil else { return nil }
    return name
  }

  /// Cancelling gives the attempt up at once. Throws `ClientFailure.notSent`.
  func connect(becameIdle: @escaping @Sendable (any Channel) -> Void) async throws -> any Channel {
    let attempt = ConnectionAttempt()
    let bootstrap = ClientBootstrap(group: group)
      .connectTimeout(connectTimeout)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try setUp(channel, becameIdle)
          attempt.add(channel)
        }
      }
    do {
      return try await withTaskCancellationHandler {
        switch endpoint {
        case .tcp(let host, let port):
          try await Self.withKeepAlive(bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)).connect(host: host, port: port).get()
        case .unix(let path): try await bootstrap.connect(unixDomainSocketPath: path).get()
        }
      } onCancel: {
        attempt.cancel()
      }
    } catch {
      throw ClientFailure.notSent(Self.reason(error))
    }
  }

  /// A silent watch on a peer that has vanished ends after a minute: 30 s of silence, then three unanswered probes.
  private static func withKeepAlive(_ bootstrap: ClientBootstrap) -> ClientBootstrap {
    bootstrap
      .channelOption(.socketOption(.so_keepalive), value: 1)
      .channelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 30)
      .channelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 10)
      .channelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 3)
  }

  private func setUp(_ channel: any Channel, _ becameIdle: @escaping @Sendable (any Channel) -> Void) throws {
    let pipeline = channel.pipeline.syncOperations
    if let context = settings.context {
      try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: serverName))
    }
    try pipeline.addHandler(HTTPRequestEncoder())
    try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)))
    try pipeline.addHandler(NIOHTTPRequestHeadersValidator())
    try pipeline.addHandler(ClientChannelHandler(settings: settings, becameIdle: becameIdle))
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as IOError: String(cString: strerror(error.errnoCode))
    case let error as NIOConnectionError:
      if let first = error.connectionErrors.first {
        reason(first.error)
      } else {
        "the name \(error.host) cannot be resolved: \(error.dnsAError ?? error.dnsAAAAError ?? error)"
      }
    case ChannelError.connectTimeout(let time): "no connection within \(time.nanoseconds / 1_000_000) ms"
    default: "\(error)"
    }
  }
}

/// The channels of one attempt to connect (a name may have several addresses), to close them when it is cancelled.
private final class ConnectionAttempt: Sendable {
  private struct State {
    var channels: [any Channel] = []
    var isCancelled = false
  }

  private let state = Mutex(State())

  func add(_ channel: any Channel) {
    let isCancelled = state.withLock { state in
      state.channels.append(channel)
      return state.isCancelled
    }
    if isCancelled { channel.close(promise: nil) }
  }

  func cancel() {
    let channels = state.withLock { state in
      state.isCancelled = true
      return state.channels
    }
    for channel in channels { channel.close(promise: nil) }
  }
}
