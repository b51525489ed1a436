import WireJSON

/// The two halves of server-side apply on values: laying an applied configuration over the live object, and taking away what its manager
/// no longer states.
enum StructuredMerge {
  static func merge(_ applied: JSONValue, over live: JSONValue?, _ schema: Schema) -> JSONValue {
    guard let live else { return withoutNulls(applied) }
    switch (applied, live) {
    case (.object(let changes), .object(var members)) where schema.isGranularMap:
      for (name, change) in changes where !change.isNull {
        members[name] = merge(change, over: members[name], schema.member(name) ?? .open)
      }
      return .object(members)
    case (.array(let changes), .array(let elements)) where schema.fields.listType != .atomic:
      var result = elements
      for change in changes {
        let step = FieldSet.step(for: change, schema)
        if let index = result.firstIndex(where: { FieldSet.step(for: $0, schema) == step }) {
          result[index] = merge(change, over: result[index], schema.fields.items ?? .open)
        } else {
          result.append(withoutNulls(change))
        }
      }
      return .array(result)
    default: return withoutNulls(applied)
    }
  }

  /// Removes the fields of a set. An object that loses its last member goes too, unless the set does not own it as a whole.
  static func remove(_ fields: FieldSet, from value: JSONValue, _ schema: Schema) -> JSONValue? {
    if fields.isMember, fields.children.isEmpty { return nil }
    switch value {
    case .object(var members):
      let before = members.count
      for (step, child) in fields.children {
        guard case .field(let name) = step, let member = members[name] else { continue }
        members[name] = remove(child, from: member, schema.member(name) ?? .open)
      }
      return members.isEmpty && before > 0 ? nil : .object(members)
    case .array(let elements):
      let kept = elements.compactMap { element -> JSONValue? in
        guard let child = fields.children[FieldSet.step(for: element, schema)] else { return element }
        return child.isMember ? nil : remove(child, from: element, schema.fields.items ?? .open)
      }
      return kept.isEmpty && !elements.isEmpty ? nil : .array(kept)
    default: return value
    }
  }

  private static func withoutNulls(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let members): .object(members.filter { !$0.value.isNull }.mapValues(withoutNulls))
    case .array(let elements): .array(elements.map(withoutNulls))
    default: value
    }
  }
}
