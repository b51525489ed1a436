/// CNI_ARGS: `KEY=VALUE` pairs with semicolons between, in any order and with keys that are none of our business.
///
/// Pieces without `=` are passed over, as Kube-OVN does; of a key given twice the first value that is not empty counts.
package struct CNIArguments: Sendable, Hashable {
  /// The keys that Kubernetes runtimes and Multus send.
  package enum Key: String, Sendable {
    case podName = "K8S_POD_NAME"
    case podNamespace = "K8S_POD_NAMESPACE"
    case podUID = "K8S_POD_UID"
    case sandboxID = "K8S_POD_INFRA_CONTAINER_ID"
    /// Multus' hand-over to plugins of the old convention.
    case mac = "MAC"
  }

  private let values: [String: String]
  /// Whether there was any text at all: its absence has an error of its own.
  package let isEmpty: Bool

  package init(_ text: String) {
    isEmpty = text.isEmpty
    var values: [String: String] = [:]
    for piece in text.split(separator: ";") {
      guard let equals = piece.firstIndex(of: "=") else { continue }
      let value = piece[piece.index(after: equals)...]
      let key = String(piece[..<equals])
      if !value.isEmpty, values[key] == nil { values[key] = String(value) }
    }
    self.values = values
  }

  /// Never an empty text.
  package subscript(key: Key) -> String? { values[key.rawValue] }

  package subscript(key: String) -> String? { values[key] }

  /// A value without which ADD cannot go on.
  package func require(_ key: Key) throws(CNIError) -> String {
    guard !isEmpty else { throw .invalidConfiguration("\(CNIEnvironment.Variable.arguments.rawValue) is required") }
    guard let value = self[key] else {
      throw .invalidConfiguration("\(key.rawValue) is required in \(CNIEnvironment.Variable.arguments.rawValue)")
    }
    return value
  }
}
