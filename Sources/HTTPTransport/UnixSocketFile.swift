import Glibc

/// A listening unix socket's file, known by device and inode, so that nobody removes another server's.
///
/// The number cannot be given to another file while the listening socket is open: the kernel holds the inode for it.
struct UnixSocketFile: Sendable, Equatable {
  let path: String
  let device: UInt64
  let inode: UInt64

  /// A listening descriptor and its file. The new socket takes the path by rename, so a client never finds it missing.
  struct Listening {
    let descriptor: Int32
    let file: UnixSocketFile
  }

  /// `sockaddr_un.sun_path` less its final zero.
  static let maxPathBytes = 107

  static func listen(path: String, mode: UInt16, backlog: Int32) throws(HTTPServerError) -> Listening {
    guard path.utf8.count <= maxPathBytes else { throw .pathTooLong(path: path) }
    try checkFree(path)
    let temporary = try temporaryPath(for: path)
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { throw failure(path) }
    unlink(temporary)
    guard withAddress(temporary, { bind(descriptor, $0, $1) }) == 0 else {
      let error = failure(path)
      close(descriptor)
      throw error
    }
    guard chmod(temporary, mode_t(mode)) == 0, Glibc.listen(descriptor, backlog) == 0, rename(temporary, path) == 0,
      let file = UnixSocketFile(at: path)
    else {
      let error = failure(path)
      unlink(temporary)
      close(descriptor)
      throw error
    }
    return Listening(descriptor: descriptor, file: file)
  }

  /// nil when nothing, or no socket, is at `path`.
  init?(at path: String) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
    self.path = path
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }

  /// Whether the path still leads to this very socket.
  var isPresent: Bool { UnixSocketFile(at: path) == self }

  /// Removes the file if it is still this one.
  func remove() {
    if isPresent { unlink(path) }
  }

  /// Throws unless the path is free or leads to a socket on which nobody answers.
  private static func checkFree(_ path: String) throws(HTTPServerError) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      guard errno == ENOENT else { throw failure(path) }
      return
    }
    guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path: path) }
    if isAnswered(path) { throw .inUse(path: path) }
  }

  /// Dials the socket. A full backlog (EAGAIN) has a listener behind it; a refusal or a path that just vanished has none.
  static func isAnswered(_ path: String) -> Bool {
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard probe >= 0 else { return false }
    defer { close(probe) }
    if withAddress(path, { connect(probe, $0, $1) }) == 0 { return true }
    return errno == EAGAIN || errno == EINPROGRESS
  }

  /// A name beside `path` that is this process's own, and recognisable in `ss` where the length allows.
  private static func temporaryPath(for path: String) throws(HTTPServerError) -> String {
    let long = "\(path).\(getpid())"
    if long.utf8.count <= maxPathBytes { return long }
    let directory = path.utf8.lastIndex(of: 0x2F).map { String(path[...$0]) } ?? ""
    let short = directory + ".\(getpid())"
    guard short.utf8.count <= maxPathBytes else { throw .pathTooLong(path: path) }
    return short
  }

  private static func withAddress<Result>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(maxPathBytes)) }
    return withUnsafeBytes(of: &address) { raw in
      // The pointer is to a whole sockaddr_un, whose layout begins as sockaddr's does: what the socket calls are made for.
      raw.withMemoryRebound(to: sockaddr.self) { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("a sockaddr_un has an address") }
        return body(base, socklen_t(raw.count))
      }
    }
  }

  private static func failure(_ path: String) -> HTTPServerError {
    .cannotListen("unix:" + path, reason: String(cString: strerror(errno)))
  }
}
