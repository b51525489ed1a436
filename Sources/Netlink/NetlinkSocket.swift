import CLinux
import Glibc

/// A socket to the kernel's routing tables. It belongs to the network namespace it was opened in for as long as it lives, whatever
/// thread uses it. One request at a time; not for sharing.
final class NetlinkSocket {
  /// How long the kernel may take. It answers at once unless something is badly wrong.
  static let timeout = Duration.seconds(10)
  /// How often a listing is tried again when the table changes under it.
  private static let listingAttempts = 8
  /// The kernel never sends a larger datagram to who asks with a buffer of this size.
  private static let bufferSize = 65536

  private let descriptor: Int32
  private var sequence: UInt32 = 0

  /// Opens a socket in the calling thread's namespace.
  convenience init() throws(NetlinkError) {
    self.init(descriptor: try Self.open())
  }

  /// Takes over a descriptor from `open`.
  init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  static func open() throws(NetlinkError) -> Int32 {
    let operation = "open a netlink socket"
    let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), CLINUX_NETLINK_ROUTE)
    guard descriptor >= 0 else { throw NetlinkError(operation, errno: errno) }
    var address = sockaddr_nl()
    address.nl_family = sa_family_t(AF_NETLINK)
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size)) }
    }
    guard bound == 0 else {
      let error = errno
      close(descriptor)
      throw NetlinkError(operation, errno: error)
    }
    configure(descriptor)
    return descriptor
  }

  /// Options that make errors and lists better; a kernel without one of them still works.
  private static func configure(_ descriptor: Int32) {
    var limit = timeval(tv_sec: Int(timeout.components.seconds), tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    for option in [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK] {
      var on: Int32 = 1
      setsockopt(descriptor, SOL_NETLINK, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }
  }

  /// Sends a request and waits for its acknowledgement; returns the messages that came before it.
  @discardableResult
  func request(_ message: NetlinkMessage, _ operation: String) throws(NetlinkError) -> [NetlinkMessage] {
    var message = message
    message.flags |= NetlinkMessage.Flag.request | NetlinkMessage.Flag.acknowledge
    switch try exchange(message, isDump: false, operation) {
    case .complete(let replies): return replies
    case .refused(let code, let text): throw NetlinkError(operation, .system(code, kernelText: text))
    case .incomplete, .interrupted: throw NetlinkError(operation, .malformed("it ended without an acknowledgement"))
    }
  }

  /// Lists a table, again when it changed meanwhile.
  func dump(_ message: NetlinkMessage, _ operation: String) throws(NetlinkError) -> [NetlinkMessage] {
    var message = message
    message.flags |= NetlinkMessage.Flag.request | NetlinkMessage.Flag.dump
    for _ in 0..<Self.listingAttempts {
      do throws(NetlinkError) {
        switch try exchange(message, isDump: true, operation) {
        case .complete(let replies): return replies
        case .refused(let code, let text): throw NetlinkError(operation, .system(code, kernelText: text))
        case .incomplete, .interrupted: continue
        }
      } catch {
        // The receive buffer overflowed and part of the list is lost.
        guard error.code == ENOBUFS else { throw error }
      }
    }
    throw NetlinkError(operation, .changedWhileListed)
  }

  private func exchange(
    _ message: NetlinkMessage, isDump: Bool, _ operation: String
  ) throws(NetlinkError) -> NetlinkExchange.Outcome {
    sequence &+= 1
    var message = message
    message.sequence = sequence
    try send(message.encoded, operation)
    var exchange = NetlinkExchange(sequence: sequence, isDump: isDump)
    while true {
      let datagram = try receive(operation)
      do throws(NetlinkFormatError) {
        let outcome = try exchange.receive(datagram)
        if outcome != .incomplete { return outcome }
      } catch {
        throw NetlinkError(operation, .malformed(error.description))
      }
    }
  }

  private func send(_ bytes: [UInt8], _ operation: String) throws(NetlinkError) {
    while true {
      let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, 0) }
      if count == bytes.count { return }
      let error = count < 0 ? errno : EMSGSIZE
      guard error == EINTR else { throw failure(error, operation) }
    }
  }

  /// One datagram of the kernel's; others' are passed over, since any process may send to our port.
  private func receive(_ operation: String) throws(NetlinkError) -> [UInt8] {
    while true {
      var sender = sockaddr_nl()
      var size = socklen_t(MemoryLayout<sockaddr_nl>.size)
      var count = 0
      var error: Int32 = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: Self.bufferSize) { buffer, initialized in
        count = withUnsafeMutablePointer(to: &sender) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            recvfrom(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_TRUNC), $0, &size)
          }
        }
        error = errno
        initialized = max(0, min(count, buffer.count))
      }
      if count < 0 {
        guard error == EINTR else { throw failure(error, operation) }
      } else if count > Self.bufferSize {
        throw NetlinkError(operation, .malformed("a datagram of \(count) bytes"))
      } else if sender.nl_pid == 0 {
        return bytes
      }
    }
  }

  private func failure(_ error: Int32, _ operation: String) -> NetlinkError {
    error == EAGAIN ? NetlinkError(operation, .timedOut(Self.timeout)) : NetlinkError(operation, errno: error)
  }
}
