import KubeAPI
import WireJSON

/// Merge patches of a status, each saying only what differs from what is stored: derived truth goes last-writer-wins, and an idle
/// controller writes nothing.
enum StatusPatch {
  /// Counts and ranges of both families; nil when they are right.
  static func counts(_ stored: UsageStatus, v4: FamilyUsage, v6: FamilyUsage, _ fields: UsageFields) -> JSONValue? {
    var changes: [String: JSONValue] = [:]
    func count(_ key: String, _ stored: JSONNumber, _ wanted: UInt128, _ hasCounts: Bool) {
      let literal = JSONNumber(wanted)
      if !hasCounts || !same(stored, literal) { changes[key] = .number(literal) }
    }
    func range(_ key: String, _ stored: String, _ wanted: String, _ hasCounts: Bool) {
      if !hasCounts || stored != wanted { changes[key] = .string(wanted) }
    }
    let has = stored.hasCounts
    count(fields.v4Available, stored.v4Available, v4.available, has)
    count(fields.v4Using, stored.v4Using, v4.using, has)
    count(fields.v6Available, stored.v6Available, v6.available, has)
    count(fields.v6Using, stored.v6Using, v6.using, has)
    range(fields.v4AvailableRange, stored.v4AvailableRange, v4.availableRange, has)
    range(fields.v4UsingRange, stored.v4UsingRange, v4.usingRange, has)
    range(fields.v6AvailableRange, stored.v6AvailableRange, v6.availableRange, has)
    range(fields.v6UsingRange, stored.v6UsingRange, v6.usingRange, has)
    return changes.isEmpty ? nil : ["status": .object(changes)]
  }

  /// A kube-apiserver keeps a number beyond 2^63−1 as a double, so both are compared in that form or the status would be written
  /// for ever.
  static func same(_ a: JSONNumber, _ b: JSONNumber) -> Bool {
    if a == b { return true }
    if a.int64 != nil, b.int64 != nil { return false }
    return a.double == b.double
  }

  /// The wanted conditions merged into the stored list, nil when nothing but times would change. That an edit was judged and changed
  /// nothing is news too: whoever made it looks for its generation.
  static func conditions(_ stored: [Condition], _ wanted: [Condition], of object: ObjectMeta, now: Timestamp) -> JSONValue? {
    var conditions = stored
    var changed = false
    for var condition in wanted {
      condition.observedGeneration = object.generation
      condition.lastUpdateTime = now.description
      condition.lastTransitionTime = now.description
      guard let index = conditions.firstIndex(where: { $0.type == condition.type }) else {
        // What never failed needs no Error condition.
        if condition.type == SubnetCondition.error, condition.status == "False" { continue }
        conditions.append(condition)
        changed = true
        continue
      }
      let present = conditions[index]
      let isSame =
        present.status == condition.status && present.reason == condition.reason && present.message == condition.message
        && present.observedGeneration == condition.observedGeneration
      if isSame { continue }
      if present.status == condition.status { condition.lastTransitionTime = present.lastTransitionTime }
      conditions[index] = condition
      changed = true
    }
    return changed ? ["status": ["conditions": .array(conditions.map(\.json))]] : nil
  }
}
