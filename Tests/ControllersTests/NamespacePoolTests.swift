import KubeAPI
import KubeClient
import Testing
import WireJSON

/// Pools that are bound to namespaces (decisions.md §4 row 17): who is served from them, and who is kept out.
@Suite(.serialized) struct NamespacePoolTests {
  /// NAD `macvlan` with subnet `s`, and the namespace `other` beside the test's own, in which the bound pods are.
  private static func run(
    _ body: @escaping @Sendable (ClusterUnderTest, _ other: String) async throws -> Void
  ) async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", ["cidrBlock": "172.17.0.0/24"])
      let other = try await cluster.createNamespace("other")
      try await body(cluster, other)
    }
  }

  @Test("two pools of a namespace: the first is emptied, then the second; then its pods are told so, and never get the subnet's own")
  func fallThrough() async throws {
    try await Self.run { cluster, other in
      try await cluster.createReadyPool("b", subnet: "s", ["172.17.0.40"], namespaces: [other])
      try await cluster.createReadyPool("a", subnet: "s", ["172.17.0.50"], namespaces: [other])
      func pod(_ name: String) -> ObjectKey { ObjectKey(namespace: other, name: name) }
      try await cluster.createPod(pod("p1"), on: "macvlan")
      #expect(try await cluster.address(pod("p1"), "macvlan") == "172.17.0.50")
      try await cluster.createPod(pod("p2"), on: "macvlan")
      #expect(try await cluster.address(pod("p2"), "macvlan") == "172.17.0.40")
      try await cluster.pool("a", using: "172.17.0.50", available: "")
      try await cluster.pool("b", using: "172.17.0.40", available: "")
      try await cluster.createPod(pod("p3"), on: "macvlan")
      let refusal = try await cluster.refusal(pod("p3"), containing: "NoAvailableAddress")
      #expect(refusal.contains("pool \(cluster.name("b")) of subnet \(cluster.name("s")) has no IPv4 address left"), "\(refusal)")
      // Whoever is not bound is served beside them.
      try await cluster.createPod("plain", on: "macvlan")
      #expect(try await cluster.address("plain", "macvlan") == "172.17.0.2")
      try await cluster.deletePod(pod("p1"))
      #expect(try await cluster.address(pod("p3"), "macvlan") == "172.17.0.50")
    }
  }

  @Test("a full pool is told in an event AcquireAddressFailed")
  func fullEvent() async throws {
    try await Self.run { cluster, _ in
      try await cluster.createReadyPool("web", subnet: "s", ["172.17.0.40"], namespaces: [cluster.namespace])
      try await cluster.createPod("p1", on: "macvlan")
      #expect(try await cluster.address("p1", "macvlan") == "172.17.0.40")
      try await cluster.createPod("p2", on: "macvlan")
      let message = try await cluster.event(about: "p2", reason: EventReason.acquireAddressFailed)
      #expect(message.contains("NoAvailableAddress") && message.contains("pool \(cluster.name("web"))"), "\(message)")
    }
  }

  @Test("C4: two subnets with a pool each; the pod that names the second is served from its pool, and full pools make way")
  func twoSubnets() async throws {
    try await Self.run { cluster, other in
      try await cluster.createSubnet("t", network: "macvlan", ["cidrBlock": "172.18.0.0/24"])
      try await cluster.createReadyPool("p1", subnet: "s", ["172.17.0.40"], namespaces: [other])
      try await cluster.createReadyPool("p2", subnet: "t", ["172.18.0.40..172.18.0.41"], namespaces: [other])
      func pod(_ name: String) -> ObjectKey { ObjectKey(namespace: other, name: name) }
      try await cluster.createPod(pod("second"), on: "macvlan", ["logical_switch": cluster.name("t")])
      #expect(try await cluster.address(pod("second"), "macvlan") == "172.18.0.40")
      try await cluster.createPod(pod("any-1"), on: "macvlan")
      #expect(try await cluster.address(pod("any-1"), "macvlan") == "172.17.0.40")
      try await cluster.createPod(pod("any-2"), on: "macvlan")
      #expect(try await cluster.address(pod("any-2"), "macvlan") == "172.18.0.41")
      try await cluster.createPod(pod("named"), on: "macvlan", ["ip_pool": cluster.name("p1"), "logical_switch": cluster.name("t")])
      let refusal = try await cluster.refusal(pod("named"), containing: "belongs to subnet")
      #expect(refusal.contains("belongs to subnet \(cluster.name("s")), but this network is served by subnet \(cluster.name("t"))"))
    }
  }

  @Test("F10: no pod of another namespace gets an address of the pool, neither by its name, nor by any way to name an address")
  func isolation() async throws {
    try await Self.run { cluster, other in
      try await cluster.createReadyPool("theirs", subnet: "s", ["172.17.0.40..172.17.0.42"], namespaces: [other])
      let networks = { (text: String) in [AnnotationKey.networks: text] }
      let wishes: [(String, [String: String])] = [
        ("by-pool", ["ip_pool": cluster.name("theirs")]), ("by-address", ["ip_address": "172.17.0.40"]),
        ("by-ips", networks(#"[{"name":"macvlan","ips":["172.17.0.40"]}]"#)),
        (
          "by-interface",
          networks("macvlan@net9").merging(["macvlan.\(cluster.namespace).kubernetes.io/ip_address.net9": "172.17.0.40"]) { $1 }
        ), ("by-list", ["ip_pool": "172.17.0.40,172.17.0.41"]),
      ]
      for (name, wish) in wishes {
        try await cluster.createPod(name, on: "macvlan", wish)
        let refusal = try await cluster.refusal(name, containing: "is bound to namespace \(other)")
        #expect(refusal.contains("ippool \(cluster.name("theirs"))") && refusal.contains("\"final\":true"), "\(name): \(refusal)")
      }
      try await cluster.createPod("passes-over", on: "macvlan", ["ip_pool": "172.17.0.41,172.17.0.60"])
      #expect(try await cluster.address("passes-over", "macvlan") == "172.17.0.60")
      // Their own pods may, in each way.
      func pod(_ name: String) -> ObjectKey { ObjectKey(namespace: other, name: name) }
      try await cluster.createPod(pod("one"), on: "macvlan", ["ip_address": "172.17.0.42"])
      #expect(try await cluster.address(pod("one"), "macvlan") == "172.17.0.42")
      try await cluster.createPod(pod("two"), on: "macvlan", ["ip_pool": cluster.name("theirs")])
      #expect(try await cluster.address(pod("two"), "macvlan") == "172.17.0.40")
      try await cluster.createPod(pod("three"), on: "macvlan", ["ip_pool": "172.17.0.42,172.17.0.41"])
      #expect(try await cluster.address(pod("three"), "macvlan") == "172.17.0.41")
      // An address outside its pools is a bound pod's for the asking.
      try await cluster.createPod(pod("outside"), on: "macvlan", ["ip_address": "172.17.0.99"])
      #expect(try await cluster.address(pod("outside"), "macvlan") == "172.17.0.99")
    }
  }

  @Test("a pool that comes to be bound takes no address away; unbound again it lets in who waited")
  func bindingIsEdited() async throws {
    try await Self.run { cluster, other in
      try await cluster.createReadyPool("web", subnet: "s", ["172.17.0.40..172.17.0.42"])
      try await cluster.createPod("p", on: "macvlan", ["ip_pool": cluster.name("web")])
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.40")
      try await cluster.editPool("web", ["namespaces": [.string(other)]])
      _ = try await cluster.namespace(other, until: { $0["ovn.kubernetes.io/ip_pool"] == cluster.name("web") })
      try await cluster.createPod("late", on: "macvlan", ["ip_pool": cluster.name("web")])
      _ = try await cluster.refusal("late", containing: "is bound to namespace \(other)")
      _ = try await cluster.client.patch(
        Pod.self, ObjectKey(namespace: cluster.namespace, name: "p"),
        merge: ["metadata": ["annotations": ["test.kubernetes.io/touched": "yes"]]])
      try await cluster.createPod("marker", on: "macvlan", ["ip_pool": cluster.name("web")])
      _ = try await cluster.refusal("marker", containing: "is bound to namespace \(other)")
      let kept = try await cluster.pod("p", until: { $0.metadata.annotations["test.kubernetes.io/touched"] == "yes" })
      #expect(kept.metadata.annotations[AnnotationKey.allocationError] == nil)
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.40")
      try await cluster.editPool("web", ["namespaces": []])
      let given = Set([try await cluster.address("late", "macvlan"), try await cluster.address("marker", "macvlan")])
      #expect(given == ["172.17.0.41", "172.17.0.42"])
    }
  }

  @Test("a namespace whose pool is refused waits for it to be mended instead of straying into the subnet's own addresses")
  func refusedPool() async throws {
    try await Self.run { cluster, other in
      try await cluster.createReadyPool("a", subnet: "s", ["172.17.0.40..172.17.0.45"])
      try await cluster.createPool("b", subnet: "s", ["172.17.0.45..172.17.0.50"], namespaces: [other])
      _ = try await cluster.poolRefusal("b", containing: "conflict IPs")
      let pod = ObjectKey(namespace: other, name: "p")
      try await cluster.createPod(pod, on: "macvlan")
      let refusal = try await cluster.refusal(pod, containing: "is refused")
      #expect(refusal.contains("ippool \(cluster.name("b")), which namespace \(other) is bound to"), "\(refusal)")
      try await cluster.editPool("a", ips: ["172.17.0.40..172.17.0.44"])
      #expect(try await cluster.address(pod, "macvlan") == "172.17.0.45")
    }
  }
}

extension ClusterUnderTest {
  fileprivate func deletePod(_ key: ObjectKey) async throws {
    var options = KubeClient.DeleteOptions()
    options.gracePeriodSeconds = 0
    try await client.delete(Pod.self, key, options)
  }
}
