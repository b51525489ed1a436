package import HTTPMessage
import Synchronization

/// An exchange in the same process that answers as a script says, and keeps what it was asked.
package final class ScriptedExchange: HTTPExchange {
  package typealias Script = @Sendable (_ request: HTTPRequest, _ number: Int) async throws -> HTTPResponse

  private let script: Script
  private let asked = Mutex<[HTTPRequest]>([])

  /// `script` is called with each request and its number, from 0; what it throws is thrown to the asker.
  package init(_ script: @escaping Script) { self.script = script }

  package var requests: [HTTPRequest] { asked.withLock { $0 } }

  private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
    let number = asked.withLock { asked in
      asked.append(request)
      return asked.count - 1
    }
    return try await script(request, number)
  }

  package func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
    try Task.checkCancellation()
    var response = try await answer(request)
    if case .stream(let write) = response.body {
      let sink = Sink()
      try await write(sink)
      response.body = .bytes(sink.bytes)
    }
    return response
  }

  package func stream<Result: Sendable>(
    _ request: HTTPRequest, _ consume: (HTTPStreamedResponse) async throws -> Result
  ) async throws -> Result {
    try Task.checkCancellation()
    let response = try await answer(request)
    let pipe = BytePipe()
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          switch response.body {
          case .bytes(let bytes): if !bytes.isEmpty { try await pipe.write(bytes) }
          case .stream(let write): try await write(pipe)
          }
          pipe.finish(nil)
        } catch {
          pipe.finish(error)
        }
      }
      defer { group.cancelAll() }
      return try await consume(
        HTTPStreamedResponse(status: response.status, headers: response.headers) { try await pipe.next() })
    }
  }

  private final class Sink: HTTPBodyWriter {
    private let collected = Mutex<[UInt8]>([])
    var bytes: [UInt8] { collected.withLock { $0 } }
    func write(_ bytes: [UInt8]) async throws { collected.withLock { $0 += bytes } }
  }
}
