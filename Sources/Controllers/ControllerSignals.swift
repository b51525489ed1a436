import IPAM
import KubeAPI
import KubeRuntime
import Synchronization

/// The queues of the controller and what leads from one to another.
struct ControllerSignals: Sendable {
  let pods: WorkQueue<ObjectKey>
  let subnets: WorkQueue<ObjectKey>
  let records: WorkQueue<ObjectKey>
  /// Names of subnets whose counts may have changed.
  let status: WorkQueue<ObjectKey>

  /// How long counts may lag behind, so that a burst of pods costs one write of status.
  static let statusDelay = Duration.milliseconds(100)

  init<C: Clock<Duration>>(clock: C) {
    pods = WorkQueue(clock: clock)
    subnets = WorkQueue(clock: clock)
    records = WorkQueue(clock: clock)
    status = WorkQueue(clock: clock)
  }

  /// The counts of these subnets have changed.
  func touched(_ names: some Sequence<String>) {
    for name in names { status.add(ObjectKey(name: name), after: Self.statusDelay) }
  }

  /// Addresses came back: as many waiting pods are tried again, and subnets on their way out may go.
  func freed(_ addresses: [FreedAddress], in book: AddressBook, stores: ClusterStores) {
    let counts = Dictionary(grouping: addresses, by: \.pool.subnet).mapValues(\.count)
    touched(counts.keys)
    for (subnet, count) in counts {
      for key in book.wait({ $0.toWake(subnet: subnet, freed: count) }) { pods.add(key) }
    }
  }

  /// Something was edited: everybody who waits is tried again, the oldest first.
  func edited(in book: AddressBook) {
    for key in book.wait({ $0.all }) { pods.add(key) }
  }
}
