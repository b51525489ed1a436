import WireJSON

/// Pruning and defaulting of custom resources.
extension Schema {
  /// Drops members that the schema does not name. Embedded resources keep their type and metadata.
  func prune(_ value: JSONValue, path: String = "", dropped: inout [String]) -> JSONValue {
    switch value {
    case .object(let members):
      var kept = members
      for (name, member) in members {
        if fields.isEmbeddedResource, ["apiVersion", "kind", "metadata"].contains(name), fields.properties[name] == nil { continue }
        let place = path.isEmpty ? name : path + "." + name
        if let schema = fields.properties[name] ?? fields.additional {
          kept[name] = schema.prune(member, path: place, dropped: &dropped)
        } else if !fields.keepsUnknown {
          dropped.append(place)
          kept[name] = nil
        }
      }
      return .object(kept)
    case .array(let elements):
      guard let items = fields.items else { return value }
      return .array(elements.enumerated().map { items.prune($1, path: "\(path)[\($0)]", dropped: &dropped) })
    default: return value
    }
  }

  /// Fills in defaults; a null where the schema has a default and forbids null counts as absent.
  func fillDefaults(_ value: inout JSONValue) {
    switch value {
    case .object(var members):
      value = .null
      for (name, schema) in fields.properties {
        if let standard = schema.fields.defaultValue, members[name] == nil || (members[name] == .null && !schema.fields.isNullable) {
          members[name] = GoNumber.normalize(standard)
        }
      }
      for name in members.keys {
        guard let schema = fields.properties[name] ?? fields.additional else { continue }
        var member = members[name] ?? .null
        members[name] = nil
        schema.fillDefaults(&member)
        members[name] = member
      }
      value = .object(members)
    case .array(var elements):
      guard let items = fields.items else { return }
      for index in elements.indices { items.fillDefaults(&elements[index]) }
      value = .array(elements)
    default: return
    }
  }
}
