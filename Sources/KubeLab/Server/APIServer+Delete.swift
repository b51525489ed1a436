import HTTPMessage
import WireJSON

/// DELETE of one object and of collections.
extension APIServer {
  /// What became of an object whose deletion was asked for.
  struct Deletion {
    var object: StoredObject
    var isGone: Bool
  }

  /// Namespaces that a cluster cannot be without.
  private static let protectedNamespaces = ["default", "kube-system", "kube-public"]

  func delete(_ call: APICall) throws -> HTTPResponse {
    let name = call.name ?? ""
    if call.definition.storage == "namespaces", Self.protectedNamespaces.contains(name) {
      throw APIStatus.forbidden(call.definition, name, "this namespace may not be deleted")
    }
    let deletion = try delete(call.definition, call.key(name), try DeleteOptions(call))
    if deletion.isGone, call.definition.plural != "pods" { return Self.success(call.definition, deletion.object) }
    return answer(deletion.object, call)
  }

  func deleteCollection(_ call: APICall) throws -> HTTPResponse {
    if call.definition.isNamespaced, call.namespace == nil { throw APIStatus.methodNotAllowed() }
    let filter = try ObjectFilter(call)
    var options = try DeleteOptions(call)
    // Preconditions of a collection make no sense for its members.
    options.uid = nil
    options.resourceVersion = nil
    var deleted: [StoredObject] = []
    for stored in contents(of: call.definition.storage, in: filter.namespace) where filter.matchesWithin(stored) {
      do {
        deleted.append(try delete(call.definition, stored.key, options).object)
      } catch let status as APIStatus where status.code == 404 {
        continue
      }
    }
    let list: JSONValue = [
      "apiVersion": .string(call.definition.apiVersion), "kind": .string(call.definition.listKind),
      "metadata": ["resourceVersion": .string(String(store.revision))], "items": .array(deleted.map(\.object)),
    ]
    return HTTPResponse(status: 200, json: list.bytes)
  }

  /// The objects of a resource, in one namespace or in all.
  func contents(of resource: String, in namespace: String?) -> [StoredObject] {
    var found: [StoredObject] = []
    let prefix = namespace.map { $0 + "/" } ?? ""
    store.snapshot(resource).table.forEach(from: prefix) { stored in
      guard namespace == nil || stored.key.namespace == namespace else { return false }
      found.append(stored)
      return true
    }
    return found
  }

  /// Begins an object's deletion, or ends it when nothing holds it.
  func delete(_ definition: ResourceDefinition, _ key: ObjectKey, _ options: DeleteOptions) throws -> Deletion {
    while true {
      guard let old = store.object(definition.storage, key) else { throw APIStatus.notFound(definition, key.name) }
      try checkPreconditions(options, old, definition)
      var new = old.object
      let grace = mark(&new, definition, options)
      let isGone = Self.isReleased(new)
      if options.isDryRun { return Deletion(object: StoredObject(key: key, object: new, revision: old.revision), isGone: isGone) }
      do {
        if isGone {
          if options.propagation == .orphan { orphanDependents(of: old.uid) }
          // An object that goes at once was never seen deleting.
          let wasDeleting = old.object[path: ["metadata", "deletionTimestamp"]] != nil
          return Deletion(object: try remove(definition, old, last: wasDeleting || grace > 0 ? new : old.object), isGone: true)
        }
        if new == old.object { return Deletion(object: old, isGone: false) }
        let stored = try store.replace(definition.storage, old, with: new)
        didBeginDeletion(stored, definition, options)
        let left = store.object(definition.storage, key)
        return Deletion(object: left?.uid == stored.uid ? left ?? stored : stored, isGone: left?.uid != stored.uid)
      } catch {
        continue
      }
    }
  }

  private func checkPreconditions(_ options: DeleteOptions, _ old: StoredObject, _ definition: ResourceDefinition) throws(APIStatus) {
    if let uid = options.uid, uid != old.uid {
      throw .conflict(
        definition, old.key.name,
        "the UID in the precondition (\(uid)) does not match the UID in record (\(old.uid)). The object might have been deleted and then "
          + "recreated")
    }
    if let version = options.resourceVersion, version != String(old.revision) {
      throw .conflict(
        definition, old.key.name,
        "the ResourceVersion in the precondition (\(version)) does not match the ResourceVersion in record (\(old.revision)). The object "
          + "might have been modified")
    }
  }

  /// Writes the deletion into an object and returns the grace that it has.
  private func mark(_ object: inout JSONValue, _ definition: ResourceDefinition, _ options: DeleteOptions) -> Int {
    var metadata = object["metadata"] ?? [:]
    defer { object["metadata"] = metadata }
    if options.propagation == .foreground {
      var finalizers = metadata["finalizers"]?.array ?? []
      if !finalizers.contains(.string(Self.foregroundFinalizer)) { finalizers.append(.string(Self.foregroundFinalizer)) }
      metadata["finalizers"] = .array(finalizers)
    }
    let grace = definition.plural == "pods" && definition.group.isEmpty ? Self.podGrace(object, options) : 0
    if metadata["deletionTimestamp"] != nil {
      // A deletion under way can only be hastened.
      guard grace < metadata["deletionGracePeriodSeconds"]?.int ?? 0 else { return grace }
    } else if let generation = metadata["generation"]?.int {
      metadata["generation"] = .integer(generation + 1)
    }
    metadata["deletionTimestamp"] = .string((now + .seconds(grace)).text)
    metadata["deletionGracePeriodSeconds"] = .integer(grace)
    if definition.storage == "namespaces" { object["status"] = ["phase": "Terminating"] }
    return grace
  }

  /// A pod that no node runs, or that has ended, needs no grace.
  private static func podGrace(_ pod: JSONValue, _ options: DeleteOptions) -> Int {
    guard pod["spec"]?.text("nodeName") != nil, !["Succeeded", "Failed"].contains(pod[path: ["status", "phase"]]?.string) else { return 0 }
    return max(0, options.grace ?? pod[path: ["spec", "terminationGracePeriodSeconds"]]?.int ?? 30)
  }
}
