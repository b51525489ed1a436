import KubeAPI
import KubeRuntime
import Synchronization

/// Records that this process has created and that its watch has not shown yet: their absence from the store means nothing.
final class WrittenRecords: Sendable {
  private let names = Mutex<Set<String>>([])

  init(watching records: Store<IPRecord>) {
    records.onChange { [weak self] change in self?.names.withLock { _ = $0.remove(change.key.name) } }
  }

  func contains(_ name: String) -> Bool { names.withLock { $0.contains(name) } }
  func insert(_ name: String) { names.withLock { _ = $0.insert(name) } }
  func remove(_ name: String) { names.withLock { _ = $0.remove(name) } }
}
