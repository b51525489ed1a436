/// What everything of one lab on the machine is called: several labs, also of several users, stand side by side.
package struct LabName: Sendable, Hashable, CustomStringConvertible {
  /// Short, so that namespaces' names stay readable: `kolab0`.
  package let text: String

  package init(number: Int) { text = "\(Self.prefix)\(number)" }

  /// nil for anything that is no lab's name.
  package init?(_ text: String) {
    guard text.hasPrefix(Self.prefix), let number = Int(text.dropFirst(Self.prefix.count)), number >= 0,
      "\(number)" == text.dropFirst(Self.prefix.count)
    else { return nil }
    self.text = text
  }

  private static let prefix = "kolab"

  /// The lab that a network namespace belongs to; nil for all others.
  package init?(owning namespace: String) {
    guard let dash = namespace.firstIndex(of: "-") else { return nil }
    self.init(String(namespace[..<dash]))
  }

  package func node(_ name: String) -> String { text + "-" + name }
  /// The namespace with the bridge that is every node's outside world.
  package var wire: String { text + "-wire" }
  package var description: String { text }
}
