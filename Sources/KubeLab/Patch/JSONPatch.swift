import WireJSON

/// RFC 6902 JSON patch with RFC 6901 pointers.
struct JSONPatch {
  enum Failure: Error, Equatable, CustomStringConvertible {
    /// The document is no patch.
    case malformed(String)
    /// An operation cannot be carried out on this object, or its test failed.
    case refused(String)

    var description: String {
      switch self {
      case .malformed(let why): "invalid JSON patch: \(why)"
      case .refused(let why): "the server rejected our request due to an error in our request: \(why)"
      }
    }
  }

  private struct Operation {
    var name: String
    var path: [String]
    var from: [String]?
    var value: JSONValue?
  }

  /// More operations than this in one patch are refused, as a kube-apiserver does.
  private static let operationLimit = 10_000
  private let operations: [Operation]

  init(_ document: JSONValue) throws(Failure) {
    guard let list = document.array else { throw .malformed("it is no list of operations") }
    guard list.count <= Self.operationLimit else { throw .malformed("more than \(Self.operationLimit) operations") }
    var operations: [Operation] = []
    for (index, entry) in list.enumerated() {
      guard let name = entry["op"]?.string, let path = try entry["path"]?.string.map(Self.pointer) else {
        throw .malformed("operation \(index) lacks op or path")
      }
      let from = try entry["from"]?.string.map(Self.pointer)
      switch name {
      case "add", "replace", "test":
        // An absent value counts as null, as the JSON patch library of the kube-apiserver has it.
        operations.append(Operation(name: name, path: path, value: entry["value"] ?? .null))
      case "remove": operations.append(Operation(name: name, path: path))
      case "move", "copy":
        guard let from else { throw .malformed("operation \(index) lacks from") }
        operations.append(Operation(name: name, path: path, from: from))
      default: throw .malformed("unknown operation \(name)")
      }
    }
    self.operations = operations
  }

  func apply(to object: JSONValue) throws(Failure) -> JSONValue {
    var result = object
    for operation in operations {
      switch operation.name {
      case "add": try Self.edit(&result, operation.path[...]) { _ in .insert(operation.value ?? .null) }
      case "replace": try Self.edit(&result, operation.path[...]) { $0 == nil ? .missing : .put(operation.value ?? .null) }
      case "remove": try Self.edit(&result, operation.path[...]) { $0 == nil ? .missing : .remove }
      case "test":
        let found = try Self.read(result, operation.path)
        let expected = operation.value ?? .null
        guard (found ?? .null) == expected else { throw .refused("testing path /\(operation.path.joined(separator: "/")) failed") }
      default: try Self.transfer(operation, in: &result)
      }
    }
    return result
  }

  private static func transfer(_ operation: Operation, in result: inout JSONValue) throws(Failure) {
    guard let from = operation.from, let value = try read(result, from) else {
      throw .refused("nothing at the path to \(operation.name) from")
    }
    if operation.name == "move" { try edit(&result, from[...]) { _ in .remove } }
    try edit(&result, operation.path[...]) { _ in .insert(value) }
  }

  private enum Edit {
    case insert(JSONValue)
    case put(JSONValue)
    case remove
    case missing
  }

  /// Walks to the parent of the path's end and edits the member or element there.
  private static func edit(
    _ value: inout JSONValue, _ path: ArraySlice<String>, _ decide: (JSONValue?) -> Edit
  ) throws(Failure) {
    guard let step = path.first else {
      switch decide(value) {
      case .insert(let new), .put(let new): value = new
      case .remove: value = .null
      case .missing: throw .refused("nothing at the root")
      }
      return
    }
    switch value {
    case .object(var members):
      value = .null
      defer { value = .object(members) }
      if path.count > 1 {
        guard var inner = members[step] else { throw .refused("no member \(step)") }
        defer { members[step] = inner }
        return try edit(&inner, path.dropFirst(), decide)
      }
      switch decide(members[step]) {
      case .insert(let new), .put(let new): members[step] = new
      case .remove: members[step] = nil
      case .missing: throw .refused("no member \(step)")
      }
    case .array(var elements):
      defer { value = .array(elements) }
      let index = try self.index(step, count: elements.count)
      if path.count > 1 {
        guard elements.indices.contains(index) else { throw .refused("no element \(step)") }
        return try edit(&elements[index], path.dropFirst(), decide)
      }
      switch decide(elements.indices.contains(index) ? elements[index] : nil) {
      case .insert(let new): elements.insert(new, at: index)
      case .put(let new): elements[index] = new
      case .remove:
        guard elements.indices.contains(index) else { throw .refused("no element \(step)") }
        elements.remove(at: index)
      case .missing: throw .refused("no element \(step)")
      }
    default: throw .refused("\(step) is not inside an object or a list")
    }
  }

  private static func read(_ value: JSONValue, _ path: [String]) throws(Failure) -> JSONValue? {
    var found = value
    for step in path {
      switch found {
      case .object(let members):
        guard let next = members[step] else { return nil }
        found = next
      case .array(let elements):
        let index = try index(step, count: elements.count)
        guard elements.indices.contains(index) else { return nil }
        found = elements[index]
      default: return nil
      }
    }
    return found
  }

  /// `-` is the place behind the last element.
  private static func index(_ step: String, count: Int) throws(Failure) -> Int {
    if step == "-" { return count }
    guard let index = Int(step), index >= 0, index <= count, String(index) == step else { throw .refused("no element \(step)") }
    return index
  }

  private static func pointer(_ text: String) throws(Failure) -> [String] {
    guard !text.isEmpty else { return [] }
    guard text.hasPrefix("/") else { throw .malformed("path \(text) does not begin with /") }
    return text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { segment in
      var result = ""
      var isEscape = false
      for character in segment {
        if isEscape {
          result += character == "1" ? "/" : character == "0" ? "~" : "~\(character)"
          isEscape = false
        } else if character == "~" {
          isEscape = true
        } else {
          result.append(character)
        }
      }
      return isEscape ? result + "~" : result
    }
  }
}
