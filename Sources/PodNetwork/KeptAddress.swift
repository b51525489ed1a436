package import KubeAPI
package import NetAddress

extension AttachmentWish {
  /// The wish of a StatefulSet pod whose owner holds an address that the pod's list (`ip_pool`) does not give it any more: the address is
  /// kept until the set is scaled to 0 (decisions.md §4 row 31, cases.md E6). nil where the ordinary wish serves.
  ///
  /// Holds only where the address's subnet still serves the NIC, which the caller has to see to.
  package static func keeping(
    _ held: AddressPair, of pod: Pod, for attachment: Attachment, keepsVMAddress: Bool
  ) throws(NetworkRefusal) -> AttachmentWish? {
    let owner = PodOwner(pod, keepsVMAddress: keepsVMAddress)
    guard owner.kind == .statefulSet else { return nil }
    let reader = WishReader(pod: pod, attachment: attachment)
    guard try reader.fixed() == nil, let list = reader.value(.ipPool), PoolText.isList(list.text.trimmed) else { return nil }
    let entry: [IPAddress]
    do throws(NetworkRefusal) {
      guard case .oneOf(let items) = try reader.pool(), let item = items.first else { return nil }
      entry = item
    } catch {
      // The list has become shorter than the set, or makes no sense any more: no reason to take an address away.
      entry = []
    }
    guard entry.isEmpty || !entry.allSatisfy({ held[$0.family] == $0 }) else { return nil }
    var bare = pod
    bare.metadata.annotations[attachment.provider.key(.ipPool)] = nil
    bare.metadata.annotations[attachment.subnetProvider.key(.ipPool)] = nil
    var wish = try AttachmentWish(of: bare, for: attachment, keepsVMAddress: keepsVMAddress)
    wish.notices.append(
      "pod \(pod.key) keeps \(held), which \(list.source) (\(list.text)) does not give it: a StatefulSet's pods keep their addresses "
        + "until it is scaled to 0")
    return wish
  }
}
