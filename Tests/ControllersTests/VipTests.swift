import Controllers
import KubeAPI
import KubeClient
import KubeRuntime
import Testing
import WireJSON

/// Vips by themselves: reserved, told why not, released. Pods that use them are in `VipPodTests`.
@Suite struct VipTests {
  private static let tiny: [String: JSONValue] = ["cidrBlock": "172.17.0.0/29", "gateway": "172.17.0.1"]

  private static func run(_ subnet: [String: JSONValue] = tiny, _ body: @escaping @Sendable (ClusterUnderTest) async throws -> Void)
    async throws
  {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("net")
      try await cluster.createSubnet("s", network: "net", subnet)
      try await body(cluster)
    }
  }

  @Test("a Vip takes one address: one more in use, one less available, and back when it goes")
  func wholeLife() async throws {
    try await Self.run { cluster in
      try await cluster.createVip("web", labels: ["team": "a"])
      let vip = try await cluster.vip("web", until: \.isAssigned)
      #expect(vip.status.v4IP == "172.17.0.2" && vip.status.v6IP.isEmpty && vip.status.mac.isEmpty && vip.status.type.isEmpty)
      #expect(vip.spec.v4IP == "172.17.0.2" && vip.spec.v6IP.isEmpty && vip.spec.macAddress.isEmpty)
      #expect(vip.metadata.finalizers == [Finalizer.controller])
      #expect(vip.metadata.labels == ["team": "a", LabelKey.subnet: cluster.name("s"), LabelKey.ipReserved: ""])
      #expect(vip.status.conditions.filter { $0.status == "True" }.map(\.type).sorted() == ["Ready", "Validated"])
      let event = try await cluster.clusterEvent(about: cluster.name("web"), reason: EventReason.addressReserved)
      #expect(event.contains("172.17.0.2 of subnet \(cluster.name("s"))"))
      let busy = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      #expect(busy.status.v4UsingRange == "172.17.0.2" && busy.status.v4Available.text == "4")
      try await cluster.deleteVip("web")
      try await cluster.vipIsGone("web")
      let idle = try await cluster.subnet("s", until: { $0.status.v4Using.text == "0" })
      #expect(idle.status.v4UsingRange.isEmpty && idle.status.v4Available.text == "5")
    }
  }

  @Test("D12: given addresses are honoured in any spelling and written in the canonical one")
  func given() async throws {
    try await Self.run(["cidrBlock": "172.17.0.0/24,fd00:17::/64"]) { cluster in
      try await cluster.createVip(
        "pair", ["v4ip": "172.17.0.9", "v6ip": "FD00:17:0::000E", "macAddress": "00-00-00-53-6B-B6"])
      let pair = try await cluster.vip("pair", until: \.isAssigned)
      #expect(pair.status.v4IP == "172.17.0.9" && pair.status.v6IP == "fd00:17::e" && pair.status.mac == "00:00:00:53:6b:b6")
      #expect(pair.spec.v6IP == "fd00:17::e" && pair.spec.macAddress == "00:00:00:53:6b:b6")
      // One family given: the other is completed.
      try await cluster.createVip("six", ["v6ip": "fd00:17::F"])
      let six = try await cluster.vip("six", until: \.isAssigned)
      #expect(six.status.v6IP == "fd00:17::f" && six.status.v4IP == "172.17.0.2" && six.spec.v4IP == "172.17.0.2")
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "2" && $0.status.v6Using.text == "2" })
    }
  }

  @Test("every type reserves, and the status says which it was", arguments: ["", "switch_lb_vip", "kube_host_vm_vip"])
  func types(type: String) async throws {
    try await Self.run { cluster in
      try await cluster.createVip("web", ["type": .string(type)])
      #expect(try await cluster.vip("web", until: \.isAssigned).status.type == type)
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
    }
  }

  @Test("a Vip of an OVN subnet has a MAC of its own")
  func ovnMAC() async throws {
    try await Self.run(["cidrBlock": "172.17.0.0/29", "provider": "net.x.ovn"]) { cluster in
      try await cluster.createVip("web")
      let vip = try await cluster.vip("web", until: \.isAssigned)
      #expect(vip.status.mac.utf8.count == 17 && vip.spec.macAddress == vip.status.mac)
    }
  }

  @Test(
    "what cannot be had is told by condition and event, spends nothing, and an ordinary edit mends it",
    arguments: [
      (["v4ip": "172.18.0.5"], "AddressOutOfRange", "172.18.0.5 is not an address that subnet"),
      (["v4ip": "172.17.0.1"], "AddressConflict", "172.17.0.1 is the gateway"),
      (["v4ip": "172.17.0.7"], "AddressOutOfRange", "172.17.0.7 is not an address"),
      (["v4ip": "172.17.0.300"], "InvalidReservation", "spec.v4ip \"172.17.0.300\" is not valid"),
      (["v6ip": "fd00::1"], "AddressOutOfRange", "fd00::1 is not an address"),
      (["macAddress": "00:00:00:53:6b:b6"], "InvalidReservation", "is given without an address"),
      (["v4ip": "172.17.0.3", "macAddress": "nonsense"], "InvalidReservation", "\"nonsense\" is not valid"),
      (["subnet": ""], "InvalidReservation", "spec.subnet is empty"), (["subnet": "nowhere"], "NoSubnet", "subnet nowhere does not exist"),
    ] as [([String: JSONValue], String, String)])
  func badInput(spec: [String: JSONValue], reason: String, text: String) async throws {
    try await Self.run { cluster in
      do {
        try await cluster.createVip("bad", spec)
      } catch let error as APIError where error.isInvalid {
        // A server that evaluates the CRD's rules does not even store it.
        return
      }
      let condition = try await cluster.vipRefusal("bad", containing: text)
      #expect(condition.reason == reason)
      try await cluster.clusterEvent(about: cluster.name("bad"), reason: reason, containing: text)
      try await cluster.createVip("good")
      #expect(try await cluster.vipAddress("good") == "172.17.0.2")
      #expect(try await cluster.vip("bad", until: { _ in true }).metadata.finalizers.isEmpty)
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      try await cluster.editVip(
        "bad", ["spec": ["v4ip": "172.17.0.6", "v6ip": "", "macAddress": "", "subnet": .string(cluster.name("s"))]])
      #expect(try await cluster.vipAddress("bad") == "172.17.0.6")
      let mended = try await cluster.vip("bad", until: { $0.status.conditions.allSatisfy { $0.type != "Error" || $0.status == "False" } })
      #expect(mended.status.conditions.contains { $0.type == "Ready" && $0.status == "True" })
    }
  }

  @Test("an address that a pod has is refused by the pod's name, and given when the pod is gone")
  func conflict() async throws {
    try await Self.run { cluster in
      try await cluster.createPod("p", [AnnotationKey.networks: "net"])
      #expect(try await cluster.address("p", "net") == "172.17.0.2")
      try await cluster.createVip("web", ["v4ip": "172.17.0.2"])
      let condition = try await cluster.vipRefusal("web", containing: "172.17.0.2")
      #expect(condition.reason == "AddressConflict" && condition.message.contains("held by \(cluster.namespace)/p"))
      // Meanwhile the pod keeps it, and its subnet counts it once.
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      try await cluster.deletePod("p")
      #expect(try await cluster.vipAddress("web") == "172.17.0.2")
    }
  }

  @Test("of two Vips that ask for one address the second waits for the first")
  func twoVips() async throws {
    try await Self.run { cluster in
      try await cluster.createVip("first", ["v4ip": "172.17.0.5"])
      #expect(try await cluster.vipAddress("first") == "172.17.0.5")
      try await cluster.createVip("second", ["v4ip": "172.17.0.5"])
      #expect(try await cluster.vipRefusal("second", containing: "held by \(cluster.name("first"))").reason == "AddressConflict")
      // What is nobody's to take is not taken by asking for it on a pod either.
      try await cluster.createPod("p", [AnnotationKey.networks: "net", "net.\(cluster.namespace).kubernetes.io/ip_address": "172.17.0.5"])
      #expect(try await cluster.refusal("p", containing: "AddressConflict").contains("held by \(cluster.name("first"))"))
      try await cluster.deletePod("p")
      try await cluster.deleteVip("first")
      #expect(try await cluster.vipAddress("second") == "172.17.0.5")
    }
  }

  @Test("a Vip of a full subnet waits, and gets the address that comes back")
  func full() async throws {
    try await Self.run(["cidrBlock": "172.17.0.0/30", "gateway": "172.17.0.1"]) { cluster in
      try await cluster.createPod("p", [AnnotationKey.networks: "net"])
      #expect(try await cluster.address("p", "net") == "172.17.0.2")
      try await cluster.createVip("web")
      #expect(try await cluster.vipRefusal("web", containing: "has no IPv4 address left").reason == "NoAvailableAddress")
      try await cluster.deletePod("p")
      #expect(try await cluster.vipAddress("web") == "172.17.0.2")
    }
  }

  @Test("a Vip whose subnet comes later, or is mended later, is served then")
  func subnetLater() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("net")
      try await cluster.createVip("web")
      _ = try await cluster.vipRefusal("web", containing: "subnet \(cluster.name("s")) does not exist")
      do {
        try await cluster.createSubnet("s", network: "net", ["cidrBlock": "172.17.0.1/32"])
        _ = try await cluster.vipRefusal("web", containing: "subnet \(cluster.name("s")) is refused")
        _ = try await cluster.client.patch(
          Subnet.self, ObjectKey(name: cluster.name("s")), merge: ["spec": ["cidrBlock": "172.17.0.0/29", "gateway": nil]])
      } catch let error as APIError where error.isInvalid {
        try await cluster.createSubnet("s", network: "net", Self.tiny)
      }
      #expect(try await cluster.vipAddress("web") == "172.17.0.2")
    }
  }

  @Test("after the assignment an edit of the address is refused: told, and the address stays")
  func edits() async throws {
    try await Self.run { cluster in
      try await cluster.createVip("web")
      #expect(try await cluster.vipAddress("web") == "172.17.0.2")
      do {
        try await cluster.editVip("web", ["spec": ["v4ip": "172.17.0.5"]])
      } catch let error as APIError where error.isInvalid {
        return
      }
      let told = try await cluster.vip("web", until: { $0.status.conditions.contains { $0.type == "Error" && $0.status == "True" } })
      #expect(
        told.status.conditions.first { $0.type == "Error" }?.message.contains("does not support change: spec.v4ip is 172.17.0.5") == true)
      #expect(told.status.v4IP == "172.17.0.2" && told.status.conditions.contains { $0.type == "Ready" && $0.status == "True" })
      try await cluster.clusterEvent(about: cluster.name("web"), reason: EventReason.changeRefused, containing: "172.17.0.5")
      let subnet = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      #expect(subnet.status.v4UsingRange == "172.17.0.2")
      try await cluster.editVip("web", ["spec": ["v4ip": "172.17.0.2"]])
      _ = try await cluster.vip("web", until: { $0.status.conditions.contains { $0.type == "Error" && $0.status == "False" } })
    }
  }

  @Test("a status that somebody wrote by hand is written anew from what is held")
  func foreignStatus() async throws {
    try await Self.run { cluster in
      try await cluster.createVip("web")
      #expect(try await cluster.vipAddress("web") == "172.17.0.2")
      try await cluster.editVip("web", ["status": ["v4ip": "172.17.0.6"], "metadata": ["labels": ["touched": "yes"]]])
      let vip = try await cluster.vip("web", until: { $0.status.v4IP == "172.17.0.2" && $0.metadata.labels["touched"] == "yes" })
      #expect(vip.metadata.labels[LabelKey.subnet] == cluster.name("s"))
    }
  }

  @Test("a subnet on its way out waits for its Vips, and takes no new ones")
  func subnetWaits() async throws {
    try await Self.run { cluster in
      try await cluster.createVip("web")
      _ = try await cluster.vipAddress("web")
      try await cluster.client.delete(Subnet.self, ObjectKey(name: cluster.name("s")))
      _ = try await cluster.subnet("s", until: { $0.metadata.isDeleting })
      // A round through the controller, after which the subnet would be gone if it did not wait.
      try await cluster.createVip("marker", ["subnet": "nowhere"])
      _ = try await cluster.vipRefusal("marker", containing: "does not exist")
      #expect(cluster.seen.subnets[ObjectKey(name: cluster.name("s"))] != nil)
      try await cluster.deleteVip("web")
      try await cluster.subnetIsGone("s")
      try await cluster.vipIsGone("web")
      try await cluster.createVip("late")
      _ = try await cluster.vipRefusal("late", containing: "does not exist")
      try await cluster.deleteVip("late")
      try await cluster.vipIsGone("late")
    }
  }

  @Test("an edit of the subnet that leaves the address outside is told, and cured by the way back")
  func subnetMoves() async throws {
    try await Self.run { cluster in
      try await cluster.createVip("web", ["v4ip": "172.17.0.6"])
      #expect(try await cluster.vipAddress("web") == "172.17.0.6")
      let subnet = ObjectKey(name: cluster.name("s"))
      _ = try await cluster.client.patch(Subnet.self, subnet, merge: ["spec": ["cidrBlock": "172.17.0.0/30"]])
      #expect(try await cluster.vipRefusal("web", containing: "172.17.0.6 is not an address").reason == "AddressOutOfRange")
      #expect(try await cluster.vip("web", until: { _ in true }).status.v4IP == "172.17.0.6")
      _ = try await cluster.client.patch(Subnet.self, subnet, merge: ["spec": ["cidrBlock": "172.17.0.0/29"]])
      _ = try await cluster.vip("web", until: { $0.status.conditions.contains { $0.type == "Ready" && $0.status == "True" } })
      let busy = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" && $0.status.v4Available.text == "4" })
      #expect(busy.status.v4UsingRange == "172.17.0.6")
    }
  }

  // MARK: Restart

  @Test("A3, row 16: Vips of every family are remembered by a new controller and never given to anybody else")
  func remembers() async throws {
    try await ClusterUnderTest.acrossRestart(["cidrBlock": "172.17.0.0/29,fd00:17::/125"]) { cluster in
      try await cluster.createSubnet("six", network: "net6", ["cidrBlock": "fd00:6::/125"])
      for index in 1...3 { try await cluster.createVip("v\(index)") }
      for index in 1...3 { _ = try await cluster.vipAddress("v\(index)") }
      try await cluster.createVip("only6", ["subnet": .string(cluster.name("six")), "v6ip": "FD00:6::4"])
      #expect(try await cluster.vipAddress("only6") == "fd00:6::4")
    } _: { cluster in
      let vips = try await ["v1", "v2", "v3"].asyncMap { try await cluster.vipAddress($0) }
      for index in 0..<2 {
        try await cluster.createPod("p\(index)", [AnnotationKey.networks: "net"])
        #expect(!vips.contains(try await cluster.address("p\(index)", "net")))
      }
      try await cluster.createPod("late", [AnnotationKey.networks: "net"])
      _ = try await cluster.refusal("late", containing: "NoAvailableAddress")
      let busy = try await cluster.subnet("s", until: { $0.status.v4Using.text == "5" && $0.status.v6Using.text == "5" })
      #expect(busy.status.v4UsingRange == "172.17.0.2-172.17.0.6" && busy.status.v6UsingRange == "fd00:17::2-fd00:17::6")
      _ = try await cluster.subnet("six", until: { $0.status.v6UsingRange == "fd00:6::4" })
      for suffix in ["v1", "v2", "v3"] { #expect(vips.contains(try await cluster.vipAddress(suffix))) }
      try await cluster.createVip("rival", ["subnet": .string(cluster.name("six")), "v6ip": "fd00:6::4"])
      _ = try await cluster.vipRefusal("rival", containing: "held by \(cluster.name("only6"))")
    }
  }

  @Test("Vips made while no controller ran get what they ask for before pods that take any")
  func whileDown() async throws {
    try await ClusterUnderTest.acrossRestart(Self.tiny) { cluster in
      _ = try await cluster.subnet("s", until: { $0.status.hasCounts })
    } between: { cluster in
      for index in 0..<3 { try await cluster.createPod("p\(index)", [AnnotationKey.networks: "net"]) }
      try await cluster.createVip("web", ["v4ip": "172.17.0.2"])
    } _: { cluster in
      #expect(try await cluster.vipAddress("web") == "172.17.0.2")
      for index in 0..<3 { #expect(try await cluster.address("p\(index)", "net") != "172.17.0.2") }
      let vip = try await cluster.vip("web", until: \.isAssigned)
      #expect(vip.metadata.annotations[AnnotationKey.allocatorEpoch] == "2")
    }
  }

  @Test("two Vips whose statuses claim one address: one keeps it, the other is told, and an edit of its status mends it")
  func twoClaims() async throws {
    try await ClusterUnderTest.acrossRestart(Self.tiny) { cluster in
      try await cluster.createVip("a")
      try await cluster.createVip("b")
      _ = try await cluster.vipAddress("a")
      _ = try await cluster.vipAddress("b")
    } between: { cluster in
      try await cluster.editVip("a", ["status": ["v4ip": "172.17.0.6"]])
      try await cluster.editVip("b", ["status": ["v4ip": "172.17.0.6"]])
    } _: { cluster in
      let condition = try await cluster.vipRefusal("b", containing: "172.17.0.6")
      #expect(condition.reason == "AddressConflict" && condition.message.contains("held by \(cluster.name("a"))"))
      let subnet = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      #expect(subnet.status.v4UsingRange == "172.17.0.6")
      try await cluster.editVip("b", ["status": ["v4ip": "172.17.0.5"]])
      _ = try await cluster.vip("b", until: { $0.status.conditions.contains { $0.type == "Ready" && $0.status == "True" } })
      _ = try await cluster.subnet("s", until: { $0.status.v4UsingRange == "172.17.0.5-172.17.0.6" })
    }
  }

  @Test("a broken status stops nobody else, and is told")
  func brokenStatus() async throws {
    try await ClusterUnderTest.acrossRestart(Self.tiny) { cluster in
      try await cluster.createVip("a")
      _ = try await cluster.vipAddress("a")
    } between: { cluster in
      try await cluster.editVip("a", ["status": ["v4ip": "nonsense"]])
      try await cluster.createPod("p", [AnnotationKey.networks: "net"])
    } _: { cluster in
      _ = try await cluster.vipRefusal("a", containing: "status.v4ip \"nonsense\" is not valid")
      _ = try await cluster.address("p", "net")
      try await cluster.editVip("a", ["status": ["v4ip": ""], "spec": ["v4ip": ""]])
      _ = try await cluster.vip("a", until: { $0.status.v4IP.hasPrefix("172.17.0.") })
    }
  }

  @Test("a Vip and its subnet that were deleted while no controller ran are gone when one does")
  func deletedWhileDown() async throws {
    try await ClusterUnderTest.acrossRestart(Self.tiny) { cluster in
      try await cluster.createVip("a")
      _ = try await cluster.vipAddress("a")
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
    } between: { cluster in
      try await cluster.client.delete(Subnet.self, ObjectKey(name: cluster.name("s")))
      try await cluster.deleteVip("a")
    } _: { cluster in
      try await cluster.vipIsGone("a")
      try await cluster.subnetIsGone("s")
    }
  }
}

extension Sequence where Element: Sendable {
  /// One after the other.
  func asyncMap<Result>(_ body: (Element) async throws -> Result) async rethrows -> [Result] {
    var results: [Result] = []
    for element in self { results.append(try await body(element)) }
    return results
  }
}
