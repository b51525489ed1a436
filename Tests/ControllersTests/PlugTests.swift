import KubeAPI
import KubeClient
import Testing
import WireJSON

/// NICs that come and go on a running pod, and pods that end in every way (decisions.md §4 row 11).
@Suite struct PlugTests {
  private static let five: [String: JSONValue] = ["cidrBlock": "172.17.0.0/29", "gateway": "172.17.0.1"]

  private static func plug(_ cluster: ClusterUnderTest, _ pod: String, _ networks: String?) async throws {
    let value: JSONValue = networks.map { .string($0) } ?? .null
    _ = try await cluster.client.patch(
      Pod.self, ObjectKey(namespace: cluster.namespace, name: pod), merge: ["metadata": ["annotations": [AnnotationKey.networks: value]]])
  }

  private static func run(_ body: @escaping @Sendable (ClusterUnderTest) async throws -> Void) async throws {
    try await ClusterUnderTest.run { cluster in
      for name in ["a", "b"] { try await cluster.createNetwork(name) }
      try await cluster.createSubnet("a", network: "a", five)
      try await cluster.createSubnet("b", network: "b", ["cidrBlock": "172.18.0.0/29", "gateway": "172.18.0.1"])
      try await body(cluster)
    }
  }

  @Test("B18: a NIC that is plugged, unplugged and plugged again has one address each time; nothing of it stays behind")
  func replug() async throws {
    try await Self.run { cluster in
      try await cluster.createPod("p", [AnnotationKey.networks: "a"])
      _ = try await cluster.address("p", "a")
      let provider = ProviderName("b.\(cluster.namespace)")
      for _ in 0..<3 {
        try await Self.plug(cluster, "p", "a,b@eth1")
        _ = try await cluster.address("p", "b")
        _ = try await cluster.subnet("b", until: { $0.status.v4Using.text == "1" })
        try await Self.plug(cluster, "p", "a")
        _ = try await cluster.record("p", "b", exists: false)
        let pod = try await cluster.pod("p", until: { $0.metadata.annotations[provider.key(.allocated)] == nil })
        #expect(!pod.metadata.annotations.keys.contains { $0.hasPrefix(provider.text) })
        _ = try await cluster.subnet("b", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" })
      }
      try await Self.plug(cluster, "p", "a,b@eth1")
      _ = try await cluster.address("p", "b")
      let used = try await cluster.subnet("b", until: { $0.status.v4Using.text == "1" })
      #expect(used.status.v4Available.text == "4")
      let told = try await cluster.event(about: "p", reason: EventReason.released)
      #expect(told.contains("ipCR=p.\(cluster.namespace).b.\(cluster.namespace)"), "\(told)")
      #expect(try await cluster.record("p", "a")?.spec.ipAddress == "172.17.0.2")
    }
  }

  @Test("a pod that drops all its networks holds nothing any more")
  func dropsAll() async throws {
    try await Self.run { cluster in
      try await cluster.createPod("p", [AnnotationKey.networks: "a,b"])
      _ = try await cluster.address("p", "b")
      try await Self.plug(cluster, "p", nil)
      for name in ["a", "b"] {
        _ = try await cluster.record("p", name, exists: false)
        _ = try await cluster.subnet(name, until: { $0.status.hasCounts && $0.status.v4Using.text == "0" })
      }
    }
  }

  @Test("B18: a NAD that comes to leave addresses to others gives ours back though the pod lives")
  func foreignDefinition() async throws {
    try await Self.run { cluster in
      try await cluster.createPod("p", [AnnotationKey.networks: "a,b"])
      _ = try await cluster.address("p", "b")
      let foreign: JSONValue = #"{"cniVersion":"0.3.1","type":"macvlan","ipam":{"type":"host-local"}}"#
      _ = try await cluster.client.patch(
        NetworkAttachmentDefinition.self, ObjectKey(namespace: cluster.namespace, name: "b"), merge: ["spec": ["config": foreign]])
      _ = try await cluster.record("p", "b", exists: false)
      _ = try await cluster.subnet("b", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" })
      #expect(try await cluster.record("p", "a") != nil)
    }
  }

  @Test("a NAD that is broken or missing says nothing about the addresses of those who run on it; one that comes back as another's does")
  func brokenDefinition() async throws {
    try await Self.run { cluster in
      let key = ObjectKey(namespace: cluster.namespace, name: "b")
      try await cluster.createPod("p", [AnnotationKey.networks: "a,b"])
      _ = try await cluster.address("p", "b")
      let before = try #require(try await cluster.record("p", "b"))
      func configure(_ text: String) async throws {
        _ = try await cluster.client.patch(NetworkAttachmentDefinition.self, key, merge: ["spec": ["config": .string(text)]])
      }
      try await configure("{")
      _ = try await cluster.refusal("p", containing: "malformed")
      try await cluster.client.delete(NetworkAttachmentDefinition.self, key)
      _ = try await cluster.refusal("p", containing: "does not exist")
      #expect(try await cluster.record("p", "b")?.metadata.uid == before.metadata.uid)
      try await cluster.createNetwork("b", config: #"{"cniVersion":"0.3.1","type":"macvlan","ipam":{"type":"host-local"}}"#)
      _ = try await cluster.record("p", "b", exists: false)
      _ = try await cluster.subnet("b", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" })
      #expect(try await cluster.record("p", "a") != nil)
    }
  }

  @Test("records that an earlier pod of the name left, or Kube-OVN wrote without uid, go when the living pod does not ask for them")
  func leftovers() async throws {
    try await Self.run { cluster in
      var spec = IPRecord.Spec()
      spec.podName = "p"
      spec.namespace = cluster.namespace
      spec.subnet = cluster.name("b")
      spec.ipAddress = "172.18.0.5"
      spec.v4IPAddress = "172.18.0.5"
      try await cluster.createPod("p", [AnnotationKey.networks: "a"])
      _ = try await cluster.address("p", "a")
      for annotations in [[:], [AnnotationKey.podUID: "earlier"]] as [[String: String]] {
        _ = try await cluster.client.create(
          IPRecord.self,
          body: [
            "apiVersion": "kubeovn.io/v1", "kind": "IP",
            "metadata": [
              "name": .string("p.\(cluster.namespace).b.\(cluster.namespace)"), "labels": [LabelKey.ipReserved: "false"],
              "annotations": .object(annotations.mapValues { .string($0) }), "finalizers": [.string(Finalizer.controller)],
            ], "spec": spec.json,
          ])
        _ = try await cluster.record("p", "b", exists: true)
        try await Self.plug(cluster, "p", "a,a@second")
        try await Self.plug(cluster, "p", "a")
        _ = try await cluster.record("p", "b", exists: false)
      }
      #expect(try await cluster.record("p", "a")?.spec.ipAddress == "172.17.0.2")
    }
  }

  @Test("B15: a Job's twenty completions share five addresses")
  func job() async throws {
    try await Self.run { cluster in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<20 {
          group.addTask {
            let name = "job-\(index)"
            try await cluster.createPod(name, [AnnotationKey.networks: "a"], spec: ["restartPolicy": "Never"])
            _ = try await cluster.address(name, "a")
            _ = try await cluster.client.patch(
              Pod.self, ObjectKey(namespace: cluster.namespace, name: name), merge: ["status": ["phase": "Succeeded"]],
              subresource: "status")
          }
        }
        try await group.waitForAll()
      }
      _ = try await cluster.subnet(
        "a", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" && $0.status.v4Available.text == "5" })
    }
  }

  @Test("B15: what failed and will be started again, or is not over, keeps its address")
  func failedOnFailure() async throws {
    try await Self.run { cluster in
      try await cluster.createPod("p", [AnnotationKey.networks: "a"], spec: ["restartPolicy": "OnFailure"])
      try await cluster.createPod("evicted", [AnnotationKey.networks: "a"])
      for name in ["p", "evicted"] {
        _ = try await cluster.address(name, "a")
        _ = try await cluster.client.patch(
          Pod.self, ObjectKey(namespace: cluster.namespace, name: name),
          merge: ["status": ["phase": "Failed", "reason": name == "p" ? "Error" : "Evicted"]], subresource: "status")
      }
      _ = try await cluster.record("evicted", "a", exists: false)
      _ = try await cluster.subnet("a", until: { $0.status.v4Using.text == "1" })
      #expect(try await cluster.record("p", "a") != nil)
    }
  }

  @Test("B9: scaled from three to none and back, three pods get the three addresses of their pool")
  func scaledToNone() async throws {
    try await Self.run { cluster in
      let wishes = [
        AnnotationKey.networks: "a", "a.\(cluster.namespace).kubernetes.io/ip_pool": "172.17.0.3,172.17.0.4,172.17.0.5",
      ]
      for generation in 0..<2 {
        var addresses: Set<String> = []
        for index in 0..<3 { try await cluster.createPod("w-\(generation)-\(index)", wishes) }
        for index in 0..<3 { addresses.insert(try await cluster.address("w-\(generation)-\(index)", "a")) }
        #expect(addresses == ["172.17.0.3", "172.17.0.4", "172.17.0.5"])
        for index in 0..<3 { try await cluster.deletePod("w-\(generation)-\(index)") }
      }
      _ = try await cluster.subnet("a", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" })
    }
  }

  @Test(
    "I3, B8: pod, subnet and NAD go in any order, and all of them go; while the pod lives the subnet waits",
    arguments: [
      ["pod", "subnet", "nad"], ["pod", "nad", "subnet"], ["subnet", "pod", "nad"], ["subnet", "nad", "pod"], ["nad", "pod", "subnet"],
      ["nad", "subnet", "pod"],
    ])
  func orders(order: [String]) async throws {
    try await Self.run { cluster in
      try await cluster.createPod("p", [AnnotationKey.networks: "b"])
      _ = try await cluster.address("p", "b")
      for what in order { try await Self.delete(what, cluster) }
      _ = try await cluster.record("p", "b", exists: false)
      try await cluster.subnetIsGone("b")
    }
  }

  @Test(
    "I3: the same while the address is being given",
    arguments: [["pod", "subnet", "nad"], ["subnet", "nad", "pod"], ["nad", "pod", "subnet"]])
  func ordersInBetween(order: [String]) async throws {
    try await Self.run { cluster in
      try await cluster.createPod("p", [AnnotationKey.networks: "b"])
      for what in order { try await Self.delete(what, cluster) }
      try await cluster.subnetIsGone("b")
      _ = try await cluster.record("p", "b", exists: false)
    }
  }

  private static func delete(_ what: String, _ cluster: ClusterUnderTest) async throws {
    switch what {
    case "pod": try await cluster.deletePod("p")
    case "subnet": try await cluster.client.delete(Subnet.self, ObjectKey(name: cluster.name("b")))
    default: try await cluster.client.delete(NetworkAttachmentDefinition.self, ObjectKey(namespace: cluster.namespace, name: "b"))
    }
  }

  @Test("a namespace that is deleted leaves no address behind")
  func namespaceGone() async throws {
    try await Self.run { cluster in
      for index in 0..<3 {
        try await cluster.createPod("p\(index)", [AnnotationKey.networks: "a,b"])
        _ = try await cluster.address("p\(index)", "b")
      }
      try await cluster.client.delete(Namespace.self, ObjectKey(name: cluster.namespace))
      for index in 0..<3 {
        do { try await cluster.deletePod("p\(index)") } catch let error as APIError where error.isNotFound {}
      }
      for name in ["a", "b"] {
        do {
          try await cluster.client.delete(
            NetworkAttachmentDefinition.self, ObjectKey(namespace: cluster.namespace, name: name))
        } catch let error as APIError where error.isNotFound {}
        _ = try await cluster.subnet(
          name, until: { $0.status.hasCounts && $0.status.v4Using.text == "0" && $0.status.v4Available.text == "5" })
      }
      for index in 0..<3 { _ = try await cluster.record("p\(index)", "a", exists: false) }
    }
  }

  @Test("a pod on the host's network holds nothing of an earlier pod of its name")
  func hostNetwork() async throws {
    try await Self.run { cluster in
      try await cluster.createPod("p", [AnnotationKey.networks: "a"])
      _ = try await cluster.address("p", "a")
      try await cluster.deletePod("p")
      try await cluster.createPod("p", [AnnotationKey.networks: "a"], spec: ["hostNetwork": true])
      _ = try await cluster.record("p", "a", exists: false)
      _ = try await cluster.subnet("a", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" })
    }
  }
}
