import CLinux
import CNI
import Glibc

/// The pod's network namespace, as far as the plugin itself has business with it. The process has one thread, so it may enter it
/// and come back.
struct PodNamespace: ~Copyable {
  private let path: String
  private let descriptor: Int32

  /// Code 8 when the path cannot be opened: the sandbox is gone, or never was.
  init(path: String) throws(CNIError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CNIError(.invalidNamespace, "the pod's network namespace cannot be opened", details: "\(path): \(systemError(errno))")
    }
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  private static let ownPath = "/proc/self/ns/net"

  /// Whether it is the namespace the plugin runs in: for a pod that is always a mistake, and would change the node's network.
  func isOwn() throws(CNIError) -> Bool {
    var pod = stat()
    var own = stat()
    guard fstat(descriptor, &pod) == 0, stat(Self.ownPath, &own) == 0 else {
      throw CNIError(.invalidNamespace, "get plugin's netns failed", details: systemError(errno))
    }
    return pod.st_dev == own.st_dev && pod.st_ino == own.st_ino
  }

  /// Switches IPv6 on and router advertisements off in the pod, for the interfaces it has and will have (wire.md §4.2). Some
  /// runtimes hand over namespaces with IPv6 disabled, and a router's advertisement would give the pod addresses nobody allocated.
  func enableIPv6() throws(CNIError) {
    let home = open(Self.ownPath, O_RDONLY | O_CLOEXEC)
    guard home >= 0 else { throw CNIError(.internal, "open \(Self.ownPath): \(systemError(errno))") }
    defer { close(home) }
    var error = clinux_enter_network_namespace(descriptor)
    guard error == 0 else {
      throw CNIError(.invalidNamespace, "the pod's network namespace cannot be entered", details: "\(path): \(systemError(error))")
    }
    let failure = Self.writeSettings()
    error = clinux_enter_network_namespace(home)
    guard error == 0 else { throw CNIError(.internal, "return to the plugin's network namespace: \(systemError(error))") }
    if let failure { throw failure }
  }

  private static func writeSettings() -> CNIError? {
    for setting in ["disable_ipv6", "accept_ra"] {
      for interfaces in ["all", "default"] {
        let file = "/proc/sys/net/ipv6/conf/\(interfaces)/\(setting)"
        let code = writeZero(to: file)
        // No IPv6 in this kernel, or settings that are not ours to change: the pod works without.
        if code == 0 || code == ENOENT || code == EPERM || code == EACCES { continue }
        return CNIError(.internal, "failed to set \(file) to 0 in the pod: \(systemError(code))")
      }
    }
    return nil
  }

  /// Written whatever the value is: a write to `all` also reaches interfaces that differ from it. 0 or the errno.
  private static func writeZero(to file: String) -> Int32 {
    let descriptor = open(file, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    return write(descriptor, "0", 1) == 1 ? 0 : errno
  }
}

extension CNIError {
  static let ownNamespace = CNIError(.invalidNamespace, "plugin's netns and netns from CNI_NETNS should not be the same")
}
