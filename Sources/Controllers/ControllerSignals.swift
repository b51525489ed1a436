import KubeAPI
import KubeRuntime
import Synchronization

/// The queues of the controller and what leads from one to another.
struct ControllerSignals: Sendable {
  let pods: WorkQueue<ObjectKey>
  let subnets: WorkQueue<ObjectKey>
  let pools: WorkQueue<ObjectKey>
  let namespaces: WorkQueue<ObjectKey>
  let records: WorkQueue<ObjectKey>
  let vips: WorkQueue<ObjectKey>
  /// Names of subnets whose counts may have changed.
  let status: WorkQueue<ObjectKey>

  /// How long counts may lag behind, so that a burst of pods costs one write of status.
  static let statusDelay = Duration.milliseconds(100)

  init<C: Clock<Duration>>(clock: C) {
    pods = WorkQueue(clock: clock)
    subnets = WorkQueue(clock: clock)
    pools = WorkQueue(clock: clock)
    namespaces = WorkQueue(clock: clock)
    records = WorkQueue(clock: clock)
    vips = WorkQueue(clock: clock)
    status = WorkQueue(clock: clock)
  }

  /// The counts of these subnets have changed.
  func touched(_ names: some Sequence<String>) {
    for name in names { status.add(ObjectKey(name: name), after: Self.statusDelay) }
  }

  /// Something came back: for each a waiting pod is tried again.
  func returned(_ returned: [Returned], in book: AddressBook) {
    for one in returned {
      if let key = book.wait({ $0.wake(for: one) }) { pods.add(key) }
    }
    retryReservations(after: returned, in: book)
  }

  /// A pod has had its turn: where something is left of what it was woken for, it is the next one's.
  func passOn(_ wakeUps: [WaitingPods.WakeUp], in book: AddressBook) {
    for wakeUp in wakeUps {
      let open = Set(wakeUp.returned.awaited.filter { book.allocator.has($0) })
      guard !open.isEmpty, let key = book.wait({ $0.passOn(wakeUp) { open.contains($0) } }) else { continue }
      pods.add(key)
    }
  }

  /// Something was edited: everybody who waits is tried again, the oldest first, and namespaces are told what they are bound to now.
  func edited(in book: AddressBook) {
    for key in book.wait({ $0.edit() }) { pods.add(key) }
    retryReservations(in: book)
    rebind()
  }

  /// What any namespace is bound to may have changed; once for a burst of edits.
  func rebind() { namespaces.add(NamespaceReconciler.every, after: Self.statusDelay) }
}
