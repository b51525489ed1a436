package import WireJSON

/// What a server says instead of a result (RFC 7047 §3.1 `<error>`, §4).
package struct RPCError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of error in the server's words.
  package let error: String
  package let details: String?

  package init(error: String, details: String? = nil) {
    self.error = error
    self.details = details
  }

  /// The `error` member of an answer: an object, or a bare text. Anything else is kept as its JSON text.
  init(_ value: JSONValue) {
    self.init(error: value.string ?? value["error"]?.string ?? value.text, details: value["details"]?.string)
  }

  package var description: String { details.map { "\(error): \($0)" } ?? error }
}

/// One message of the JSON-RPC 1.0 dialect of RFC 7047 §4. Parameters and results are kept as bytes: who they are for knows how to read them.
package enum JSONRPCMessage: Equatable, Sendable {
  /// The peer asks and wants an answer under this id.
  case request(id: JSONValue, method: String, parameters: [UInt8])
  case notification(method: String, parameters: [UInt8])
  case result(id: JSONValue, [UInt8])
  case failure(id: JSONValue, RPCError)

  package init(parsing bytes: [UInt8]) throws(JSONError) {
    self = try JSONReader.parse(bytes) { (reader) throws(JSONError) in try JSONRPCMessage(reading: &reader) }
  }

  private init(reading reader: inout JSONReader) throws(JSONError) {
    var id = JSONValue.null
    var method: String?
    var parameters: [UInt8]?
    var result: [UInt8]?
    var error = JSONValue.null
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "id": id = try reader.readValue()
      case "method": method = try reader.readNull() ? nil : try reader.readString()
      case "params": parameters = try reader.readRawValue()
      case "result": result = try reader.readRawValue()
      case "error": error = try reader.readValue()
      default: try reader.skipValue()
      }
    }
    if let method {
      let parameters = parameters ?? Array("[]".utf8)
      self = id.isNull ? .notification(method: method, parameters: parameters) : .request(id: id, method: method, parameters: parameters)
    } else if !error.isNull {
      self = .failure(id: id, RPCError(error))
    } else if let result {
      self = .result(id: id, result)
    } else {
      throw reader.error(.expected("a method, a result or an error"))
    }
  }

  /// The bytes that go out. Members in the order of RFC 7047 §4.1.
  package var bytes: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    switch self {
    case .request(let id, let method, let parameters):
      writer.field("method", method)
      writer.key("params")
      writer.raw(parameters)
      writer.field("id", id)
    case .notification(let method, let parameters):
      writer.field("method", method)
      writer.key("params")
      writer.raw(parameters)
      writer.field("id", .null)
    case .result(let id, let result):
      writer.key("result")
      writer.raw(result)
      writer.field("error", .null)
      writer.field("id", id)
    case .failure(let id, let error):
      writer.field("result", .null)
      writer.field("error", .string(error.error))
      writer.field("id", id)
    }
    writer.endObject()
    return writer.bytes
  }
}
