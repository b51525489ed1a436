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
  let events: PodEvents
  let signals: ControllerSignals
  let logger: Logger

  /// Every address of a pod that is gone (`uid` nil) or finished. A pod that came after it under the same name keeps its own: records
  /// of another uid are left alone while that pod exists.
  func all(of key: ObjectKey, uid: String?) async throws -> ReconcileResult {
    book.wait { $0.remove(key) }
    var nics = Set(book.allocator.held(byOwner: key.description).map(\.allocation.nic))
    var released: [String] = []
    for record in stores.records(ofPod: key) {
      nics.remove(record.metadata.name)
      guard Self.mayRelease(record, uid: uid) else { continue }
      released.append("ipCR=\(record.metadata.name) subnet=\(record.spec.subnet)")
      if !record.metadata.isDeleting { try await writer.delete(record) }
    }
    for nic in nics.sorted() {
      if let record = try await writer.record(named: nic) {
        guard Self.mayRelease(record, uid: uid) else { continue }
        if !record.metadata.isDeleting { try await writer.delete(record) }
      } else {
        free(nic: nic, owner: Owner(key: key.description, uid: uid))
      }
    }
    if !released.isEmpty {
      events.released(released, of: key, uid: uid)
      logger.info("released", metadata: ["pod": "\(key)", "records": "\(released.joined(separator: "; "))"])
    }
    return .done
  }

  /// Records of NICs that the pod asks for no more (decisions.md §4 row 11). A NAD that is missing is no such sign: the NIC still runs.
  func unplugged(_ pod: Pod, _ networks: PodNetworks) async throws {
    guard networks.isComplete else { return }
    let owner = PodOwner(pod)
    let wanted = Set(networks.attachments.map { owner.recordName($0.provider) })
    var withdrawn: [ProviderName] = []
    for record in stores.records(ofPod: pod.key) where !wanted.contains(record.metadata.name) {
      guard Self.mayRelease(record, uid: pod.metadata.uid), record.metadata.annotations[AnnotationKey.podUID] == pod.metadata.uid,
        let provider = owner.provider(ofRecord: record.metadata.name), provider != .primary,
        !networks.references(provider)
      else { continue }
      if !record.metadata.isDeleting { try await writer.delete(record) }
      withdrawn.append(provider)
    }
    let patch = AllocationPatch.withdraw(withdrawn, from: pod)
    if !patch.isEmpty { try await writer.patch(pod.key, patch) }
  }

  /// The allocator forgets a NIC that no record stands for; whoever waits for its address is tried again.
  func free(nic: String, owner: Owner) {
    guard let released = book.allocator.release(nic: nic, of: owner) else { return }
    signals.returned(Returned.all(of: released, in: book.allocator), in: book)
    signals.touched([released.held.allocation.subnet])
  }

  /// A reservation outlives its pod; a record of a later pod of the same name is not ours to take.
  static func mayRelease(_ record: IPRecord, uid: String?) -> Bool {
    guard record.metadata.labels[LabelKey.ipReserved] != "true" else { return false }
    guard let uid, let holder = record.metadata.annotations[AnnotationKey.podUID] else { return true }
    return holder == uid
  }
}
