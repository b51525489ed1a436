import WireJSON

/// What follows from a removal: dependents of owners, contents of namespaces, objects of CRDs.
///
/// A cluster's controllers do this in their own time; here it happens within the request that causes it, so a test sees it done. Only
/// removals are looked at: an object that is created with an owner that never existed stays.
extension APIServer {
  static let foregroundFinalizer = "foregroundDeletion"

  /// Removes an object for good and settles what follows.
  func remove(_ definition: ResourceDefinition, _ old: StoredObject, last object: JSONValue) throws(StoreError) -> StoredObject {
    let removed = try store.remove(definition.storage, old, last: object)
    if definition.storage == BuiltinKinds.crdStorage { withdraw(removed) }
    collectDependents(of: removed.uid)
    releaseOwners(of: removed)
    closeNamespace(removed.key.namespace)
    closeCRD(of: definition)
    return removed
  }

  /// What an object that stays for a while sets in motion by being deleted.
  func didBeginDeletion(_ stored: StoredObject, _ definition: ResourceDefinition, _ options: DeleteOptions) {
    if definition.storage == "namespaces" { purgeNamespace(stored.key.name) }
    if definition.storage == BuiltinKinds.crdStorage { purgeCRD(stored) }
    if options.propagation == .foreground { deleteBlockingDependents(of: stored.uid) }
  }

  // MARK: Owners

  /// Dependents go when their last owner has gone; the others forget this one.
  private func collectDependents(of uid: String) {
    for location in store.dependents(of: uid) {
      guard let definition = registry.definition(storage: location.resource),
        let stored = store.object(location.resource, location.key)
      else { continue }
      let owners = stored.object[path: ["metadata", "ownerReferences"]]?.array ?? []
      let living = owners.filter { owner in owner["uid"]?.string.map { $0 != uid && store.location(uid: $0) != nil } ?? false }
      if living.isEmpty {
        var options = DeleteOptions()
        options.uid = stored.uid
        attempt { _ = try delete(definition, location.key, options) }
      } else {
        setOwners(living, definition, location.key)
      }
    }
  }

  /// Takes an owner out of its dependents before it goes, so that they stay.
  func orphanDependents(of uid: String) {
    for location in store.dependents(of: uid) {
      guard let definition = registry.definition(storage: location.resource),
        let stored = store.object(location.resource, location.key)
      else { continue }
      let owners = stored.object[path: ["metadata", "ownerReferences"]]?.array ?? []
      setOwners(owners.filter { $0["uid"]?.string != uid }, definition, location.key)
    }
  }

  private func setOwners(_ owners: [JSONValue], _ definition: ResourceDefinition, _ key: ObjectKey) {
    edit(definition, key) { Self.set("ownerReferences", owners, in: &$0) }
  }

  private func deleteBlockingDependents(of uid: String) {
    for location in store.dependents(of: uid) {
      guard let definition = registry.definition(storage: location.resource) else { continue }
      var options = DeleteOptions()
      options.propagation = .foreground
      attempt { _ = try delete(definition, location.key, options) }
    }
    finishForeground(uid)
  }

  /// Owners that wait in the foreground for this object go on.
  private func releaseOwners(of removed: StoredObject) {
    for owner in removed.object[path: ["metadata", "ownerReferences"]]?.array ?? [] {
      if let uid = owner["uid"]?.string { finishForeground(uid) }
    }
  }

  private func finishForeground(_ uid: String) {
    guard let location = store.location(uid: uid), let definition = registry.definition(storage: location.resource),
      let owner = store.object(location.resource, location.key),
      owner.object[path: ["metadata", "deletionTimestamp"]] != nil,
      (owner.object[path: ["metadata", "finalizers"]]?.array ?? []).contains(.string(Self.foregroundFinalizer))
    else { return }
    let isBlocked = store.dependents(of: uid).contains { dependent in
      let references = store.object(dependent.resource, dependent.key)?.object[path: ["metadata", "ownerReferences"]]?.array ?? []
      return references.contains { $0["uid"]?.string == uid && $0["blockOwnerDeletion"]?.bool == true }
    }
    guard !isBlocked else { return }
    dropFinalizer(Self.foregroundFinalizer, definition, location.key)
  }

