import Glibc

/// A program to run: which, with what, and in which surroundings.
package struct ProgramCall: Sendable, Equatable {
  /// Absolute path.
  package var executable: String
  /// Without the program's own name.
  package var arguments: [String]
  /// The whole environment; nil for this process's.
  package var environment: [String: String]?

  package init(_ executable: String, _ arguments: [String] = [], environment: [String: String]? = nil) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
  }

  /// `NAME=value` lines.
  var environmentLines: [String] {
    if let environment { return environment.sorted { $0.key < $1.key }.map { $0.key + "=" + $0.value } }
    var lines: [String] = []
    var next = environ
    while let entry = next.pointee {
      lines.append(String(cString: entry))
      next += 1
    }
    return lines
  }
}

/// How a program ended.
package enum ProgramEnd: Sendable, Equatable, CustomStringConvertible {
  case exited(Int32)
  case signalled(Int32)

  package var isSuccess: Bool { self == .exited(0) }

  package var description: String {
    switch self {
    case .exited(let code): "exit status \(code)"
    case .signalled(let signal): "signal \(signal)"
    }
  }
}

/// What a short-lived program said and how it ended.
package struct CommandOutput: Sendable, Equatable {
  package var status: ProgramEnd
  package var standardOutput: [UInt8]
  package var standardError: [UInt8]
  /// It was killed because its time was up.
  package var isTimedOut: Bool
  /// It said more than was kept.
  package var isTruncated: Bool

  package var isSuccess: Bool { status.isSuccess && !isTimedOut }
  package var text: String { String(decoding: standardOutput, as: UTF8.self) }
  package var errorText: String { String(decoding: standardError, as: UTF8.self) }
}
