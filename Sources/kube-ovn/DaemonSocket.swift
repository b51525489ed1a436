import CNI
import Glibc

/// One HTTP/1.1 call over the daemon's unix socket, blocking, with one deadline for all of it.
struct DaemonSocket: ~Copyable {
  private let path: String
  private let limit: Duration
  private let deadline: Int64
  private let descriptor: Int32

  /// The deadline runs from here.
  init(path: String, limit: Duration) throws(CNIError) {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .callFailed("open a socket: \(systemError(errno))") }
    self.path = path
    self.limit = limit
    self.descriptor = descriptor
    deadline = Self.now() + limit.milliseconds
  }

  deinit { close(descriptor) }

  /// Connects, sends a body and returns the answer. Once only: the daemon closes the connection behind it.
  func post(_ route: DaemonEndpoint.Path, _ body: [UInt8]) throws(CNIError) -> DaemonAnswer {
    try connect()
    let head = """
      POST \(route.rawValue) HTTP/1.1\r
      Host: \(DaemonEndpoint.host)\r
      User-Agent: kube-ovn/\(Plugin.version)\r
      Accept: application/json\r
      Content-Type: application/json\r
      Content-Length: \(body.count)\r
      Connection: close\r
      \r\n
      """
    try send(Array(head.utf8) + body)
    var parser = HTTPAnswerParser()
    while true {
      let bytes = try receive()
      do throws(HTTPAnswerParser.Failure) {
        if bytes.isEmpty { return try parser.end() }
        if let answer = try parser.receive(bytes) { return answer }
      } catch {
        throw .callFailed("POST \(route.rawValue) on \(path): \(error.text)")
      }
    }
  }

  private func connect() throws(CNIError) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path) - 1
    guard !path.isEmpty, path.utf8.count <= room, !path.utf8.contains(0) else {
      throw CNIError(
        .invalidConfiguration, "Invalid Configuration", details: "server_socket \"\(path)\" must be a path of 1 to \(room) bytes")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    while true {
      try allow(SO_SNDTIMEO)
      let outcome = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      if outcome == 0 { return }
      switch errno {
      case EINTR: continue
      case EISCONN: return
      case ENOENT:
        throw .callFailed(
          "the node daemon's socket \(path) does not exist: is kube-ovn-cni running on this node, and is server_socket its --bind-socket?")
      case ECONNREFUSED:
        throw .callFailed("nobody listens on the node daemon's socket \(path): kube-ovn-cni is not running, or just starting")
      case EAGAIN: throw .callFailed("the node daemon on \(path) takes no connection within \(limit)")
      default: throw .callFailed("connect to the node daemon's socket \(path): \(systemError(errno))")
      }
    }
  }

  private func send(_ bytes: [UInt8]) throws(CNIError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      try allow(SO_SNDTIMEO)
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        // A daemon that refuses a request early may have answered it: the answer says more than the broken pipe.
        guard errno == EPIPE || errno == ECONNRESET else { throw failure("send to", errno) }
        return
      }
    }
  }

  /// The next bytes; none at the connection's end.
  private func receive() throws(CNIError) -> [UInt8] {
    while true {
      try allow(SO_RCVTIMEO)
      var count = 0
      var code: Int32 = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: 16384) { buffer, initialized in
        count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        code = errno
        initialized = max(0, count)
      }
      if count >= 0 { return bytes }
      if code != EINTR { throw failure("receive from", code) }
    }
  }

  /// Gives the next system call the time that is left.
  private func allow(_ option: Int32) throws(CNIError) {
    let left = deadline - Self.now()
    guard left > 0 else { throw failure("wait for", EAGAIN) }
    var time = timeval(tv_sec: Int(left / 1000), tv_usec: Int(left % 1000) * 1000)
    setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  private func failure(_ what: String, _ code: Int32) -> CNIError {
    code == EAGAIN
      ? .callFailed("the node daemon on \(path) did not answer within \(limit)")
      : .callFailed("\(what) the node daemon on \(path): \(systemError(code))")
  }

  /// Milliseconds of a clock that nobody sets.
  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}

extension Duration {
  fileprivate var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
