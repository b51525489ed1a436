import Glibc

/// Whole small files, and telling whether they changed.
enum TextFile {
  /// What tells one state of a file from another; symbolic links are followed, so a swapped `..data` link is seen.
  struct Version: Equatable, Sendable {
    let device: UInt64
    let inode: UInt64
    let seconds: Int
    let nanoseconds: Int
    let size: Int64

    init?(of path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
      size = Int64(status.st_size)
    }
  }

  /// Certificates and configurations are far smaller; a device or a pipe must not fill the memory.
  private static let maxBytes = 4 * 1024 * 1024

  static func read(_ path: String) throws(ConfigurationError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= maxBytes else { throw .unreadable(path: path, reason: "it is larger than \(maxBytes) bytes") }
    }
  }
}
