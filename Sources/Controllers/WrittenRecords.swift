import KubeAPI
import KubeRuntime
import Synchronization

/// Records that this process has created and that its watch has not shown yet, with the uid that they were made for: their absence from
/// the store means nothing.
final class WrittenRecords: Sendable {
  private let names = Mutex<[String: String]>([:])

  init(watching records: Store<IPRecord>) {
    records.onChange { [weak self] change in self?.names.withLock { $0[change.key.name] = nil } }
  }

  /// Whether the record stands there for this owner; one that was made for an earlier namesake is still to be rewritten.
  func contains(_ name: String, uid: String) -> Bool { names.withLock { $0[name] == uid } }
  func insert(_ name: String, uid: String) { names.withLock { $0[name] = uid } }
}
