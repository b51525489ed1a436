import KubeAPI
import KubeClient
import KubeRuntime
import PodNetwork

/// The fence of a new leader (decisions.md §5.2): every pod that still waits for an address gets a new resourceVersion before anything
/// is allocated, so that whatever the leader before it had decided, and may still send, is refused with a conflict.
struct EpochClaim: Sendable {
  let stores: ClusterStores
  let writer: ClusterWriter
  let reservations: ReservationRestore
  let now: @Sendable () -> Timestamp

  func run(term: Int64) async throws {
    try await reservations.claim(term: term, writer: writer)
    let epoch = String(term)
    for pod in stores.pods.all where Self.isWaiting(pod, now: now()) {
      guard pod.metadata.annotations[AnnotationKey.allocatorEpoch] != epoch else { continue }
      // Whatever state the pod is in now is the one to bump, so no version here; its uid still tells it from a namesake.
      var patch = MetadataPatch()
      patch.uid = pod.metadata.uid
      patch.annotations[AnnotationKey.allocatorEpoch] = epoch
      do {
        let bumped = try await writer.patch(pod.key, patch)
        stores.pods.apply(bumped)
      } catch let error as APIError where error.isNotFound || error.isConflict {}
    }
  }

  /// Whether the pod names networks that are not all allocated.
  static func isWaiting(_ pod: Pod, now: Timestamp) -> Bool {
    guard case .alive = PodPhase(pod, now: now) else { return false }
    let annotations = pod.metadata.annotations
    let networks = annotations[AnnotationKey.networks] ?? ""
    let primary = annotations[AnnotationKey.defaultNetwork] ?? ""
    guard !(networks.isEmpty && primary.isEmpty) else { return false }
    let wanted =
      ((try? NetworkSelection.parse(networks, podNamespace: pod.metadata.namespace))?.count ?? 0) + (primary.isEmpty ? 0 : 1)
    let allocated = annotations.filter { ProviderName.split($0.key, .allocated) != nil && $0.value == "true" }.count
    return allocated < wanted
  }
}
