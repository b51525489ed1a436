import KubeAPI
import KubeClient
import Testing
import WireJSON

/// IPPools as objects: what is accepted, what is told, and what becomes of pods when they are edited. Through the API alone.
@Suite(.serialized) struct PoolTests {
  private static let s24: [String: JSONValue] = ["cidrBlock": "172.17.0.0/24", "excludeIps": ["172.17.0.0..172.17.0.10"]]

  /// NAD `macvlan` with subnet `s`.
  private static func run(
    _ spec: [String: JSONValue] = s24, _ body: @escaping @Sendable (ClusterUnderTest) async throws -> Void
  ) async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", spec)
      try await body(cluster)
    }
  }

  @Test("pods that name a pool get its addresses, the others never do; counts and ranges are exact all the way")
  func wholeLife() async throws {
    try await Self.run { cluster in
      try await cluster.createReadyPool("web", subnet: "s", ["172.17.0.11..172.17.0.13"])
      let fresh = try await cluster.pool("web", using: "", available: "172.17.0.11-172.17.0.13")
      #expect(fresh.metadata.finalizers == [Finalizer.controller])
      #expect(fresh.status.v4Available.text == "3" && fresh.status.v4Using.text == "0" && fresh.status.v6Available.text == "0")
      try await cluster.createPod("plain", on: "macvlan")
      #expect(try await cluster.address("plain", "macvlan") == "172.17.0.14")
      try await cluster.createPod("w1", on: "macvlan", ["ip_pool": cluster.name("web")])
      #expect(try await cluster.address("w1", "macvlan") == "172.17.0.11")
      try await cluster.createPod("w2", on: "macvlan", ["ip_pool": " \(cluster.name("web")) "])
      #expect(try await cluster.address("w2", "macvlan") == "172.17.0.12")
      let busy = try await cluster.pool("web", using: "172.17.0.11-172.17.0.12", available: "172.17.0.13")
      #expect(busy.status.v4Available.text == "1" && busy.status.v4Using.text == "2")
      let subnet = try await cluster.subnet("s", until: { $0.status.v4Using.text == "3" })
      #expect(subnet.status.v4UsingRange == "172.17.0.11-172.17.0.12,172.17.0.14" && subnet.status.v4Available.text == "241")
      #expect(try #require(try await cluster.record("w1", "macvlan")).spec.subnet == cluster.name("s"))
      try await cluster.deletePod("w1")
      try await cluster.pool("web", using: "172.17.0.12", available: "172.17.0.11,172.17.0.13")
      try await cluster.deletePod("w2")
      let idle = try await cluster.pool("web", using: "", available: "172.17.0.11-172.17.0.13")
      #expect(idle.status.v4Available.text == "3" && idle.status.v4Using.text == "0")
    }
  }

  @Test("D18: addresses, ranges and CIDRs of both families in one pool of a dual-stack subnet; each family counts for itself (row 22)")
  func dualStack() async throws {
    try await Self.run(["cidrBlock": "172.22.0.0/24,fd00:172:22::/64"]) { cluster in
      try await cluster.createReadyPool(
        "web", subnet: "s", ["172.22.0.0/30", "172.22.0.9", "FD00:172:22::20..fd00:172:22::002F", "fd00:172:22::40/127"])
      // Of the CIDR the network address is nobody's and the gateway is excluded.
      let fresh = try await cluster.pool(
        "web", using: "", available: "172.22.0.2-172.22.0.3,172.22.0.9;fd00:172:22::20-fd00:172:22::2f,fd00:172:22::40-fd00:172:22::41")
      #expect(fresh.status.v4Available.text == "3" && fresh.status.v6Available.text == "18")
      try await cluster.createPod("both", on: "macvlan", ["ip_pool": cluster.name("web")])
      #expect(try await cluster.address("both", "macvlan") == "172.22.0.2,fd00:172:22::20")
      try await cluster.createPod("six", on: "macvlan", ["ip_pool": cluster.name("web"), "ip_family": "ipv6"])
      #expect(try await cluster.address("six", "macvlan") == "fd00:172:22::21")
      try await cluster.createPod("plain", on: "macvlan")
      #expect(try await cluster.address("plain", "macvlan") == "172.22.0.4,fd00:172:22::2")
      let busy = try await cluster.pool(
        "web", using: "172.22.0.2;fd00:172:22::20-fd00:172:22::21",
        available: "172.22.0.3,172.22.0.9;fd00:172:22::22-fd00:172:22::2f,fd00:172:22::40-fd00:172:22::41")
      #expect(busy.status.v4Using.text == "1" && busy.status.v6Using.text == "2" && busy.status.v6Available.text == "16")
    }
  }

  @Test(
    "D15, D18: a pool that makes no sense is refused with pool, entry and subnet, in condition and event, and an edit cures it",
    arguments: [
      ("172.17.0.20-172.17.0.25", "write first..last with two dots, not a dash"),
      ("172.17.0.25..172.17.0.20", "it starts at 172.17.0.25, after its end 172.17.0.20"),
      ("172.17.0.300", "invalid IP address"), ("172.17.0.0/40", "prefix length"), ("172.17.0.20..fd00::1", "the other IPv6"),
    ])
  func broken(entry: String, why: String) async throws {
    try await Self.run { cluster in
      do {
        try await cluster.createPool("web", subnet: "s", ["172.17.0.30", entry])
      } catch let error as APIError where error.isInvalid {
        // A server that evaluates the CRD's rules does not even store it.
        return
      }
      let reason = try await cluster.poolRefusal("web", containing: why)
      #expect(reason.contains("ippool \(cluster.name("web")) of subnet \(cluster.name("s")): \"\(entry)\""), "\(reason)")
      _ = try await cluster.event(aboutObject: "web", reason: PoolCondition.updateFailed, containing: why)
      try await cluster.createPod("p", on: "macvlan", ["ip_pool": cluster.name("web")])
      let refusal = try await cluster.refusal("p", containing: "is refused")
      #expect(refusal.contains("ippool \(cluster.name("web")), which annotation ip_pool names, is refused"), "\(refusal)")
      // Everybody else goes on.
      try await cluster.createPod("innocent", on: "macvlan")
      #expect(try await cluster.address("innocent", "macvlan") == "172.17.0.11")
      try await cluster.editPool("web", ips: ["172.17.0.30"])
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.30")
      let mended = try await cluster.pool("web", using: "172.17.0.30", available: "")
      #expect(mended.status.conditions.contains { $0.type == "Error" && $0.status == "False" })
    }
  }

  @Test("A14, D17: the second of two pools that overlap is refused by name; an edit that shrinks it is taken, deleting is never refused")
  func overlap() async throws {
    try await Self.run { cluster in
      try await cluster.createReadyPool("a", subnet: "s", ["172.17.0.20..172.17.0.30"])
      try await cluster.createPool("b", subnet: "s", ["172.17.0.25..172.17.0.35"])
      let sentence =
        "ippool \(cluster.name("b")) has conflict IPs with ippool \(cluster.name("a")): 172.17.0.25-172.17.0.30"
      #expect(try await cluster.poolRefusal("b", containing: "conflict") == sentence)
      _ = try await cluster.event(aboutObject: "b", reason: PoolCondition.updateFailed, containing: sentence)
      let refused = try await cluster.pool("b", using: "", available: "")
      #expect(refused.status.v4Available.text == "0")
      try await cluster.editPool("b", ips: ["172.17.0.28..172.17.0.35"])
      #expect(try await cluster.poolRefusal("b", containing: "172.17.0.28-172.17.0.30").hasSuffix(": 172.17.0.28-172.17.0.30"))
      try await cluster.editPool("b", ips: ["172.17.0.31..172.17.0.35"])
      try await cluster.pool("b", using: "", available: "172.17.0.31-172.17.0.35")
      // Into the other's addresses again, and the other goes.
      try await cluster.editPool("b", ips: ["172.17.0.20..172.17.0.35"])
      _ = try await cluster.poolRefusal("b", containing: "172.17.0.20-172.17.0.30")
      try await cluster.deletePool("a")
      try await cluster.poolIsGone("a")
      try await cluster.pool("b", using: "", available: "172.17.0.20-172.17.0.35")
      // One that is refused is deleted like any other.
      try await cluster.createPool("c", subnet: "s", ["172.17.0.35..172.17.0.40"])
      _ = try await cluster.poolRefusal("c", containing: "conflict")
      try await cluster.deletePool("c")
      try await cluster.poolIsGone("c")
    }
  }

  @Test("a refused edit leaves the pool in force as it was; the next good one counts")
  func refusedEdit() async throws {
    try await Self.run { cluster in
      try await cluster.createReadyPool("a", subnet: "s", ["172.17.0.20..172.17.0.21"])
      try await cluster.createReadyPool("b", subnet: "s", ["172.17.0.30..172.17.0.31"])
      try await cluster.editPool("b", ips: ["172.17.0.21..172.17.0.31"])
      _ = try await cluster.poolRefusal("b", containing: "conflict IPs")
      try await cluster.createPod("p", on: "macvlan", ["ip_pool": cluster.name("b")])
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.30")
      try await cluster.pool("b", using: "172.17.0.30", available: "172.17.0.31")
      try await cluster.editPool("b", ips: ["172.17.0.31..172.17.0.32"])
      try await cluster.pool("b", using: "", available: "172.17.0.31-172.17.0.32")
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.30")
    }
  }

  @Test("a pool is edited while pods run on it: they keep their addresses, which count where they lie now")
  func liveEdit() async throws {
    try await Self.run { cluster in
      try await cluster.createReadyPool("web", subnet: "s", ["172.17.0.20..172.17.0.22"])
      for name in ["p1", "p2"] { try await cluster.createPod(name, on: "macvlan", ["ip_pool": cluster.name("web")]) }
      let addresses = Set([try await cluster.address("p1", "macvlan"), try await cluster.address("p2", "macvlan")])
      #expect(addresses == ["172.17.0.20", "172.17.0.21"])
      try await cluster.editPool("web", ips: ["172.17.0.21..172.17.0.24"])
      _ = try await cluster.pool(
        "web",
        until: { pool in
          pool.metadata.generation > 1 && pool.status.conditions.allSatisfy { $0.observedGeneration == pool.metadata.generation }
        })
      try await cluster.pool("web", using: "172.17.0.21", available: "172.17.0.22-172.17.0.24")
      let subnet = try await cluster.subnet("s", until: { $0.status.v4Using.text == "2" })
      #expect(subnet.status.v4UsingRange == "172.17.0.20-172.17.0.21")
      // What has left the pool is anybody's once it is free, and no more the pool's.
      let leaver = try await cluster.address("p1", "macvlan") == "172.17.0.20" ? "p1" : "p2"
      try await cluster.deletePod(leaver)
      _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
      try await cluster.createPod("fixed", on: "macvlan", ["ip_address": "172.17.0.20"])
      #expect(try await cluster.address("fixed", "macvlan") == "172.17.0.20")
      try await cluster.pool("web", using: "172.17.0.21", available: "172.17.0.22-172.17.0.24")
    }
  }

  @Test("spec.subnet moves a pool; to one that is not there it stays where it was")
  func moves() async throws {
    try await Self.run { cluster in
      try await cluster.createNetwork("other")
      try await cluster.createSubnet("t", network: "other", ["cidrBlock": "172.18.0.0/24"])
      try await cluster.createReadyPool("web", subnet: "s", ["172.17.0.20", "172.18.0.20"])
      try await cluster.createPod("p", on: "macvlan", ["ip_pool": cluster.name("web")])
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.20")
      try await cluster.editPool("web", ["subnet": .string(cluster.name("nowhere"))])
      let reason = try await cluster.poolRefusal("web", containing: "does not exist")
      #expect(reason == "ippool \(cluster.name("web")): subnet \(cluster.name("nowhere")) does not exist")
      try await cluster.pool("web", using: "172.17.0.20", available: "")
      try await cluster.editPool("web", ["subnet": .string(cluster.name("t"))])
      try await cluster.pool("web", using: "", available: "172.18.0.20")
      try await cluster.createPod("q", on: "other", ["ip_pool": cluster.name("web")])
      #expect(try await cluster.address("q", "other") == "172.18.0.20")
      // The old place is the subnet's own again.
      try await cluster.deletePod("p")
      _ = try await cluster.subnet(
        "s", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" && $0.status.v4Available.text == "244" })
      try await cluster.createPod("r", on: "macvlan", ["ip_pool": cluster.name("web")])
      let refusal = try await cluster.refusal("r", containing: "belongs to subnet")
      #expect(refusal.contains("belongs to subnet \(cluster.name("t")), but this network is served by subnet \(cluster.name("s"))"))
    }
  }

  @Test("a pool that is deleted while pods run on it goes at once; its addresses are the subnet's, theirs stay theirs")
  func deleteInUse() async throws {
    try await Self.run(["cidrBlock": "172.17.0.0/29"]) { cluster in
      try await cluster.createReadyPool("web", subnet: "s", ["172.17.0.2..172.17.0.5"])
      try await cluster.createPod("p", on: "macvlan", ["ip_pool": cluster.name("web")])
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.2")
      try await cluster.createPod("a", on: "macvlan")
      #expect(try await cluster.address("a", "macvlan") == "172.17.0.6")
      try await cluster.createPod("b", on: "macvlan")
      _ = try await cluster.refusal("b", containing: "NoAvailableAddress: subnet \(cluster.name("s")) has no IPv4 address left")
      try await cluster.deletePool("web")
      try await cluster.poolIsGone("web")
      #expect(try await cluster.address("b", "macvlan") == "172.17.0.3")
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.2")
      let subnet = try await cluster.subnet("s", until: { $0.status.v4Using.text == "3" })
      #expect(subnet.status.v4UsingRange == "172.17.0.2-172.17.0.3,172.17.0.6")
      try await cluster.createPod("late", on: "macvlan", ["ip_pool": cluster.name("web")])
      let refusal = try await cluster.refusal("late", containing: "does not exist")
      #expect(refusal.contains("\"final\":false"))
      try await cluster.createReadyPool("web", subnet: "s", ["172.17.0.4"])
      #expect(try await cluster.address("late", "macvlan") == "172.17.0.4")
    }
  }

  @Test("a pool waits for its subnet: not there yet, refused, deleted, there again")
  func subnetComesAndGoes() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      try await cluster.createPool("web", subnet: "s", ["172.17.0.20"])
      let reason = try await cluster.poolRefusal("web", containing: "does not exist")
      #expect(reason == "ippool \(cluster.name("web")): subnet \(cluster.name("s")) does not exist")
      try await cluster.createSubnet("s", network: "macvlan", Self.s24)
      try await cluster.pool("web", using: "", available: "172.17.0.20")
      try await cluster.createPod("p", on: "macvlan", ["ip_pool": cluster.name("web")])
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.20")
      try await cluster.client.delete(Subnet.self, ObjectKey(name: cluster.name("s")))
      _ = try await cluster.subnet("s", until: { $0.metadata.isDeleting })
      try await cluster.createPool("late", subnet: "s", ["172.17.0.30"])
      _ = try await cluster.poolRefusal("late", containing: "cannot be used: it is being deleted")
      try await cluster.deletePod("p")
      try await cluster.subnetIsGone("s")
      _ = try await cluster.poolRefusal("web", containing: "does not exist")
      _ = try await cluster.poolRefusal("late", containing: "does not exist")
      try await cluster.pool("web", using: "", available: "")
      try await cluster.createSubnet("s", network: "macvlan", Self.s24)
      try await cluster.pool("web", using: "", available: "172.17.0.20")
      try await cluster.pool("late", using: "", available: "172.17.0.30")
    }
  }

  @Test("entries wholly outside the subnet are accepted with a warning, and count once the CIDR grows over them")
  func outside() async throws {
    try await Self.run { cluster in
      try await cluster.createPool("web", subnet: "s", ["172.17.0.250..172.17.1.5", "172.17.1.9", "fd00::1"])
      let warned = try await cluster.pool("web", until: { $0.isReady == true && !$0.readyMessage.isEmpty })
      #expect(warned.readyMessage.contains("172.17.1.9 in spec.ips of ippool") && warned.readyMessage.contains("fd00::1 in spec.ips"))
      #expect(!warned.readyMessage.contains("172.17.0.250"))
      _ = try await cluster.event(aboutObject: "web", reason: PoolCondition.updateSuccess, containing: "lies wholly outside subnet")
      try await cluster.pool("web", using: "", available: "172.17.0.250-172.17.0.254")
      try await cluster.editSubnet("s", ["cidrBlock": "172.17.0.0/23"])
      let grown = try await cluster.pool("web", using: "", available: "172.17.0.250-172.17.1.5,172.17.1.9")
      #expect(grown.isReady == true)
      _ = try await cluster.pool("web", until: { $0.isReady == true && !$0.readyMessage.contains("172.17.1.9") })
    }
  }

  @Test("A5: an excluded address that was held by name is not given at random after its pool was edited; by name it is")
  func excludes() async throws {
    try await Self.run(["cidrBlock": "172.17.0.0/28", "excludeIps": ["172.17.0.1..172.17.0.10", "172.17.0.12"]]) { cluster in
      try await cluster.createPod("static", on: "macvlan", ["ip_address": "172.17.0.12"])
      #expect(try await cluster.address("static", "macvlan") == "172.17.0.12")
      try await cluster.deletePod("static")
      _ = try await cluster.record("static", "macvlan", exists: false)
      try await cluster.createReadyPool("web", subnet: "s", ["172.17.0.12..172.17.0.13"])
      try await cluster.pool("web", using: "", available: "172.17.0.13")
      for name in ["a", "b"] { try await cluster.createPod(name, on: "macvlan") }
      #expect(
        Set([try await cluster.address("a", "macvlan"), try await cluster.address("b", "macvlan")]) == ["172.17.0.11", "172.17.0.14"])
      try await cluster.createPod("w", on: "macvlan", ["ip_pool": cluster.name("web")])
      #expect(try await cluster.address("w", "macvlan") == "172.17.0.13")
      try await cluster.createPod("w2", on: "macvlan", ["ip_pool": cluster.name("web")])
      let refusal = try await cluster.refusal("w2", containing: "NoAvailableAddress")
      #expect(refusal.contains("pool \(cluster.name("web")) of subnet \(cluster.name("s")) has no IPv4 address left: of 2, 1 are in use"))
      try await cluster.createPod("named", on: "macvlan", ["ip_address": "172.17.0.12"])
      #expect(try await cluster.address("named", "macvlan") == "172.17.0.12")
    }
  }

  @Test("an address that is excluded while its pool gives it away stays with its pod and is not given again")
  func excludedLater() async throws {
    try await Self.run { cluster in
      try await cluster.createReadyPool("web", subnet: "s", ["172.17.0.20..172.17.0.21"])
      try await cluster.createPod("p", on: "macvlan", ["ip_pool": cluster.name("web")])
      #expect(try await cluster.address("p", "macvlan") == "172.17.0.20")
      try await cluster.editSubnet("s", ["excludeIps": ["172.17.0.0..172.17.0.10", "172.17.0.20"]])
      let busy = try await cluster.pool("web", using: "172.17.0.20", available: "172.17.0.21")
      #expect(busy.status.v4Using.text == "1")
      _ = try await cluster.subnet("s", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" })
      try await cluster.deletePod("p")
      let idle = try await cluster.pool("web", using: "", available: "172.17.0.21")
      #expect(idle.status.v4Using.text == "0" && idle.status.v4Available.text == "1")
    }
  }

  @Test("D6, E1: a list gives one of its addresses to each pod, pairs go together, the busy are passed over, none left is told")
  func lists() async throws {
    try await Self.run(["cidrBlock": "172.22.0.0/24,fd00:172:22::/64"]) { cluster in
      let single = ["ip_pool": "172.22.0.133, 172.22.0.135", "ip_family": "ipv4"]
      for name in ["a", "b", "c"] { try await cluster.createPod(name, on: "macvlan", single) }
      try await cluster.pair(["a", "b", "c"], get: ["172.22.0.133", "172.22.0.135"])
      let pairs = ["ip_pool": "172.22.0.40,fd00:172:22::40;172.22.0.41,FD00:172:22::41"]
      for name in ["d", "e"] { try await cluster.createPod(name, on: "macvlan", pairs) }
      let given = Set([try await cluster.address("d", "macvlan"), try await cluster.address("e", "macvlan")])
      #expect(given == ["172.22.0.40,fd00:172:22::40", "172.22.0.41,fd00:172:22::41"])
      try await cluster.createPod("pair", on: "macvlan", ["ip_pool": "172.22.0.50,fd00:172:22::50"])
      #expect(try await cluster.address("pair", "macvlan") == "172.22.0.50,fd00:172:22::50")
      try await cluster.createPod("alone", on: "macvlan", ["ip_pool": "172.22.0.40;172.22.0.60"])
      #expect(try await cluster.address("alone", "macvlan").hasPrefix("172.22.0.60,fd00:172:22::"))
    }
  }
}

extension ClusterUnderTest {
  /// Of these pods each address goes to one, and the rest are told that none is left.
  fileprivate func pair(_ pods: [String], get addresses: Set<String>) async throws {
    var given: Set<String> = []
    let provider = ProviderName("macvlan.\(namespace)")
    for name in pods {
      let pod = try await pod(
        name,
        until: {
          $0.metadata.annotations[provider.key(.allocated)] == "true"
            || $0.metadata.annotations[AnnotationKey.allocationError]?.contains("addresses of the list are taken") == true
        })
      if pod.metadata.annotations[provider.key(.allocated)] == "true" {
        #expect(given.insert(pod.metadata.annotations[provider.key(.ipAddress)] ?? "").inserted)
      }
    }
    #expect(given == addresses)
  }
}
