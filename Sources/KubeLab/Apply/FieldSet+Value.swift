import WireJSON

/// From values to field sets, by the schema's list and map types.
extension FieldSet {
  /// The fields that a value states: its leaves, and the elements of its map lists.
  init(of value: JSONValue, _ schema: Schema) {
    switch value {
    case .object(let members) where schema.isGranularMap && !members.isEmpty:
      for (name, member) in members where !member.isNull {
        children[.field(name)] = FieldSet(of: member, schema.member(name) ?? .open)
      }
      if children.isEmpty { isMember = true }
    case .array(let elements) where schema.fields.listType != .atomic && !elements.isEmpty:
      for element in elements {
        let step = Self.step(for: element, schema)
        guard schema.fields.listType == .map else {
          children[step] = .leaf
          continue
        }
        var child = FieldSet(of: element, schema.fields.items ?? .open)
        child.isMember = true
        children[step] = child
      }
    default: isMember = true
    }
  }

  /// The fields that are in `new` and were not in `old`, or had another value there.
  init(changesFrom old: JSONValue?, to new: JSONValue, _ schema: Schema) {
    guard let old else {
      self.init(of: new, schema)
      return
    }
    self.init()
    guard old != new else { return }
    switch (old, new) {
    case (.object(let before), .object(let after)) where schema.isGranularMap && !after.isEmpty:
      for (name, member) in after where before[name] != member {
        let child = FieldSet(changesFrom: before[name], to: member, schema.member(name) ?? .open)
        if !child.isEmpty { children[.field(name)] = child }
      }
    case (.array(let before), .array(let after)) where schema.fields.listType != .atomic && !after.isEmpty:
      let known = Dictionary(before.map { (Self.step(for: $0, schema), $0) }, uniquingKeysWith: { first, _ in first })
      for element in after {
        let step = Self.step(for: element, schema)
        guard let previous = known[step] else {
          var child = schema.fields.listType == .map ? FieldSet(of: element, schema.fields.items ?? .open) : .leaf
          child.isMember = true
          children[step] = child
          continue
        }
        let child = FieldSet(changesFrom: previous, to: element, schema.fields.items ?? .open)
        if !child.isEmpty { children[step] = child }
      }
    default: isMember = true
    }
  }

  /// The paths of this set whose values still exist in an object.
  func existing(in value: JSONValue, _ schema: Schema) -> FieldSet {
    var result = FieldSet(isMember: isMember)
    for (step, child) in children {
      guard let (inner, innerSchema) = Self.descend(value, step, schema) else { continue }
      let kept = child.existing(in: inner, innerSchema)
      if !kept.isEmpty { result.children[step] = kept }
    }
    return result
  }

  static func step(for element: JSONValue, _ schema: Schema) -> FieldStep {
    schema.fields.listType == .map ? .key(schema.listKey(of: element).text) : .value(element.text)
  }

  static func descend(_ value: JSONValue, _ step: FieldStep, _ schema: Schema) -> (JSONValue, Schema)? {
    switch step {
    case .field(let name): value[name].map { ($0, schema.member(name) ?? .open) }
    case .key, .value:
      value.array?.first { Self.step(for: $0, schema) == step }.map { ($0, schema.fields.items ?? .open) }
    }
  }
}
