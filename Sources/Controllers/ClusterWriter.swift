import KubeAPI
import KubeClient
import PodNetwork
import WireJSON

/// The writes that the controller does, each with the preconditions that fence a deposed leader (decisions.md §5.2, §5.4).
struct ClusterWriter: Sendable {
  private let client: KubeClient
  private let written: WrittenRecords

  init(client: KubeClient, written: WrittenRecords) {
    self.client = client
    self.written = written
  }

  /// One merge patch of a pod's annotations, bound to its uid and version.
  @discardableResult
  func patch(_ pod: ObjectKey, _ patch: MetadataPatch) async throws -> Pod { try await client.patch(Pod.self, pod, merge: patch.json) }

  /// Makes the record of a NIC say what was granted: created, or brought up to date under its version where there is one.
  func write(_ grant: Grant, owner: PodOwner, nodeName: String, known: IPRecord?) async throws {
    let name = owner.recordName(grant.attachment.provider)
    var existing = known
    if existing == nil {
      if written.contains(name, uid: owner.uid) { return }
      do {
        _ = try await client.create(IPRecord.self, body: IPRecordBuilder.create(grant, owner: owner, nodeName: nodeName))
        written.insert(name, uid: owner.uid)
        return
      } catch let error as APIError where error.isAlreadyExists {
        existing = try await client.get(IPRecord.self, ObjectKey(name: name))
      }
    }
    guard let existing else { return }
    guard !existing.metadata.isDeleting else { throw RecordLeaving(name: name) }
    let holder = ObjectKey(namespace: existing.spec.namespace, name: existing.spec.podName)
    guard owner.mayTake(existing) else { throw RecordTaken(name: name, holder: holder) }
    guard let patch = IPRecordBuilder.update(existing, grant, owner: owner, nodeName: nodeName) else { return }
    _ = try await client.patch(IPRecord.self, existing.key, merge: patch)
  }

  func record(named name: String) async throws -> IPRecord? { try await object(ObjectKey(name: name)) }

  func pod(_ key: ObjectKey) async throws -> Pod? { try await object(key) }

  /// The object as the API server has it now; nil when it, or its kind, does not exist.
  func object<R: Resource>(_ key: ObjectKey) async throws -> R? {
    do { return try await client.get(R.self, key) } catch let error as APIError where error.isNotFound { return nil }
  }

  /// Deletes a record if it is still the one seen. One that is gone is as good.
  func delete(_ record: IPRecord) async throws {
    do {
      try await client.delete(IPRecord.self, record.key, .init(exactly: record.metadata))
    } catch let error as APIError where error.isNotFound {}
  }

  /// Lets an object that is being deleted go. One that is gone is as good.
  func removeFinalizer<R: Resource>(of object: R) async throws {
    var patch = MetadataPatch(of: object.metadata)
    patch.finalizers = object.metadata.finalizers.filter { $0 != Finalizer.controller && $0 != Finalizer.legacyController }
    do { _ = try await client.patch(R.self, object.key, merge: patch.json) } catch let error as APIError where error.isNotFound {}
  }

  /// A merge patch of an object or its status.
  func patch<R: Resource>(_ type: R.Type, _ key: ObjectKey, _ patch: JSONValue, status: Bool = false) async throws {
    _ = try await client.patch(type, key, merge: patch, subresource: status ? "status" : nil)
  }

  /// Gives an object a new version in whatever state it is, marked with the leader's term; nil when that stands there already, or when
  /// the object is gone or another by now.
  func bump<R: Resource>(_ object: R, epoch: String) async throws -> R? {
    guard object.metadata.annotations[AnnotationKey.allocatorEpoch] != epoch else { return nil }
    var patch = MetadataPatch()
    patch.uid = object.metadata.uid
    patch.annotations[AnnotationKey.allocatorEpoch] = epoch
    do {
      return try await client.patch(R.self, object.key, merge: patch.json)
    } catch let error as APIError where error.isNotFound || error.isConflict { return nil }
  }

  func patchSubnet(_ name: String, _ patch: JSONValue, status: Bool = false) async throws {
    _ = try await client.patch(Subnet.self, ObjectKey(name: name), merge: patch, subresource: status ? "status" : nil)
  }
}

/// A record of the wanted name is still being deleted: its end brings the pod back into the queue.
struct RecordLeaving: Error, CustomStringConvertible {
  let name: String

  var description: String { "IP \(name) is being deleted" }
}

extension PodOwner {
  /// Whether a record of this owner's name is this owner's: names of pods and namespaces may hold dots, so that two pods can come to
  /// one name, and a pod may have the name of a virtual machine.
  func mayTake(_ record: IPRecord) -> Bool {
    guard !record.spec.podName.isEmpty else { return true }
    // Made by hand and under a name that is not its pod's: it is nobody's record.
    if !record.metadata.isManaged, !record.metadata.name.hasPrefix("\(record.spec.podName).\(record.spec.namespace)") { return true }
    guard record.spec.namespace == namespace, record.spec.podName == name else { return false }
    return (record.spec.podType == Kind.virtualMachine.rawValue) == (kind == .virtualMachine) || record.isReservation
  }
}

/// The record's name belongs to another pod.
struct RecordTaken: Error, CustomStringConvertible {
  let name: String
  let holder: ObjectKey

  var description: String { "IP \(name) is the record of pod or virtual machine \(holder): one of the two must have another name" }
}
