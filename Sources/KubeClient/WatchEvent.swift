package import KubeAPI
import WireJSON

/// What a watch tells.
package enum WatchEvent<R: Resource>: Sendable {
  case added(R)
  case modified(R)
  /// The object as it was last.
  case deleted(R)
  /// Nothing changed up to this version.
  case bookmark(resourceVersion: String)
  /// The server ends the watch: 410 when the version it should go on from is too old.
  case failed(APIError)
  /// An event about an object that cannot be read. `isDeletion` tells whether the object is gone.
  case undecodable(UndecodableObject, resourceVersion: String, isDeletion: Bool)

  /// Decodes one line of a watch's body.
  init(decoding line: [UInt8]) throws(JSONError) {
    self = try JSONReader.parse(line) { (reader) throws(JSONError) in
      var type: String?
      // Where the object begins, if it stands before the type.
      var pending: JSONReader?
      var event: WatchEvent?
      try reader.readFields { (reader, key) throws(JSONError) in
        switch key {
        case "type": type = try reader.readString()
        case "object":
          if let type {
            event = try Self.read(type, &reader)
          } else {
            pending = reader
            try reader.skipValue()
          }
        default: try reader.skipValue()
        }
      }
      if event == nil, let type, var reader = pending { event = try Self.read(type, &reader) }
      guard let event else { throw reader.error(.expected("an event with type and object")) }
      return event
    }
  }

  private static func read(_ type: String, _ reader: inout JSONReader) throws(JSONError) -> WatchEvent {
    switch type {
    case "BOOKMARK": return .bookmark(resourceVersion: try readVersion(&reader))
    case "ERROR": return .failed(APIError(statusObject: try reader.readValue()))
    default: break
    }
    let before = reader
    do throws(JSONError) {
      let object = try R(from: &reader)
      switch type {
      case "ADDED": return .added(object)
      case "MODIFIED": return .modified(object)
      case "DELETED": return .deleted(object)
      default: throw before.error(.expected("an event type, not \(type)"))
      }
    } catch {
      reader = before
      var forVersion = before
      let version = (try? readVersion(&forVersion)) ?? ""
      return .undecodable(UndecodableObject(try reader.readRawValue(), error), resourceVersion: version, isDeletion: type == "DELETED")
    }
  }

  private static func readVersion(_ reader: inout JSONReader) throws(JSONError) -> String {
    var version = ""
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "metadata":
        try reader.readFields { (reader, key) throws(JSONError) in
          switch key {
          case "resourceVersion": version = try reader.readStringOrNull()
          default: try reader.skipValue()
          }
        }
      default: try reader.skipValue()
      }
    }
    return version
  }
}
