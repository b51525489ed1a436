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
  let signals: ControllerSignals
  let release: PodRelease
  let collected: @Sendable (IPRecord, String) -> Void
  let now: @Sendable () -> Timestamp
  let logger: Logger

  func reconcile(_ key: ObjectKey) async throws -> ReconcileResult {
    // What a record that is gone stood for is settled by its pod, which the store's change brings into the queue.
    guard let record = stores.records[key] else { return .done }
    if record.metadata.isDeleting { return try await leave(record) }
    let pod = ObjectKey(namespace: record.spec.namespace, name: record.spec.podName)
    guard stores.pods[pod] == nil else { return .done }
    return try await collectIfOrphaned(record, pod)
  }

  private func leave(_ record: IPRecord) async throws -> ReconcileResult {
    let isOurs = record.metadata.finalizers.contains { $0 == Finalizer.controller || $0 == Finalizer.legacyController }
    if isOurs { try await writer.removeFinalizer(of: record) }
    let pod = ObjectKey(namespace: record.spec.namespace, name: record.spec.podName)
    let uid = record.metadata.annotations[AnnotationKey.podUID]
    // A living pod runs on the address whatever becomes of its record, which its own reconcile writes anew.
    if !isInUse(record, by: stores.pods[pod], uid) {
      release.free(nic: record.metadata.name, owner: Owner(key: pod.description, uid: uid))
    }
    signals.touched([record.spec.subnet])
    signals.pods.add(pod)
    if let subnet = stores.subnets[ObjectKey(name: record.spec.subnet)], subnet.metadata.isDeleting { signals.subnets.add(subnet.key) }
    return .done
  }

  /// Whether a pod that lives was given the record's address and still asks for the NIC.
  private func isInUse(_ record: IPRecord, by pod: Pod?, _ uid: String?) -> Bool {
    guard let pod, uid == nil || uid == pod.metadata.uid else { return false }
    switch PodPhase(pod, now: now()) {
    case .hostNetwork, .finished: return false
    case .alive, .leaving: break
    }
    let owner = PodOwner(pod)
    return PodNetworks(of: pod, definitions: { stores.networks[$0] }).attachments.contains { attachment in
      owner.recordName(attachment.provider) == record.metadata.name
        && AnnotatedAddress(pod, attachment.provider)?.addresses == record.addresses
    }
  }

  /// A record for a pod that is not there: a crash between two writes, or a deposed leader's late one. The watch may lag, so the
  /// server is asked before anything goes.
  private func collectIfOrphaned(_ record: IPRecord, _ pod: ObjectKey) async throws -> ReconcileResult {
    guard record.metadata.labels[LabelKey.ipReserved] == "false", !record.spec.podName.isEmpty, !record.spec.namespace.isEmpty,
      record.spec.podType.isEmpty, try await writer.pod(pod) == nil
    else { return .done }
    try await writer.delete(record)
    collected(record, "pod \(pod) does not exist")
    logger.info("collected", metadata: ["ip": "\(record.metadata.name)", "address": "\(record.spec.ipAddress)", "pod": "\(pod)"])
    return .done
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
