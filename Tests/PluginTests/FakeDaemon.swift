import CNI
import Foundation
import Glibc
import Synchronization

/// A node daemon for tests: answers calls on a unix socket of its own, one after the other, on a thread of its own, and keeps what it
/// was sent.
final class FakeDaemon: Sendable {
  struct Call: Sendable, Equatable {
    /// Request line and headers.
    var head: [String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var request: DaemonRequest? { try? DaemonRequest(parsing: body) }
  }

  enum Reply: Sendable {
    /// A response as the real daemon writes it.
    case http(Int, [UInt8])
    /// Bytes, each piece by itself, and then the end of the connection.
    case raw([String])
    /// Bytes, each piece by itself, and then nothing until the caller goes away.
    case drops([String])
    /// The end of the connection at once.
    case hangUp
    /// Nothing, until the caller goes away.
    case silence

    static func response(_ response: DaemonResponse) -> Reply { .http(200, response.json) }
    static func failure(_ status: Int, _ error: String) -> Reply { .http(status, DaemonResponse(error: error).json) }
    static let deleted = Reply.http(204, [])
  }

  let path: String
  private let worker: Worker

  var calls: [Call] { worker.calls.withLock { $0 } }
  var requests: [DaemonRequest] { calls.compactMap(\.request) }

  init(_ reply: @escaping @Sendable (Call) -> Reply) throws {
    path = Self.newPath()
    worker = Worker(listener: try Self.listen(at: path), reply: reply)
    var thread = pthread_t()
    let error = pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Worker>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, Unmanaged.passRetained(worker).toOpaque())
    guard error == 0 else { throw TestFailure("no thread: \(error)") }
    pthread_detach(thread)
  }

  convenience init(_ reply: Reply) throws { try self.init { _ in reply } }

  deinit {
    // Wakes the worker out of `accept`; it closes the descriptor.
    shutdown(worker.listener, Int32(SHUT_RDWR))
    unlink(path)
  }

  static func newPath() -> String { "/tmp/kos-plugin-\(getpid())-\(UInt32.random(in: .min ... .max)).sock" }

  /// A socket file behind which nobody listens any more.
  static func abandonedSocket() throws -> String {
    let path = newPath()
    close(try listen(at: path))
    return path
  }

  private static func listen(at path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
    guard bound == 0, Glibc.listen(descriptor, 64) == 0 else { throw TestFailure("cannot listen on \(path): \(errno)") }
    return descriptor
  }
}

struct TestFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// What the thread works on.
private final class Worker: Sendable {
  let listener: Int32
  let calls = Mutex<[FakeDaemon.Call]>([])
  private let reply: @Sendable (FakeDaemon.Call) -> FakeDaemon.Reply

  init(listener: Int32, reply: @escaping @Sendable (FakeDaemon.Call) -> FakeDaemon.Reply) {
    self.listener = listener
    self.reply = reply
  }

  func run() {
    while true {
      let connection = accept(listener, nil, nil)
      if connection < 0 { break }
      serve(connection)
      close(connection)
    }
    close(listener)
  }

  private func serve(_ connection: Int32) {
    guard let call = readCall(connection) else { return }
    calls.withLock { $0.append(call) }
    switch reply(call) {
    case .http(let status, let body):
      let length = status == 204 ? "" : "Content-Length: \(body.count)\r\n"
      send(Array("HTTP/1.1 \(status) Words\r\nContent-Type: application/json\r\n\(length)\r\n".utf8) + body, to: connection)
    case .raw(let pieces): for piece in pieces { send(Array(piece.utf8), to: connection) }
    case .hangUp: break
    case .drops(let pieces):
      for piece in pieces { send(Array(piece.utf8), to: connection) }
      waitUntilLeft(connection)
    case .silence: waitUntilLeft(connection)
    }
  }

  private func waitUntilLeft(_ connection: Int32) {
    var byte: UInt8 = 0
    while recv(connection, &byte, 1, 0) > 0 {}
  }

  private func send(_ bytes: [UInt8], to connection: Int32) {
    _ = bytes.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }

  /// A request by its Content-Length; nil when the caller goes away before it is whole.
  private func readCall(_ connection: Int32) -> FakeDaemon.Call? {
    var bytes: [UInt8] = []
    while true {
      if let end = bytes.endOfHead {
        let head = String(decoding: bytes[..<(end - 4)], as: UTF8.self).components(separatedBy: "\r\n")
        let length = head.first { $0.hasPrefix("Content-Length: ") }.flatMap { Int($0.dropFirst(16)) } ?? 0
        if bytes.count >= end + length { return FakeDaemon.Call(head: head, body: Array(bytes[end...])) }
      }
      var chunk = [UInt8](repeating: 0, count: 65536)
      let count = recv(connection, &chunk, chunk.count, 0)
      if count <= 0 { return nil }
      bytes += chunk[..<count]
    }
  }
}

extension [UInt8] {
  /// Where the empty line behind the headers ends.
  fileprivate var endOfHead: Int? {
    guard count >= 4 else { return nil }
    return (4...count).first { self[($0 - 4)..<$0].elementsEqual([13, 10, 13, 10]) }
  }
}
