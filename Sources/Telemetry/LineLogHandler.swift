import Glibc
package import Logging

/// Log lines for people and for `grep`: time, level, label, message, then `key=value` pairs in key order; one write a line.
package struct LineLogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var logLevel: Logger.Level
  private let label: String
  private let write: @Sendable (String) -> Void

  package init(label: String, level: Logger.Level = .info, write: @escaping @Sendable (String) -> Void = LineLogHandler.standardError) {
    self.label = label
    logLevel = level
    self.write = write
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var all = metadata.merging(event.metadata ?? [:]) { _, own in own }
    if let error = event.error, all["error"] == nil { all["error"] = "\(error)" }
    let message = Self.escaped("\(event.message)", quotes: false)
    var line = "\(Self.time()) \(event.level.rawValue.uppercased()) \(label): \(message)"
    for key in all.keys.sorted() {
      guard let value = all[key] else { continue }
      line += " \(key)=\(Self.quoted("\(value)"))"
    }
    write(line + "\n")
  }

  /// One `write` call, so that lines of several processes on one terminal do not mix.
  package static let standardError: @Sendable (String) -> Void = { line in
    var line = line
    line.withUTF8 { bytes in
      _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
    }
  }

  static func quoted(_ text: String) -> String {
    let isPlain = text.unicodeScalars.allSatisfy { $0 != " " && $0 != "\"" && $0 != "=" && $0 != "\\" && !breaksLines($0) }
    return isPlain && !text.isEmpty ? text : "\"" + escaped(text, quotes: true) + "\""
  }

  /// One line, and nothing that a terminal would obey.
  private static func escaped(_ text: String, quotes: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      case "\\" where quotes: result += "\\\\"
      default: result.unicodeScalars.append(breaksLines(scalar) ? " " : scalar)
      }
    }
    return result
  }

  /// Control characters, and the separators that some viewers take for a line's end.
  private static func breaksLines(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
  }

  private static func time() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    func padded(_ value: Int, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    return "\(padded(Int(parts.tm_year) + 1900, 4))-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))T"
      + "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))."
      + "\(padded(now.tv_nsec / 1_000_000, 3))Z"
  }
}
