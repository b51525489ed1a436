import IPAM
import KubeAPI
import KubeRuntime
import Logging
import NetAddress
import PodNetwork

/// Keeps records and allocator in step: a record that goes takes its address along, a record that nobody stands behind is collected.
struct IPRecordReconciler: Sendable {
  let stores: ClusterStores
  let book: AddressBook
  let writer: ClusterWriter
  let lookup: OwnerLookup
  let signals: ControllerSignals
  let release: PodRelease
  let reservations: ReservationReconciler
  let logger: Logger

  func reconcile(_ key: ObjectKey) async throws -> ReconcileResult {
    // What a record that is gone stood for is settled by its pod, which the store's change brings into the queue.
    guard let record = stores.records[key] else {
      reservations.forget(key.name)
      return .done
    }
    if record.metadata.isDeleting { return try await leave(record) }
    if let result = try await reservations.reconcile(record) { return result }
    guard case .release(let reason) = try await lookup.verdict(on: record) else { return .done }
    // A crash between two writes, a deposed leader's late one, or an owner that is gone.
    try await release.collect(record, reason)
    return .done
  }

  private func leave(_ record: IPRecord) async throws -> ReconcileResult {
    let isOurs = record.metadata.finalizers.contains { $0 == Finalizer.controller || $0 == Finalizer.legacyController }
    if isOurs { try await writer.removeFinalizer(of: record) }
    // A living pod runs on the address whatever becomes of its record, which its own reconcile writes anew.
    if !isInUse(record) { release.free(nic: record.metadata.name, owner: Owner(key: record.ownerKey.description, uid: record.podUID)) }
    signals.touched([record.spec.subnet])
    signals.wakeOwner(of: record, in: stores)
    if let subnet = stores.subnets[ObjectKey(name: record.spec.subnet)], subnet.metadata.isDeleting { signals.subnets.add(subnet.key) }
    return .done
  }

  /// Whether a pod that lives was given the record's address and still asks for the NIC.
  private func isInUse(_ record: IPRecord) -> Bool {
    lookup.livingPods(of: record.ownerKey).contains { pod in
      let owner = PodOwner(pod, keepsVMAddress: lookup.keepsVMAddress)
      guard owner.objectKey == record.ownerKey, record.podUID == nil || record.podUID == owner.uid else { return false }
      return PodNetworks(of: pod, definitions: { stores.networks[$0] }).attachments.contains { attachment in
        owner.recordName(attachment.provider) == record.metadata.name
          && AnnotatedAddress(pod, attachment.provider)?.addresses == record.addresses
      }
    }
  }
}

extension ObjectKey {
  /// The pod (or virtual machine) that an allocator's owner key names.
  init?(owner: Owner) {
    let parts = owner.key.split(separator: "/", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    self.init(namespace: String(parts[0]), name: String(parts[1]))
  }
}
