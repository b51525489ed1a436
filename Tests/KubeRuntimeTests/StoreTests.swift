import KubeAPI
import KubeRuntime
import Synchronization
import Testing

@Suite struct StoreTests {
  private func pod(_ name: String, node: String = "n1", version: String = "1") -> Pod {
    var metadata = ObjectMeta(name: name, namespace: "d")
    metadata.resourceVersion = version
    var pod = Pod(metadata: metadata)
    pod.nodeName = node
    return pod
  }

  private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "d", name: name) }

  @Test("a relist reports what came, changed and went, and nothing else")
  func relist() {
    let store = Store<Pod>()
    let changes = Mutex<[String]>([])
    store.onChange { change in
      changes.withLock { $0.append("\(change.key.name) \(change.old?.nodeName ?? "-") \(change.new?.nodeName ?? "-")") }
    }
    store.replaceAll([pod("a"), pod("b"), pod("c")])
    store.replaceAll([pod("a"), pod("b", node: "n2", version: "2"), pod("e")])
    #expect(changes.withLock { $0 } == ["a - n1", "b - n1", "c - n1", "b n1 n2", "c n1 -", "e - n1"])
    #expect(store.isSynced && store.count == 3)
  }

  @Test("an index follows its objects")
  func index() {
    let store = Store<Pod>(indexes: [.init("node") { [$0.nodeName] }])
    store.replaceAll([pod("b"), pod("a"), pod("c", node: "n2")])
    #expect(store.objects("node", "n1").map(\.metadata.name) == ["a", "b"])
    store.apply(pod("a", node: "n2", version: "2"))
    store.remove(key("b"))
    #expect(store.objects("node", "n1").isEmpty)
    #expect(store.objects("node", "n2").map(\.metadata.name) == ["a", "c"])
  }

  @Test("a handler that changes the store sees its change delivered after the one in hand")
  func reentrancy() {
    let store = Store<Pod>()
    let seen = Mutex<[String]>([])
    store.onChange { change in
      if change.key.name == "a" { store.apply(self.pod("b")) }
      seen.withLock { $0.append(change.key.name) }
    }
    store.apply(pod("a"))
    #expect(seen.withLock { $0 } == ["a", "b"])
  }

  @Test("a waiter returns at once where its condition holds, and at the change that makes it hold")
  func waits() async throws {
    let store = Store<Pod>()
    store.apply(pod("a"))
    try await store.wait(for: key("a")) { $0 != nil }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await store.wait(for: self.key("b")) { $0?.nodeName == "n2" } }
      store.apply(pod("b"))
      store.apply(pod("b", node: "n2", version: "2"))
      try await group.waitForAll()
    }
  }

  @Test("a cancelled waiter throws")
  func cancelledWait() async {
    let store = Store<Pod>()
    await #expect(throws: CancellationError.self) {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await store.wait(for: self.key("never")) { $0 != nil } }
        group.cancelAll()
        try await group.waitForAll()
      }
    }
    await #expect(throws: CancellationError.self) {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await store.waitUntilSynced() }
        group.cancelAll()
        try await group.waitForAll()
      }
    }
  }

  @Test("the first list wakes those who wait for it")
  func syncs() async throws {
    let store = Store<Pod>()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await store.waitUntilSynced() }
      store.replaceAll([])
      try await group.waitForAll()
    }
    #expect(store.isSynced)
  }
}
