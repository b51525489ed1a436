import Glibc

/// Tells a blocked thread to stop: a pipe whose reading end becomes readable for good once `fire` was called. Any thread may call it,
/// any number of times.
final class StopSignal: Sendable {
  /// For `poll`. Never read from.
  let descriptor: Int32
  private let writing: Int32

  init() throws(ProcessError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .system("make a pipe", errno) }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    (descriptor, writing) = (ends[0], ends[1])
  }

  deinit {
    close(descriptor)
    close(writing)
  }

  func fire() {
    var byte: UInt8 = 1
    // A full pipe has been fired often enough.
    _ = write(writing, &byte, 1)
  }
}

/// What a call about processes or files was refused with.
package enum ProcessError: Error, Equatable, CustomStringConvertible {
  /// What was tried, and the errno.
  case system(String, Int32)
  /// A program is not where it must be.
  case missing(String)

  package var description: String {
    switch self {
    case .system(let operation, let code): "cannot \(operation): \(String(cString: strerror(code)))"
    case .missing(let path): "\(path) does not exist or is not executable"
    }
  }
}
