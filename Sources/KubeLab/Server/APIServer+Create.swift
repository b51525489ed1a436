import HTTPMessage
import WireJSON

/// POST.
extension APIServer {
  /// Tries at a free name for `generateName`.
  private static let nameAttempts = 8

  func create(_ call: APICall) throws -> HTTPResponse {
    if call.definition.isNamespaced, call.namespace == nil { throw APIStatus.methodNotAllowed() }
    var codec = try ObjectCodec(call)
    let object = try codec.decode(try call.decodedBody())
    let stored = try insert(object, call, booking: .update)
    return answer(stored, call, status: 201, warnings: codec.warnings)
  }

  /// Stores a new object, decoded and with its defaults.
  func insert(_ decoded: JSONValue, _ call: APICall, booking: Booking) throws -> StoredObject {
    let definition = call.definition
    for attempt in 1... {
      var object = decoded
      let isGenerated = try stampIdentity(&object, call)
      let name = object[path: ["metadata", "name"]]?.string ?? ""
      let key = call.key(name)
      if !isGenerated, store.object(definition.storage, key) != nil { throw APIStatus.exists(definition, name) }
      try checkNamespace(call, name)
      if definition.hasStatus { object["status"] = nil }
      definition.rules.begin(&object, kindContext)
      let errors = Names.check(object["metadata"] ?? [:], old: nil, definition) + definition.rules.validate(object, nil)
      guard errors.isEmpty else { throw APIStatus.invalid(definition, name, errors) }
      book(&object, old: nil, call, booking)
      if call.isDryRun { return StoredObject(key: key, object: object, revision: store.revision) }
      do {
        let stored = try store.create(definition.storage, key, object)
        didCreate(stored, definition)
        do {
          // The namespace may have begun to go since it was looked at, and its purge have missed this object.
          try checkNamespace(call, name)
        } catch {
          _ = try? delete(definition, key, DeleteOptions())
          throw error
        }
        return stored
      } catch is StoreError {
        guard isGenerated, attempt < Self.nameAttempts else { throw APIStatus.exists(definition, name) }
      }
    }
    throw APIStatus.noResource()
  }

  /// Name, namespace, uid and the like. True when the name was made up.
  private func stampIdentity(_ object: inout JSONValue, _ call: APICall) throws(APIStatus) -> Bool {
    var metadata = object["metadata"] ?? [:]
    if metadata.text("resourceVersion") != nil { throw .badRequest("resourceVersion should not be set on objects to be created") }
    var isGenerated = false
    if metadata.text("name") == nil {
      guard let stem = metadata.text("generateName") else {
        throw .invalid(call.definition, "", [.required("metadata.name", "name or generateName is required")])
      }
      metadata["name"] = .string(String(stem.prefix(58)) + identifiers.suffix())
      isGenerated = true
    }
    if call.definition.isNamespaced {
      let namespace = call.namespace ?? ""
      if let stated = metadata.text("namespace"), stated != namespace {
        throw .badRequest(
          "the namespace of the provided object does not match the namespace sent on the request (\(stated) != \(namespace))")
      }
      metadata["namespace"] = .string(namespace)
    } else {
      metadata["namespace"] = nil
    }
    for name in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"] { metadata[name] = nil }
    metadata["uid"] = .string(identifiers.uid())
    metadata["creationTimestamp"] = .string(now.text)
    if call.definition.rules.tracksGeneration { metadata["generation"] = 1 }
    object["metadata"] = metadata
    return isGenerated
  }

  /// Nothing is made in a namespace that is not there, or that is going.
  private func checkNamespace(_ call: APICall, _ name: String) throws(APIStatus) {
    guard call.definition.isNamespaced, let namespace = call.namespace else { return }
    guard let definition = registry.definition(storage: "namespaces") else { return }
    guard let found = store.object("namespaces", ObjectKey(name: namespace)) else { throw .notFound(definition, namespace) }
    guard found.object[path: ["metadata", "deletionTimestamp"]] != nil else { return }
    var status = APIStatus.forbidden(
      call.definition, name, "unable to create new content in namespace \(namespace) because it is being terminated")
    status.details?["causes"] = [
      [
        "reason": "NamespaceTerminating", "message": .string("namespace \(namespace) is being terminated"),
        "field": "metadata.namespace",
      ]
    ]
    throw status
  }

  /// What the server does when certain kinds come into being.
  private func didCreate(_ stored: StoredObject, _ definition: ResourceDefinition) {
    switch definition.storage {
    case BuiltinKinds.crdStorage: registry.install(stored.object, name: stored.key.name)
    case "namespaces": createServiceAccount(in: stored.key.name)
    default: break
    }
  }
}
