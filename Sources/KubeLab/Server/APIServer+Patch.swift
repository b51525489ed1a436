import HTTPMessage
import WireJSON

/// PATCH in its four forms.
extension APIServer {
  private static let mergeType = "application/merge-patch+json"
  private static let jsonType = "application/json-patch+json"
  private static let strategicType = "application/strategic-merge-patch+json"
  private static let applyTypes = ["application/apply-patch+yaml", "application/apply-patch+json"]

  func patch(_ call: APICall) throws -> HTTPResponse {
    if Self.applyTypes.contains(call.contentType) { return try apply(call) }
    if call.query["force"] != nil {
      throw APIStatus(
        code: 422, reason: "Invalid",
        message: "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch")
    }
    let change = try patchFunction(call)
    var codec = try ObjectCodec(call)
    let stored = try modify(call, booking: .update) { old in
      codec = try ObjectCodec(call)
      return try codec.decode(try change(Self.external(old, call.definition)))
    }
    return answer(stored, call, warnings: codec.warnings)
  }

  /// The stored object as clients know it, with its type.
  static func external(_ stored: StoredObject, _ definition: ResourceDefinition) -> JSONValue {
    var object = stored.object
    object["apiVersion"] = .string(definition.apiVersion)
    object["kind"] = .string(definition.kind)
    return object
  }

  /// What the patch does to an object.
  func patchFunction(_ call: APICall, schema: Schema? = nil) throws -> (JSONValue) throws -> JSONValue {
    let isStrategic = call.contentType == Self.strategicType
    guard [Self.mergeType, Self.jsonType].contains(call.contentType) || (isStrategic && !call.definition.isCustom) else {
      let strategic = call.definition.isCustom ? [] : [Self.strategicType]
      throw APIStatus.unsupportedMediaType([Self.jsonType, Self.mergeType] + strategic + Self.applyTypes)
    }
    let document = GoNumber.normalize(try APICall.json(call.request.body))
    if call.contentType == Self.jsonType {
      let patch = try JSONPatch(document)
      return { try patch.apply(to: $0) }
    }
    guard document.object != nil else { throw APIStatus.badRequest("a merge patch is an object") }
    if isStrategic {
      let schema = schema ?? call.definition.schema
      return { try StrategicMerge.apply(document, to: $0, schema: schema) }
    }
    return { MergePatch.apply(document, to: $0) }
  }

  // MARK: Server-side apply

  private func apply(_ call: APICall) throws -> HTTPResponse {
    guard let manager = call.query["fieldManager"], !manager.isEmpty else {
      throw APIStatus(
        code: 422, reason: "Invalid",
        message: "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch")
    }
    let sent = try YAMLReader.value(String(decoding: call.request.body, as: UTF8.self))
    guard sent.object != nil else { throw APIStatus.badRequest("error decoding YAML: the document is no object") }
    var codec = try ObjectCodec(call)
    var applied = try codec.decodeAsStated(sent)
    try checkApplied(&applied, call)
    var isCreated = false
    var stored: StoredObject
    do {
      stored = try modify(call, booking: .given) { old in try merged(applied, over: old.object, codec, call) }
    } catch let status as APIStatus where status.code == 404 && call.subresource == nil && isMissing(call) {
      isCreated = true
      let object = try merged(applied, over: nil, codec, call)
      stored = try insert(object, call, booking: .given)
    }
    return answer(stored, call, status: isCreated ? 201 : 200, warnings: codec.warnings)
  }

  private func isMissing(_ call: APICall) -> Bool { store.object(call.definition.storage, call.key(call.name ?? "")) == nil }

  private func checkApplied(_ applied: inout JSONValue, _ call: APICall) throws(APIStatus) {
    var metadata = applied["metadata"] ?? [:]
    if metadata["managedFields"] != nil { throw .badRequest("metadata.managedFields must be nil") }
    if let name = metadata.text("name"), name != call.name {
      throw .badRequest("the name of the object (\(name)) does not match the name on the URL (\(call.name ?? ""))")
    }
    metadata["name"] = .string(call.name ?? "")
    applied["metadata"] = metadata
    // Each end-point writes its own half.
    if call.subresource == "status" {
      applied = ["metadata": metadata, "status": applied["status"] ?? [:]]
    } else if call.definition.hasStatus {
      applied["status"] = nil
    }
  }

  /// The applied configuration laid over the live object, without what this manager stated before and no longer does.
  private func merged(_ applied: JSONValue, over live: JSONValue?, _ codec: ObjectCodec, _ call: APICall) throws -> JSONValue {
    let schema = call.definition.schema
    let claim = claim(call, operation: "Apply")
    var managers = ManagedFields(of: live ?? [:])
    var stated = applied
    stated["metadata"]?["resourceVersion"] = nil
    stated["metadata"]?["uid"] = nil
    let fields = ManagedFields.owned(FieldSet(of: stated, schema))
    var base = live
    base?["metadata"]?["managedFields"] = nil
    var result = StructuredMerge.merge(applied, over: base, schema)
    let changed = ManagedFields.owned(FieldSet(changesFrom: base, to: result, schema)).intersection(fields)
    try settleConflicts(&managers, changed, claim, call)
    let others = managers.entries.filter { !$0.isSameClaim(as: claim) }.reduce(FieldSet()) { $0.union($1.fields) }
    let former = managers.entries.first { $0.isSameClaim(as: claim) }?.fields ?? FieldSet()
    let dropped = former.subtracting(fields).subtracting(others)
    if !dropped.isEmpty { result = StructuredMerge.remove(dropped, from: result, schema) ?? [:] }
    codec.fillDefaults(&result)
    managers.apply(fields, by: claim)
    managers.entries = managers.entries.compactMap { entry in
      var entry = entry
      entry.fields = entry.fields.existing(in: result, schema)
      return entry.fields.isEmpty ? nil : entry
    }
    result["metadata"]?["managedFields"] = managers.json
    return result
  }

  /// Fields of others that this apply would change: refused, or taken over with `force`.
  private func settleConflicts(
    _ managers: inout ManagedFields, _ changed: FieldSet, _ claim: ManagedFields.Entry, _ call: APICall
  ) throws(APIStatus) {
    var causes: [JSONValue] = []
    var lines: [String] = []
    for index in managers.entries.indices where !managers.entries[index].isSameClaim(as: claim) {
      let entry = managers.entries[index]
      let common = entry.fields.intersection(changed)
      guard !common.isEmpty else { continue }
      managers.entries[index].fields = entry.fields.subtracting(common)
      let owner =
        "conflict with \"\(entry.manager)\"" + (entry.subresource.isEmpty ? "" : " with subresource \"\(entry.subresource)\"")
        + (entry.operation == "Update" ? " using \(entry.apiVersion)" : "")
      for path in common.paths() {
        causes.append(["reason": "FieldManagerConflict", "message": .string(owner), "field": .string(path)])
        lines.append("\(owner): \(path)")
      }
    }
    managers.entries.removeAll { $0.fields.isEmpty }
    guard !causes.isEmpty, !call.flag("force") else { return }
    let message = "Apply failed with \(causes.count) conflict\(causes.count == 1 ? "" : "s"): " + lines.joined(separator: "\n")
    throw APIStatus(code: 409, reason: "Conflict", message: message, details: ["causes": .array(causes)])
  }
}
