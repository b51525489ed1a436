import WireJSON

extension JSONValue {
  /// Sets a member unless it is there.
  mutating func setDefault(_ name: String, _ value: JSONValue) {
    if self[name] == nil { self[name] = value }
  }

  /// Changes a member in place when it is there.
  mutating func edit(_ name: String, _ body: (inout JSONValue) -> Void) {
    guard var member = self[name] else { return }
    self[name] = nil
    body(&member)
    self[name] = member
  }

  /// Changes each element of a member list.
  mutating func editEach(_ name: String, _ body: (inout JSONValue) -> Void) {
    edit(name) { list in
      guard case .array(var elements) = list else { return }
      for index in elements.indices { body(&elements[index]) }
      list = .array(elements)
    }
  }

  /// A string member that is not empty.
  func text(_ name: String) -> String? {
    guard let text = self[name]?.string, !text.isEmpty else { return nil }
    return text
  }
}
