import Glibc

/// The mounts of a mount namespace, as /proc/self/mountinfo lists them (proc(5)).
package struct MountTable: Sendable, Equatable {
  /// In the order they were made: of two on one place the later hides the earlier.
  package let mountPoints: [String]

  /// The fifth field of each line, with its octal escapes undone.
  package init(parsing text: String) {
    mountPoints = text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ", omittingEmptySubsequences: false)
      return fields.count > 4 ? Self.unescape(fields[4]) : nil
    }
  }

  package static func current() -> MountTable { MountTable(parsing: TextFile.read("/proc/thread-self/mountinfo") ?? "") }

  package func isMountPoint(_ path: String) -> Bool { mountPoints.contains(path) }

  /// The mount that a path lies on.
  package func mountPoint(of path: String) -> String {
    mountPoints.filter { $0 == "/" || path == $0 || path.hasPrefix($0 + "/") }.max { $0.utf8.count < $1.utf8.count } ?? "/"
  }

  /// Blank, tab, newline and backslash are written as `\040` and so on.
  private static func unescape(_ text: Substring) -> String {
    guard text.contains("\\") else { return String(text) }
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == 0x5C, index + 3 < bytes.count {
        let digits = bytes[(index + 1)...(index + 3)].map { Int($0) - 0x30 }
        if digits.allSatisfy((0...7).contains) {
          result.append(UInt8(truncatingIfNeeded: digits[0] * 64 + digits[1] * 8 + digits[2]))
          index += 4
          continue
        }
      }
      result.append(bytes[index])
      index += 1
    }
    return String(decoding: result, as: UTF8.self)
  }
}
