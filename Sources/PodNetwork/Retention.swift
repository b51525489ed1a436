package import KubeAPI
package import NetAddress

/// Whether a record keeps its address: what its pod, its owner and its subnet say together (allocation.md §7, cases.md J).
///
/// A pod's status is never asked for the address (cases.md A11): only that the pod is gone, is another one, or needs no network any more
/// takes an address away, and for pods that come back under their name only their owner's end does.
package enum Retention: Sendable, Equatable {
  case keep
  case release(ReleaseReason)

  package init(_ record: IPRecord, _ facts: RetentionFacts) {
    guard !record.isReservation, !record.spec.podName.isEmpty, !record.spec.namespace.isEmpty, facts.livingPod == nil else {
      self = .keep
      return
    }
    self =
      switch PodOwner.Kind(rawValue: record.spec.podType) {
      case .plain: .release(facts.absence(of: record))
      case .statefulSet: Self.decide(Self.endOfSet(record, facts) ?? Self.misfit(record, facts))
      case .virtualMachine: Self.decide(Self.endOfMachine(record, facts) ?? Self.misfit(record, facts))
      // A kind of owner that only another version knows.
      case nil: .keep
      }
  }

  private static func decide(_ reason: ReleaseReason?) -> Retention { reason.map { .release($0) } ?? .keep }

  /// The set holds an address for each of its ordinals, whether its pod is there or not.
  private static func endOfSet(_ record: IPRecord, _ facts: RetentionFacts) -> ReleaseReason? {
    let pod = record.spec.podName
    guard let name = PodOwner.setName(ofPod: pod), let ordinal = PodOwner.ordinal(of: pod) else { return .noOrdinal(pod: pod) }
    let key = ObjectKey(namespace: record.spec.namespace, name: name)
    guard let set = facts.set else { return .setGone(key) }
    guard !set.metadata.isDeleting else { return .setDeleting(key) }
    if let uid = record.metadata.annotations[AnnotationKey.ownerUID], uid != set.metadata.uid { return .setReplaced(key) }
    guard set.wants(ordinal: Int64(ordinal)) else {
      return .scaledDown(key, ordinal: ordinal, first: set.firstOrdinal, replicas: set.replicas)
    }
    guard let provider = provider(of: record), let named = set.subnetNamed(for: provider), named != record.spec.subnet else { return nil }
    return .movedTo(subnet: named, by: key)
  }

  /// A machine keeps its address while it exists, stopped too; a running instance without one, while it runs.
  private static func endOfMachine(_ record: IPRecord, _ facts: RetentionFacts) -> ReleaseReason? {
    let key = ObjectKey(namespace: record.spec.namespace, name: record.spec.podName)
    guard facts.keepsMachines else { return .machinesNotKept(key) }
    if let machine = facts.machine {
      return machine.metadata.isDeleting && facts.instance == nil ? .machineDeleting(key) : nil
    }
    guard let instance = facts.instance else { return .machineGone(key) }
    return instance.metadata.isDeleting ? .machineDeleting(key) : nil
  }

  /// Nobody can come back to an address that its subnet does not have any more.
  private static func misfit(_ record: IPRecord, _ facts: RetentionFacts) -> ReleaseReason? {
    switch facts.subnet {
    case .unknown: return nil
    case .gone: return .subnetGone(record.spec.subnet)
    case .deleting: return .subnetDeleting(record.spec.subnet)
    case .serving(let cidrs):
      let outside = record.addresses?.values.first { cidrs[$0.family]?.usable?.contains($0) != true }
      return outside.map { .outside($0.description, subnet: record.spec.subnet, cidr: cidrs.description) }
    }
  }

  private static func provider(of record: IPRecord) -> ProviderName? {
    PodOwner(namespace: record.spec.namespace, name: record.spec.podName, uid: "", kind: .plain).provider(ofRecord: record.metadata.name)
  }
}

/// What is known of those whom a record may stand for.
package struct RetentionFacts: Sendable {
  /// The pod of the record's name, or the pods of its virtual machine.
  package var pods: [Pod] = []
  package var set: StatefulSet?
  package var machine: VirtualMachine?
  package var instance: VirtualMachineInstance?
  package var subnet = SubnetState.unknown
  /// The flag `--keep-vm-ip`.
  package var keepsMachines = true
  package let now: Timestamp

  package enum SubnetState: Sendable, Equatable {
    /// It exists, and what it serves cannot be told: nothing is taken away for that.
    case unknown
    case serving(CIDRBlock)
    case deleting
    case gone
  }

  package init(now: Timestamp) { self.now = now }

  /// A pod whose NICs are or will be in use.
  package var livingPod: Pod? { pods.first { $0.needsNetwork(now: now) } }

  fileprivate func absence(of record: IPRecord) -> ReleaseReason {
    let key = ObjectKey(namespace: record.spec.namespace, name: record.spec.podName)
    guard let pod = pods.first else { return .podGone(key) }
    return PodPhase(pod, now: now) == .hostNetwork ? .podOnHost(key) : .podFinished(key)
  }
}

