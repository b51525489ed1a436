import Glibc
import HTTPMessage
import Logging
import Synchronization
import Testing

@testable import HTTPTransport

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
let loopback = HTTPListener.tcp(host: "127.0.0.1", port: 0)

/// Passes on that something of level notice was logged: what a server does by itself shows nowhere else.
struct NoticeHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.notice
  private let notices: AsyncStream<Void>.Continuation

  init(_ notices: AsyncStream<Void>.Continuation) { self.notices = notices }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { if event.level == .notice { notices.yield() } }
}

/// Answers with what was asked.
let echo: HTTPHandler = { request in
  HTTPResponse(status: 200, headers: ["X-Target": request.target, "X-Method": request.method], body: .bytes(request.body))
}

/// Something that happens once and that a test waits for.
final class Latch: Sendable {
  private let signal = OneShotSignal()
  func open() { signal.fire() }
  func wait() async { await signal.wait() }
}

/// What happened, in order.
final class Journal: Sendable {
  private let lines = Mutex<[String]>([])
  func note(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}

extension HTTPResponse {
  var bytes: [UInt8] {
    if case .bytes(let bytes) = body { bytes } else { [] }
  }
  var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// A directory of the test's own; it is removed afterwards.
func withTemporaryDirectory<Result: Sendable>(_ body: (String) async throws -> Result) async throws -> Result {
  var template = Array("/tmp/http-XXXXXX".utf8CString)
  let path = try #require(mkdtemp(&template).map { String(cString: $0) })
  defer { removeTree(path) }
  return try await body(path)
}

/// Removes a directory and the files in it.
private func removeTree(_ path: String) {
  guard let directory = opendir(path) else { return }
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { unlink(path + "/" + name) }
  }
  closedir(directory)
  rmdir(path)
}

func pool(_ endpoint: HTTPEndpoint, _ change: (inout HTTPPoolOptions) -> Void = { _ in }) throws -> HTTPPool {
  var options = HTTPPoolOptions()
  change(&options)
  return try HTTPPool(HTTPPeer(endpoint: endpoint), options: options)
}

func get(_ target: String) -> HTTPRequest { HTTPRequest(method: "GET", target: target) }
