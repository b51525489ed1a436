import WireJSON

/// A label selector in its text form: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
struct LabelSelectorText: Sendable, Equatable {
  enum Requirement: Sendable, Equatable {
    case isIn(String, Set<String>)
    case isNotIn(String, Set<String>)
    case exists(String)
    case isAbsent(String)
  }

  let requirements: [Requirement]

  init(_ text: String) throws(APIStatus) {
    var requirements: [Requirement] = []
    for part in Self.split(text) {
      guard let requirement = Self.parse(part) else { throw .badRequest("unable to parse requirement: \(part)") }
      requirements.append(requirement)
    }
    self.requirements = requirements
  }

  func matches(_ labels: JSONValue?) -> Bool {
    requirements.allSatisfy { requirement in
      switch requirement {
      case .isIn(let key, let values): labels?[key]?.string.map(values.contains) ?? false
      case .isNotIn(let key, let values): !(labels?[key]?.string.map(values.contains) ?? false)
      case .exists(let key): labels?[key] != nil
      case .isAbsent(let key): labels?[key] == nil
      }
    }
  }

  /// At commas outside parentheses.
  private static func split(_ text: String) -> [String] {
    var parts: [String] = []
    var current = ""
    var depth = 0
    for character in text {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if character == ",", depth == 0 {
        parts.append(current)
        current = ""
      } else {
        current.append(character)
      }
    }
    parts.append(current)
    return parts.map(trimmed).filter { !$0.isEmpty }
  }

  private static func parse(_ text: String) -> Requirement? {
    if text.hasSuffix(")") { return parseSet(text) }
    for (mark, isPositive) in [("!=", false), ("==", true), ("=", true)] {
      guard let range = range(of: mark, in: text) else { continue }
      let key = trimmed(String(text[..<range.lowerBound]))
      let value = trimmed(String(text[range.upperBound...]))
      guard Names.isQualified(key), Names.isLabelValue(value) else { return nil }
      return isPositive ? .isIn(key, [value]) : .isNotIn(key, [value])
    }
    if text.hasPrefix("!") {
      let key = trimmed(String(text.dropFirst()))
      return Names.isQualified(key) ? .isAbsent(key) : nil
    }
    return Names.isQualified(text) ? .exists(text) : nil
  }

  private static func parseSet(_ text: String) -> Requirement? {
    guard let open = text.firstIndex(of: "(") else { return nil }
    let words = text[..<open].split(separator: " ").map(String.init)
    guard words.count == 2, Names.isQualified(words[0]) else { return nil }
    let inner = text[text.index(after: open)...].dropLast()
    let values = Set(inner.split(separator: ",", omittingEmptySubsequences: false).map { trimmed(String($0)) })
    guard values.allSatisfy(Names.isLabelValue) else { return nil }
    switch words[1] {
    case "in": return .isIn(words[0], values)
    case "notin": return .isNotIn(words[0], values)
    default: return nil
    }
  }

  private static func range(of mark: String, in text: String) -> Range<String.Index>? {
    var index = text.startIndex
    while index < text.endIndex {
      if text[index...].hasPrefix(mark) { return index..<text.index(index, offsetBy: mark.count) }
      index = text.index(after: index)
    }
    return nil
  }

  private static func trimmed(_ text: String) -> String {
    var part = Substring(text)
    while part.first == " " { part.removeFirst() }
    while part.last == " " { part.removeLast() }
    return String(part)
  }
}

/// A field selector: `spec.nodeName=a,status.phase!=Running`.
struct FieldSelectorText: Sendable, Equatable {
  struct Term: Sendable, Equatable {
    var path: [String]
    var value: String
    var isEqual: Bool
  }

  let terms: [Term]

  init(_ text: String, _ definition: ResourceDefinition) throws(APIStatus) {
    var terms: [Term] = []
    for part in text.split(separator: ",") {
      guard let mark = part.firstIndex(of: "=") else { throw .badRequest("invalid selector: '\(text)'; can't understand '\(part)'") }
      var field = part[..<mark]
      let isEqual = field.last != "!"
      if !isEqual { field.removeLast() }
      var value = part[part.index(after: mark)...]
      if value.first == "=" { value.removeFirst() }
      let name = String(field)
      guard name == "metadata.name" || (name == "metadata.namespace" && definition.isNamespaced) || definition.fieldLabels.contains(name)
      else { throw Self.unsupported(name, text, definition) }
      // `source` of an event selects by the component inside it.
      let path = name == "source" ? ["source", "component"] : name.split(separator: ".").map(String.init)
      terms.append(Term(path: path, value: String(value), isEqual: isEqual))
    }
    self.terms = terms
  }

  private static func unsupported(_ name: String, _ text: String, _ definition: ResourceDefinition) -> APIStatus {
    .badRequest(
      "Unable to find \"\(definition.apiVersion), Resource=\(definition.plural)\" that match label selector \"\", "
        + "field selector \"\(text)\": field label not supported: \(name)")
  }

  func matches(_ object: JSONValue) -> Bool {
    terms.allSatisfy { term in
      let found = object[path: term.path].map { $0.string ?? ($0.isNull ? "" : $0.text) } ?? ""
      return (found == term.value) == term.isEqual
    }
  }
}

/// What a list or a watch is limited to.
struct ObjectFilter: Sendable {
  var namespace: String?
  var name: String?
  var labels: LabelSelectorText?
  var fields: FieldSelectorText?

  init(_ call: APICall) throws(APIStatus) {
    namespace = call.definition.isNamespaced ? call.namespace : nil
    name = call.name
    if let text = call.query["labelSelector"], !text.isEmpty { labels = try LabelSelectorText(text) }
    if let text = call.query["fieldSelector"], !text.isEmpty { fields = try FieldSelectorText(text, call.definition) }
  }

  /// Whether selectors apply, beyond the namespace.
  var selects: Bool { name != nil || labels != nil || fields != nil }

  func matches(_ stored: StoredObject) -> Bool {
    if let namespace, stored.key.namespace != namespace { return false }
    return matchesWithin(stored)
  }

  /// The same for an object that is known to be in the namespace.
  func matchesWithin(_ stored: StoredObject) -> Bool {
    if let name, stored.key.name != name { return false }
    if let labels, !labels.matches(stored.object["metadata"]?["labels"]) { return false }
    return fields?.matches(stored.object) ?? true
  }
}
