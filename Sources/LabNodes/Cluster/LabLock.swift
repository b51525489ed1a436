import Glibc

/// A lab's name, held: as long as the process lives, nobody else takes it. The kernel lets go when the process dies, however it dies.
package final class LabLock: Sendable {
  package let name: LabName
  private let descriptor: Int32

  private init(name: LabName, descriptor: Int32) {
    self.name = name
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// The first name that nobody holds.
  package static func first() throws(ProcessError) -> LabLock {
    for number in 0..<1000 {
      if let lock = try take(LabName(number: number)) { return lock }
    }
    throw .system("find a name for the lab below \(LabDirectory.root)", EBUSY)
  }

  /// nil when a living process has it.
  package static func take(_ name: LabName) throws(ProcessError) -> LabLock? {
    guard let descriptor = try LockFile.open(LabDirectory.lock(of: name), LOCK_EX | LOCK_NB) else { return nil }
    return LabLock(name: name, descriptor: descriptor)
  }

  /// Lets the name go and leaves everything else as it is, as a crash would.
  package func release() { flock(descriptor, LOCK_UN) }

  /// Removes the lock's file while it is still held, and the folder of all labs if this was the last.
  package func remove() {
    unlink(LabDirectory.lock(of: name))
    rmdir(LabDirectory.root)
  }
}
