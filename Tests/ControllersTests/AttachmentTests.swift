import KubeAPI
import KubeClient
import Testing
import WireJSON

/// One attachment from annotation to address and back, through the API alone. Case numbers are those of the field cases.
@Suite struct AttachmentTests {
  private static let s24: [String: JSONValue] = [
    "protocol": "IPv4", "cidrBlock": "172.17.0.0/24", "gateway": "172.17.0.1", "excludeIps": ["172.17.0.0..172.17.0.10"],
  ]

  private static func networks(_ text: String) -> [String: String] { [AnnotationKey.networks: text] }

  @Test("a pod gets the lowest free address behind the excludes; annotations, IP object and status say so; its end frees it")
  func wholeLife() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", Self.s24)
      try await cluster.createPod("p", Self.networks("macvlan"))
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.11")
      let pod = try await cluster.pod("p", until: { _ in true })
      let prefix = "macvlan.\(cluster.namespace).kubernetes.io/"
      #expect(pod.metadata.annotations[prefix + "cidr"] == "172.17.0.0/24")
      #expect(pod.metadata.annotations[prefix + "gateway"] == "172.17.0.1")
      #expect(pod.metadata.annotations[prefix + "mac_address"] == nil)
      #expect(pod.metadata.annotations[prefix + "logical_switch"] == nil)
      #expect(pod.metadata.annotations[prefix + "routed"] == nil)
      let record = try #require(try await cluster.record("p", "macvlan"))
      #expect(record.spec.ipAddress == "172.17.0.11" && record.spec.v4IPAddress == "172.17.0.11" && record.spec.v6IPAddress.isEmpty)
      #expect(record.spec.podName == "p" && record.spec.namespace == cluster.namespace && record.spec.subnet == cluster.name("s"))
      #expect(record.metadata.labels[LabelKey.subnet] == cluster.name("s") && record.metadata.labels[LabelKey.ipReserved] == "false")
      #expect(record.metadata.labels[cluster.name("s")] == "")
      #expect(record.metadata.annotations[AnnotationKey.podUID] == pod.metadata.uid)
      #expect(record.metadata.finalizers == [Finalizer.controller])
      let busy = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      #expect(busy.status.v4UsingRange == "172.17.0.11" && busy.status.v4AvailableRange == "172.17.0.12-172.17.0.254")
      #expect(busy.status.v4Available.text == "243" && busy.status.v6Available.text == "0")
      try await cluster.deletePod("p")
      _ = try await cluster.record("p", "macvlan", exists: false)
      let idle = try await cluster.subnet("s", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" })
      #expect(idle.status.v4UsingRange.isEmpty && idle.status.v4Available.text == "244")
      #expect(idle.status.v4AvailableRange == "172.17.0.11-172.17.0.254")
    }
  }

  @Test("fixed address and MAC are honoured, canonical in annotation and record")
  func fixed() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", Self.s24)
      let prefix = "macvlan.\(cluster.namespace).kubernetes.io/"
      var wishes = Self.networks("macvlan")
      wishes[prefix + "ip_address"] = "172.17.0.100"
      wishes[prefix + "mac_address"] = "00:00:00:53:6B:BB"
      try await cluster.createPod("static-ip", wishes)
      #expect(try await cluster.address("static-ip", "macvlan") == "172.17.0.100")
      let record = try #require(try await cluster.record("static-ip", "macvlan"))
      #expect(record.spec.macAddress == "00:00:00:53:6b:bb")
      let pod = try await cluster.pod("static-ip", until: { _ in true })
      #expect(pod.metadata.annotations[prefix + "mac_address"] == "00:00:00:53:6b:bb")
    }
  }

  @Test("B2: ten pods in a row get one of the three addresses of their pool, as each one's end frees it")
  func poolInTurn() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", Self.s24)
      var wishes = Self.networks("macvlan")
      wishes["macvlan.\(cluster.namespace).kubernetes.io/ip_pool"] = "172.17.0.200,172.17.0.201,172.17.0.202"
      let pool: Set = ["172.17.0.200", "172.17.0.201", "172.17.0.202"]
      for round in 0..<10 {
        try await cluster.createPod("w-\(round)", wishes)
        #expect(pool.contains(try await cluster.address("w-\(round)", "macvlan")))
        try await cluster.deletePod("w-\(round)")
        _ = try await cluster.record("w-\(round)", "macvlan", exists: false)
      }
      let idle = try await cluster.subnet("s", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" })
      #expect(idle.status.v4Available.text == "244")
    }
  }

  @Test("B3: a pod that comes back under its name five times leaves one address used")
  func restarts() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", Self.s24)
      for _ in 0..<5 {
        try await cluster.createPod("gw", Self.networks("macvlan"))
        _ = try await cluster.address("gw", "macvlan")
        try await cluster.deletePod("gw")
      }
      try await cluster.createPod("gw", Self.networks("macvlan"))
      _ = try await cluster.address("gw", "macvlan")
      let busy = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      #expect(busy.status.v4Available.text == "243")
      let uid = try await cluster.pod("gw", until: { _ in true }).metadata.uid
      let record = try #require(try await cluster.record("gw", "macvlan"))
      #expect(record.metadata.annotations[AnnotationKey.podUID] == uid)
    }
  }

  @Test("B1: the NAD goes first, then the pod: its address is freed all the same")
  func networkGoesFirst() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("net1")
      try await cluster.createSubnet("s", network: "net1", Self.s24)
      try await cluster.createPod("p", Self.networks("net1"))
      _ = try await cluster.address("p", "net1")
      try await cluster.client.delete(
        NetworkAttachmentDefinition.self, ObjectKey(namespace: cluster.namespace, name: "net1"))
      #expect(try await cluster.record("p", "net1") != nil)
      try await cluster.deletePod("p")
      _ = try await cluster.record("p", "net1", exists: false)
      _ = try await cluster.subnet(
        "s", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" && $0.status.v4Available.text == "244" })
    }
  }

  @Test("the same NAD twice gives two addresses, two records, and frees both (F1)")
  func sameNetworkTwice() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", Self.s24)
      var wishes = Self.networks("macvlan@net1,macvlan@net2")
      wishes["macvlan.\(cluster.namespace).kubernetes.io/ip_address.net2"] = "172.17.0.77"
      try await cluster.createPod("p", wishes)
      let base = "macvlan.\(cluster.namespace)"
      let pod = try await cluster.pod("p", until: { $0.metadata.annotations["\(base).net2.kubernetes.io/allocated"] == "true" })
      #expect(pod.metadata.annotations["\(base).net1.kubernetes.io/ip_address"] == "172.17.0.11")
      #expect(pod.metadata.annotations["\(base).net2.kubernetes.io/ip_address"] == "172.17.0.77")
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "2" })
      try await cluster.deletePod("p")
      _ = try await cluster.subnet("s", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" })
    }
  }

  @Test("a dual-stack subnet gives both families; ip_family picks one")
  func dualStack() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("dual")
      try await cluster.createSubnet("s", network: "dual", ["cidrBlock": "172.22.0.0/24,FD00:172:22::/64"])
      try await cluster.createPod("both", Self.networks("dual"))
      #expect(try await cluster.address("both", "dual") == "172.22.0.2,fd00:172:22::2")
      var wishes = Self.networks("dual")
      wishes["dual.\(cluster.namespace).kubernetes.io/ip_family"] = "ipv6"
      try await cluster.createPod("six", wishes)
      #expect(try await cluster.address("six", "dual") == "fd00:172:22::3")
      let busy = try await cluster.subnet("s", until: { $0.status.v6Using.text == "2" })
      #expect(busy.status.v4Using.text == "1" && busy.status.v6UsingRange == "fd00:172:22::2-fd00:172:22::3")
    }
  }

  @Test("F5: the default network's address stands under the NAD's own prefix")
  func defaultNetwork() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", Self.s24)
      try await cluster.createPod("p", [AnnotationKey.defaultNetwork: "\(cluster.namespace)/macvlan"])
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.11")
    }
  }

  @Test("a completed pod gives its address back while it still stands there")
  func completion() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", Self.s24)
      try await cluster.createPod("job", Self.networks("macvlan"), spec: ["restartPolicy": "Never"])
      _ = try await cluster.address("job", "macvlan")
      _ = try await cluster.client.patch(
        Pod.self, ObjectKey(namespace: cluster.namespace, name: "job"), merge: ["status": ["phase": "Succeeded"]], subresource: "status")
      _ = try await cluster.record("job", "macvlan", exists: false)
      _ = try await cluster.subnet("s", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" })
    }
  }
}
