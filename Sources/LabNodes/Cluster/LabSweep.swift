import Glibc
import Netlink

/// Takes away what a lab left on the machine: after an orderly end hardly anything, after a crash everything. Only what carries the
/// lab's name is touched.
package enum LabSweep {
  /// The caller holds the lab's lock.
  package static func clean(_ lab: LabName) {
    let names = TextFile.names(in: NetworkNamespace.directory).filter { LabName(owning: $0) == lab }
    kill(processesIn: names)
    for name in names { _ = try? NetworkNamespace.delete(named: name) }
    TextFile.removeTree(LabDirectory.standard(of: lab).path)
  }

  /// Cleans up after every lab whose process is gone. Labs that live are left alone.
  package static func cleanAbandoned() {
    var found = Set(TextFile.names(in: NetworkNamespace.directory).compactMap(LabName.init(owning:)))
    for file in TextFile.names(in: LabDirectory.root) {
      if let name = LabName(file.hasSuffix(".lock") ? String(file.dropLast(5)) : file) { found.insert(name) }
    }
    for name in found {
      guard let lock = try? LabLock.take(name) else { continue }
      clean(name)
      lock.remove()
    }
    HostPlaces.restoreAbandoned()
  }

  /// Processes inside a dead lab's namespaces are of that lab: they outlived the signal that its death sent them.
  private static func kill(processesIn names: [String]) {
    let lost = Set(names.compactMap { try? NetworkNamespace.open(named: $0).identity.inode })
    guard !lost.isEmpty else { return }
    for entry in TextFile.names(in: "/proc") {
      guard let pid = Int32(entry), pid != getpid() else { continue }
      var status = stat()
      if stat("/proc/\(pid)/ns/net", &status) == 0, lost.contains(UInt64(status.st_ino)) { Glibc.kill(pid, SIGKILL) }
    }
  }
}
