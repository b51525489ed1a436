import HTTPMessage
import WireJSON

/// How objects leave the server.
extension APIServer {
  /// An object of a resource as JSON text. The stored text is reused as it is.
  static func bytes(_ stored: StoredObject, _ definition: ResourceDefinition) -> [UInt8] {
    var bytes = Array(definition.typePrefix.utf8)
    bytes.append(contentsOf: stored.bytes.dropFirst())
    return bytes
  }

  func answer(_ stored: StoredObject, _ call: APICall, status: Int = 200, warnings: [String] = []) -> HTTPResponse {
    var response: HTTPResponse
    switch call.form {
    case .table:
      let table = table([stored], call, metadata: ["resourceVersion": .string(String(stored.revision))])
      response = HTTPResponse(status: status, json: table.bytes)
    case .partial: response = HTTPResponse(status: status, json: Self.partial(stored).bytes)
    default: response = HTTPResponse(status: status, json: Self.bytes(stored, call.definition))
    }
    for warning in warnings { response.headers.append("Warning", "299 - \(JSONValue.string(warning).text)") }
    return response
  }

  /// `PartialObjectMetadata`.
  static func partial(_ stored: StoredObject) -> JSONValue {
    ["apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": stored.object["metadata"] ?? [:]]
  }

  func table(_ objects: [StoredObject], _ call: APICall, metadata: JSONValue) -> JSONValue {
    let now = now
    let include = call.query["includeObject"] ?? "Metadata"
    let rows = objects.map { stored -> JSONValue in
      var row: JSONValue = ["cells": .array(call.definition.columns.map { $0.cell(stored.object, now) })]
      switch include {
      case "None": break
      case "Object":
        var object = stored.object
        object["apiVersion"] = .string(call.definition.apiVersion)
        object["kind"] = .string(call.definition.kind)
        row["object"] = object
      default: row["object"] = Self.partial(stored)
      }
      return row
    }
    return [
      "apiVersion": "meta.k8s.io/v1", "kind": "Table", "metadata": metadata,
      "columnDefinitions": .array(call.definition.columns.map(\.definition)), "rows": .array(rows),
    ]
  }

  /// A `Status` for an action that worked and left no object.
  static func success(_ definition: ResourceDefinition, _ stored: StoredObject, code: Int = 200) -> HTTPResponse {
    var details: JSONValue = ["name": .string(stored.key.name), "kind": .string(definition.plural), "uid": .string(stored.uid)]
    if !definition.group.isEmpty { details["group"] = .string(definition.group) }
    let status: JSONValue = ["apiVersion": "v1", "kind": "Status", "metadata": [:], "status": "Success", "details": details]
    return HTTPResponse(status: code, json: status.bytes)
  }
}
