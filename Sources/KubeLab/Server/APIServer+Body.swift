import HTTPMessage
package import WireJSON
import Yams

extension APICall {
  /// The media type of the body, without parameters.
  var contentType: String {
    let header = request.headers["Content-Type"] ?? "application/json"
    return header.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
  }

  /// The body as an object, from JSON, YAML or protobuf.
  func decodedBody() throws -> JSONValue {
    switch contentType {
    case "application/json", "": return try Self.json(request.body)
    case "application/yaml": return try YAMLReader.value(String(decoding: request.body, as: UTF8.self))
    case ProtobufReader.mediaType:
      do {
        return try ProtobufReader.object(request.body)
      } catch {
        throw APIStatus.badRequest("the object provided is unrecognized: \(error)")
      }
    default: throw APIStatus.unsupportedMediaType(["application/json", "application/yaml", ProtobufReader.mediaType])
    }
  }

  static func json(_ bytes: [UInt8]) throws(APIStatus) -> JSONValue {
    do {
      return try JSONValue(parsing: bytes)
    } catch {
      throw .badRequest("the object provided is unrecognized (must be of type JSON): \(error)")
    }
  }
}

/// YAML as a kube-apiserver reads it: the same values as JSON.
package enum YAMLReader {
  /// The first document of a text.
  static func value(_ text: String) throws -> JSONValue {
    do {
      guard let node = try Yams.compose(yaml: text) else { return .null }
      return value(node)
    } catch let error as YamlError {
      throw APIStatus.badRequest("error decoding YAML: \(error)")
    }
  }

  /// All documents of a text; empty ones are left out.
  package static func documents(_ text: String) throws -> [JSONValue] {
    var documents: [JSONValue] = []
    for node in try Yams.compose_all(yaml: text) {
      let value = value(node)
      if !value.isNull { documents.append(value) }
    }
    return documents
  }

  private static func value(_ node: Node) -> JSONValue {
    switch node {
    case .mapping(let mapping):
      var members: [String: JSONValue] = [:]
      for (key, value) in mapping { members[key.string ?? ""] = self.value(value) }
      return .object(members)
    case .sequence(let sequence): return .array(sequence.map(value))
    case .scalar(let scalar): return self.scalar(node, scalar.string)
    case .alias: return .null
    }
  }

  /// Plain scalars by YAML 1.1's rules; whole numbers keep their digits.
  private static func scalar(_ node: Node, _ text: String) -> JSONValue {
    switch node.tag.description {
    case Tag.Name.null.rawValue: return .null
    case Tag.Name.bool.rawValue: return node.bool.map { .bool($0) } ?? .string(text)
    case Tag.Name.int.rawValue:
      if let number = (try? JSONValue(parsing: text))?.number { return .number(number) }
      return node.int.map { .integer($0) } ?? .string(text)
    case Tag.Name.float.rawValue:
      if let number = (try? JSONValue(parsing: text))?.number { return .number(number) }
      return node.float.map { $0.isFinite ? .number(JSONNumber($0)) : .string(text) } ?? .string(text)
    default: return .string(text)
    }
  }
}
