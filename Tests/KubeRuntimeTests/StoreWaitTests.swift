import KubeAPI
import Synchronization
import Testing

@testable import KubeRuntime

@Suite("waiting for a store", .timeLimit(.minutes(10))) struct StoreWaitTests {
  private let key = ObjectKey(namespace: "default", name: "a")

  private func pod(_ name: String, phase: String, version: Int = 1) -> Pod {
    var pod = Pod(metadata: ObjectMeta(name: name, namespace: "default"))
    pod.metadata.resourceVersion = "\(version)"
    pod.phase = phase
    return pod
  }

  /// Waits until somebody waits for the store.
  private func untilWaiting(_ store: Store<Pod>, _ count: Int = 1) async throws { try await until { store.waiterCount >= count } }

  @Test("a condition that holds already is not waited for, also that of an object that does not exist")
  func atOnce() async throws {
    let store = Store<Pod>()
    try await store.wait(for: key) { $0 == nil }
    store.apply(pod("a", phase: "Running"))
    try await store.wait(for: key) { $0?.phase == "Running" }
    #expect(store.waiterCount == 0)
  }

  @Test("a waiter wakes at the change that meets its condition, not before; a removal is a change")
  func wakes() async throws {
    let store = Store<Pod>()
    let (running, gone) = (Journal(), Journal())
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await store.wait(for: key) { $0?.phase == "Running" }
        running.note("woke")
      }
      group.addTask {
        try await store.wait(for: ObjectKey(namespace: "default", name: "b")) { $0 != nil }
        try await store.wait(for: ObjectKey(namespace: "default", name: "b")) { $0 == nil }
        gone.note("woke")
      }
      try await untilWaiting(store, 2)
      store.apply(pod("a", phase: "Pending"))
      store.apply(pod("c", phase: "Running"))
      #expect(running.all.isEmpty && store.waiterCount == 2)
      store.apply(pod("a", phase: "Running", version: 2))
      store.apply(pod("b", phase: "Running"))
      try await until { store.waiterCount == 1 && !running.all.isEmpty }
      // A relist without it removes it.
      store.replaceAll([pod("a", phase: "Running", version: 2)])
      try await group.waitForAll()
    }
    #expect(running.all == ["woke"] && gone.all == ["woke"])
  }

  @Test("a waiter that is cancelled leaves nothing behind")
  func cancelled() async throws {
    let store = Store<Pod>()
    let waiter = Task { try await store.wait(for: key) { $0 != nil } }
    try await untilWaiting(store)
    waiter.cancel()
    await #expect(throws: CancellationError.self) { try await waiter.value }
    #expect(store.waiterCount == 0)
    store.apply(pod("a", phase: "Running"))
    // Cancelled before it begins.
    let early = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await store.wait(for: ObjectKey(name: "never")) { $0 != nil }
    }
    await #expect(throws: CancellationError.self) { try await early.value }
    #expect(store.waiterCount == 0)
  }

  @Test("a store is synced by its first list, an empty one too")
  func synced() async throws {
    let store = Store<Pod>()
    let waiter = Task { try await store.waitUntilSynced() }
    try await untilWaiting(store)
    store.apply(pod("a", phase: "Running"))
    #expect(!store.isSynced && store.waiterCount == 1)
    store.replaceAll([])
    try await waiter.value
    try await store.waitUntilSynced()
    #expect(store.count == 0)
  }

  @Test("a handler may read and change the store, and sees the changes in order")
  func handlers() async {
    let store = Store<Pod>()
    let seen = Journal()
    store.onChange { change in
      seen.note("\(change.key.name) \(change.old?.phase ?? "-") \(change.new?.phase ?? "-") \(store.count)")
      if change.key.name == "a", change.old == nil { store.apply(pod("b", phase: "New")) }
    }
    store.apply(pod("a", phase: "P"))
    store.apply(pod("a", phase: "R", version: 2))
    store.remove(key)
    store.remove(key)
    #expect(seen.all == ["a - P 1", "b - New 2", "a P R 2", "a R - 1"])
  }
}
