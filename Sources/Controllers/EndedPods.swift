import KubeAPI
import Synchronization

/// Uids of pods whose end the watch has shown, until their addresses have been looked after: their records need no question to the API
/// server, which would otherwise cost one for every pod that goes.
final class EndedPods: Sendable {
  private let uids = Mutex<[ObjectKey: Set<String>]>([:])

  func note(_ pod: Pod) { uids.withLock { _ = $0[pod.key, default: []].insert(pod.metadata.uid) } }

  /// Hands over what is known of a key and forgets it.
  func take(_ key: ObjectKey) -> Set<String> { uids.withLock { $0.removeValue(forKey: key) } ?? [] }
}
