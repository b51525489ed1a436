import Glibc
import HTTPMessage
import HTTPTransport
import KubeAPI
import KubeClient
import KubeLab
import KubeRuntime
import KubeTesting
import Logging
import Synchronization
import Testing
import WireJSON

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// The lab has a key of its own for what it stores.
private typealias Key = KubeAPI.ObjectKey

/// How a client reaches the embedded API server.
enum Route: CaseIterable, Sendable { case inProcess, overHTTP }

/// Client, reflector and elector against the embedded API server, which behaves as a kube-apiserver does.
@Suite("against the API server", .timeLimit(.minutes(10))) struct APIServerClientTests {
  private let server = APIServer()

  private func withClient(_ route: Route, _ body: (KubeClient) async throws -> Void) async throws {
    switch route {
    case .inProcess: try await body(KubeClient(server.exchange, limiter: nil))
    case .overHTTP:
      try await HTTPServer(.tcp(host: "127.0.0.1", port: 0), logger: quiet, handler: server.handler).withRunning {
        endpoint async throws in
        let pool = try HTTPPool(HTTPPeer(endpoint: endpoint))
        try await body(KubeClient(pool, limiter: nil))
        pool.shutDown()
      }
    }
  }

  private func namespace(_ name: String) -> JSONValue { ["metadata": ["name": .string(name)]] }

  @Test("create, read, patch with preconditions, conflict, delete with preconditions", arguments: Route.allCases)
  func objects(route: Route) async throws {
    try await withClient(route) { client async throws in
      let key = Key(name: "team")
      let created = try await client.create(Namespace.self, body: namespace("team"))
      await #expect { try await client.create(Namespace.self, body: namespace("team")) } throws: {
        ($0 as? APIError)?.isAlreadyExists == true
      }
      var patch = MetadataPatch(of: created.metadata)
      patch.annotations = ["a/b": "1"]
      let patched = try await client.patch(Namespace.self, key, merge: patch.json)
      #expect(patched.metadata.annotations["a/b"] == "1" && patched.metadata.resourceVersion != created.metadata.resourceVersion)
      // What a deposed leader would send: decided on an older state.
      await #expect { try await client.patch(Namespace.self, key, merge: patch.json) } throws: { ($0 as? APIError)?.isConflict == true }
      var foreign = MetadataPatch(of: patched.metadata)
      foreign.uid = "another"
      foreign.annotations = ["a/b": "2"]
      await #expect { try await client.patch(Namespace.self, key, merge: foreign.json) } throws: { ($0 as? APIError)?.isConflict == true }
      #expect(try await client.get(Namespace.self, key) == patched)
      await #expect {
        try await client.delete(Namespace.self, key, KubeClient.DeleteOptions(exactly: created.metadata))
      } throws: {
        ($0 as? APIError)?.isConflict == true
      }
      await #expect { try await client.get(Namespace.self, Key(name: "none")) } throws: { ($0 as? APIError)?.isNotFound == true }
    }
  }

  @Test("a long list is read in pages and is whole; one that became too old in the middle is begun again", arguments: Route.allCases)
  func pages(route: Route) async throws {
    try await withClient(route) { client async throws in
      for number in 0..<1100 { try await client.create(Namespace.resourceType, body: namespace("n\(number)")) }
      let page = try await client.listAll(Namespace.self)
      let expected = Set((0..<1100).map { "n\($0)" })
      #expect(Set(page.items.map(\.metadata.name)).isSuperset(of: expected))
      let first = try await client.list(Namespace.self, limit: 10)
      #expect(first.items.count == 10 && !first.continueToken.isEmpty)
      try await client.create(Namespace.resourceType, body: namespace("later"))
      server.compact()
      await #expect { try await client.list(Namespace.self, limit: 10, continueToken: first.continueToken) } throws: {
        ($0 as? APIError)?.isExpired == true
      }
    }
  }

  @Test("a reflector's store is what the server has, through changes, ended watches and forgotten versions", arguments: Route.allCases)
  func reflector(route: Route) async throws {
    try await withClient(route) { client async throws in
      let store = Store<Namespace>()
      let reflector = Reflector(client: client, store: store, logger: quiet, clock: ContinuousClock())
      try await client.create(Namespace.resourceType, body: namespace("before"))
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await reflector.run() }
        try await store.waitUntilSynced()
        #expect(store[Key(name: "before")] != nil)
        for round in 0..<4 {
          let key = Key(name: "round-\(round)")
          let created = try await client.create(Namespace.self, body: namespace(key.name))
          try await store.wait(for: key) { $0 == created }
          let patched = try await client.patch(Namespace.self, key, merge: ["metadata": ["labels": ["round": .string("\(round)")]]])
          try await store.wait(for: key) { $0 == patched }
          // Odd rounds lose their place, too.
          if !round.isMultiple(of: 2) {
            server.compact()
          }
          server.closeWatches()
          try await client.create(Namespace.resourceType, body: namespace("after-\(round)"))
          if !round.isMultiple(of: 2) { server.compact() }
          try await store.wait(for: Key(name: "after-\(round)")) { $0 != nil }
        }
        group.cancelAll()
      }
      let page = try await client.listAll(Namespace.self)
      #expect(Set(store.all.map(\.metadata.resourceVersion)) == Set(page.items.map(\.metadata.resourceVersion)))
    }
  }

  @Test("a reflector finds its way back when the server was away")
  func restart() async throws {
    let store = Store<Namespace>()
    // A path, not a port: between the two servers nobody else can get it.
    let path = "/tmp/kube-client-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
    let first = HTTPServer(.unix(path: path, mode: 0o600), logger: quiet, handler: server.handler)
    let endpoint = try await first.bind()
    let pool = try HTTPPool(HTTPPeer(endpoint: endpoint))
    let client = KubeClient(pool, limiter: nil)
    let reflector = Reflector(client: client, store: store, logger: quiet, clock: ContinuousClock())
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await reflector.run() }
      try await first.withRunning { _ async throws in try await store.waitUntilSynced() }
      _ = try await server.send("POST", "/api/v1/namespaces", namespace("meanwhile"))
      try await HTTPServer(.unix(path: path, mode: 0o600), logger: quiet, handler: server.handler).withRunning { _ async throws in
        try await store.wait(for: Key(name: "meanwhile")) { $0 != nil }
        group.cancelAll()
      }
    }
    pool.shutDown()
  }

  @Test("leadership on a real Lease passes on with rising terms", arguments: Route.allCases)
  func leadership(route: Route) async throws {
    try await withClient(route) { client async throws in
      let clock = ManualClock(isHasty: false)
      let key = Key(namespace: "kube-system", name: "kube-ovn-controller")
      func elector(_ identity: String) -> LeaderElector {
        LeaderElector(
          client: client, lease: key, identity: identity, logger: quiet,
          surroundings: LeaderElector.Surroundings(time: TimeSource(clock), random: { 0 }))
      }
      for (number, identity) in ["a", "b", "b"].enumerated() {
        try await elector(identity).run { term in #expect(term == Int64(number)) }
        let lease = try await client.get(Lease.self, key)
        #expect(lease.holderIdentity.isEmpty && lease.leaseTransitions == Int64(number))
      }
    }
  }
}
