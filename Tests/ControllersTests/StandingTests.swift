import Controllers
import KubeAPI
import KubeClient
import KubeRuntime
import Testing
import WireJSON

/// Whoever runs on an address keeps it, whatever becomes of the objects around it, and nobody else is given it.
@Suite struct StandingTests {
  private static let net = [AnnotationKey.networks: "macvlan"]

  private static func fixed(_ address: String, _ cluster: ClusterUnderTest) -> [String: String] {
    net.merging(["macvlan.\(cluster.namespace).kubernetes.io/ip_address": address]) { _, own in own }
  }

  private static func setUp(_ cluster: ClusterUnderTest, _ spec: [String: JSONValue]) async throws {
    try await cluster.createNetwork("macvlan")
    try await cluster.createSubnet("s", network: "macvlan", spec)
  }

  private static func patchSubnet(_ cluster: ClusterUnderTest, _ spec: JSONValue) async throws {
    _ = try await cluster.client.patch(Subnet.self, ObjectKey(name: cluster.name("s")), merge: ["spec": spec])
  }

  /// Any change of a pod brings it before the controller again; the new annotation shows that it was seen.
  private static func touch(_ cluster: ClusterUnderTest, _ pod: String) async throws {
    _ = try await cluster.client.patch(
      Pod.self, ObjectKey(namespace: cluster.namespace, name: pod),
      merge: ["metadata": ["annotations": ["test.kubernetes.io/touched": "yes"]]])
  }

  @Test("a subnet that shrinks leaves running pods what they have; one that grows again gives it to nobody else")
  func shrinkAndGrow() async throws {
    try await ClusterUnderTest.run { cluster in
      try await Self.setUp(cluster, ["cidrBlock": "172.17.0.0/24"])
      try await cluster.createPod("a", Self.fixed("172.17.0.200", cluster))
      #expect(try await cluster.address("a", "macvlan") == "172.17.0.200")
      try await Self.patchSubnet(cluster, ["cidrBlock": "172.17.0.0/25"])
      _ = try await cluster.subnet(
        "s", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" && $0.status.v4Available.text == "125" })
      try await Self.touch(cluster, "a")
      // Served after the touch was seen: pods are worked off in their order.
      try await cluster.createPod("b", Self.net)
      #expect(try await cluster.address("b", "macvlan") == "172.17.0.2")
      #expect(try await cluster.address("a", "macvlan") == "172.17.0.200")

      try await Self.patchSubnet(cluster, ["cidrBlock": "172.17.0.0/24"])
      _ = try await cluster.subnet("s", until: { $0.status.v4UsingRange == "172.17.0.2,172.17.0.200" })
      try await cluster.createPod("rival", Self.fixed("172.17.0.200", cluster))
      #expect(try await cluster.refusal("rival", containing: "AddressConflict").contains("\(cluster.namespace)/a"))
      #expect(try await cluster.record("a", "macvlan")?.spec.ipAddress == "172.17.0.200")
    }
  }

  @Test("an IP object that is deleted under a running pod comes back with the same address, though another pod waits for it")
  func deletedRecord() async throws {
    try await ClusterUnderTest.run { cluster in
      try await Self.setUp(cluster, ["cidrBlock": "172.17.0.0/30"])
      try await cluster.createPod("a", Self.net)
      #expect(try await cluster.address("a", "macvlan") == "172.17.0.2")
      try await cluster.createPod("b", Self.net)
      _ = try await cluster.refusal("b", containing: "NoAvailableAddress")
      let record = try #require(try await cluster.record("a", "macvlan"))
      try await cluster.client.delete(IPRecord.self, record.key)
      try await cluster.within(#_sourceLocation, "IP \(record.key) made anew") {
        try await cluster.seen.records.wait(for: record.key) { $0.map { $0.metadata.uid != record.metadata.uid } ?? false }
      }
      #expect(try await cluster.record("a", "macvlan")?.spec.ipAddress == "172.17.0.2")
      #expect(try await cluster.address("a", "macvlan") == "172.17.0.2")
      // Once the pod is gone the waiting one has it.
      try await cluster.deletePod("a")
      #expect(try await cluster.address("b", "macvlan") == "172.17.0.2")
    }
  }

  @Test("a NAD that gets its configuration later serves the pods that name it")
  func lateConfiguration() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createSubnet("s", network: "macvlan", ["cidrBlock": "172.17.0.0/24"])
      let key = ObjectKey(namespace: cluster.namespace, name: "macvlan")
      try await cluster.createNetwork("macvlan")
      let config = try await cluster.client.get(NetworkAttachmentDefinition.self, key).config
      _ = try await cluster.client.patch(NetworkAttachmentDefinition.self, key, merge: ["spec": ["config": ""]])
      try await cluster.createPod("a", Self.net)
      #expect(try await cluster.event(about: "a", reason: EventReason.notice).contains("no spec.config"))
      _ = try await cluster.client.patch(NetworkAttachmentDefinition.self, key, merge: ["spec": ["config": .string(config)]])
      #expect(try await cluster.address("a", "macvlan") == "172.17.0.2")
    }
  }

  @Test("a subnet on its way out goes when the last record does, also one without a finalizer")
  func lastRecordWithoutFinalizer() async throws {
    try await ClusterUnderTest.run { cluster in
      try await Self.setUp(cluster, ["cidrBlock": "172.17.0.0/24"])
      try await cluster.createPod("a", Self.net)
      _ = try await cluster.address("a", "macvlan")
      let record = try #require(try await cluster.record("a", "macvlan"))
      try await cluster.client.delete(Subnet.self, ObjectKey(name: cluster.name("s")))
      _ = try await cluster.subnet("s", until: { $0.metadata.isDeleting })
      try await cluster.deletePod("a")
      _ = try await cluster.client.patch(IPRecord.self, record.key, merge: ["metadata": ["finalizers": nil]])
      try await cluster.subnetIsGone("s")
    }
  }
}
