import WireJSON

/// Strategic merge patch: a merge patch that knows which lists are really maps, with the directives `$patch`, `$retainKeys`,
/// `$deleteFromPrimitiveList/…` and `$setElementOrder/…`.
struct StrategicMerge {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private static let patchDirective = "$patch"
  private static let retainKeysDirective = "$retainKeys"
  private static let deletePrefix = "$deleteFromPrimitiveList/"
  private static let orderPrefix = "$setElementOrder/"

  static func apply(_ patch: JSONValue, to target: JSONValue, schema: Schema) throws(Failure) -> JSONValue {
    guard let changes = patch.object else { throw Failure(description: "a strategic merge patch is an object") }
    return .object(try merge(changes, into: target.object ?? [:], schema))
  }

  private static func merge(
    _ changes: [String: JSONValue], into target: [String: JSONValue], _ schema: Schema
  ) throws(Failure) -> [String: JSONValue] {
    switch changes[patchDirective]?.string {
    case "replace"?: return changes.filter { $0.key != patchDirective }
    case "delete"?: return [:]
    case "merge"?, nil: break
    case let other?: throw Failure(description: "unknown $patch directive \(other)")
    }
    var result = target
    if let retained = changes[retainKeysDirective]?.array {
      result = result.filter { member in retained.contains { $0.string == member.key } }
    }
    for name in changes.keys.sorted() {
      guard let change = changes[name], name != patchDirective, name != retainKeysDirective else { continue }
      if name.hasPrefix(deletePrefix) {
        let field = String(name.dropFirst(deletePrefix.count))
        let removed = change.array ?? []
        if let list = result[field]?.array { result[field] = .array(list.filter { !removed.contains($0) }) }
        continue
      }
      if name.hasPrefix(orderPrefix) { continue }
      if change.isNull {
        result[name] = nil
        continue
      }
      result[name] = try mergeMember(change, into: result[name], schema.member(name) ?? .open)
    }
    for (name, order) in changes where name.hasPrefix(orderPrefix) {
      let field = String(name.dropFirst(orderPrefix.count))
      if let list = result[field]?.array, let order = order.array {
        result[field] = .array(sort(list, by: order, changes[field]?.array ?? [], schema.member(field) ?? .open))
      }
    }
    return result
  }

  private static func mergeMember(_ change: JSONValue, into old: JSONValue?, _ schema: Schema) throws(Failure) -> JSONValue {
    switch change {
    case .object(let changes):
      return .object(try merge(changes, into: old?.object ?? [:], schema))
    case .array(let elements):
      guard let rule = schema.fields.patchRule else { return .array(elements.filter { $0[patchDirective] == nil }) }
      guard let key = rule.mergeKey else {
        guard let list = old?.array else { return change }
        return .array(list + elements.filter { !list.contains($0) })
      }
      return .array(try mergeList(elements, into: old?.array ?? [], key: key, schema.fields.items ?? .open))
    default: return change
    }
  }

  private static func mergeList(
    _ changes: [JSONValue], into target: [JSONValue], key: String, _ items: Schema
  ) throws(Failure) -> [JSONValue] {
    if changes.contains(where: { $0[patchDirective]?.string == "replace" }) {
      return changes.filter { $0[patchDirective] == nil }
    }
    var result = target
    for change in changes {
      guard let members = change.object else { throw Failure(description: "an element of a list merged by \(key) is no object") }
      guard let value = members[key] else { throw Failure(description: "map: \(change.text) does not contain declared merge key: \(key)") }
      let index = result.firstIndex { $0[key] == value }
      if members[patchDirective]?.string == "delete" {
        result.removeAll { $0[key] == value }
      } else if let index {
        result[index] = .object(try merge(members, into: result[index].object ?? [:], items))
      } else {
        result.append(.object(try merge(members, into: [:], items)))
      }
    }
    return result
  }

  /// Puts the elements that the order names into that order; those that only the server has keep their place among them.
  private static func sort(_ list: [JSONValue], by order: [JSONValue], _ patched: [JSONValue], _ schema: Schema) -> [JSONValue] {
    func identity(_ element: JSONValue) -> JSONValue? {
      guard let key = schema.fields.patchRule?.mergeKey else { return element }
      return element[key]
    }
    func rank(_ element: JSONValue) -> Int? {
      order.firstIndex { entry in (schema.fields.patchRule?.mergeKey == nil ? entry : identity(entry)) == identity(element) }
    }
    let named = list.enumerated().compactMap { index, element in rank(element).map { (rank: $0, index: index) } }
    let ordered = named.sorted { ($0.rank, $0.index) < ($1.rank, $1.index) }
    var result = list
    for (slot, source) in zip(named, ordered) { result[slot.index] = list[source.index] }
    return result
  }
}
