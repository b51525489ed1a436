import HTTPMessage
import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS

/// The event loop's half of a client connection: sends one request at a time and gathers its response.
final class ClientChannelHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundIn = ClientCommand
  typealias OutboundOut = HTTPClientRequestPart

  private enum Sink {
    case exchange(ExchangeReply)
    case stream(ResponseStream)
  }

  private let settings: ClientConnectionSettings
  /// Called when the connection can take another request.
  private let becameIdle: @Sendable (any Channel) -> Void
  private var deadline: ConnectionDeadline?
  /// Whose response is due; nil while the connection is idle.
  private var sink: Sink?
  private var isSecured: Bool
  private var head: HTTPResponseHead?
  /// An exchange's body so far.
  private var bytes: [UInt8] = []
  private var wantsRead = false

  init(settings: ClientConnectionSettings, becameIdle: @escaping @Sendable (any Channel) -> Void) {
    self.settings = settings
    self.becameIdle = becameIdle
    isSecured = settings.context == nil
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let box = NIOLoopBound(context, eventLoop: context.eventLoop)
    deadline = ConnectionDeadline(eventLoop: context.eventLoop) { [weak self] in self?.expire(box.value) }
  }

  private func expire(_ context: ChannelHandlerContext) {
    fail(isSecured ? .timedOut : .notSent("no TLS handshake in time"))
    context.close(promise: nil)
  }

  // MARK: Sending

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let (request, newSink, time) =
      switch unwrapOutboundIn(data) {
      case .exchange(let request, let reply, let time): (request, Sink.exchange(reply), time)
      case .stream(let request, let stream, let time): (request, Sink.stream(stream), time)
      }
    promise?.succeed()
    precondition(sink == nil, "a second request on a busy connection")
    sink = newSink
    guard context.channel.isActive else {
      fail(.notSent("the connection was closed"))
      return
    }
    deadline?.set(at: time)
    head = nil
    bytes = []
    context.write(wrapOutboundOut(.head(settings.head(of: request))), promise: nil)
    if !request.body.isEmpty {
      let buffer = context.channel.allocator.buffer(bytes: request.body)
      context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
    }
    context.write(wrapOutboundOut(.end(nil)), promise: nil)
  }

  // MARK: Receiving

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let sink else { return }
    switch (unwrapInboundIn(data), sink) {
    case (.head(let head), .exchange): receiveHead(head)
    case (.head(let head), .stream(let stream)):
      self.head = head
      extendStream()
      stream.receiveHead(ResponseStream.Head(status: Int(head.status.code), headers: HTTPMessage.HTTPHeaders(head.headers)))
    case (.body(let buffer), .exchange):
      guard bytes.count + buffer.readableBytes <= settings.maxResponseBytes else { return refuseSize(context) }
      bytes.append(contentsOf: buffer.readableBytesView)
    case (.body(let buffer), .stream(let stream)):
      extendStream()
      stream.receive(Array(buffer.readableBytesView))
    case (.end, .exchange(let reply)): finish(context, reply)
    case (.end, .stream(let stream)):
      self.sink = nil
      stream.end(.success(()))
      context.close(promise: nil)
    }
  }

  private func receiveHead(_ head: HTTPResponseHead) {
    self.head = head
    let declared = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
    bytes.reserveCapacity(min(max(declared, 0), settings.maxResponseBytes, 4 * 1024 * 1024))
  }

  private func finish(_ context: ChannelHandlerContext, _ reply: ExchangeReply) {
    guard let head else { return }
    let response = HTTPResponse(
      status: Int(head.status.code), headers: HTTPMessage.HTTPHeaders(head.headers), body: .bytes(bytes))
    sink = nil
    self.head = nil
    bytes = []
    if head.isKeepAlive {
      deadline?.set(in: settings.idleLifetime)
      // Before the answer is handed over: its receiver's next request shall find this connection.
      becameIdle(context.channel)
    } else {
      deadline?.clear()
      context.close(promise: nil)
    }
    reply.resume(.success(response))
  }

  /// A stream's body has no deadline but the one on silence.
  private func extendStream() {
    if let silence = settings.streamIdleTimeout { deadline?.set(in: silence) } else { deadline?.clear() }
  }

  private func refuseSize(_ context: ChannelHandlerContext) {
    fail(.malformed("the response is larger than \(settings.maxResponseBytes) bytes"))
    context.close(promise: nil)
  }

  func read(context: ChannelHandlerContext) {
    if case .stream(let stream) = sink, !stream.mayRead() { wantsRead = true } else { context.read() }
  }

  func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
    guard event is ClientSignal else {
      context.triggerUserOutboundEvent(event, promise: promise)
      return
    }
    if wantsRead {
      wantsRead = false
      context.read()
    }
    promise?.succeed()
  }

  // MARK: Endings

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? TLSUserEvent, case .handshakeCompleted = event { isSecured = true }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case HTTPParserError.invalidEOFState: fail(broken("the connection was closed early"))
    case let error as HTTPParserError: fail(.malformed("\(error)"))
    default: fail(broken("\(error)"))
    }
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    fail(broken("the connection was closed"))
    context.fireChannelInactive()
  }

  private func broken(_ reason: String) -> ClientFailure {
    if !isSecured { return .notSent(reason) }
    return head == nil ? .noResponse(reason) : .broken(reason)
  }

  private func fail(_ failure: ClientFailure) {
    switch sink {
    case .exchange(let reply): reply.resume(.failure(failure))
    case .stream(let stream): stream.end(.failure(failure))
    case nil: break
    }
    sink = nil
    bytes = []
  }
}
