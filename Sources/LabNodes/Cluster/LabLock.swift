import CLinux
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
    try TextFile.makeDirectory(LabDirectory.root)
    let path = LabDirectory.lock(of: name)
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else {
        // The folder may have been removed by a lab that ended just now.
        guard errno == ENOENT else { throw .system("open \(path)", errno) }
        try TextFile.makeDirectory(LabDirectory.root)
        continue
      }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        close(descriptor)
        return nil
      }
      // Between our open and our lock its last holder may have removed the file: then this lock is on nothing.
      var (held, found) = (stat(), stat())
      if fstat(descriptor, &held) == 0, stat(path, &found) == 0, held.st_ino == found.st_ino {
        return LabLock(name: name, descriptor: descriptor)
      }
      close(descriptor)
    }
  }

  /// Lets the name go and leaves everything else as it is, as a crash would.
  package func release() { flock(descriptor, LOCK_UN) }

  /// Removes the lock's file while it is still held, and the folder of all labs if this was the last.
  package func remove() {
    unlink(LabDirectory.lock(of: name))
    rmdir(LabDirectory.root)
  }
}
