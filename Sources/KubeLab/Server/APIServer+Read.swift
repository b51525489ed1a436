import HTTPMessage
import WireJSON

/// GET of one object and lists.
extension APIServer {
  func current(_ call: APICall) throws(APIStatus) -> StoredObject {
    let name = call.name ?? ""
    guard let stored = store.object(call.definition.storage, call.key(name)) else { throw .notFound(call.definition, name) }
    return stored
  }

  func get(_ call: APICall) throws -> HTTPResponse {
    if let wanted = try call.number("resourceVersion") { try checkNotFuture(wanted) }
    return answer(try current(call), call)
  }

  /// Where a page goes on: the version that the whole list shows, and the key behind the last object handed out.
  private struct ContinueToken {
    var revision: Int64
    var start: String

    init(revision: Int64, start: String) {
      self.revision = revision
      self.start = start
    }

    init(_ text: String) throws(APIStatus) {
      guard let bytes = Base64.decode(text), let value = try? JSONValue(parsing: bytes), let revision = value["rv"]?.int,
        let start = value["start"]?.string
      else { throw .badRequest("continue key is not valid: illegal or malformed continue token") }
      self.revision = Int64(revision)
      self.start = start
    }

    var text: String {
      let value: JSONValue = ["v": "meta.k8s.io/v1", "rv": .integer(revision), "start": .string(start)]
      return Base64.encode(value.bytes)
    }
  }

  func list(_ call: APICall) throws -> HTTPResponse {
    let filter = try ObjectFilter(call)
    let limit = try call.number("limit") ?? 0
    var (snapshot, start) = try listSnapshot(call)
    let prefix = filter.namespace.map { $0 + "/" } ?? ""
    if start.isEmpty { start = prefix }
    var found: [StoredObject] = []
    var next: String?
    var remaining = 0
    snapshot.table.forEach(from: start) { stored in
      guard prefix.isEmpty || stored.key.namespace == filter.namespace else { return false }
      guard filter.matchesWithin(stored) else { return true }
      if limit > 0, found.count == limit {
        if next == nil { next = stored.key.text }
        // Counting what is left is honest only where nothing selects, and is what clients show progress with.
        remaining += 1
        return !filter.selects
      }
      found.append(stored)
      return true
    }
    var metadata: JSONValue = ["resourceVersion": .string(String(snapshot.revision))]
    if let next {
      metadata["continue"] = .string(ContinueToken(revision: snapshot.revision, start: next).text)
      if !filter.selects { metadata["remainingItemCount"] = .integer(remaining) }
    }
    return listAnswer(found, metadata, call)
  }

  /// The state that a list shows, and the key that it starts from.
  private func listSnapshot(_ call: APICall) throws -> (ObjectStore.Snapshot, String) {
    let resource = call.definition.storage
    if let text = call.query["continue"], !text.isEmpty {
      let token = try ContinueToken(text)
      guard token.revision <= store.revision else { throw APIStatus.badRequest("continue key is not valid: it names a future version") }
      guard let snapshot = store.snapshot(resource, at: token.revision) else {
        throw APIStatus.expired(
          "The provided continue parameter is too old to display a consistent list result. You can start a new list without the "
            + "continue parameter.")
      }
      return (snapshot, token.start)
    }
    let wanted = try call.number("resourceVersion")
    let match = call.query["resourceVersionMatch"]
    if match != nil, wanted == nil {
      throw APIStatus(
        code: 422, reason: "Invalid",
        message: "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided")
    }
    if let wanted { try checkNotFuture(wanted) }
    if match == "Exact", let wanted {
      guard let snapshot = store.snapshot(resource, at: wanted) else {
        throw APIStatus.expired("The provided resource version is too old: \(wanted)")
      }
      return (snapshot, "")
    }
    return (store.snapshot(resource), "")
  }

  /// The store is the only one, so a version that it has not reached comes from elsewhere: waiting for it would not help.
  func checkNotFuture(_ revision: Int64) throws(APIStatus) {
    let current = store.revision
    guard revision > current else { return }
    throw APIStatus(
      code: 504, reason: "Timeout", message: "Timeout: Too large resource version: \(revision), current: \(current)",
      details: [
        "causes": [["reason": "ResourceVersionTooLarge", "message": "Too large resource version"]], "retryAfterSeconds": 1,
      ])
  }

  private func listAnswer(_ objects: [StoredObject], _ metadata: JSONValue, _ call: APICall) -> HTTPResponse {
    switch call.form {
    case .table: return HTTPResponse(status: 200, json: table(objects, call, metadata: metadata).bytes)
    case .partial:
      let list: JSONValue = [
        "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList", "metadata": metadata,
        "items": .array(objects.map(Self.partial)),
      ]
      return HTTPResponse(status: 200, json: list.bytes)
    default:
      let definition = call.definition
      // Items of built-in lists do not repeat their type; those of custom resources do.
      let opening = Array((definition.isCustom ? definition.typePrefix : "{").utf8)
      var bytes = Array("{\"apiVersion\":\"\(definition.apiVersion)\",\"items\":[".utf8)
      bytes.reserveCapacity(objects.reduce(256) { $0 + $1.bytes.count + opening.count + 1 })
      for (index, stored) in objects.enumerated() {
        if index > 0 { bytes.append(0x2C) }
        bytes.append(contentsOf: opening)
        bytes.append(contentsOf: stored.bytes.dropFirst())
      }
      bytes.append(contentsOf: "],\"kind\":\"\(definition.listKind)\",\"metadata\":".utf8)
      bytes.append(contentsOf: metadata.bytes)
      bytes.append(0x7D)
      return HTTPResponse(status: 200, json: bytes)
    }
  }
}
