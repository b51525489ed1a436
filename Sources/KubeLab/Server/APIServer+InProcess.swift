package import HTTPMessage
package import WireJSON

/// The server without a socket, for tests and for the lab itself.
extension APIServer {
  /// A client's end in this process.
  package var exchange: InProcessExchange { InProcessExchange(handler) }

  /// Sends one request and reads the answer as JSON; `target` is path and query as a client would send them.
  package func send(
    _ method: String, _ target: String, _ body: JSONValue? = nil, type: String = "application/json",
    headers: HTTPHeaders = HTTPHeaders()
  ) async throws -> (status: Int, body: JSONValue) {
    var request = HTTPRequest(method: method, target: target, headers: headers, body: body?.bytes ?? [])
    if body != nil, request.headers["Content-Type"] == nil { request.headers["Content-Type"] = type }
    let response = try await exchange.exchange(request)
    guard case .bytes(let bytes) = response.body else { return (response.status, .null) }
    return (response.status, (try? JSONValue(parsing: bytes)) ?? .string(String(decoding: bytes, as: UTF8.self)))
  }
}
