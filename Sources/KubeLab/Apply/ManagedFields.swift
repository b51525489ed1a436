import WireJSON

/// `metadata.managedFields`: which manager owns which fields of an object.
struct ManagedFields: Sendable {
  /// One manager's claim. A manager that both applies and updates, or writes a subresource, has several.
  struct Entry: Sendable {
    var manager: String
    /// `Apply` or `Update`.
    var operation: String
    var apiVersion: String
    var subresource: String
    var time: String
    var fields: FieldSet

    func isSameClaim(as other: Entry) -> Bool {
      manager == other.manager && operation == other.operation && apiVersion == other.apiVersion && subresource == other.subresource
    }
  }

  /// Fields that the server sets are nobody's.
  private static let unowned = FieldSet(children: [
    .field("metadata"): FieldSet(
      isMember: true,
      children: Dictionary(
        uniqueKeysWithValues: [
          "name", "namespace", "generateName", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
          "deletionGracePeriodSeconds", "managedFields", "selfLink",
        ].map { (FieldStep.field($0), FieldSet.leaf) }))
  ])
  /// Update entries beyond this many are merged into one, so that an object cannot grow for ever.
  private static let updateLimit = 10
  private static let ancient = "ancient-changes"

  var entries: [Entry]

  init(of object: JSONValue) {
    entries = (object[path: ["metadata", "managedFields"]]?.array ?? []).map { value in
      Entry(
        manager: value["manager"]?.string ?? "", operation: value["operation"]?.string ?? "Update",
        apiVersion: value["apiVersion"]?.string ?? "", subresource: value["subresource"]?.string ?? "",
        time: value["time"]?.string ?? "", fields: FieldSet(fieldsV1: value["fieldsV1"] ?? .null))
    }
  }

  var json: JSONValue? {
    guard !entries.isEmpty else { return nil }
    return .array(
      entries.sorted { ($0.operation, $0.time, $0.manager) < ($1.operation, $1.time, $1.manager) }.map { entry in
        var value: JSONValue = [
          "manager": .string(entry.manager), "operation": .string(entry.operation), "apiVersion": .string(entry.apiVersion),
          "time": .string(entry.time), "fieldsType": "FieldsV1", "fieldsV1": entry.fields.fieldsV1,
        ]
        if !entry.subresource.isEmpty { value["subresource"] = .string(entry.subresource) }
        return value
      })
  }

  static func owned(_ fields: FieldSet) -> FieldSet { fields.subtracting(unowned) }

  /// Books a write that was no apply: what it changed is the writer's, and no longer anybody else's.
  mutating func update(from old: JSONValue?, to new: JSONValue, by claim: Entry, _ schema: Schema) {
    let changed = Self.owned(FieldSet(changesFrom: old, to: new, schema))
    entries = entries.compactMap { entry in
      var entry = entry
      entry.fields = entry.fields.subtracting(entry.isSameClaim(as: claim) ? FieldSet() : changed).existing(in: new, schema)
      return entry.fields.isEmpty ? nil : entry
    }
    guard !changed.isEmpty else { return }
    if let index = entries.firstIndex(where: { $0.isSameClaim(as: claim) }) {
      entries[index].fields = entries[index].fields.union(changed)
      entries[index].time = claim.time
    } else {
      var claim = claim
      claim.fields = changed
      entries.append(claim)
    }
    mergeOldUpdates()
  }

  private mutating func mergeOldUpdates() {
    let updates = entries.indices.filter { entries[$0].operation == "Update" }
    guard updates.count > Self.updateLimit else { return }
    let oldest = updates.sorted { entries[$0].time < entries[$1].time }.prefix(updates.count - Self.updateLimit + 1)
    guard var merged = oldest.first.map({ entries[$0] }) else { return }
    for index in oldest { merged.fields = merged.fields.union(entries[index].fields) }
    merged.manager = Self.ancient
    merged.subresource = ""
    entries = entries.indices.filter { !oldest.contains($0) }.map { entries[$0] } + [merged]
  }

  /// Books an apply of `stated` fields; conflicting claims of others must have been dealt with.
  mutating func apply(_ stated: FieldSet, by claim: Entry) {
    if let index = entries.firstIndex(where: { $0.isSameClaim(as: claim) && $0.fields == stated }) {
      // The same claim again: not even its time changes, so that a repeated apply writes nothing.
      entries[index].fields = stated
      return
    }
    entries.removeAll { $0.isSameClaim(as: claim) }
    guard !stated.isEmpty else { return }
    var claim = claim
    claim.fields = stated
    entries.append(claim)
  }
}
