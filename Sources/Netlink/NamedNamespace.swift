import CLinux
import Glibc

/// Network namespaces with names, as `ip netns` keeps them: a file below /run/netns over which the namespace is mounted. Both tools
/// see and delete each other's.
extension NetworkNamespace {
  package static let directory = "/run/netns"

  /// Makes a namespace and gives it a name. EEXIST when the name is taken.
  package static func create(named name: String) throws(NetlinkError) -> NetworkNamespace {
    let operation = "create network namespace \(name)"
    let path = try path(of: name)
    // Locked until the name is there: who takes the directory's mount away looks for names under this lock.
    let lock = try shareDirectory(operation)
    let descriptor = Glibc.open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0)
    let code = errno
    close(lock)
    guard descriptor >= 0 else { throw NetlinkError(operation, errno: code) }
    close(descriptor)
    let error = try OwnThread.run {
      let error = clinux_new_network_namespace()
      return error == 0 ? clinux_bind_mount("/proc/thread-self/ns/net", path) : error
    }
    guard error == 0 else {
      unlink(path)
      throw NetlinkError(operation, errno: error)
    }
    return try NetworkNamespace(path: path)
  }

  package static func open(named name: String) throws(NetlinkError) -> NetworkNamespace {
    try NetworkNamespace(path: try path(of: name))
  }

  /// Takes the name away; the namespace goes when nothing is in it and nobody holds it. False when there is no such name.
  @discardableResult
  package static func delete(named name: String) throws(NetlinkError) -> Bool {
    let operation = "delete network namespace \(name)"
    let path = try path(of: name)
    // EINVAL: a file without a mount, left by someone who failed half-way.
    let error = clinux_detach_mount(path)
    if error == ENOENT { return false }
    guard error == 0 || error == EINVAL else { throw NetlinkError(operation, errno: error) }
    guard unlink(path) == 0 else {
      guard errno == ENOENT else { throw NetlinkError(operation, errno: errno) }
      return false
    }
    return true
  }

  private static func path(of name: String) throws(NetlinkError) -> String {
    let isUsable = !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255 && !name.utf8.contains { $0 == 0x2F || $0 == 0 }
    guard isUsable else {
      throw NetlinkError("name a network namespace", .invalidName(name, rule: "it must be a file name of 1 to 255 bytes"))
    }
    return "\(directory)/\(name)"
  }

  /// Makes the directory a mount point that is shared with other mount namespaces, so that a namespace deleted in one of them does
  /// not stay mounted, and busy, in another. Returns a lock on the directory, for the caller to close: two at once would mount it twice.
  private static func shareDirectory(_ operation: String) throws(NetlinkError) -> Int32 {
    guard mkdir(directory, 0o755) == 0 || errno == EEXIST else { throw NetlinkError(operation, errno: errno) }
    let lock = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard lock >= 0 else { throw NetlinkError(operation, errno: errno) }
    while flock(lock, LOCK_EX) != 0 {
      let code = errno
      guard code == EINTR else {
        close(lock)
        throw NetlinkError(operation, errno: code)
      }
    }
    var error = clinux_make_shared(directory)
    if error == EINVAL {
      // Not a mount point yet.
      error = clinux_bind_itself(directory)
      if error == 0 { error = clinux_make_shared(directory) }
    }
    guard error == 0 else {
      close(lock)
      throw NetlinkError(operation, errno: error)
    }
    return lock
  }
}
