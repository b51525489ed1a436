package import KubeAPI

extension Pod {
  /// Whether the addresses in the annotations were given to this pod. A manifest that was read from one pod and applied as another
  /// brings the first one's along; what Kube-OVN's controller wrote carries no uid and is believed.
  package var ownsItsGrants: Bool {
    guard let uid = metadata.annotations[AnnotationKey.podUID] else { return true }
    return uid == metadata.uid
  }
}

/// Who holds the addresses of a pod: the key that survives where the address is to survive.
package struct PodOwner: Sendable, Hashable {
  package enum Kind: String, Sendable {
    case plain = ""
    case statefulSet = "StatefulSet"
    case virtualMachine = "VirtualMachine"
  }

  package let namespace: String
  /// The pod's name, or its virtual machine's.
  package let name: String
  package let uid: String
  package let kind: Kind

  package init(namespace: String, name: String, uid: String, kind: Kind) {
    self.namespace = namespace
    self.name = name
    self.uid = uid
    self.kind = kind
  }

  package init(_ pod: Pod) {
    self.init(
      namespace: pod.metadata.namespace, name: pod.metadata.name, uid: pod.metadata.uid,
      kind: Self.statefulSet(of: pod) == nil ? .plain : .statefulSet)
  }

  /// `<namespace>/<name>`: the allocator's owner key.
  package var key: String { namespace + "/" + name }

  /// `<name>.<namespace>`, then the provider unless it is the primary network's: the name of port and IP CR (crds.md, IP).
  package func recordName(_ provider: ProviderName) -> String {
    name + "." + namespace + (provider == .primary ? "" : "." + provider.text)
  }

  /// The way back from a record's name; nil for one that is not this owner's.
  package func provider(ofRecord record: String) -> ProviderName? {
    let base = name + "." + namespace
    if record == base { return .primary }
    guard record.hasPrefix(base + "."), record.utf8.count > base.utf8.count + 1 else { return nil }
    return ProviderName(String(record.dropFirst(base.count + 1)))
  }

  /// The StatefulSet that a pod belongs to, by the rule of allocation.md §7.
  package static func statefulSet(of pod: Pod) -> OwnerReference? {
    pod.metadata.ownerReferences.first {
      $0.kind == "StatefulSet" && $0.apiVersion.hasPrefix("apps/") && pod.metadata.name.hasPrefix($0.name)
    }
  }

  /// The number behind the last dash of a StatefulSet pod's name: its absolute ordinal.
  package static func ordinal(of podName: String) -> Int? {
    guard let dash = podName.lastIndex(of: "-") else { return nil }
    let digits = podName[podName.index(after: dash)...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    return Int(digits)
  }
}
