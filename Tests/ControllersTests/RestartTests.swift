import KubeAPI
import KubeClient
import Testing
import WireJSON

/// A controller that ends and another that begins, on one embedded API server: what the first gave, the second knows.
@Suite struct RestartTests {
  private static let s24: [String: JSONValue] = ["cidrBlock": "172.17.0.0/24", "excludeIps": ["172.17.0.0..172.17.0.10"]]

  private static func networks(_ text: String = "macvlan") -> [String: String] { [AnnotationKey.networks: text] }

  /// Runs `first` with a controller, `between` with none, `second` with a new one.
  private static func restart(
    _ first: @escaping @Sendable (ClusterUnderTest) async throws -> Void,
    between: @escaping @Sendable (ClusterUnderTest) async throws -> Void = { _ in },
    _ second: @escaping @Sendable (ClusterUnderTest) async throws -> Void
  ) async throws {
    let embedded = try await EmbeddedCluster()
    let cluster = ClusterUnderTest(client: embedded.client, namespace: "t-restart")
    try await cluster.watching {
      try await cluster.createNamespace()
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", s24)
      try await cluster.with(embedded, term: 1) { try await first(cluster) }
      try await between(cluster)
      try await cluster.with(embedded, term: 2) { try await second(cluster) }
    }
  }

