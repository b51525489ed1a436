import HTTPMessage
import WireJSON

/// How a write is booked in `managedFields`.
enum Booking: Sendable {
  /// What changed belongs to the writer.
  case update
  /// The writer has put the bookkeeping into the object itself (apply).
  case given
}

/// PUT, and the way that every change of a stored object takes.
extension APIServer {
  /// Rounds of read, compute and commit before a write without a version gives up.
  private static let attempts = 100

  func replace(_ call: APICall) throws -> HTTPResponse {
    var codec = try ObjectCodec(call)
    let object = try codec.decode(try call.decodedBody())
    let hasVersion = object["metadata"]?.text("resourceVersion") != nil
    if !hasVersion, !call.definition.rules.allowsUnconditionalUpdate {
      throw APIStatus.invalid(
        call.definition, call.name ?? "", [.invalid("metadata.resourceVersion", 0, "must be specified for an update")])
    }
    let stored = try modify(call, booking: .update) { _ in object }
    return answer(stored, call, warnings: codec.warnings)
  }

  /// Changes a stored object: `transform` makes the new state, decoded and with its defaults, from the current one. When another write
  /// comes between, the round is repeated, unless the new state names the version that it is meant for.
  func modify(
    _ call: APICall, booking: Booking, _ transform: (StoredObject) throws -> JSONValue
  ) throws -> StoredObject {
    for _ in 0..<Self.attempts {
      let old = try current(call)
      var new = try transform(old)
      try checkIdentity(new["metadata"] ?? [:], old, call)
      // A binding is the server's own edit, of what nobody else may touch.
      if call.subresource != "binding" {
        carryOver(&new, from: old.object, call)
        try validate(new, old, call)
      }
      book(&new, old: old.object, call, booking)
      if new == old.object { return old }
      if call.isDryRun { return StoredObject(key: old.key, object: new, revision: old.revision) }
      do {
        if Self.isReleased(new) { return try remove(call.definition, old, last: new) }
        let stored = try store.replace(call.definition.storage, old, with: new)
        didReplace(stored, old, call.definition)
        return stored
      } catch {
        continue
      }
    }
    throw APIStatus.modified(call.definition, call.name ?? "")
  }

  private func validate(_ new: JSONValue, _ old: StoredObject, _ call: APICall) throws(APIStatus) {
    let errors =
      Names.check(new["metadata"] ?? [:], old: old.object["metadata"], call.definition)
      + call.definition.rules.validate(new, old.object)
    guard errors.isEmpty else { throw .invalid(call.definition, old.key.name, errors) }
  }

  /// The new state must speak of this very object and, if it names one, of its current version.
  private func checkIdentity(_ metadata: JSONValue, _ old: StoredObject, _ call: APICall) throws(APIStatus) {
    let name = old.key.name
    if let stated = metadata.text("name"), stated != name {
      throw .badRequest("the name of the object (\(stated)) does not match the name on the URL (\(name))")
    }
    if let stated = metadata.text("namespace"), stated != old.key.namespace {
      throw .badRequest("the namespace of the object (\(stated)) does not match the namespace on the URL (\(old.key.namespace))")
    }
    if let uid = metadata.text("uid"), uid != old.uid {
      throw .conflict(
        call.definition, name, "Precondition failed: UID in precondition: \(uid), UID in object meta: \(old.uid)")
    }
    if let version = metadata.text("resourceVersion"), version != String(old.revision) {
      guard Int64(version) != nil else {
        throw .invalid(call.definition, name, [.invalid("metadata.resourceVersion", .string(version), "must be an unsigned integer")])
      }
      throw .modified(call.definition, name)
    }
  }

  /// Puts back what this write must not touch, and counts the generation.
  private func carryOver(_ new: inout JSONValue, from old: JSONValue, _ call: APICall) {
    let rules = call.definition.rules
    if call.subresource == "status" {
      let (status, metadata) = (new["status"], new["metadata"])
      new = old
      new["status"] = status
      if !rules.statusKeepsMetadata, let metadata { new["metadata"] = metadata }
    } else if call.definition.hasStatus {
      new["status"] = old["status"]
    }
    var metadata = new["metadata"] ?? [:]
    let before = old["metadata"] ?? [:]
    for name in [
      "name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds",
      "selfLink", "generateName",
    ] { metadata[name] = before[name] }
    new["metadata"] = metadata
    if rules.tracksGeneration, Self.desiredState(new, call.definition) != Self.desiredState(old, call.definition) {
      new["metadata"]?["generation"] = .integer((before["generation"]?.int ?? 0) + 1)
    }
  }

  /// What a generation counts the changes of.
  private static func desiredState(_ object: JSONValue, _ definition: ResourceDefinition) -> JSONValue {
    guard definition.isCustom else { return object["spec"] ?? .null }
    var rest = object
    rest["metadata"] = nil
    if definition.hasStatus { rest["status"] = nil }
    return rest
  }

  func book(_ object: inout JSONValue, old: JSONValue?, _ call: APICall, _ booking: Booking) {
    guard case .update = booking else { return }
    var fields = ManagedFields(of: old ?? [:])
    object["metadata"]?["managedFields"] = nil
    fields.update(from: old, to: object, by: claim(call, operation: "Update"), call.definition.schema)
    object["metadata"]?["managedFields"] = fields.json
  }

  func claim(_ call: APICall, operation: String) -> ManagedFields.Entry {
    ManagedFields.Entry(
      manager: call.manager, operation: operation, apiVersion: call.definition.apiVersion, subresource: call.subresource ?? "",
      time: now.text, fields: FieldSet())
  }

  /// Whether nothing holds an object any more whose deletion has begun.
  static func isReleased(_ object: JSONValue) -> Bool {
    guard let metadata = object["metadata"], metadata["deletionTimestamp"] != nil else { return false }
    return (metadata["finalizers"]?.array ?? []).isEmpty && (metadata["deletionGracePeriodSeconds"]?.int ?? 0) == 0
      && !(object[path: ["spec", "finalizers"]]?.array ?? []).contains("kubernetes")
  }

  private func didReplace(_ stored: StoredObject, _ old: StoredObject, _ definition: ResourceDefinition) {
    if definition.storage == BuiltinKinds.crdStorage, stored.object["spec"] != old.object["spec"] {
      registry.install(stored.object, name: stored.key.name)
    }
  }
}
