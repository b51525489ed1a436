import WireJSON

/// RFC 7386 JSON merge patch.
enum MergePatch {
  static func apply(_ patch: JSONValue, to target: JSONValue?) -> JSONValue {
    guard case .object(let changes) = patch else { return patch }
    var members = target?.object ?? [:]
    for (name, change) in changes {
      if change.isNull { members.removeValue(forKey: name) } else { members[name] = apply(change, to: members[name]) }
    }
    return .object(members)
  }
}
