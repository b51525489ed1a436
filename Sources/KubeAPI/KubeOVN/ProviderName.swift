/// The name that ties a NAD, its Subnets and a pod's annotations together (annotations.md §1): `ovn` for the primary network,
/// `<nad>.<namespace>` for a NIC of another CNI, `<nad>.<namespace>.ovn` for a NIC of Kube-OVN's own. A NAD that stands more than
/// once in a pod has the interface appended.
package struct ProviderName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The text as it stands in Subnets, NADs and annotation keys.
  package let text: String

  package static let primary = ProviderName("ovn")

  package init(_ text: String) { self.text = text }

  /// The provider of a NAD; `isOVN` when the NAD's plugin is kube-ovn itself.
  package init(network: ObjectKey, isOVN: Bool) {
    text = network.name + "." + network.namespace + (isOVN ? ".ovn" : "")
  }

  /// The provider of one of several NICs from the same NAD.
  package func appending(interface: String) -> ProviderName { ProviderName(text + "." + interface) }

  /// Empty, `ovn`, or three fields that end in `ovn`; `a.b.ovn.net1` is not.
  package var isOVN: Bool {
    if text.isEmpty || self == .primary { return true }
    let fields = text.split(separator: ".", omittingEmptySubsequences: false)
    return fields.count == 3 && fields[2] == "ovn"
  }

  /// `<provider>.kubernetes.io/<field>`.
  package func key(_ field: NetworkField) -> String { text + AnnotationKey.hostSuffix + field.rawValue }

  /// `<provider>.kubernetes.io/<field>.<interface>`: what a user asks for on one of several NICs of a NAD.
  package func key(_ field: NetworkField, interface: String) -> String { key(field) + "." + interface }

  package static func < (a: ProviderName, b: ProviderName) -> Bool { a.text < b.text }
  package var description: String { text }

  /// The field and provider of an annotation key of the form `<provider>.kubernetes.io/<field>`.
  package static func split(_ key: String, _ field: NetworkField) -> ProviderName? {
    let suffix = AnnotationKey.hostSuffix + field.rawValue
    guard key.hasSuffix(suffix), key.utf8.count > suffix.utf8.count else { return nil }
    return ProviderName(String(key.dropLast(suffix.count)))
  }
}
