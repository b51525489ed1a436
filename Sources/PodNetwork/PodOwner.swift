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
  /// The pod's, or that of the running machine (VirtualMachineInstance), which both pods of a live migration have in common.
  package let uid: String
  package let kind: Kind
  /// The uid of the StatefulSet that the pod belongs to.
  package let setUID: String?

  package init(namespace: String, name: String, uid: String, kind: Kind, setUID: String? = nil) {
    self.namespace = namespace
    self.name = name
    self.uid = uid
    self.kind = kind
    self.setUID = setUID
  }

  /// `keepsVMAddress` is the controller's flag `--keep-vm-ip`. It decides for pods that have no address yet: what a pod runs under
  /// already stays, since an address that changes its owner is freed while it is in use.
  package init(_ pod: Pod, keepsVMAddress: Bool) {
    let (namespace, name) = (pod.metadata.namespace, pod.metadata.name)
    if let machine = Self.machine(of: pod), Self.belongsToMachine(pod) ?? keepsVMAddress {
      self.init(namespace: namespace, name: machine.name, uid: machine.uid, kind: .virtualMachine)
    } else if let set = Self.statefulSet(of: pod) {
      self.init(namespace: namespace, name: name, uid: pod.metadata.uid, kind: .statefulSet, setUID: set.uid)
    } else {
      self.init(namespace: namespace, name: name, uid: pod.metadata.uid, kind: .plain)
    }
  }

  /// `<namespace>/<name>`: the allocator's owner key.
  package var key: String { namespace + "/" + name }

  /// The same as the key that records are found by.
  package var objectKey: ObjectKey { ObjectKey(namespace: namespace, name: name) }

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

  /// The provider of the NIC that a record is of, by its name; nil when that is not made of its own pod's.
  package static func provider(ofRecord record: IPRecord) -> ProviderName? {
    PodOwner(namespace: record.spec.namespace, name: record.spec.podName, uid: "", kind: .plain).provider(ofRecord: record.metadata.name)
  }

  /// The StatefulSet that a pod belongs to, by the rule of allocation.md §7.
  package static func statefulSet(of pod: Pod) -> OwnerReference? {
    pod.metadata.ownerReferences.first {
      $0.kind == "StatefulSet" && $0.apiVersion.hasPrefix("apps/") && pod.metadata.name.hasPrefix($0.name)
    }
  }

  /// The virtual machine that runs in a pod: the instance that owns it. One that was deleted without its pods leaves them running on
  /// its address, which their annotation still tells.
  private static func machine(of pod: Pod) -> Machine? {
    let reference = pod.metadata.ownerReferences.first {
      $0.kind == VirtualMachineInstance.resourceType.kind && $0.apiVersion.hasPrefix(ResourceType.kubeVirtGroup + "/")
    }
    if let reference { return Machine(name: reference.name, uid: reference.uid) }
    guard pod.metadata.annotations[AnnotationKey.podUID] == pod.metadata.uid else { return nil }
    let annotated = pod.metadata.annotations.first { !$0.value.isEmpty && ProviderName.split($0.key, .virtualMachine) != nil }
    return annotated.map { Machine(name: $0.value, uid: pod.metadata.uid) }
  }

  private struct Machine {
    let name: String
    let uid: String
  }

  /// The virtual machine that may own a pod's addresses, whatever the flag.
  package static func machineKey(of pod: Pod) -> ObjectKey? {
    machine(of: pod).map { ObjectKey(namespace: pod.metadata.namespace, name: $0.name) }
  }

  /// What the pod's annotations say about it: whether its addresses were given to its machine; nil while it has none.
  private static func belongsToMachine(_ pod: Pod) -> Bool? {
    guard pod.ownsItsGrants else { return nil }
    var isAllocated = false
    for (key, value) in pod.metadata.annotations {
      if ProviderName.split(key, .virtualMachine) != nil { return true }
      if value == "true", ProviderName.split(key, .allocated) != nil { isAllocated = true }
    }
    return isAllocated ? false : nil
  }

  /// The StatefulSet that a pod of this name would belong to: what stands before its ordinal.
  package static func setName(ofPod podName: String) -> String? {
    guard ordinal(of: podName) != nil, let dash = podName.lastIndex(of: "-"), dash > podName.startIndex else { return nil }
    return String(podName[..<dash])
  }

  /// The number behind the last dash of a StatefulSet pod's name: its absolute ordinal.
  package static func ordinal(of podName: String) -> Int? {
    guard let dash = podName.lastIndex(of: "-") else { return nil }
    let digits = podName[podName.index(after: dash)...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    return Int(digits)
  }
}
