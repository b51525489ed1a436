import HTTPMessage
import NIOCore
import NIOHTTP1

/// The event loop's half of a server connection: assembles requests for the serving task and writes what the task commands.
///
/// Requests of one connection are answered one after the other, in order; a few may wait, then reading stops.
final class ServerChannelHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = ServerCommand
  typealias OutboundOut = HTTPServerResponsePart

  /// Pipelined requests that may wait before reading stops.
  private static let maxOutstanding = 8
  /// How long a refused peer may go on sending before the connection is cut: without it, the kernel's reset would destroy our answer.
  private static let lingerTime = TimeAmount.milliseconds(500)

  private let options: HTTPServerOptions
  private let queue: RequestQueue
  /// On TCP, the end of input is all that tells of a peer that has gone; a unix socket tells the two apart.
  private let endOfInputMeansGone: Bool
  private var assembler: RequestAssembler
  private var readDeadline: ConnectionDeadline?
  private var writeDeadline: ConnectionDeadline?
  /// Requests handed to the task and not answered to the end.
  private var outstanding = 0
  /// Writes that the kernel has not taken yet.
  private var unwritten = 0
  private var current: ResponseFraming?
  private var closesWhenAnswered = false
  private var receivedParts = false
  private var wantsRead = false
  /// An answer to write once the outstanding ones are: the status and text of a refusal.
  private var refusal: HTTPResponse?

  init(options: HTTPServerOptions, queue: RequestQueue, endOfInputMeansGone: Bool) {
    self.options = options
    self.queue = queue
    self.endOfInputMeansGone = endOfInputMeansGone
    assembler = RequestAssembler(maxBodyBytes: options.maxBodyBytes)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    readDeadline = ConnectionDeadline(eventLoop: context.eventLoop) { channel.close(promise: nil) }
    writeDeadline = ConnectionDeadline(eventLoop: context.eventLoop) { channel.close(promise: nil) }
    readDeadline?.set(in: TimeAmount(options.headerTimeout))
  }

  func channelInactive(context: ChannelHandlerContext) {
    readDeadline?.cancel()
    writeDeadline?.cancel()
    queue.finish()
    queue.peerGone()
    context.fireChannelInactive()
  }

  // MARK: Reading

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    receivedParts = true
    switch assembler.receive(unwrapInboundIn(data)) {
    case .none: break
    case .sendContinue(let version): sendContinue(context, version)
    case .deliver(let request):
      outstanding += 1
      readDeadline?.clear()
      queue.push(request)
    case .refuse(let status, let reason): refuse(context, HTTPResponse(status: status, text: reason + "\n"))
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if assembler.isInBody {
      readDeadline?.set(in: TimeAmount(options.idleTimeout))
    } else if outstanding == 0, !assembler.isRefused, !receivedParts {
      // Bytes came, but no part: the beginning of a header.
      startHeaderDeadline()
    }
    receivedParts = false
    context.fireChannelReadComplete()
  }

  private var isHeaderDeadlineSet = true

  private func startHeaderDeadline() {
    guard !isHeaderDeadlineSet else { return }
    isHeaderDeadlineSet = true
    readDeadline?.set(in: TimeAmount(options.headerTimeout))
  }

  func read(context: ChannelHandlerContext) {
    if outstanding < Self.maxOutstanding { context.read() } else { wantsRead = true }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed {
      queue.finish()
      if endOfInputMeansGone { queue.peerGone() }
      closesWhenAnswered = true
      closeIfAnswered(context)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError else {
      // A broken transport or TLS: there is nobody to answer.
      context.close(promise: nil)
      return
    }
    let status = error == .headerOverflow ? 431 : 400
    refuse(context, HTTPResponse(status: status, text: "malformed request: \(error)\n"))
  }

  /// Reads no further; the answer comes after those that are due before it.
  private func refuse(_ context: ChannelHandlerContext, _ response: HTTPResponse) {
    assembler.refuse()
    queue.finish()
    refusal = response
    sendRefusalIfDue(context)
  }

  private func sendRefusalIfDue(_ context: ChannelHandlerContext) {
    guard outstanding == 0, let response = refusal, case .bytes(let bytes) = response.body else { return }
    refusal = nil
    let framing = ResponseFraming(version: .http1_1, isHead: false, keepsAlive: false)
    writeHead(context, response, framing, length: bytes.count)
    writeBody(context, bytes)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: tracked(context, nil))
    context.close(mode: .output, promise: nil)
    readDeadline?.set(in: Self.lingerTime)
  }

  // MARK: Writing

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .whole(let response, let bytes, let framing):
      current = framing
      writeHead(context, response, framing, length: bytes.count)
      if !framing.isHead { writeBody(context, bytes) }
      endResponse(context, promise)
    case .begin(let response, let framing):
      current = framing
      writeHead(context, response, framing, length: nil)
      promise?.succeed()
    case .chunk(let bytes):
      guard current?.isHead == false, !bytes.isEmpty else {
        promise?.succeed()
        return
      }
      context.write(wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: bytes)))), promise: tracked(context, promise))
    case .end: endResponse(context, promise)
    }
  }

  func flush(context: ChannelHandlerContext) {
    context.flush()
    if unwritten > 0 { writeDeadline?.set(in: TimeAmount(options.writeTimeout)) }
  }

  func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
    guard let signal = event as? ServerSignal else {
      context.triggerUserOutboundEvent(event, promise: promise)
      return
    }
    switch signal {
    case .drain:
      queue.finish()
      closesWhenAnswered = true
      closeIfAnswered(context)
    }
    promise?.succeed()
  }

  private func sendContinue(_ context: ChannelHandlerContext, _ version: HTTPVersion) {
    // Only when no earlier response is due: the interim one would stand before it. A peer that pipelines a body behind another
    // request sends it without leave after a while, as RFC 9110 §10.1.1 lets it.
    guard outstanding == 0 else { return }
    context.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: version, status: .continue))), promise: nil)
  }

  private func writeHead(_ context: ChannelHandlerContext, _ response: HTTPResponse, _ framing: ResponseFraming, length: Int?) {
    let status = HTTPResponseStatus(statusCode: response.status)
    var head = HTTPResponseHead(version: framing.version, status: status, headers: NIOHTTP1.HTTPHeaders(response.headers))
    head.headers.remove(name: "transfer-encoding")
    if let length {
      if !(framing.isHead && head.headers.contains(name: "content-length")) {
        head.headers.replaceOrAdd(name: "content-length", value: String(length))
      }
    } else {
      head.headers.remove(name: "content-length")
    }
    let isLast = !framing.keepsAlive || closesWhenAnswered || (length == nil && framing.version == .http1_0)
    if isLast {
      head.headers.replaceOrAdd(name: "connection", value: "close")
      closesWhenAnswered = true
    } else if framing.version == .http1_0 {
      head.headers.replaceOrAdd(name: "connection", value: "keep-alive")
    }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
  }

  private func writeBody(_ context: ChannelHandlerContext, _ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    context.write(wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: bytes)))), promise: nil)
  }

  private func endResponse(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
    context.write(wrapOutboundOut(.end(nil)), promise: tracked(context, promise))
    current = nil
    outstanding -= 1
    guard outstanding == 0 else {
      readOn(context)
      return
    }
    if !assembler.isInBody {
      isHeaderDeadlineSet = false
      readDeadline?.set(in: TimeAmount(options.idleTimeout))
    }
    sendRefusalIfDue(context)
    readOn(context)
  }

  private func readOn(_ context: ChannelHandlerContext) {
    guard wantsRead else { return }
    wantsRead = false
    context.read()
  }

  /// A promise that counts as unwritten until it is kept.
  private func tracked(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) -> EventLoopPromise<Void> {
    let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
    unwritten += 1
    promise.futureResult.assumeIsolated().whenComplete { [weak self] _ in
      guard let self else { return }
      unwritten -= 1
      if unwritten == 0 { writeDeadline?.clear() } else { writeDeadline?.set(in: TimeAmount(options.writeTimeout)) }
      closeIfAnswered(context)
    }
    return promise
  }

  private func closeIfAnswered(_ context: ChannelHandlerContext) {
    // A refused peer's connection is closed by its deadline instead, after our answer can have arrived.
    guard closesWhenAnswered, outstanding == 0, unwritten == 0, !assembler.isRefused else { return }
    context.close(promise: nil)
  }
}