  // MARK: Namespaces

  private var namespacedResources: [ResourceDefinition] {
    var seen: Set<String> = []
    return registry.all.filter { $0.isNamespaced && !$0.isTransient && seen.insert($0.storage).inserted }
  }

  private func purgeNamespace(_ name: String) {
    for definition in namespacedResources {
      for stored in contents(of: definition.storage, in: name) { attempt { _ = try delete(definition, stored.key, DeleteOptions()) } }
    }
    closeNamespace(name)
  }

  /// A namespace that is going goes when nothing is left in it.
  private func closeNamespace(_ name: String) {
    guard !name.isEmpty, let definition = registry.definition(storage: "namespaces"),
      let namespace = store.object("namespaces", ObjectKey(name: name)),
      namespace.object[path: ["metadata", "deletionTimestamp"]] != nil
    else { return }
    guard !namespacedResources.contains(where: { hasContents($0.storage, in: name) }) else { return }
    edit(definition, namespace.key) { $0["spec"]?["finalizers"] = nil }
  }

  private func hasContents(_ resource: String, in namespace: String) -> Bool {
    var isFound = false
    store.snapshot(resource).table.forEach(from: namespace + "/") { stored in
      isFound = stored.key.namespace == namespace
      return false
    }
    return isFound
  }

  // MARK: CRDs

  private func storage(ofCRD crd: JSONValue) -> String {
    (crd[path: ["spec", "names", "plural"]]?.string ?? "") + "." + (crd[path: ["spec", "group"]]?.string ?? "")
  }

  private func purgeCRD(_ crd: StoredObject) {
    let resource = storage(ofCRD: crd.object)
    if let definition = registry.definition(storage: resource) {
      for stored in contents(of: resource, in: nil) { attempt { _ = try delete(definition, stored.key, DeleteOptions()) } }
    }
    finishCRD(resource)
  }

  private func closeCRD(of definition: ResourceDefinition) {
    if definition.isCustom { finishCRD(definition.storage) }
  }

  /// A CRD that is going goes with the last object of its kind.
  private func finishCRD(_ resource: String) {
    guard let definition = registry.definition(storage: BuiltinKinds.crdStorage),
      let crd = store.object(BuiltinKinds.crdStorage, ObjectKey(name: resource)),
      crd.object[path: ["metadata", "deletionTimestamp"]] != nil, store.snapshot(resource).table.count == 0
    else { return }
    dropFinalizer(CustomResources.cleanupFinalizer, definition, crd.key)
  }

  private func withdraw(_ crd: StoredObject) {
    registry.withdraw(crd.key.name)
    store.closeWatches(of: storage(ofCRD: crd.object))
  }

  // MARK: Small edits

  private func dropFinalizer(_ finalizer: String, _ definition: ResourceDefinition, _ key: ObjectKey) {
    edit(definition, key) { object in
      let left = (object[path: ["metadata", "finalizers"]]?.array ?? []).filter { $0.string != finalizer }
      Self.set("finalizers", left, in: &object)
    }
  }

  /// Sets a list of the metadata; an empty one is none.
  private static func set(_ name: String, _ list: [JSONValue], in object: inout JSONValue) {
    var metadata = object["metadata"]?.object ?? [:]
    if list.isEmpty { metadata.removeValue(forKey: name) } else { metadata[name] = .array(list) }
    object["metadata"] = .object(metadata)
  }

  /// Changes an object on the server's own account; it may go by that.
  func edit(_ definition: ResourceDefinition, _ key: ObjectKey, _ change: (inout JSONValue) -> Void) {
    while let old = store.object(definition.storage, key) {
      var new = old.object
      change(&new)
      guard new != old.object else { return }
      do throws(StoreError) {
        if Self.isReleased(new) {
          _ = try remove(definition, old, last: new)
        } else {
          _ = try store.replace(definition.storage, old, with: new)
        }
        return
      } catch {
        continue
      }
    }
  }

  /// Runs a step that another request may have made pointless: an object that is gone already needs no deletion.
  private func attempt(_ step: () throws -> Void) {
    do {
      try step()
    } catch {
      // Only 404 and 409 come here, and both mean that somebody else has taken care of the object.
    }
  }
}