/// Why an address is taken back: a sentence for the operator.
package enum ReleaseReason: Sendable, Equatable, CustomStringConvertible {
  case podGone(ObjectKey)
  case podFinished(ObjectKey)
  case podOnHost(ObjectKey)
  case noOrdinal(pod: String)
  case setGone(ObjectKey)
  case setDeleting(ObjectKey)
  case setReplaced(ObjectKey)
  case scaledDown(ObjectKey, ordinal: Int, first: Int64, replicas: Int64)
  case movedTo(subnet: String, by: ObjectKey)
  case machineGone(ObjectKey)
  case machineDeleting(ObjectKey)
  case machinesNotKept(ObjectKey)
  case subnetGone(String)
  case subnetDeleting(String)
  case outside(String, subnet: String, cidr: String)

  package var description: String {
    switch self {
    case .podGone(let key): "pod \(key) does not exist"
    case .podFinished(let key): "pod \(key) has finished"
    case .podOnHost(let key): "pod \(key) is on the host's network"
    case .noOrdinal(let pod): "the name of pod \(pod) has no ordinal of a StatefulSet"
    case .setGone(let key): "StatefulSet \(key) does not exist"
    case .setDeleting(let key): "StatefulSet \(key) is being deleted"
    case .setReplaced(let key): "StatefulSet \(key) is another one than the address was given to"
    case .scaledDown(let key, let ordinal, let first, let replicas):
      "StatefulSet \(key) has \(replicas) replicas from ordinal \(first), so that there is no pod \(ordinal)"
    case .movedTo(let subnet, let key): "StatefulSet \(key) names subnet \(subnet) now"
    case .machineGone(let key): "virtual machine \(key) does not exist"
    case .machineDeleting(let key): "virtual machine \(key) is being deleted"
    case .machinesNotKept(let key): "virtual machine \(key) does not run, and --keep-vm-ip=false lets it keep nothing"
    case .subnetGone(let name): "subnet \(name) does not exist"
    case .subnetDeleting(let name): "subnet \(name) is being deleted"
    case .outside(let address, let subnet, let cidr): "\(address) is no address of subnet \(subnet) (\(cidr)) any more"
    }
  }
}

extension Pod {
  /// Whether the pod's NICs are in use or will be: it lives, or is on its way out and may still run.
  package func needsNetwork(now: Timestamp) -> Bool {
    switch PodPhase(self, now: now) {
    case .alive, .leaving: true
    case .hostNetwork, .finished: false
    }
  }
}

extension IPRecord {
  /// Made by hand before or without a pod (allocation.md §8). One without our finalizer is about to be, unless its label says no.
  package var isReservation: Bool {
    let label = metadata.labels[LabelKey.ipReserved]
    return metadata.isManaged ? label == "true" : label != "false"
  }
}

extension IPRecord {
  /// The addresses that the record stands for; older versions wrote the families apart and not the joined text. nil when they make none.
  package var addresses: AddressPair? {
    let families = [spec.v4IPAddress, spec.v6IPAddress].filter { !$0.isEmpty }
    return AddressPair(spec.ipAddress.isEmpty ? families.joined(separator: ",") : spec.ipAddress)
  }
}

extension StatefulSet {
  /// The subnet that the template names for a network: under the NIC's own prefix, else under its NAD's.
  fileprivate func subnetNamed(for provider: ProviderName) -> String? {
    let named = templateAnnotations[provider.key(.logicalSwitch)] ?? templateAnnotations[provider.withoutInterface.key(.logicalSwitch)]
    return named.flatMap { $0.isEmpty ? nil : $0 }
  }
}

extension ProviderName {
  /// The NAD's provider: `<nad>.<namespace>[.ovn]` without the interface. NADs that pods can name have no dots in their names.
  fileprivate var withoutInterface: ProviderName {
    let fields = text.split(separator: ".", omittingEmptySubsequences: false)
    let count = fields.count > 2 && fields[2] == "ovn" ? 3 : 2
    return fields.count > count ? ProviderName(fields.prefix(count).joined(separator: ".")) : self
  }
}
