import KubeAPI
import KubeClient
import Testing
import WireJSON

/// What cannot be served: each fault is told at the pod, spends nothing, and keeps nobody else waiting.
@Suite struct BadInputTests {
  private static let tiny: [String: JSONValue] = ["cidrBlock": "172.17.0.0/29", "gateway": "172.17.0.1"]

  private static func networks(_ text: String) -> [String: String] { [AnnotationKey.networks: text] }

  /// After a refused pod, another one is served at once and exactly its own address is used.
  private static func othersAreServed(_ cluster: ClusterUnderTest) async throws {
    try await cluster.createPod("innocent", networks("good"))
    #expect(try await cluster.address("innocent", "good") == "172.17.0.2")
    let subnet = try await cluster.subnet("good", until: { $0.status.v4Using.text == "1" })
    #expect(subnet.status.v4UsingRange == "172.17.0.2")
  }

  private static func withGoodNetwork(_ body: @escaping @Sendable (ClusterUnderTest) async throws -> Void) async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("good")
      try await cluster.createSubnet("good", network: "good", tiny)
      try await body(cluster)
    }
  }

  @Test(
    "a pod whose networks make no sense is told why",
    arguments: [
      ("good,missing", "NetworkAttachmentDefinition NS/missing does not exist"), ("good,A_B", "'A_B' is not made of lower-case"),
      (#"[{"name":"good"},{"name":5}]"#, "name must be a string"), ("good,,", "network 2 in the networks annotation has no name"),
      (#"[{"name":"good","ips":["nonsense"]}]"#, "\\\"nonsense\\\" is not a valid IP address"),
      (#"[{"name":"good","ips":["172.17.9.9"]}]"#, "AddressOutOfRange: 172.17.9.9 is not an address that subnet NS-good can give"),
      (#"[{"name":"good","ips":["172.17.0.1"]}]"#, "AddressConflict: 172.17.0.1 is the gateway of subnet NS-good"),
      (#"[{"name":"good","ips":["172.17.0.3/24"]}]"#, "prefix length 29"),
      (#"[{"name":"good","mac":"nonsense"}]"#, "nonsense is not a valid MAC"),
      (
        #"[{"name":"good","interface":"net1","ips":["172.17.0.3"]},{"name":"good","interface":"net2","ips":["172.17.0.3"]}]"#,
        "AddressConflict"
      ),
    ])
  func networksAnnotation(text: String, reason: String) async throws {
    try await Self.withGoodNetwork { cluster in
      try await cluster.createPod("guilty", Self.networks(text))
      let wanted = reason.replacing("NS", with: cluster.namespace)
      #expect(try await cluster.refusal("guilty", containing: wanted).contains(wanted))
      try await Self.othersAreServed(cluster)
    }
  }

  @Test(
    "a pod whose own annotations make no sense is told why",
    arguments: [
      ("ip_address", "172.17.0.300", "is not a valid IP address"), ("ip_address", "172.17.0.3,172.17.0.4", "two IPv4 addresses on one NIC"),
      ("ip_family", "IPv4", "is not a valid annotation"), ("ip_family", "ipv6", "requested ip family IPv6 does not match subnet"),
      ("mac_address", "00:00:00", "is not a valid MAC address"), ("ip_pool", "172.17.0.3,x", "is not a valid IP address"),
      ("logical_switch", "nowhere", "subnet nowhere, which annotation logical_switch names, does not exist"),
    ])
  func podAnnotations(field: String, value: String, reason: String) async throws {
    try await Self.withGoodNetwork { cluster in
      var wishes = Self.networks("good")
      wishes["good.\(cluster.namespace).kubernetes.io/\(field)"] = value
      try await cluster.createPod("guilty", wishes)
      let refusal = try await cluster.refusal("guilty", containing: reason)
      #expect(refusal.contains("\"good.\(cluster.namespace)\"") && refusal.contains("\"final\":true"), "\(refusal)")
      try await Self.othersAreServed(cluster)
    }
  }

  @Test(
    "F3: a NAD that cannot work is named with its provider",
    arguments: [
      (#"{"type":"macvlan","ipam":{"type":"kube-ovn","provider":"bad"}}"#, "names provider \\\"bad\\\""),
      (#"{"type":"macvlan","ipam":{"type":"kube-ovn"}}"#, "names no provider"),
      (#"{"type":"macvlan","ipam":{"type":"kube-ovn","provider":"bad.NS.ovn"}}"#, "names provider \\\"bad.NS.ovn\\\""),
      (#"{"type":"macvlan","ipam":{"type":"kube-ovn","provider":"bad.NS"}}"#, "provider bad.NS is not bound to any subnet"),
      ("{", "its CNI configuration is malformed"), ("{}", "neither a type nor plugins"), ("[]", "must be a JSON object"),
    ])
  func definitions(config: String, reason: String) async throws {
    try await Self.withGoodNetwork { cluster in
      try await cluster.createNetwork("bad", config: config.replacing("NS", with: cluster.namespace))
      try await cluster.createPod("guilty", Self.networks("good,bad"))
      let wanted = reason.replacing("NS", with: cluster.namespace)
      #expect(try await cluster.refusal("guilty", containing: wanted).contains(wanted))
      try await Self.othersAreServed(cluster)
    }
  }

  @Test("F4: a NAD without a configuration is told in an event and blocks nothing")
  func emptyDefinition() async throws {
    try await Self.withGoodNetwork { cluster in
      try await cluster.createNetwork("empty", config: "")
      try await cluster.createPod("p", Self.networks("good,empty"))
      #expect(try await cluster.address("p", "good") == "172.17.0.2")
      let message = try await cluster.event(about: "p", reason: EventReason.notice)
      #expect(message.contains("\(cluster.namespace)/empty has no spec.config"), "\(message)")
    }
  }

  @Test("an address that is held names its holder, and is given when it becomes free")
  func heldAddress() async throws {
    try await Self.withGoodNetwork { cluster in
      var wishes = Self.networks("good")
      wishes["good.\(cluster.namespace).kubernetes.io/ip_address"] = "172.17.0.5"
      try await cluster.createPod("first", wishes)
      #expect(try await cluster.address("first", "good") == "172.17.0.5")
      try await cluster.createPod("second", wishes)
      let refusal = try await cluster.refusal("second", containing: "AddressConflict")
      #expect(refusal.contains("AddressConflict: 172.17.0.5") && refusal.contains("held by \(cluster.namespace)/first"), "\(refusal)")
      #expect(refusal.contains("\"final\":false"))
      let event = try await cluster.event(about: "second", reason: EventReason.acquireAddressFailed)
      #expect(event.contains("AddressConflict") && event.contains("\(cluster.namespace)/second"))
      try await cluster.deletePod("first")
      #expect(try await cluster.address("second", "good") == "172.17.0.5")
      let pod = try await cluster.pod("second", until: { $0.metadata.annotations[AnnotationKey.allocationError] == nil })
      #expect(pod.metadata.annotations[AnnotationKey.allocationError] == nil)
    }
  }

  @Test("a full subnet says so, and the oldest of those that wait gets the address that comes back")
  func full() async throws {
    try await Self.withGoodNetwork { cluster in
      for index in 0..<5 {
        try await cluster.createPod("p\(index)", Self.networks("good"))
        _ = try await cluster.address("p\(index)", "good")
      }
      try await cluster.createPod("late-1", Self.networks("good"))
      let refusal = try await cluster.refusal("late-1", containing: "NoAvailableAddress")
      #expect(refusal.contains("NoAvailableAddress: subnet \(cluster.name("good")) has no IPv4 address left"), "\(refusal)")
      try await cluster.createPod("late-2", Self.networks("good"))
      _ = try await cluster.refusal("late-2", containing: "NoAvailableAddress")
      try await cluster.deletePod("p3")
      #expect(try await cluster.address("late-1", "good") == "172.17.0.5")
    }
  }

  @Test(
    "D7, D8, D11, F8: a broken Subnet is refused by condition, its pods are told, and an edit cures both",
    arguments: [
      (["cidrBlock": "172.18.0.0/33"], "format error"), (["cidrBlock": "172.18.0.1/32"], "172.18.0.1/32 mask is invalid"),
      (["cidrBlock": "fd00::1/128"], "fd00::1/128 mask is invalid"),
      (["cidrBlock": "172.18.0.0/29", "gateway": "172.18.0.0"], "network address"),
      (["cidrBlock": "172.18.0.0/29", "gateway": "172.19.0.1"], "is not in cidr"),
      (["cidrBlock": "172.18.0.0/29", "gateway": "172.18.0.7"], "broadcast address"),
      (["cidrBlock": "172.18.0.0/29", "excludeIps": ["172.18.0.5..172.18.0.2"]], "172.18.0.5..172.18.0.2 in excludeIps"),
      (["cidrBlock": "224.0.0.0/24"], "conflict with v4 multicast"),
    ] as [([String: JSONValue], String)])
  func brokenSubnet(spec: [String: JSONValue], reason: String) async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("net")
      do {
        try await cluster.createSubnet("broken", network: "net", spec)
      } catch let error as APIError where error.isInvalid {
        // A server that evaluates the CRD's rules does not even store it.
        return
      }
      let refused = try await cluster.subnet(
        "broken", until: { $0.status.conditions.contains { $0.type == "Ready" && $0.status == "False" } })
      let condition = try #require(refused.status.conditions.first { $0.type == "Validated" })
      #expect(condition.reason == SubnetCondition.validateFailed && condition.message.contains(reason), "\(condition)")
      try await cluster.createPod("p", Self.networks("net"))
      let refusal = try await cluster.refusal("p", containing: "is refused")
      #expect(refusal.contains("subnet \(cluster.name("broken")) is refused"), "\(refusal)")
      _ = try await cluster.client.patch(
        Subnet.self, ObjectKey(name: cluster.name("broken")),
        merge: ["spec": ["cidrBlock": "172.18.0.0/29", "gateway": nil, "excludeIps": nil]])
      #expect(try await cluster.address("p", "net") == "172.18.0.2")
      _ = try await cluster.subnet("broken", until: { $0.status.conditions.contains { $0.type == "Ready" && $0.status == "True" } })
    }
  }

  @Test("F8: without a gateway the first host is it, and no pod gets it")
  func noGateway() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("net")
      try await cluster.createSubnet("s", network: "net", ["cidrBlock": "172.18.0.0/30"])
      try await cluster.createPod("p", Self.networks("net"))
      #expect(try await cluster.address("p", "net") == "172.18.0.2")
      let subnet = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      #expect(subnet.spec.gateway == "172.18.0.1" && subnet.spec.excludeIPs == ["172.18.0.1"] && subnet.status.v4Available.text == "0")
      try await cluster.createPod("second", Self.networks("net"))
      #expect(try await cluster.refusal("second", containing: "NoAvailableAddress").contains("NoAvailableAddress"))
    }
  }

  @Test("excludes outside the CIDR are accepted; partly outside ones count where they lie inside (row 23, D7)")
  func foreignExcludes() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("net")
      try await cluster.createSubnet(
        "s", network: "net", ["cidrBlock": "172.18.0.8/29", "excludeIps": ["10.0.0.1", "172.18.0.1..172.18.0.10"]])
      try await cluster.createPod("p", Self.networks("net"))
      #expect(try await cluster.address("p", "net") == "172.18.0.11")
      let subnet = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      #expect(subnet.status.v4Available.text == "3")
      #expect(subnet.spec.gateway == "172.18.0.9" && subnet.spec.protocolName == "IPv4")
    }
  }

  @Test("of two subnets of one provider that overlap, the later is refused, and accepted when the other goes")
  func overlap() async throws {
    try await Self.withGoodNetwork { cluster in
      _ = try await cluster.subnet("good", until: { $0.status.conditions.contains { $0.type == "Ready" && $0.status == "True" } })
      try await cluster.createSubnet("later", network: "good", ["cidrBlock": "172.17.0.0/24"])
      let refused = try await cluster.subnet(
        "later", until: { $0.status.conditions.contains { $0.type == "Ready" && $0.status == "False" } })
      #expect(
        refused.status.conditions.first { $0.type == "Ready" }?.message.contains("is conflict with subnet \(cluster.name("good"))") == true)
      try await cluster.client.delete(Subnet.self, ObjectKey(name: cluster.name("good")))
      _ = try await cluster.subnet("later", until: { $0.status.conditions.contains { $0.type == "Ready" && $0.status == "True" } })
    }
  }

  @Test("a Subnet that is deleted while addresses are held stays until the last is back")
  func subnetWaits() async throws {
    try await Self.withGoodNetwork { cluster in
      try await cluster.createPod("p", Self.networks("good"))
      _ = try await cluster.address("p", "good")
      try await cluster.client.delete(Subnet.self, ObjectKey(name: cluster.name("good")))
      _ = try await cluster.subnet("good", until: { $0.metadata.isDeleting })
      try await cluster.createPod("late", Self.networks("good"))
      #expect(try await cluster.refusal("late", containing: "it is being deleted").contains("it is being deleted"))
      // A change of the pod that still runs on it is no reason to complain.
      _ = try await cluster.client.patch(
        Pod.self, ObjectKey(namespace: cluster.namespace, name: "p"),
        merge: ["metadata": ["annotations": ["test.kubernetes.io/touched": "yes"]]])
      try await cluster.createPod("marker", Self.networks("good"))
      _ = try await cluster.refusal("marker", containing: "it is being deleted")
      let kept = try await cluster.pod("p", until: { $0.metadata.annotations["test.kubernetes.io/touched"] == "yes" })
      #expect(kept.metadata.annotations[AnnotationKey.allocationError] == nil)
      try await cluster.deletePod("p")
      try await cluster.subnetIsGone("good")
    }
  }
}
