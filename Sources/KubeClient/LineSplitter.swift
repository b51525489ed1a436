/// Cuts a stream of chunks into lines.
struct LineSplitter {
  /// An object in etcd has at most 1.5 MB; its JSON is not ten times that.
  static let maxLineBytes = 16 * 1024 * 1024

  /// The beginning of a line whose end has not come yet.
  private var rest: [UInt8] = []

  /// The lines that end in this chunk, without their ends; empty lines are left out. Nil when a line is too long.
  mutating func lines(_ chunk: [UInt8]) -> [[UInt8]]? {
    var lines: [[UInt8]] = []
    var start = chunk.startIndex
    while let end = chunk[start...].firstIndex(of: 0x0A) {
      if rest.isEmpty {
        if end > start { lines.append(Array(chunk[start..<end])) }
      } else {
        rest += chunk[start..<end]
        lines.append(rest)
        rest = []
      }
      start = end + 1
    }
    rest += chunk[start...]
    return rest.count <= Self.maxLineBytes ? lines : nil
  }

  /// What came after the last line's end.
  mutating func takeRest() -> [UInt8] {
    defer { rest = [] }
    return rest
  }
}
