import Glibc
import HTTPMessage
import NIOCore
import NIOPosix

/// A socket that accepts connections.
struct BoundListener: Sendable {
  static let backlog: Int32 = 1024

  let channel: any Channel
  let endpoint: HTTPEndpoint
  let file: UnixSocketFile?

  static func bind(_ listener: HTTPListener, _ bootstrap: ServerBootstrap) async throws(HTTPServerError) -> BoundListener {
    switch listener {
    case .tcp(let host, let port):
      let wanted = HTTPEndpoint.tcp(host: host, port: port)
      do {
        let channel = try await bootstrap.bind(host: host, port: port).get()
        return BoundListener(channel: channel, endpoint: .tcp(host: host, port: channel.localAddress?.port ?? port), file: nil)
      } catch {
        throw .cannotListen(wanted.description, reason: reason(error))
      }
    case .unix(let path, let mode):
      let listening = try UnixSocketFile.listen(path: path, mode: mode, backlog: backlog)
      do {
        let channel = try await bootstrap.withBoundSocket(listening.descriptor).get()
        return BoundListener(channel: channel, endpoint: .unix(path: path), file: listening.file)
      } catch {
        listening.file.remove()
        throw .cannotListen("unix:" + path, reason: reason(error))
      }
    case .boundSocket(let descriptor):
      do {
        let channel = try await bootstrap.withBoundSocket(descriptor).get()
        return BoundListener(channel: channel, endpoint: endpoint(of: channel), file: nil)
      } catch {
        throw .cannotListen("descriptor \(descriptor)", reason: reason(error))
      }
    }
  }

  /// The file goes first: while the socket is open, no other file can have its inode.
  func close() {
    file?.remove()
    channel.close(promise: nil)
  }

  private static func endpoint(of channel: any Channel) -> HTTPEndpoint {
    if let path = channel.localAddress?.pathname { return .unix(path: path) }
    return .tcp(host: channel.localAddress?.ipAddress ?? "", port: channel.localAddress?.port ?? 0)
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? IOError else { return "\(error)" }
    return String(cString: strerror(error.errnoCode))
  }
}
