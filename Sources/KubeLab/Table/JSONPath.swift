import WireJSON

/// The part of kubectl's JSONPath that printer columns use: members, `['name']`, `[n]`, `[*]` and `[?(@.path=="text")]`.
struct JSONPath: Sendable {
  private enum Step: Sendable {
    case member(String)
    case index(Int)
    case all
    case filter(path: [String], value: String, isEqual: Bool)
  }

  private let steps: [Step]

  /// Nil when the text has something else.
  init?(_ text: String) {
    var steps: [Step] = []
    var rest = Substring(text)
    if rest.first == "$" { rest.removeFirst() }
    while let first = rest.first {
      if first == "." {
        rest.removeFirst()
        guard let name = Self.name(&rest) else {
          if rest.first == "[" { continue }
          return nil
        }
        steps.append(name == "*" ? .all : .member(name))
      } else if first == "[" {
        guard let step = Self.bracket(&rest) else { return nil }
        steps.append(step)
      } else {
        guard steps.isEmpty, let name = Self.name(&rest) else { return nil }
        steps.append(.member(name))
      }
    }
    self.steps = steps
  }

  /// Every value that the path leads to.
  func values(in value: JSONValue) -> [JSONValue] {
    steps.reduce([value]) { found, step in found.flatMap { Self.follow(step, $0) } }
  }

  private static func follow(_ step: Step, _ value: JSONValue) -> [JSONValue] {
    switch step {
    case .member(let name): return value[name].map { [$0] } ?? []
    case .index(let index):
      guard let list = value.array else { return [] }
      let place = index < 0 ? list.count + index : index
      return list.indices.contains(place) ? [list[place]] : []
    case .all: return value.array ?? value.object.map { members in members.keys.sorted().compactMap { members[$0] } } ?? []
    case .filter(let path, let wanted, let isEqual):
      return (value.array ?? []).filter { element in
        guard let found = element[path: path] else { return false }
        return ((found.string ?? found.text) == wanted) == isEqual
      }
    }
  }

  /// Up to the next `.` or `[`; a backslash takes the next character as it is.
  private static func name(_ rest: inout Substring) -> String? {
    var name = ""
    while let character = rest.first, character != ".", character != "[" {
      rest.removeFirst()
      if character == "\\", let next = rest.first {
        name.append(next)
        rest.removeFirst()
      } else {
        name.append(character)
      }
    }
    return name.isEmpty ? nil : name
  }

  private static func bracket(_ rest: inout Substring) -> Step? {
    guard let end = closing(rest) else { return nil }
    let inner = rest[rest.index(after: rest.startIndex)..<end]
    rest = rest[rest.index(after: end)...]
    if inner == "*" { return .all }
    if let index = Int(inner) { return .index(index) }
    if let quote = inner.first, quote == "'" || quote == "\"", inner.last == quote { return .member(String(inner.dropFirst().dropLast())) }
    guard inner.hasPrefix("?("), inner.hasSuffix(")") else { return nil }
    return filter(inner.dropFirst(2).dropLast())
  }

  /// The bracket's end, which a quoted text or a filter's own brackets do not hide.
  private static func closing(_ text: Substring) -> Substring.Index? {
    var quote: Character?
    for index in text.indices {
      let character = text[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if character == "]" {
        return index
      }
    }
    return nil
  }

  private static func filter(_ text: Substring) -> Step? {
    for (mark, isEqual) in [("==", true), ("!=", false)] {
      guard let range = text.firstRange(of: mark) else { continue }
      let left = text[..<range.lowerBound].filter { $0 != " " }
      guard left.hasPrefix("@.") else { return nil }
      var right = text[range.upperBound...]
      while right.first == " " { right.removeFirst() }
      while right.last == " " { right.removeLast() }
      if let quote = right.first, quote == "'" || quote == "\"", right.last == quote { right = right.dropFirst().dropLast() }
      return .filter(path: left.dropFirst(2).split(separator: ".").map(String.init), value: String(right), isEqual: isEqual)
    }
    return nil
  }
}
