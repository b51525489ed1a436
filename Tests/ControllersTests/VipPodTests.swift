import Controllers
import KubeAPI
import KubeClient
import KubeRuntime
import Testing
import WireJSON

/// Pods that use a Vip (annotation `ovn.kubernetes.io/vip`).
@Suite struct VipPodTests {
  private static let tiny: [String: JSONValue] = ["cidrBlock": "172.17.0.0/29", "gateway": "172.17.0.1"]

  private static func run(_ body: @escaping @Sendable (ClusterUnderTest) async throws -> Void) async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("net")
      try await cluster.createSubnet("s", network: "net", tiny)
      try await body(cluster)
    }
  }

  private static func using(_ vip: String, _ cluster: ClusterUnderTest, networks: String = "net") -> [String: String] {
    [AnnotationKey.networks: networks, AnnotationKey.vip: cluster.name(vip)]
  }

  @Test("a pod has the Vip's address, which counts once; the Vip says who uses it, and nobody when the pod is gone")
  func use() async throws {
    try await Self.run { cluster in
      try await cluster.createVip("web", ["v4ip": "172.17.0.5", "macAddress": "02:00:00:00:00:07"], labels: ["team": "a"])
      _ = try await cluster.vipAddress("web")
      try await cluster.createPod("p", Self.using("web", cluster))
      #expect(try await cluster.address("p", "net") == "172.17.0.5")
      let pod = try await cluster.pod("p", until: { _ in true })
      #expect(pod.metadata.annotations["net.\(cluster.namespace).kubernetes.io/mac_address"] == "02:00:00:00:00:07")
      let record = try #require(try await cluster.record("p", "net"))
      #expect(record.spec.ipAddress == "172.17.0.5" && record.metadata.labels[LabelKey.ipReserved] == "false")
      let used = try await cluster.vip("web", until: { $0.metadata.labels[LabelKey.ipReserved]?.isEmpty == false })
      #expect(used.metadata.labels[LabelKey.ipReserved] == cluster.recordName("p") && used.metadata.labels["team"] == "a")
      let busy = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      #expect(busy.status.v4UsingRange == "172.17.0.5" && busy.status.v4Available.text == "4")
      try await cluster.deletePod("p")
      _ = try await cluster.record("p", "net", exists: false)
      _ = try await cluster.vip("web", until: { $0.metadata.labels[LabelKey.ipReserved] == "" })
      #expect(try await cluster.vipAddress("web") == "172.17.0.5")
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
    }
  }

  @Test("a Vip serves one pod at a time: the second is told who has it, and is served when the first is gone")
  func oneAtATime() async throws {
    try await Self.run { cluster in
      try await cluster.createVip("web")
      _ = try await cluster.vipAddress("web")
      try await cluster.createPod("first", Self.using("web", cluster))
      #expect(try await cluster.address("first", "net") == "172.17.0.2")
      try await cluster.createPod("second", Self.using("web", cluster))
      let refusal = try await cluster.refusal("second", containing: "in use")
      #expect(refusal.contains("AddressConflict: vip '\(cluster.name("web"))' is in use by pod \(cluster.namespace)/first"), "\(refusal)")
      #expect(refusal.contains("\"final\":false"))
      try await cluster.deletePod("first")
      #expect(try await cluster.address("second", "net") == "172.17.0.2")
      let expected = cluster.recordName("second")
      _ = try await cluster.vip("web", until: { $0.metadata.labels[LabelKey.ipReserved] == expected })
    }
  }

  @Test("twenty pods that name one Vip: one has it, the others wait; as each goes another one follows")
  func crowd() async throws {
    try await Self.run { cluster in
      try await cluster.createVip("web")
      _ = try await cluster.vipAddress("web")
      for index in 0..<20 { try await cluster.createPod("p\(index)", Self.using("web", cluster)) }
      var left = Set((0..<20).map { "p\($0)" })
      while !left.isEmpty {
        let waiting = left
        let vip = try await cluster.vip("web") { vip in
          waiting.contains { vip.metadata.labels[LabelKey.ipReserved] == cluster.recordName($0) }
        }
        let holder = try #require(waiting.first { vip.metadata.labels[LabelKey.ipReserved] == cluster.recordName($0) })
        #expect(try await cluster.address(holder, "net") == "172.17.0.2")
        let served = cluster.seen.pods.all.filter {
          $0.metadata.annotations["net.\(cluster.namespace).kubernetes.io/allocated"] == "true" && waiting.contains($0.metadata.name)
        }
        #expect(served.map(\.metadata.name) == [holder])
        left.remove(holder)
        try await cluster.deletePod(holder)
        _ = try await cluster.record(holder, "net", exists: false)
      }
      _ = try await cluster.vip("web", until: { $0.metadata.labels[LabelKey.ipReserved] == "" })
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
    }
  }

  @Test("a pod that comes before its Vip waits for it, and says for what")
  func podFirst() async throws {
    try await Self.run { cluster in
      try await cluster.createPod("p", Self.using("web", cluster))
      _ = try await cluster.refusal("p", containing: "vip '\(cluster.name("web"))' does not exist")
      try await cluster.createVip("web", ["v4ip": "172.17.0.1"])
      _ = try await cluster.refusal("p", containing: "has no address yet: AddressConflict: 172.17.0.1 is the gateway")
      try await cluster.editVip("web", ["spec": ["v4ip": "172.17.0.4"]])
      #expect(try await cluster.address("p", "net") == "172.17.0.4")
    }
  }

  @Test("a Vip that goes while a pod uses it leaves the address with the pod, to the pod's end")
  func vipGoesFirst() async throws {
    try await Self.run { cluster in
      try await cluster.createVip("web")
      _ = try await cluster.vipAddress("web")
      try await cluster.createPod("p", Self.using("web", cluster))
      #expect(try await cluster.address("p", "net") == "172.17.0.2")
      try await cluster.deleteVip("web")
      try await cluster.vipIsGone("web")
      try await cluster.createVip("other", ["v4ip": "172.17.0.2"])
      _ = try await cluster.vipRefusal("other", containing: "held by \(cluster.namespace)/p")
      let busy = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      #expect(busy.status.v4UsingRange == "172.17.0.2")
      #expect(try await cluster.record("p", "net")?.spec.ipAddress == "172.17.0.2")
      try await cluster.deletePod("p")
      #expect(try await cluster.vipAddress("other") == "172.17.0.2")
    }
  }

  @Test("a Vip that is made anew shares again with the pod that still uses the former one")
  func vipComesBack() async throws {
    try await Self.run { cluster in
      try await cluster.createVip("web", ["v4ip": "172.17.0.5"])
      _ = try await cluster.vipAddress("web")
      try await cluster.createPod("p", Self.using("web", cluster))
      #expect(try await cluster.address("p", "net") == "172.17.0.5")
      try await cluster.deleteVip("web")
      try await cluster.vipIsGone("web")
      try await cluster.createVip("web", ["v4ip": "172.17.0.5"])
      #expect(try await cluster.vipAddress("web") == "172.17.0.5")
      let expected = cluster.recordName("p")
      _ = try await cluster.vip("web", until: { $0.metadata.labels[LabelKey.ipReserved] == expected })
      try await cluster.createPod("q", Self.using("web", cluster))
      _ = try await cluster.refusal("q", containing: "is in use by pod \(cluster.namespace)/p")
    }
  }

  @Test("of several networks the one that the Vip's subnet serves gets it; one that none of them has is refused with all names")
  func whichNetwork() async throws {
    try await Self.run { cluster in
      try await cluster.createNetwork("other")
      try await cluster.createSubnet("o", network: "other", ["cidrBlock": "172.19.0.0/29"])
      try await cluster.createVip("web", ["v4ip": "172.17.0.5"])
      _ = try await cluster.vipAddress("web")
      try await cluster.createPod("p", Self.using("web", cluster, networks: "other,net@net2,net@net3"))
      let base = "net.\(cluster.namespace)"
      let pod = try await cluster.pod("p", until: { $0.metadata.annotations["\(base).net3.kubernetes.io/allocated"] == "true" })
      #expect(pod.metadata.annotations["\(base).net2.kubernetes.io/ip_address"] == "172.17.0.5")
      #expect(pod.metadata.annotations["\(base).net3.kubernetes.io/ip_address"] == "172.17.0.2")
      #expect(pod.metadata.annotations["other.\(cluster.namespace).kubernetes.io/ip_address"] == "172.19.0.2")
      try await cluster.createPod("q", Self.using("web", cluster, networks: "other"))
      let refusal = try await cluster.refusal("q", containing: "serves none")
      #expect(
        refusal.contains(
          "vip '\(cluster.name("web"))' is of subnet \(cluster.name("s")), which serves none of the pod's networks (other.\(cluster.namespace))"
        ))
      #expect(refusal.contains("\"final\":true"))
    }
  }

  @Test("a pod whose other network cannot be served does not take the Vip either")
  func allOrNothing() async throws {
    try await Self.run { cluster in
      try await cluster.createNetwork("other")
      try await cluster.createSubnet("o", network: "other", ["cidrBlock": "172.19.0.0/30"])
      try await cluster.createPod("filler", [AnnotationKey.networks: "other"])
      _ = try await cluster.address("filler", "other")
      try await cluster.createVip("web", ["v4ip": "172.17.0.5"])
      _ = try await cluster.vipAddress("web")
      try await cluster.createPod("stuck", Self.using("web", cluster, networks: "net,other"))
      _ = try await cluster.refusal("stuck", containing: "NoAvailableAddress")
      try await cluster.createPod("p", Self.using("web", cluster))
      #expect(try await cluster.address("p", "net") == "172.17.0.5")
      try await cluster.deletePod("filler")
      _ = try await cluster.refusal("stuck", containing: "is in use by pod \(cluster.namespace)/p")
      try await cluster.deletePod("p")
      #expect(try await cluster.address("stuck", "net") == "172.17.0.5")
    }
  }

  @Test("I3: subnet, Vip and the pod that uses it go in whatever order they are deleted", arguments: 0..<6)
  func deletionOrder(_ order: Int) async throws {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    try await Self.run { cluster in
      try await cluster.createVip("web")
      _ = try await cluster.vipAddress("web")
      try await cluster.createPod("p", Self.using("web", cluster))
      _ = try await cluster.address("p", "net")
      for (position, what) in orders[order].enumerated() {
        switch what {
        case 0: try await cluster.client.delete(Subnet.self, ObjectKey(name: cluster.name("s")))
        case 1: try await cluster.deleteVip("web")
        default: try await cluster.deletePod("p")
        }
        guard position < 2, what != 0 else { continue }
        if what == 1 { try await cluster.vipIsGone("web") } else { _ = try await cluster.record("p", "net", exists: false) }
      }
      try await cluster.vipIsGone("web")
      _ = try await cluster.record("p", "net", exists: false)
      try await cluster.subnetIsGone("s")
    }
  }

  // MARK: Restart

  @Test("a Vip and its pod share again under a new controller; another pod does not")
  func shareAgain() async throws {
    try await ClusterUnderTest.acrossRestart(Self.tiny) { cluster in
      try await cluster.createVip("web", ["v4ip": "172.17.0.5"])
      _ = try await cluster.vipAddress("web")
      try await cluster.createPod("p", Self.using("web", cluster))
      #expect(try await cluster.address("p", "net") == "172.17.0.5")
      let expected = cluster.recordName("p")
      _ = try await cluster.vip("web", until: { $0.metadata.labels[LabelKey.ipReserved] == expected })
    } between: { cluster in
      try await cluster.createPod("q", Self.using("web", cluster))
    } _: { cluster in
      _ = try await cluster.refusal("q", containing: "is in use by pod \(cluster.namespace)/p")
      let subnet = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      #expect(subnet.status.v4UsingRange == "172.17.0.5")
      #expect(try await cluster.vip("web", until: { _ in true }).status.conditions.allSatisfy { $0.status == "True" })
      try await cluster.deletePod("p")
      #expect(try await cluster.address("q", "net") == "172.17.0.5")
    }
  }

  @Test("the same when the pod's record was lost meanwhile: its annotations stand for it")
  func lostRecord() async throws {
    try await ClusterUnderTest.acrossRestart(Self.tiny) { cluster in
      try await cluster.createVip("web", ["v4ip": "172.17.0.5"])
      _ = try await cluster.vipAddress("web")
      try await cluster.createPod("p", Self.using("web", cluster))
      #expect(try await cluster.address("p", "net") == "172.17.0.5")
    } between: { cluster in
      let name = cluster.recordName("p")
      try await cluster.editRecord(name, ["metadata": ["finalizers": nil]])
      try await cluster.deleteRecord(name)
      try await cluster.recordIsGone(name)
    } _: { cluster in
      let record = try #require(try await cluster.record("p", "net"))
      #expect(record.spec.ipAddress == "172.17.0.5")
      #expect(try await cluster.address("p", "net") == "172.17.0.5")
      let expected = cluster.recordName("p")
      _ = try await cluster.vip("web", until: { $0.metadata.labels[LabelKey.ipReserved] == expected })
    }
  }

  @Test("a pod that went while no controller ran leaves the Vip free for the next")
  func podGoneWhileDown() async throws {
    try await ClusterUnderTest.acrossRestart(Self.tiny) { cluster in
      try await cluster.createVip("web", ["v4ip": "172.17.0.5"])
      _ = try await cluster.vipAddress("web")
      try await cluster.createPod("p", Self.using("web", cluster))
      #expect(try await cluster.address("p", "net") == "172.17.0.5")
      _ = try await cluster.vip("web", until: { $0.metadata.labels[LabelKey.ipReserved]?.isEmpty == false })
    } between: { cluster in
      try await cluster.deletePod("p")
      try await cluster.createPod("q", Self.using("web", cluster))
    } _: { cluster in
      #expect(try await cluster.address("q", "net") == "172.17.0.5")
      let expected = cluster.recordName("q")
      _ = try await cluster.vip("web", until: { $0.metadata.labels[LabelKey.ipReserved] == expected })
      _ = try await cluster.record("p", "net", exists: false)
    }
  }
}