  @Test("A2: a new controller gives none of the addresses that are in use, and takes none away")
  func remembers() async throws {
    try await Self.restart { cluster in
      for index in 0..<3 {
        try await cluster.createPod("p\(index)", Self.networks())
        #expect(try await cluster.address("p\(index)", "macvlan") == "172.17.0.\(11 + index)")
      }
    } _: { cluster in
      try await cluster.createPod("new", Self.networks())
      #expect(try await cluster.address("new", "macvlan") == "172.17.0.14")
      for index in 0..<3 { #expect(try await cluster.address("p\(index)", "macvlan") == "172.17.0.\(11 + index)") }
      let subnet = try await cluster.subnet("s", until: { $0.status.v4Using.text == "4" })
      #expect(subnet.status.v4UsingRange == "172.17.0.11-172.17.0.14")
    }
  }

  @Test("A1, B10: what died while no controller ran is free, and its record is collected")
  func deadOwners() async throws {
    try await Self.restart { cluster in
      var wishes = Self.networks()
      wishes["macvlan.\(cluster.namespace).kubernetes.io/ip_address"] = "172.17.0.100"
      try await cluster.createPod("a", wishes)
      #expect(try await cluster.address("a", "macvlan") == "172.17.0.100")
    } between: { cluster in
      try await cluster.deletePod("a")
      var wishes = Self.networks()
      wishes["macvlan.\(cluster.namespace).kubernetes.io/ip_address"] = "172.17.0.100"
      try await cluster.createPod("b", wishes)
    } _: { cluster in
      #expect(try await cluster.address("b", "macvlan") == "172.17.0.100")
      _ = try await cluster.record("a", "macvlan", exists: false)
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
    }
  }

  @Test("a pod whose record was lost while no controller ran keeps its address, and gets its record back")
  func lostRecord() async throws {
    try await Self.restart { cluster in
      try await cluster.createPod("p", Self.networks())
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.11")
    } between: { cluster in
      let record = try #require(try await cluster.record("p", "macvlan"))
      _ = try await cluster.client.patch(IPRecord.self, record.key, merge: ["metadata": ["finalizers": nil]])
      try await cluster.client.delete(IPRecord.self, record.key)
      _ = try await cluster.record("p", "macvlan", exists: false)
      try await cluster.createPod("rival", Self.networks())
    } _: { cluster in
      #expect(try await cluster.address("rival", "macvlan") == "172.17.0.12")
      let record = try #require(try await cluster.record("p", "macvlan"))
      #expect(record.spec.ipAddress == "172.17.0.11")
    }
  }

  @Test("a pod that came back under its name while no controller ran has its record rewritten before its annotations")
  func namesake() async throws {
    try await Self.restart { cluster in
      try await cluster.createPod("p", Self.networks())
      _ = try await cluster.address("p", "macvlan")
    } between: { cluster in
      try await cluster.deletePod("p")
      try await cluster.createPod("p", Self.networks())
    } _: { cluster in
      _ = try await cluster.address("p", "macvlan")
      let pod = try await cluster.pod("p", until: { _ in true })
      let record = try #require(try await cluster.record("p", "macvlan"))
      #expect(record.metadata.annotations[AnnotationKey.podUID] == pod.metadata.uid)
      #expect(record.spec.ipAddress == pod.metadata.annotations["macvlan.\(cluster.namespace).kubernetes.io/ip_address"])
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
    }
  }

  @Test("D7: a subnet whose excludes were made nonsense is salvaged: its pods keep their addresses and nobody else is given them")
  func brokenExcludes() async throws {
    try await Self.restart { cluster in
      try await cluster.createPod("p", Self.networks())
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.11")
    } between: { cluster in
      _ = try await cluster.client.patch(
        Subnet.self, ObjectKey(name: cluster.name("s")), merge: ["spec": ["excludeIps": ["172.17.0.9..172.17.0.2", "172.17.0.300"]]])
      try await cluster.createPod("rival", Self.networks().merging(["macvlan.t-restart.kubernetes.io/ip_address": "172.17.0.11"]) { $1 })
    } _: { cluster in
      #expect(try await cluster.refusal("rival", containing: "AddressConflict").contains("t-restart/p"))
      let pod = try await cluster.pod("p", until: { _ in true })
      #expect(pod.metadata.annotations[AnnotationKey.allocationError] == nil)
      _ = try await cluster.subnet("s", until: { $0.status.v4UsingRange == "172.17.0.11" })
    }
  }

  @Test("a subnet that cannot be read at all is mended while a rival waits: whoever ran on an address of it has it still")
  func brokenCIDR() async throws {
    try await Self.restart { cluster in
      try await cluster.createPod("p", Self.networks())
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.11")
    } between: { cluster in
      _ = try await cluster.client.patch(Subnet.self, ObjectKey(name: cluster.name("s")), merge: ["spec": ["cidrBlock": "172.17.0.0/33"]])
      try await cluster.createPod("rival", Self.networks())
    } _: { cluster in
      _ = try await cluster.refusal("rival", containing: "not bound to any subnet")
      _ = try await cluster.client.patch(Subnet.self, ObjectKey(name: cluster.name("s")), merge: ["spec": ["cidrBlock": "172.17.0.0/24"]])
      #expect(try await cluster.address("rival", "macvlan") == "172.17.0.12")
      let pod = try await cluster.pod("p", until: { _ in true })
      #expect(pod.metadata.annotations["macvlan.t-restart.kubernetes.io/ip_address"] == "172.17.0.11")
      #expect(pod.metadata.annotations[AnnotationKey.allocationError] == nil)
    }
  }

  @Test("a subnet that is being deleted gives nothing after a restart either, and goes with its last pod")
  func deletingSubnet() async throws {
    try await Self.restart { cluster in
      try await cluster.createPod("p", Self.networks())
      _ = try await cluster.address("p", "macvlan")
    } between: { cluster in
      try await cluster.client.delete(Subnet.self, ObjectKey(name: cluster.name("s")))
      try await cluster.createPod("late", Self.networks())
    } _: { cluster in
      #expect(try await cluster.refusal("late", containing: "is being deleted").contains("macvlan"))
      try await cluster.deletePod("p")
      try await cluster.subnetIsGone("s")
    }
  }

  @Test("every pod that waits is claimed for the new term before anything is allocated")
  func claimsWaiting() async throws {
    try await Self.restart { _ in
    } between: { cluster in
      try await cluster.createPod("p", Self.networks())
    } _: { cluster in
      _ = try await cluster.address("p", "macvlan")
      let pod = try await cluster.pod("p", until: { _ in true })
      #expect(pod.metadata.annotations[AnnotationKey.allocatorEpoch] == "2")
    }
  }

  @Test("A12: a hundred pods at once get a hundred addresses; nothing is used when they are gone")
  func many() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", Self.s24)
      let addresses = try await withThrowingTaskGroup(of: String.self) { group in
        for index in 0..<100 {
          group.addTask {
            try await cluster.createPod("p\(index)", Self.networks())
            return try await cluster.address("p\(index)", "macvlan")
          }
        }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(addresses.count == 100)
      let busy = try await cluster.subnet("s", until: { $0.status.v4Using.text == "100" })
      #expect(busy.status.v4UsingRange == "172.17.0.11-172.17.0.110" && busy.status.v4Available.text == "144")
      for index in 0..<100 { try await cluster.deletePod("p\(index)") }
      _ = try await cluster.subnet(
        "s", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" && $0.status.v4Available.text == "244" })
    }
  }
}
