import CNI

/// Reads one HTTP/1.1 response from pieces as they arrive (RFC 9112): a body by length, in chunks, or up to the end of the connection.
/// Bounded in every direction; whatever is not understood is an error.
struct HTTPAnswerParser {
  static let headLimit = 16 << 10
  static let bodyLimit = 1 << 20

  struct Failure: Error, Equatable {
    let text: String
    init(_ text: String) { self.text = text }
  }

  private enum Stage: Equatable {
    case head
    case length(Int)
    case chunkSize
    /// Bytes left of the chunk, with the line end behind it.
    case chunk(Int)
    case trailer
    case untilEnd
  }

  private var stage = Stage.head
  private var buffer: [UInt8] = []
  private var status = 0
  private var body: [UInt8] = []
  private var headSize = 0

  /// The answer once it is whole.
  mutating func receive(_ bytes: some Sequence<UInt8>) throws(Failure) -> DaemonAnswer? {
    buffer += bytes
    while true {
      switch stage {
      case .head:
        guard let line = try takeLine() else { return nil }
        if let answer = try readHeadLine(line) { return answer }
      case .length(let length):
        guard buffer.count >= length else { return nil }
        return DaemonAnswer(status: status, body: Array(buffer.prefix(length)))
      case .chunkSize:
        guard let line = try takeLine() else { return nil }
        let size = try Self.chunkSize(line)
        guard body.count + size <= Self.bodyLimit else { throw Self.bodyTooLong }
        stage = size == 0 ? .trailer : .chunk(size)
      case .chunk(let size):
        guard buffer.count >= size + 2 else { return nil }
        guard buffer[size] == 0x0D, buffer[size + 1] == 0x0A else { throw Failure("a chunk does not end where it says") }
        body += buffer.prefix(size)
        buffer.removeFirst(size + 2)
        stage = .chunkSize
      case .trailer:
        guard let line = try takeLine() else { return nil }
        if line.isEmpty { return DaemonAnswer(status: status, body: body) }
      case .untilEnd:
        guard buffer.count <= Self.bodyLimit else { throw Self.bodyTooLong }
        return nil
      }
    }
  }

  /// The connection ended.
  mutating func end() throws(Failure) -> DaemonAnswer {
    guard stage == .untilEnd else {
      let isUntouched = stage == .head && status == 0 && buffer.isEmpty
      throw Failure(isUntouched ? "the connection was closed without an answer" : "the answer ends early")
    }
    return DaemonAnswer(status: status, body: buffer)
  }

  // MARK: Head

  private var length: Int?
  private var isChunked = false

  /// The status line, a header or the empty line that ends them; an answer when there can be no body.
  private mutating func readHeadLine(_ line: String) throws(Failure) -> DaemonAnswer? {
    if status == 0 {
      status = try Self.status(line)
      return nil
    }
    guard line.isEmpty else {
      try readHeader(line)
      return nil
    }
    if status < 200 {
      // An interim answer (100 Continue): the real one follows.
      (status, length, isChunked) = (0, nil, false)
      return nil
    }
    if status == 204 || status == 304 { return DaemonAnswer(status: status, body: []) }
    if isChunked {
      stage = .chunkSize
    } else if let length {
      guard length <= Self.bodyLimit else { throw Self.bodyTooLong }
      stage = .length(length)
    } else {
      stage = .untilEnd
    }
    return nil
  }

  private static func status(_ line: String) throws(Failure) -> Int {
    let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), parts[1].utf8.count == 3, let status = Int(parts[1]),
      (100...599).contains(status)
    else { throw Failure("no HTTP answer but \"\(line.prefix(80))\"") }
    return status
  }

  private mutating func readHeader(_ line: String) throws(Failure) {
    guard let colon = line.firstIndex(of: ":") else { throw Failure("a header without a colon: \"\(line.prefix(80))\"") }
    let value = line[line.index(after: colon)...].filter { $0 != " " && $0 != "\t" }
    switch line[..<colon].lowercased() {
    case "content-length":
      guard let number = UInt32(value), length == nil || length == Int(number) else { throw Failure("content-length \"\(value)\"") }
      length = Int(number)
    case "transfer-encoding":
      guard value.lowercased() == "chunked" else { throw Failure("transfer-encoding \"\(value)\"") }
      isChunked = true
    case "content-encoding":
      guard value.lowercased() == "identity" else { throw Failure("content-encoding \"\(value)\", though none was asked for") }
    default: break
    }
  }

  // MARK: Lines

  /// A line without its end; bare line feeds count too.
  private mutating func takeLine() throws(Failure) -> String? {
    guard let end = buffer.firstIndex(of: 0x0A) else {
      guard headSize + buffer.count <= Self.headLimit else { throw Failure("a head of more than \(Self.headLimit) bytes") }
      return nil
    }
    headSize += end + 1
    guard headSize <= Self.headLimit || stage == .chunkSize else { throw Failure("a head of more than \(Self.headLimit) bytes") }
    var line = buffer[..<end]
    if line.last == 0x0D { line.removeLast() }
    let text = String(decoding: line, as: UTF8.self)
    buffer.removeFirst(end + 1)
    return text
  }

  /// Hexadecimal, perhaps with extensions behind a semicolon.
  private static func chunkSize(_ line: String) throws(Failure) -> Int {
    let digits = line.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }
    guard digits.utf8.count <= 8, digits.first?.isHexDigit == true, let size = Int(digits, radix: 16) else {
      throw Failure("chunk size \"\(line.prefix(80))\"")
    }
    return size
  }

  private static let bodyTooLong = Failure("a body of more than \(bodyLimit) bytes")
}
