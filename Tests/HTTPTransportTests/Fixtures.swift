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

/// A client that gives up nothing by itself: a test that is about a deadline sets it.
func pool(
  _ endpoint: HTTPEndpoint, tls: HTTPClientTLS? = nil, _ change: (inout HTTPPoolOptions) -> Void = { _ in }
) throws -> HTTPPool {
  var options = HTTPPoolOptions()
  options.connectTimeout = patience
  options.requestTimeout = patience
  change(&options)
  return try HTTPPool(HTTPPeer(endpoint: endpoint, tls: tls), options: options)
}

/// Longer than any step of a test takes, however slow the machine.
let patience = Duration.seconds(300)

extension HTTPServerOptions {
  /// A server that cuts nobody by itself.
  static var patient: HTTPServerOptions {
    var options = HTTPServerOptions()
    options.headerTimeout = patience
    options.idleTimeout = patience
    options.writeTimeout = patience
    options.gracePeriod = patience
    return options
  }
}

/// An address of this machine on which nobody listens, and which nobody else gets meanwhile.
func withDeafAddress(_ body: (HTTPEndpoint) async throws -> Void) async throws {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  defer { close(descriptor) }
  try await body(.tcp(host: "127.0.0.1", port: try #require(bindToLoopback(descriptor))))
}

/// Binds a socket to a free port of 127.0.0.1, and says which; nil where that fails.
func bindToLoopback(_ descriptor: Int32) -> Int? {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  let error = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
      bind(descriptor, address, size) == 0 ? getsockname(descriptor, address, &size) : -1
    }
  }
  return error == 0 ? Int(UInt16(bigEndian: address.sin_port)) : nil
}

func get(_ target: String) -> HTTPRequest { HTTPRequest(method: "GET", target: target) }
