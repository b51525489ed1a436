import CLinux
import Glibc
import Netlink

/// Directories and mounts of the host that labs need and that may not be there before them. What labs made, the last of them removes
/// again, unless somebody else has put something in by then.
///
/// "The last" must be sure: /run/openvswitch is where every node mounts its own directory, and the kernel drops such mounts, in all
/// namespaces, when the directory is removed. So every lab holds a shared lock as long as it lives, and only who gets the exclusive one
/// removes anything. What was made stands in the locked file, so that it is known also after a crash.
package final class HostPlaces: Sendable {
  private let descriptor: Int32

  package static let socketDirectory = "/run/openvswitch"
  /// The daemon's default socket, which the seed's NADs name.
  package static let daemonSocket = socketDirectory + "/kube-ovn-daemon.sock"
  private static let file = LabDirectory.root + "/host-places"

  /// What a line of the file says that a lab has made.
  private enum Made: String, CaseIterable {
    case socketDirectory
    case namespaceDirectory
    case namespaceMount
  }

  package init() throws(ProcessError) {
    guard let descriptor = try LockFile.open(Self.file, LOCK_EX) else { throw .system("lock \(Self.file)", EWOULDBLOCK) }
    self.descriptor = descriptor
    var made = Self.made
    if !TextFile.exists(Self.socketDirectory) { made.insert(.socketDirectory) }
    if !TextFile.exists(NetworkNamespace.directory) { made.insert(.namespaceDirectory) }
    if !MountTable.current().isMountPoint(NetworkNamespace.directory) { made.insert(.namespaceMount) }
    try TextFile.write(Self.file, made.map(\.rawValue).sorted().joined(separator: "\n").utf8, mode: 0o600)
    // The namespaces' directory itself is made by the first namespace.
    try TextFile.makeDirectory(Self.socketDirectory)
    flock(descriptor, LOCK_SH)
  }

  deinit { close(descriptor) }

  private static var made: Set<Made> {
    Set((TextFile.read(file) ?? "").split(separator: "\n").compactMap { Made(rawValue: String($0)) })
  }

  /// Removes what labs made, if this is the last one.
  package func restore() {
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { Self.removeMade() }
  }

  /// The same after labs that crashed, if none lives.
  static func restoreAbandoned() {
    guard TextFile.exists(file), let descriptor = try? LockFile.open(file, LOCK_EX | LOCK_NB) else { return }
    removeMade()
    close(descriptor)
    rmdir(LabDirectory.root)
  }

  /// Under the exclusive lock.
  private static func removeMade() {
    let made = made
    if made.contains(.socketDirectory) { rmdir(socketDirectory) }
    if made.contains(.namespaceMount) { removeNamespaceMount(andDirectory: made.contains(.namespaceDirectory)) }
    unlink(file)
  }

  private static func removeNamespaceMount(andDirectory: Bool) {
    // The lock that makers of namespaces take, so that none comes in between the look and the removal.
    let lock = open(NetworkNamespace.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard lock >= 0 else { return }
    defer { close(lock) }
    guard flock(lock, LOCK_EX) == 0, TextFile.names(in: NetworkNamespace.directory).isEmpty else { return }
    _ = clinux_detach_mount(NetworkNamespace.directory)
    if andDirectory { rmdir(NetworkNamespace.directory) }
  }
}
