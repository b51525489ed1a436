import Glibc
import NIOCore
import NIOPosix

/// Tells when names in a directory come or go: inotify, with a clock beside it.
///
/// The clock covers what inotify cannot promise: no watches left on the host, the directory itself removed and made again.
struct DirectoryWatch {
  /// One element for any number of changes since the last; a consumer looks at the directory itself.
  let changes: AsyncStream<Void>
  private let channel: (any Channel)?
  private let clock: RepeatedTask

  /// How often to look although inotify said nothing, and how often when there is no inotify.
  private static let slowInterval = TimeAmount.seconds(10)
  private static let fastInterval = TimeAmount.milliseconds(500)

  init(directory: String, group: any EventLoopGroup) async {
    let (changes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    self.changes = changes
    channel = await Self.openChannel(directory, group, continuation)
    let interval = channel == nil ? Self.fastInterval : Self.slowInterval
    clock = group.next().scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in continuation.yield() }
  }

  func close() {
    clock.cancel()
    channel?.close(promise: nil)
  }

  /// The inotify descriptor as a channel; nil where the kernel gives none.
  private static func openChannel(
    _ directory: String, _ group: any EventLoopGroup, _ continuation: AsyncStream<Void>.Continuation
  ) async -> (any Channel)? {
    let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    guard descriptor >= 0 else { return nil }
    let mask = UInt32(IN_DELETE) | UInt32(IN_MOVED_FROM) | UInt32(IN_MOVED_TO) | UInt32(IN_CREATE) | UInt32(IN_DELETE_SELF)
    guard inotify_add_watch(descriptor, directory, mask) >= 0 else {
      Glibc.close(descriptor)
      return nil
    }
    do {
      return try await NIOPipeBootstrap(group: group)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(WakeHandler(continuation: continuation))
          }
        }
        .takingOwnershipOfDescriptor(input: descriptor).get()
    } catch {
      // The bootstrap gives the descriptor back when it fails.
      Glibc.close(descriptor)
      return nil
    }
  }

  /// Turns anything readable into a wake-up; what happened is read from the directory, never from the event.
  private final class WakeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    let continuation: AsyncStream<Void>.Continuation

    init(continuation: AsyncStream<Void>.Continuation) { self.continuation = continuation }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { continuation.yield() }
  }
}
