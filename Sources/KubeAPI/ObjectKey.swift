/// Which object of a kind: its namespace (empty for cluster-scoped kinds) and name.
package struct ObjectKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let namespace: String
  package let name: String

  package init(namespace: String = "", name: String) {
    self.namespace = namespace
    self.name = name
  }

  package static func < (a: ObjectKey, b: ObjectKey) -> Bool {
    a.namespace != b.namespace ? a.namespace < b.namespace : a.name < b.name
  }

  /// `namespace/name`, or the name alone.
  package var description: String { namespace.isEmpty ? name : namespace + "/" + name }
}
