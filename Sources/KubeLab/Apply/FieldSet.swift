import WireJSON

/// One step of a field's path, as `fieldsV1` names it.
enum FieldStep: Hashable, Sendable, Comparable {
  /// `f:name`.
  case field(String)
  /// `k:{"name":"c"}`: an element of a map list; the text is sorted JSON, so equal keys have equal texts.
  case key(String)
  /// `v:"text"`: an element of a set.
  case value(String)

  init?(wire text: String) {
    let rest = String(text.dropFirst(2))
    switch text.prefix(2) {
    case "f:": self = .field(rest)
    case "k:": self = .key((try? JSONValue(parsing: rest))?.text ?? rest)
    case "v:": self = .value(rest)
    default: return nil
    }
  }

  var wire: String {
    switch self {
    case .field(let name): "f:" + name
    case .key(let key): "k:" + key
    case .value(let value): "v:" + value
    }
  }

  /// How an apply conflict names it: `.spec`, `[name="c"]`, `[="x"]`.
  var shown: String {
    switch self {
    case .field(let name): return "." + name
    case .key(let key):
      let members = (try? JSONValue(parsing: key))?.object ?? [:]
      return "[" + members.keys.sorted().map { "\($0)=\(members[$0]?.text ?? "")" }.joined(separator: ",") + "]"
    case .value(let value): return "[=\(value)]"
    }
  }

  static func < (a: FieldStep, b: FieldStep) -> Bool { a.wire < b.wire }
}

/// A set of field paths: who owns what, in server-side apply (`managedFields[].fieldsV1`).
struct FieldSet: Equatable, Sendable {
  /// Whether the path that leads here is itself in the set.
  var isMember = false
  var children: [FieldStep: FieldSet] = [:]

  static let leaf = FieldSet(isMember: true)

  var isEmpty: Bool { !isMember && children.isEmpty }

  // MARK: Wire

  init(isMember: Bool = false, children: [FieldStep: FieldSet] = [:]) {
    self.isMember = isMember
    self.children = children
  }

  /// Reads `fieldsV1`; what it does not understand is left out.
  init(fieldsV1 value: JSONValue) {
    guard let members = value.object else { return }
    for (name, inner) in members {
      guard name != "." else {
        isMember = true
        continue
      }
      guard let step = FieldStep(wire: name) else { continue }
      var child = FieldSet(fieldsV1: inner)
      if child.isEmpty { child.isMember = true }
      children[step] = child
    }
  }

  var fieldsV1: JSONValue {
    var members: [String: JSONValue] = [:]
    for (step, child) in children { members[step.wire] = child.children.isEmpty ? .object([:]) : child.fieldsV1 }
    if isMember, !children.isEmpty { members["."] = .object([:]) }
    return .object(members)
  }

  // MARK: Algebra

  func union(_ other: FieldSet) -> FieldSet {
    FieldSet(isMember: isMember || other.isMember, children: children.merging(other.children) { $0.union($1) })
  }

  /// The paths of this set that are not in the other.
  func subtracting(_ other: FieldSet) -> FieldSet {
    var result = FieldSet(isMember: isMember && !other.isMember)
    for (step, child) in children {
      let rest = other.children[step].map { child.subtracting($0) } ?? child
      if !rest.isEmpty { result.children[step] = rest }
    }
    return result
  }

  func intersection(_ other: FieldSet) -> FieldSet {
    var result = FieldSet(isMember: isMember && other.isMember)
    for (step, child) in children {
      guard let common = other.children[step].map({ child.intersection($0) }), !common.isEmpty else { continue }
      result.children[step] = common
    }
    return result
  }

  /// Whether a path of this set is at or below the place that the steps lead to.
  func reaches(_ step: FieldStep) -> FieldSet? { children[step] }

  /// Every path, as conflicts show them, in order.
  func paths(_ prefix: String = "") -> [String] {
    (isMember ? [prefix] : []) + children.keys.sorted().flatMap { step in children[step]?.paths(prefix + step.shown) ?? [] }
  }
}
