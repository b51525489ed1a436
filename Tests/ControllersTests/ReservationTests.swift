import Controllers
import KubeAPI
import KubeClient
import KubeRuntime
import Testing
import WireJSON

/// IPs that users make so that a pod finds its address waiting for it (allocation.md §8).
@Suite struct ReservationTests {
  private static let tiny: [String: JSONValue] = ["cidrBlock": "172.17.0.0/29", "gateway": "172.17.0.1"]
  private static let wants = [AnnotationKey.networks: "net"]

  private static func run(_ subnet: [String: JSONValue] = tiny, _ body: @escaping @Sendable (ClusterUnderTest) async throws -> Void)
    async throws
  {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("net")
      try await cluster.createSubnet("s", network: "net", subnet)
      try await body(cluster)
    }
  }

  private static func asking(_ address: String, _ cluster: ClusterUnderTest) -> [String: String] {
    wants.merging(["net.\(cluster.namespace).kubernetes.io/ip_address": address]) { $1 }
  }

  @Test("J5: the pod of that name takes the address, another one is refused, and record and address outlive every pod")
  func wholeLife() async throws {
    try await Self.run { cluster in
      try await cluster.createRecord("web-0", ["v4IpAddress": "172.17.0.5"], labels: ["team": "a"])
      let name = cluster.recordName("web-0")
      let record = try await cluster.reservation(name)
      #expect(record.spec.ipAddress == "172.17.0.5" && record.spec.v4IPAddress == "172.17.0.5" && record.spec.v6IPAddress.isEmpty)
      #expect(record.metadata.finalizers == [Finalizer.controller])
      #expect(record.metadata.labels["team"] == "a" && record.metadata.labels[LabelKey.subnet] == cluster.name("s"))
      #expect(record.metadata.labels[cluster.name("s")] == "" && record.metadata.annotations[AnnotationKey.podUID] == nil)
      let event = try await cluster.clusterEvent(about: name, reason: EventReason.addressReserved)
      #expect(event.contains("172.17.0.5 of subnet \(cluster.name("s")) is reserved for pod \(cluster.namespace)/web-0"))
      let reserved = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      #expect(reserved.status.v4UsingRange == "172.17.0.5" && reserved.status.v4Available.text == "4")

      try await cluster.createPod("thief", Self.asking("172.17.0.5", cluster))
      let refusal = try await cluster.refusal("thief", containing: "AddressConflict")
      #expect(refusal.contains("172.17.0.5") && refusal.contains("held by \(cluster.namespace)/web-0"), "\(refusal)")

      for _ in 0..<2 {
        try await cluster.createPod("web-0", Self.wants)
        #expect(try await cluster.address("web-0", "net") == "172.17.0.5")
        let uid = try await cluster.pod("web-0", until: { _ in true }).metadata.uid
        let used = try await cluster.record(named: name, until: { $0.metadata.annotations[AnnotationKey.podUID] == uid })
        #expect(used.metadata.labels[LabelKey.ipReserved] == "true" && used.metadata.labels["team"] == "a")
        try await cluster.deletePod("web-0")
        // Another pod comes and goes, so that the end of the first has been dealt with.
        try await cluster.createPod("other", Self.wants)
        #expect(try await cluster.address("other", "net") != "172.17.0.5")
        try await cluster.deletePod("other")
        _ = try await cluster.record("other", "net", exists: false)
        #expect(cluster.seen.records[ObjectKey(name: name)]?.metadata.isDeleting == false)
      }
      _ = try await cluster.subnet("s", until: { $0.status.v4UsingRange == "172.17.0.5" })

      try await cluster.deleteRecord(name)
      #expect(try await cluster.address("thief", "net") == "172.17.0.5")
      try await cluster.recordIsGone(name)
    }
  }

  @Test("without an address any free one is reserved, in both families where there are two")
  func random() async throws {
    try await Self.run(["cidrBlock": "172.17.0.0/29,fd00:17::/125"]) { cluster in
      try await cluster.createRecord("web-0")
      let record = try await cluster.reservation(cluster.recordName("web-0"))
      #expect(record.spec.ipAddress == "172.17.0.2,fd00:17::2")
      #expect(record.spec.v4IPAddress == "172.17.0.2" && record.spec.v6IPAddress == "fd00:17::2")
      try await cluster.createRecord("web-1", ["v6IpAddress": "FD00:17:0::0005"])
      let completed = try await cluster.reservation(cluster.recordName("web-1"))
      #expect(completed.spec.ipAddress == "172.17.0.3,fd00:17::5" && completed.spec.v6IPAddress == "fd00:17::5")
      try await cluster.createPod("web-1", Self.wants)
      #expect(try await cluster.address("web-1", "net") == "172.17.0.3,fd00:17::5")
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "2" && $0.status.v6Using.text == "2" })
    }
  }

  @Test("a MAC goes along where it is given, and no other NIC gets it")
  func mac() async throws {
    try await Self.run { cluster in
      try await cluster.createRecord("web-0", ["ipAddress": "172.17.0.5", "macAddress": "02-00-00-00-00-0A"])
      let record = try await cluster.reservation(cluster.recordName("web-0"))
      #expect(record.spec.macAddress == "02:00:00:00:00:0a")
      try await cluster.createRecord("web-1", ["ipAddress": "172.17.0.6", "macAddress": "02:00:00:00:00:0a"])
      try await cluster.clusterEvent(
        about: cluster.recordName("web-1"), reason: "AddressConflict", containing: "held by \(cluster.namespace)/web-0")
      try await cluster.createPod("web-0", Self.wants)
      #expect(try await cluster.address("web-0", "net") == "172.17.0.5")
      let pod = try await cluster.pod("web-0", until: { _ in true })
      #expect(pod.metadata.annotations["net.\(cluster.namespace).kubernetes.io/mac_address"] == "02:00:00:00:00:0a")
    }
  }

  @Test("one of two NICs of a network is reserved by the name with the interface behind it")
  func perInterface() async throws {
    try await Self.run { cluster in
      try await cluster.createRecord("web-0", named: cluster.recordName("web-0") + ".net2", ["v4IpAddress": "172.17.0.6"])
      _ = try await cluster.reservation(cluster.recordName("web-0") + ".net2")
      try await cluster.createPod("web-0", [AnnotationKey.networks: "net@net1,net@net2"])
      let base = "net.\(cluster.namespace)"
      let pod = try await cluster.pod("web-0", until: { $0.metadata.annotations["\(base).net2.kubernetes.io/allocated"] == "true" })
      #expect(pod.metadata.annotations["\(base).net2.kubernetes.io/ip_address"] == "172.17.0.6")
      #expect(pod.metadata.annotations["\(base).net1.kubernetes.io/ip_address"] == "172.17.0.2")
    }
  }

  @Test("StatefulSets' pods and virtual machines are reserved for alike", arguments: ["StatefulSet", "VirtualMachine"])
  func podTypes(type: String) async throws {
    try await Self.run { cluster in
      try await cluster.createRecord("web-0", ["podType": .string(type), "v4IpAddress": "172.17.0.5"])
      #expect(try await cluster.reservation(cluster.recordName("web-0")).spec.podType == type)
    }
  }

  @Test(
    "what reserves nothing is told by event, holds nothing, and keeps nobody waiting; an edit mends it",
    arguments: [
      (["podType": "Deployment"], "InvalidReservation", "spec.podType \"Deployment\""),
      (["subnet": "nowhere"], "NoSubnet", "subnet nowhere does not exist"), (["subnet": ""], "InvalidReservation", "spec.subnet is empty"),
      (["v4IpAddress": "172.18.0.5"], "AddressOutOfRange", "172.18.0.5 is not an address that subnet"),
      (["v4IpAddress": "172.17.0.1"], "AddressConflict", "172.17.0.1 is the gateway"),
      (["v4IpAddress": "nonsense"], "InvalidReservation", "spec.v4IpAddress \"nonsense\" is not valid"),
      (["ipAddress": "172.17.0.5", "v4IpAddress": "172.17.0.6"], "InvalidReservation", "spec.ipAddress says 172.17.0.5, but"),
      (["v6IpAddress": "fd00::1"], "AddressOutOfRange", "fd00::1 is not an address"),
      (["macAddress": "01:00:00:00:00:01"], "InvalidReservation", "multicast"),
    ] as [([String: JSONValue], String, String)])
  func badInput(spec: [String: JSONValue], reason: String, text: String) async throws {
    try await Self.run { cluster in
      do {
        try await cluster.createRecord("web-0", spec)
      } catch let error as APIError where error.isInvalid {
        return
      }
      let name = cluster.recordName("web-0")
      try await cluster.clusterEvent(about: name, reason: reason, containing: text)
      try await cluster.createPod("innocent", Self.wants)
      #expect(try await cluster.address("innocent", "net") == "172.17.0.2")
      let subnet = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      #expect(subnet.status.v4UsingRange == "172.17.0.2")
      #expect(try await cluster.record(named: name, until: { _ in true }).metadata.finalizers.isEmpty)
      try await cluster.editRecord(
        name,
        [
          "spec": [
            "podType": "", "subnet": .string(cluster.name("s")), "ipAddress": "172.17.0.6", "v4IpAddress": "", "v6IpAddress": "",
            "macAddress": "",
          ]
        ])
      #expect(try await cluster.reservation(name).spec.v4IPAddress == "172.17.0.6")
    }
  }

  @Test(
    "a name that is no NIC's reserves nothing, and the event says what it would have to be",
    arguments: ["mine", "web-0.NS", "web-1.NS.net.NS"])
  func wrongName(pattern: String) async throws {
    try await Self.run { cluster in
      let name = (pattern == "mine" ? cluster.name("mine") : pattern).replacing("NS", with: cluster.namespace)
      try await cluster.createRecord("web-0", named: name, ["v4IpAddress": "172.17.0.2"])
      try await cluster.clusterEvent(
        about: name, reason: EventReason.invalidReservation, containing: "would have to be named \(cluster.recordName("web-0")),")
      // The address is anybody's.
      try await cluster.createPod("p", Self.wants)
      #expect(try await cluster.address("p", "net") == "172.17.0.2")
      // Such an object does not hold up a subnet either.
      try await cluster.deletePod("p")
      try await cluster.client.delete(Subnet.self, ObjectKey(name: cluster.name("s")))
      try await cluster.subnetIsGone("s")
    }
  }

  @Test("an IP made by hand under the name of another pod's record does not keep that pod waiting")
  func squatter() async throws {
    try await Self.run { cluster in
      let name = cluster.recordName("p")
      try await cluster.createRecord("other", named: name, ["v4IpAddress": "172.17.0.6"])
      try await cluster.clusterEvent(about: name, reason: EventReason.invalidReservation, containing: "reserves nothing")
      try await cluster.createPod("p", Self.wants)
      #expect(try await cluster.address("p", "net") == "172.17.0.2")
      let record = try await cluster.record(named: name, until: { $0.spec.podName == "p" })
      #expect(record.spec.ipAddress == "172.17.0.2" && record.metadata.labels[LabelKey.ipReserved] == "false")
    }
  }

  @Test("an address that somebody has is not shared: told with the holder's name, and had when it becomes free")
  func conflict() async throws {
    try await Self.run { cluster in
      try await cluster.createPod("p", Self.wants)
      #expect(try await cluster.address("p", "net") == "172.17.0.2")
      try await cluster.createRecord("web-0", ["v4IpAddress": "172.17.0.2"])
      let name = cluster.recordName("web-0")
      try await cluster.clusterEvent(about: name, reason: "AddressConflict", containing: "held by \(cluster.namespace)/p")
      #expect(try await cluster.record(named: name, until: { _ in true }).metadata.finalizers.isEmpty)
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      try await cluster.deletePod("p")
      #expect(try await cluster.reservation(name).spec.ipAddress == "172.17.0.2")
      _ = try await cluster.subnet("s", until: { $0.status.v4UsingRange == "172.17.0.2" })
    }
  }

  @Test("two records for one address: the first has it, the second is isolated and mended by an edit")
  func twoRecords() async throws {
    try await Self.run { cluster in
      try await cluster.createRecord("a", ["v4IpAddress": "172.17.0.5"])
      _ = try await cluster.reservation(cluster.recordName("a"))
      try await cluster.createRecord("b", ["v4IpAddress": "172.17.0.5"])
      try await cluster.clusterEvent(
        about: cluster.recordName("b"), reason: "AddressConflict", containing: "held by \(cluster.namespace)/a")
      try await cluster.editRecord(cluster.recordName("b"), ["spec": ["v4IpAddress": "172.17.0.6"]])
      #expect(try await cluster.reservation(cluster.recordName("b")).spec.ipAddress == "172.17.0.6")
      _ = try await cluster.subnet("s", until: { $0.status.v4UsingRange == "172.17.0.5-172.17.0.6" })
    }
  }

  @Test("a Vip and a reservation are in each other's way like any two holders")
  func vipInTheWay() async throws {
    try await Self.run { cluster in
      try await cluster.createVip("web", ["v4ip": "172.17.0.5"])
      _ = try await cluster.vipAddress("web")
      try await cluster.createRecord("a", ["v4IpAddress": "172.17.0.5"])
      try await cluster.clusterEvent(
        about: cluster.recordName("a"), reason: "AddressConflict", containing: "held by \(cluster.name("web"))")
      try await cluster.deleteVip("web")
      #expect(try await cluster.reservation(cluster.recordName("a")).spec.ipAddress == "172.17.0.5")
      try await cluster.createVip("web", ["v4ip": "172.17.0.5"])
      _ = try await cluster.vipRefusal("web", containing: "held by \(cluster.namespace)/a")
    }
  }

  @Test("the pod of an isolated reservation is not held up: it gets another address, and the record says which")
  func isolatedPod() async throws {
    try await Self.run { cluster in
      try await cluster.createPod("p", Self.wants)
      #expect(try await cluster.address("p", "net") == "172.17.0.2")
      try await cluster.createRecord("web-0", ["v4IpAddress": "172.17.0.2"])
      let name = cluster.recordName("web-0")
      try await cluster.clusterEvent(about: name, reason: "AddressConflict")
      try await cluster.createPod("web-0", Self.wants)
      #expect(try await cluster.address("web-0", "net") == "172.17.0.3")
      let record = try await cluster.record(named: name, until: \.metadata.isManaged)
      #expect(record.spec.ipAddress == "172.17.0.3" && record.metadata.labels[LabelKey.ipReserved] == "false")
      try await cluster.deletePod("web-0")
      try await cluster.recordIsGone(name)
    }
  }

  @Test("label false by hand makes it an ordinary record, which goes as its pod is not there")
  func unreserve() async throws {
    try await Self.run { cluster in
      try await cluster.createRecord("web-0", ["v4IpAddress": "172.17.0.5"])
      let name = cluster.recordName("web-0")
      _ = try await cluster.reservation(name)
      try await cluster.editRecord(name, ["metadata": ["labels": [LabelKey.ipReserved: "false"]]])
      try await cluster.recordIsGone(name)
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "0" && $0.status.v4Available.text == "5" })
    }
  }

  @Test("a subnet on its way out waits for its reservations")
  func subnetWaits() async throws {
    try await Self.run { cluster in
      try await cluster.createRecord("web-0")
      let name = cluster.recordName("web-0")
      _ = try await cluster.reservation(name)
      try await cluster.client.delete(Subnet.self, ObjectKey(name: cluster.name("s")))
      _ = try await cluster.subnet("s", until: { $0.metadata.isDeleting })
      try await cluster.createRecord("marker", ["subnet": "nowhere"])
      try await cluster.clusterEvent(about: cluster.recordName("marker"), reason: "NoSubnet")
      #expect(cluster.seen.subnets[ObjectKey(name: cluster.name("s"))] != nil)
      try await cluster.deleteRecord(name)
      try await cluster.recordIsGone(name)
      try await cluster.subnetIsGone("s")
    }
  }

  // MARK: Records that say something else

  @Test("an IP whose address was edited under a living pod is written back by that pod, and the address stays with it")
  func foreignAddress() async throws {
    try await Self.run { cluster in
      try await cluster.createPod("p", Self.wants)
      #expect(try await cluster.address("p", "net") == "172.17.0.2")
      let name = cluster.recordName("p")
      try await cluster.editRecord(
        name,
        ["spec": ["ipAddress": "172.17.0.6", "v4IpAddress": "172.17.0.6"], "metadata": ["labels": ["touched": "yes"]]])
      let record = try await cluster.record(
        named: name, until: { $0.metadata.labels["touched"] == "yes" && $0.spec.ipAddress == "172.17.0.2" })
      #expect(record.spec.v4IPAddress == "172.17.0.2")
      try await cluster.createPod("q", Self.asking("172.17.0.6", cluster))
      #expect(try await cluster.address("q", "net") == "172.17.0.6")
      #expect(try await cluster.address("p", "net") == "172.17.0.2")
    }
  }

  @Test("a reservation keeps its address whatever is written into it later, and says so")
  func editedReservation() async throws {
    try await Self.run { cluster in
      try await cluster.createRecord("web-0", ["v4IpAddress": "172.17.0.5"])
      let name = cluster.recordName("web-0")
      _ = try await cluster.reservation(name)
      try await cluster.editRecord(
        name, ["spec": ["ipAddress": "nonsense", "v4IpAddress": "172.17.0.6"], "metadata": ["labels": ["touched": "yes"]]])
      let record = try await cluster.record(
        named: name, until: { $0.metadata.labels["touched"] == "yes" && $0.spec.ipAddress == "172.17.0.5" })
      #expect(record.spec.v4IPAddress == "172.17.0.5")
      try await cluster.clusterEvent(about: name, reason: EventReason.changeRefused, containing: "172.17.0.5")
      _ = try await cluster.subnet("s", until: { $0.status.v4UsingRange == "172.17.0.5" })
    }
  }

  // MARK: Restart

  @Test("reservations survive a restart, taken or not, and are never given to others")
  func survives() async throws {
    try await ClusterUnderTest.acrossRestart(Self.tiny) { cluster in
      try await cluster.createRecord("idle", ["v4IpAddress": "172.17.0.2"])
      try await cluster.createRecord("busy", ["v4IpAddress": "172.17.0.4"])
      _ = try await cluster.reservation(cluster.recordName("idle"))
      _ = try await cluster.reservation(cluster.recordName("busy"))
      try await cluster.createPod("busy", Self.wants)
      #expect(try await cluster.address("busy", "net") == "172.17.0.4")
    } _: { cluster in
      for (index, expected) in ["172.17.0.3", "172.17.0.5", "172.17.0.6"].enumerated() {
        try await cluster.createPod("p\(index)", Self.wants)
        #expect(try await cluster.address("p\(index)", "net") == expected)
      }
      try await cluster.createPod("late", Self.wants)
      _ = try await cluster.refusal("late", containing: "NoAvailableAddress")
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "5" })
      try await cluster.createPod("idle", Self.wants)
      #expect(try await cluster.address("idle", "net") == "172.17.0.2")
      try await cluster.deletePod("busy")
      try await cluster.createPod("busy", Self.wants)
      #expect(try await cluster.address("busy", "net") == "172.17.0.4")
    }
  }

  @Test("a reservation made while no controller ran goes before pods that take any, and its own pod gets it")
  func whileDown() async throws {
    try await ClusterUnderTest.acrossRestart(Self.tiny) { cluster in
      _ = try await cluster.subnet("s", until: { $0.status.hasCounts })
    } between: { cluster in
      for name in ["a", "b", "web-0"] { try await cluster.createPod(name, Self.wants) }
      try await cluster.createRecord("web-0", ["v4IpAddress": "172.17.0.2"])
      try await cluster.createRecord("web-1")
    } _: { cluster in
      #expect(try await cluster.address("web-0", "net") == "172.17.0.2")
      for name in ["a", "b"] { #expect(try await cluster.address(name, "net") != "172.17.0.2") }
      let record = try await cluster.reservation(cluster.recordName("web-0"))
      #expect(record.spec.ipAddress == "172.17.0.2" && record.metadata.annotations[AnnotationKey.allocatorEpoch] == "2")
      #expect(try await cluster.reservation(cluster.recordName("web-1")).spec.ipAddress.hasPrefix("172.17.0."))
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "4" })
    }
  }

  @Test("a record made by hand for the address that its living pod has is taken over as a reservation")
  func adopted() async throws {
    try await ClusterUnderTest.acrossRestart(Self.tiny) { cluster in
      try await cluster.createPod("web-0", Self.wants)
      #expect(try await cluster.address("web-0", "net") == "172.17.0.2")
    } between: { cluster in
      let name = cluster.recordName("web-0")
      try await cluster.editRecord(name, ["metadata": ["finalizers": nil]])
      try await cluster.deleteRecord(name)
      try await cluster.recordIsGone(name)
      try await cluster.createRecord("web-0", ["v4IpAddress": "172.17.0.2"])
    } _: { cluster in
      let name = cluster.recordName("web-0")
      let uid = try await cluster.pod("web-0", until: { _ in true }).metadata.uid
      let record = try await cluster.record(
        named: name,
        until: { $0.metadata.isManaged && $0.metadata.annotations[AnnotationKey.podUID] == uid && $0.spec.ipAddress == "172.17.0.2" })
      #expect(record.metadata.labels[LabelKey.ipReserved] == "true")
      #expect(try await cluster.address("web-0", "net") == "172.17.0.2")
      _ = try await cluster.subnet("s", until: { $0.status.v4UsingRange == "172.17.0.2" })
    }
  }

  @Test("an IP with a foreign address, written while no controller ran, moves no living pod: the pod's own address is written back")
  func foreignWhileDown() async throws {
    try await ClusterUnderTest.acrossRestart(Self.tiny) { cluster in
      try await cluster.createPod("p", Self.wants)
      #expect(try await cluster.address("p", "net") == "172.17.0.2")
    } between: { cluster in
      try await cluster.editRecord(
        cluster.recordName("p"), ["spec": ["ipAddress": "172.17.0.6", "v4IpAddress": "172.17.0.6"]])
      try await cluster.createPod("q", Self.asking("172.17.0.6", cluster))
    } _: { cluster in
      #expect(try await cluster.address("q", "net") == "172.17.0.6")
      let record = try await cluster.record(named: cluster.recordName("p"), until: { $0.spec.ipAddress == "172.17.0.2" })
      #expect(record.spec.v4IPAddress == "172.17.0.2")
      #expect(try await cluster.address("p", "net") == "172.17.0.2")
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "2" })
    }
  }

  @Test("a reservation whose address another record claims too is told of, and served when the other goes")
  func twoClaims() async throws {
    try await ClusterUnderTest.acrossRestart(Self.tiny) { cluster in
      try await cluster.createRecord("a", ["v4IpAddress": "172.17.0.5"])
      try await cluster.createRecord("b", ["v4IpAddress": "172.17.0.6"])
      _ = try await cluster.reservation(cluster.recordName("a"))
      _ = try await cluster.reservation(cluster.recordName("b"))
    } between: { cluster in
      try await cluster.editRecord(
        cluster.recordName("b"), ["spec": ["ipAddress": "172.17.0.5", "v4IpAddress": "172.17.0.5"]])
    } _: { cluster in
      try await cluster.clusterEvent(
        about: cluster.recordName("b"), reason: "AddressConflict", containing: "held by \(cluster.namespace)/a")
      let subnet = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      #expect(subnet.status.v4UsingRange == "172.17.0.5")
      try await cluster.deleteRecord(cluster.recordName("a"))
      try await cluster.recordIsGone(cluster.recordName("a"))
      // Had by the one that waited: nobody else gets it.
      try await cluster.createPod("p", Self.asking("172.17.0.5", cluster))
      #expect(try await cluster.refusal("p", containing: "AddressConflict").contains("held by \(cluster.namespace)/b"))
    }
  }
}
