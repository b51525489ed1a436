import KubeAPI
import KubeClient
import Testing
import WireJSON

/// Pools across a change of controller, and pools that were stored broken while none ran.
@Suite(.serialized) struct PoolRestartTests {
  private static func restart(
    _ first: @escaping @Sendable (ClusterUnderTest) async throws -> Void,
    between: @escaping @Sendable (ClusterUnderTest) async throws -> Void = { _ in },
    _ second: @escaping @Sendable (ClusterUnderTest) async throws -> Void
  ) async throws {
    let embedded = try await EmbeddedCluster()
    let cluster = ClusterUnderTest(client: embedded.client, namespace: "t-pools")
    try await cluster.watching {
      try await cluster.createNamespace()
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", ["cidrBlock": "172.17.0.0/28"])
      try await cluster.with(embedded, term: 1) { try await first(cluster) }
      try await between(cluster)
      try await cluster.with(embedded, term: 2) { try await second(cluster) }
    }
  }

  @Test("a new controller knows every pool before it gives an address: none strays, none is forgotten")
  func remembers() async throws {
    try await Self.restart { cluster in
      try await cluster.createReadyPool("web", subnet: "s", ["172.17.0.2..172.17.0.4"])
      try await cluster.createPod("w1", on: "macvlan", ["ip_pool": cluster.name("web")])
      #expect(try await cluster.address("w1", "macvlan") == "172.17.0.2")
      try await cluster.createPod("plain", on: "macvlan")
      #expect(try await cluster.address("plain", "macvlan") == "172.17.0.5")
    } between: { cluster in
      for index in 0..<3 { try await cluster.createPod("new-\(index)", on: "macvlan") }
      try await cluster.createPod("w2", on: "macvlan", ["ip_pool": cluster.name("web")])
    } _: { cluster in
      for index in 0..<3 {
        #expect(["172.17.0.6", "172.17.0.7", "172.17.0.8"].contains(try await cluster.address("new-\(index)", "macvlan")))
      }
      #expect(try await cluster.address("w2", "macvlan") == "172.17.0.3")
      #expect(try await cluster.address("w1", "macvlan") == "172.17.0.2")
      try await cluster.pool("web", using: "172.17.0.2-172.17.0.3", available: "172.17.0.4")
    }
  }

  @Test("broken and overlapping pools that were stored meanwhile stop nobody; the one that was in force stays; all can be deleted (D17)")
  func brokenPools() async throws {
    try await Self.restart { cluster in
      try await cluster.createReadyPool("z", subnet: "s", ["172.17.0.2..172.17.0.4"])
    } between: { cluster in
      // By name and age this one would come first.
      try await cluster.createPool("a", subnet: "s", ["172.17.0.4..172.17.0.6"])
      try await cluster.createPool("nonsense", subnet: "s", ["172.17.0.9-172.17.0.10"])
      try await cluster.createPool("nowhere", subnet: "none", ["172.17.0.9"])
      try await cluster.createPod("p", on: "macvlan", ["ip_pool": cluster.name("z")])
      try await cluster.createPod("q", on: "macvlan")
    } _: { cluster in
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.2")
      #expect(try await cluster.address("q", "macvlan") == "172.17.0.5")
      #expect(
        try await cluster.poolRefusal("a", containing: "conflict")
          == "ippool \(cluster.name("a")) has conflict IPs with ippool \(cluster.name("z")): 172.17.0.4")
      _ = try await cluster.poolRefusal("nonsense", containing: "not a dash")
      _ = try await cluster.poolRefusal("nowhere", containing: "does not exist")
      for name in ["a", "nonsense", "nowhere", "z"] {
        try await cluster.deletePool(name)
        try await cluster.poolIsGone(name)
      }
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.2")
    }
  }

  @Test("pools that were edited and deleted while no controller ran are as they are stored now; pods keep what they have")
  func editedMeanwhile() async throws {
    try await Self.restart { cluster in
      try await cluster.createReadyPool("web", subnet: "s", ["172.17.0.2..172.17.0.4"])
      try await cluster.createReadyPool("gone", subnet: "s", ["172.17.0.10"])
      try await cluster.createPod("p", on: "macvlan", ["ip_pool": cluster.name("web")])
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.2")
      try await cluster.createPod("g", on: "macvlan", ["ip_pool": cluster.name("gone")])
      #expect(try await cluster.address("g", "macvlan") == "172.17.0.10")
    } between: { cluster in
      try await cluster.editPool("web", ["ips": ["172.17.0.6"], "namespaces": ["elsewhere"]])
      try await cluster.deletePool("gone")
    } _: { cluster in
      try await cluster.poolIsGone("gone")
      try await cluster.pool("web", using: "", available: "172.17.0.6")
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.2")
      let subnet = try await cluster.subnet("s", until: { $0.status.v4UsingRange == "172.17.0.2,172.17.0.10" })
      #expect(subnet.status.v4Using.text == "2")
      try await cluster.createPod("new", on: "macvlan", ["ip_pool": cluster.name("web")])
      _ = try await cluster.refusal("new", containing: "is bound to namespace elsewhere")
    }
  }
}
