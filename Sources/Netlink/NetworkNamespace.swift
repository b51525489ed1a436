import CLinux
import Glibc

/// A network namespace, held open: it lives at least as long as this value, whatever becomes of its path.
package final class NetworkNamespace: Sendable {
  /// What tells one namespace from another: two paths are the same namespace when their identities are equal.
  package struct Identity: Sendable, Hashable {
    package let device: UInt64
    package let inode: UInt64
  }

  let descriptor: Int32
  package let identity: Identity
  /// Where it was opened, for messages.
  package let path: String

  private init(descriptor: Int32, path: String) throws(NetlinkError) {
    var information = stat()
    guard fstat(descriptor, &information) == 0 else {
      let error = errno
      close(descriptor)
      throw NetlinkError("read network namespace \(path)", errno: error)
    }
    self.descriptor = descriptor
    self.path = path
    identity = Identity(device: UInt64(information.st_dev), inode: UInt64(information.st_ino))
  }

  deinit { close(descriptor) }

  /// ENOENT when the path is gone. That it is a network namespace at all shows at its first use.
  package convenience init(path: String) throws(NetlinkError) {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw NetlinkError("open network namespace \(path)", errno: errno) }
    try self.init(descriptor: descriptor, path: path)
  }

  /// The calling thread's. In a program that moves no thread for good, that is the process's.
  package static func current() throws(NetlinkError) -> NetworkNamespace {
    try NetworkNamespace(path: "/proc/thread-self/ns/net")
  }

  /// Runs `body` on a thread of its own inside the namespace, and waits for it.
  ///
  /// A namespace belongs to a thread, and Swift's tasks change threads at every `await`: so the body is synchronous, the thread is
  /// made for it and thrown away after it, and no thread of the shared pool ever is in a foreign namespace.
  package func perform<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
    let outcome = try OwnThread.run {
      Result {
        try self.enter()
        return try body()
      }
    }
    return try outcome.get()
  }

  /// The same for a body that throws nothing but netlink errors.
  package func perform<Value: Sendable>(
    netlink body: @escaping @Sendable () throws(NetlinkError) -> Value
  ) throws(NetlinkError) -> Value {
    let outcome = try OwnThread.run {
      Result { () throws(NetlinkError) in
        try self.enter()
        return try body()
      }
    }
    return try outcome.get()
  }

  /// The same without blocking the caller's thread. Not cancelled with the task: the body runs to its end.
  package func performAsync<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    let outcome = try await OwnThread.run {
      Result {
        try self.enter()
        return try body()
      }
    }
    return try outcome.get()
  }

  private func enter() throws(NetlinkError) {
    let error = clinux_enter_network_namespace(descriptor)
    guard error == 0 else { throw NetlinkError("enter network namespace \(path)", errno: error) }
  }
}
