import HTTPMessage
package import WireJSON

/// The API server's refusal of a request: the HTTP status and what the Status object in the body says.
package struct APIError: Error, Equatable, CustomStringConvertible {
  package var status: Int
  /// The machine's word: `NotFound`, `Conflict`, `AlreadyExists`, `Expired`, `Invalid`, ... Empty if the body was no Status.
  package var reason: String
  package var message: String
  /// How long the server wants to be left alone.
  package var retryAfter: Duration?
  /// What was asked: method and target. Empty for a watch's error event.
  package var request: String

  package init(status: Int, reason: String, message: String, retryAfter: Duration? = nil, request: String = "") {
    self.status = status
    self.reason = reason
    self.message = message
    self.retryAfter = retryAfter
    self.request = request
  }

  package var isNotFound: Bool { status == 404 }
  package var isConflict: Bool { status == 409 && reason != "AlreadyExists" }
  package var isAlreadyExists: Bool { status == 409 && reason == "AlreadyExists" }
  /// The version, or the list, that was asked for is too old.
  package var isExpired: Bool { status == 410 }
  package var isUnauthorized: Bool { status == 401 }
  package var isForbidden: Bool { status == 403 }
  package var isInvalid: Bool { status == 422 }
  package var isTooManyRequests: Bool { status == 429 }

  package var description: String {
    let opening = request.isEmpty ? "" : request + ": "
    return opening + (reason.isEmpty ? "\(status)" : "\(status) \(reason)") + (message.isEmpty ? "" : ": " + message)
  }

  // MARK: From the wire

  /// What a body that is no Status shows of itself in the message.
  private static let excerptBytes = 300

  init(status: Int, headers: HTTPHeaders, body: [UInt8], request: String) {
    self.init(status: status, reason: "", message: "", request: request)
    if let parsed = try? JSONValue(parsing: body), parsed["kind"]?.string == "Status" {
      fill(from: parsed)
    } else {
      message = String(decoding: body.prefix(Self.excerptBytes), as: UTF8.self)
    }
    // The header is what overloaded servers send before they look at the request.
    if let seconds = headers["Retry-After"].flatMap({ Int($0) }), seconds >= 0 { retryAfter = .seconds(seconds) }
  }

  /// A watch's ERROR event: a Status without an HTTP response of its own.
  init(statusObject: JSONValue) {
    self.init(status: statusObject["code"]?.int ?? 500, reason: "", message: "")
    fill(from: statusObject)
  }

  private mutating func fill(from object: JSONValue) {
    reason = object["reason"]?.string ?? ""
    message = object["message"]?.string ?? ""
    if let seconds = object["details"]?["retryAfterSeconds"]?.int, seconds > 0 { retryAfter = .seconds(seconds) }
  }
}

/// The API server answered, and what it answered is not what was asked for. A write has been carried out nevertheless.
package struct UndecodableAnswer: Error, Equatable, CustomStringConvertible {
  package let request: String
  package let error: JSONError

  package var description: String { "\(request): the answer cannot be read: \(error)" }
}
