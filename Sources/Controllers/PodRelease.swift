import IPAM
import KubeAPI
import KubeClient
import KubeRuntime
import Logging
import PodNetwork

/// Takes addresses back: the record is deleted, and only when it is gone does the allocator learn of it (`IPRecordReconciler`), so
/// that a crash between the two leaves a record without a pod, never a free address that a record still claims.
struct PodRelease: Sendable {
  let stores: ClusterStores
  let book: AddressBook
  let writer: ClusterWriter
  let lookup: OwnerLookup
  let events: PodEvents
  let signals: ControllerSignals
  let collected: @Sendable (CollectedAddress) -> Void
  let logger: Logger

  /// What is held under the name of a pod that is gone or finished, as far as nobody keeps it (`Retention`). `ended` are the uids of pods
  /// whose end was seen; without any this is the collector, which has seen nothing happen and asks.
  func review(_ key: ObjectKey, ended: Set<String>) async throws -> ReconcileResult {
    var nics = Set(book.allocator.held(byOwner: key.description).map(\.allocation.nic))
    var released: [String] = []
    for record in stores.records(ofPod: key) {
      nics.remove(record.metadata.name)
      guard !record.metadata.isDeleting, case .release(let reason) = try await lookup.verdict(on: record, ended: ended) else { continue }
      if ended.isEmpty {
        try await collect(record, reason)
      } else {
        try await writer.delete(record)
        released.append("ipCR=\(record.metadata.name) subnet=\(record.spec.subnet)")
      }
    }
    for nic in nics.sorted() { released += try await reviewHolding(nic, of: key, ended: ended) }
    if !released.isEmpty {
      events.released(released, of: key, uid: ended.first)
      logger.info("released", metadata: ["pod": "\(key)", "records": "\(released.joined(separator: "; "))"])
    }
    return .done
  }

  /// A record that nobody stands behind: deleted if it is still the one that was judged (cases.md A10), with an event that says why.
  func collect(_ record: IPRecord, _ reason: ReleaseReason) async throws {
    try await writer.delete(record)
    tell(CollectedAddress(record: record, why: reason))
  }

  /// An address that the allocator holds under a name and for which the watch shows no record: it may be on its way, or was lost with the
  /// pod between two writes.
  private func reviewHolding(_ nic: String, of key: ObjectKey, ended: Set<String>) async throws -> [String] {
    guard lookup.livingPods(of: key, ended: ended).isEmpty, let held = book.allocator.held(nic: nic, ofOwner: key.description) else {
      return []
    }
    // A record of another pod whose name comes to the same does not stand for this one.
    if let record = try await writer.record(named: nic), record.ownerKey == key {
      guard !record.metadata.isDeleting, case .release(let reason) = try await lookup.verdict(on: record, ended: ended) else { return [] }
      try await collect(record, reason)
      return []
    }
    if ended.isEmpty, let pod = try await writer.pod(key), pod.needsNetwork(now: lookup.now()) { return [] }
    guard free(nic: nic, owner: held.owner) else { return [] }
    guard ended.isEmpty else { return ["ipam=\(nic) subnet=\(held.allocation.subnet)"] }
    tell(CollectedAddress(held, why: .podGone(key)))
    return []
  }

  /// Records of NICs that the pod asks for no more, whichever pod of its name they were made for (decisions.md §4 row 11, cases.md B18).
  /// A NAD that is missing is no such sign: the NIC still runs.
  func unplugged(_ pod: Pod, _ networks: PodNetworks, _ owner: PodOwner) async throws {
    guard networks.isComplete else { return }
    let others = siblings(of: pod, owner)
    guard others.allSatisfy(\.isComplete) else { return }
    func isWanted(_ provider: ProviderName) -> Bool {
      provider == .primary || networks.references(provider) || others.contains { $0.references(provider) }
    }
    var released: [String] = []
    for record in stores.records(ofPod: owner.objectKey) where !record.isReservation && !record.metadata.isDeleting {
      guard let provider = owner.provider(ofRecord: record.metadata.name), !isWanted(provider), owner.mayTake(record),
        try await isLatest(pod, owner, record)
      else { continue }
      try await writer.delete(record)
      released.append("ipCR=\(record.metadata.name) subnet=\(record.spec.subnet)")
    }
    if !released.isEmpty {
      events.released(released, of: pod.key, uid: pod.metadata.uid)
      logger.info("unplugged", metadata: ["pod": "\(pod.key)", "records": "\(released.joined(separator: "; "))"])
    }
    try await dropUnwritten(pod, owner, isWanted)
    let annotated = pod.metadata.annotations.compactMap { $0.value == "true" ? ProviderName.split($0.key, .allocated) : nil }
    let patch = AllocationPatch.withdraw(annotated.filter { $0 != .primary && !networks.references($0) }, from: pod)
    if !patch.isEmpty { try await writer.patch(pod.key, patch) }
  }

  /// Addresses of such NICs that no record was ever written for: their pod was edited before the write could be repeated.
  private func dropUnwritten(_ pod: Pod, _ owner: PodOwner, _ isWanted: (ProviderName) -> Bool) async throws {
    for held in book.allocator.held(byOwner: owner.key) {
      let nic = held.allocation.nic
      guard let provider = owner.provider(ofRecord: nic), !isWanted(provider), stores.records[ObjectKey(name: nic)] == nil else { continue }
      if let record = try await writer.record(named: nic), record.ownerKey == owner.objectKey { continue }
      free(nic: nic, owner: held.owner)
    }
  }

  /// What the other pods of a virtual machine ask for: while it moves, the two may differ.
  private func siblings(of pod: Pod, _ owner: PodOwner) -> [PodNetworks] {
    guard owner.kind == .virtualMachine else { return [] }
    return lookup.pods(ofMachine: owner.objectKey).filter { $0.metadata.uid != pod.metadata.uid && $0.needsNetwork(now: lookup.now()) }
      .map { PodNetworks(of: $0, definitions: { stores.networks[$0] }) }
  }

  /// Whether this pod may speak for the record: one that carries another uid may be a later pod's, which the watch has not shown yet.
  private func isLatest(_ pod: Pod, _ owner: PodOwner, _ record: IPRecord) async throws -> Bool {
    guard let uid = record.podUID, uid != owner.uid else { return true }
    return try await writer.pod(pod.key)?.metadata.uid == pod.metadata.uid
  }

  /// The allocator forgets a NIC that no record stands for; whoever waits for its address is tried again.
  @discardableResult
  func free(nic: String, owner: Owner) -> Bool {
    guard let released = book.allocator.release(nic: nic, of: owner) else { return false }
    signals.returned(Returned.all(of: released, in: book.allocator), in: book)
    signals.touched([released.held.allocation.subnet])
    signals.parted(released, in: book)
    return true
  }

  private func tell(_ address: CollectedAddress) {
    events.collected(address)
    collected(address)
    logger.info(
      "collected", metadata: ["ip": "\(address.record)", "address": "\(address.address)", "reason": "\(address.why)"])
  }
}
