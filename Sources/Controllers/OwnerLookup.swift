import KubeAPI
import KubeRuntime
import PodNetwork

/// Finds those whom a record may stand for. The watches of different kinds run apart and may lag, so that an owner missing in a store is
/// no proof: before anything is taken away for want of one, the API server is asked.
struct OwnerLookup: Sendable {
  let stores: ClusterStores
  let book: AddressBook
  let writer: ClusterWriter
  let keepsVMAddress: Bool
  let now: @Sendable () -> Timestamp

  /// Whether a record keeps its address. `ended` are uids of pods that are known to have ended: they need not be asked for.
  func verdict(on record: IPRecord, ended: Set<String> = []) async throws -> Retention {
    guard case .release = Retention(record, known(record, ended)) else { return .keep }
    return Retention(record, try await asked(record, ended))
  }

  /// The pods that need what is held under an owner's key.
  func livingPods(of key: ObjectKey, ended: Set<String> = []) -> [Pod] {
    ([stores.pods[key]].compactMap { $0 } + pods(ofMachine: key)).filter { needsNetwork($0, ended) }
  }

  /// A pod that stands behind a record at restore: of a moving machine's two, one that is annotated.
  func pod(of key: ObjectKey) -> Pod? {
    if let pod = stores.pods[key] { return pod }
    let pods = pods(ofMachine: key).filter { $0.needsNetwork(now: now()) }
    return pods.first { $0.metadata.annotations[AnnotationKey.podUID] == $0.metadata.uid } ?? pods.first
  }

  /// The pods whose addresses belong to a virtual machine.
  func pods(ofMachine key: ObjectKey) -> [Pod] {
    stores.pods(ofMachine: key).filter { PodOwner($0, keepsVMAddress: keepsVMAddress).kind == .virtualMachine }
  }

  private func known(_ record: IPRecord, _ ended: Set<String>) -> RetentionFacts {
    let key = record.ownerKey
    var facts = RetentionFacts(now: now())
    switch PodOwner.Kind(rawValue: record.spec.podType) {
    case .virtualMachine:
      facts.keepsMachines = keepsVMAddress
      facts.pods = pods(ofMachine: key)
      facts.machine = stores.machines[key]
      facts.instance = stores.instances[key]
    case .statefulSet:
      facts.pods = [stores.pods[key]].compactMap { $0 }
      facts.set = setKey(of: record).flatMap { stores.sets[$0] }
    case .plain, nil:
      facts.pods = [stores.pods[key]].compactMap { $0 }
    }
    facts.pods.removeAll { ended.contains($0.metadata.uid) && $0.needsNetwork(now: facts.now) }
    if facts.livingPod == nil { facts.subnet = state(of: record.spec.subnet, stores.subnets[ObjectKey(name: record.spec.subnet)]) }
    return facts
  }

  private func asked(_ record: IPRecord, _ ended: Set<String>) async throws -> RetentionFacts {
    var facts = known(record, ended)
    let key = record.ownerKey
    switch PodOwner.Kind(rawValue: record.spec.podType) {
    case .virtualMachine:
      // A machine's pods do not outlive its instance.
      facts.machine = try await writer.object(key)
      facts.instance = try await writer.object(key)
    case .statefulSet:
      if let set = setKey(of: record) { facts.set = try await writer.object(set) }
      facts.pods = try await pod(of: record, ended, facts)
    case .plain, nil:
      facts.pods = try await pod(of: record, ended, facts)
    }
    if facts.subnet == .gone {
      facts.subnet = state(of: record.spec.subnet, try await writer.object(ObjectKey(name: record.spec.subnet)))
    }
    return facts
  }

  /// The pod of a record's name. One whose end was seen, or which the store shows as ended, cannot come back to life.
  private func pod(of record: IPRecord, _ ended: Set<String>, _ facts: RetentionFacts) async throws -> [Pod] {
    let isKnownToHaveEnded = record.podUID.map { ended.contains($0) } ?? !ended.isEmpty
    if isKnownToHaveEnded { return facts.pods }
    let pod = try await writer.pod(record.ownerKey)
    return [pod].compactMap { $0 }.filter { !ended.contains($0.metadata.uid) || !$0.needsNetwork(now: facts.now) }
  }

  private func needsNetwork(_ pod: Pod, _ ended: Set<String>) -> Bool {
    pod.needsNetwork(now: now()) && !ended.contains(pod.metadata.uid)
  }

  private func setKey(of record: IPRecord) -> ObjectKey? {
    PodOwner.setName(ofPod: record.spec.podName).map { ObjectKey(namespace: record.spec.namespace, name: $0) }
  }

  /// A subnet that was accepted serves what it was accepted with, also while its new text makes no sense.
  private func state(of name: String, _ subnet: Subnet?) -> RetentionFacts.SubnetState {
    guard let subnet else { return .gone }
    if subnet.metadata.isDeleting { return .deleting }
    return book.table.plans[name].map { .serving($0.cidrs) } ?? .unknown
  }
}

extension IPRecord {
  /// The pod or virtual machine that a record stands for.
  var ownerKey: ObjectKey { ObjectKey(namespace: spec.namespace, name: spec.podName) }

  /// nil on records that Kube-OVN wrote: they match by name.
  var podUID: String? { metadata.annotations[AnnotationKey.podUID] }
}
