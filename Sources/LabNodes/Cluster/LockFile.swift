import Glibc

/// Files in the folder of all labs that exist to be locked.
enum LockFile {
  /// Opens and locks a file, making it and its folder where they are not there. `flags` are `flock`'s; nil when it would have to wait and
  /// must not. The caller closes the descriptor.
  static func open(_ path: String, _ flags: Int32) throws(ProcessError) -> Int32? {
    while true {
      try TextFile.makeDirectory(LabDirectory.root)
      let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else {
        // The folder may have been removed by a lab that ended just now.
        guard errno == ENOENT else { throw .system("open \(path)", errno) }
        continue
      }
      guard flock(descriptor, flags) == 0 else {
        let code = errno
        close(descriptor)
        if code == EINTR { continue }
        guard code == EWOULDBLOCK else { throw .system("lock \(path)", code) }
        return nil
      }
      // Between our open and our lock its last holder may have removed the file: then this lock is on nothing.
      var (held, found) = (stat(), stat())
      if fstat(descriptor, &held) == 0, stat(path, &found) == 0, held.st_ino == found.st_ino, held.st_dev == found.st_dev {
        return descriptor
      }
      close(descriptor)
    }
  }
}
