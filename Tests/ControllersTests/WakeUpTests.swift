import Controllers
import KubeAPI
import KubeClient
import KubeRuntime
import Testing
import WireJSON

/// Pods that wait, and what wakes them (decisions.md §4 row 18). Nothing here could pass by a periodic retry: there is none.
@Suite(.serialized) struct WakeUpTests {
  private static func run(_ body: @escaping @Sendable (ClusterUnderTest) async throws -> Void) async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", ["cidrBlock": "172.17.0.0/24"])
      try await body(cluster)
    }
  }

  @Test("an address that comes back to a pool is the oldest's who waits for that pool, not for the subnet")
  func withinPool() async throws {
    try await Self.run { cluster in
      try await cluster.editSubnet("s", ["excludeIps": ["172.17.0.3..172.17.0.39", "172.17.0.42..172.17.0.254"]])
      // Two pools of one address each, and one address outside.
      _ = try await cluster.subnet("s", until: { $0.status.v4AvailableRange == "172.17.0.2,172.17.0.40-172.17.0.41" })
      try await cluster.createReadyPool("a", subnet: "s", ["172.17.0.40"])
      try await cluster.createReadyPool("b", subnet: "s", ["172.17.0.41"])
      for (name, wish) in [("own", [:]), ("in-a", ["ip_pool": cluster.name("a")]), ("in-b", ["ip_pool": cluster.name("b")])] {
        try await cluster.createPod(name, on: "macvlan", wish)
        _ = try await cluster.address(name, "macvlan")
      }
      // In the order of their names, where their age is the same second.
      try await cluster.createPod("wait-1", on: "macvlan")
      _ = try await cluster.refusal("wait-1", containing: "subnet \(cluster.name("s")) has no IPv4 address left")
      try await cluster.createPod("wait-2", on: "macvlan", ["ip_pool": cluster.name("a")])
      _ = try await cluster.refusal("wait-2", containing: "pool \(cluster.name("a"))")
      try await cluster.createPod("wait-3", on: "macvlan", ["ip_pool": cluster.name("b")])
      _ = try await cluster.refusal("wait-3", containing: "pool \(cluster.name("b"))")
      try await cluster.deletePod("in-b")
      #expect(try await cluster.address("wait-3", "macvlan") == "172.17.0.41")
      try await cluster.deletePod("own")
      #expect(try await cluster.address("wait-1", "macvlan") == "172.17.0.2")
      try await cluster.deletePod("in-a")
      #expect(try await cluster.address("wait-2", "macvlan") == "172.17.0.40")
    }
  }

  @Test("pods ahead in line that cannot be served for another reason keep nobody from what came back")
  func unservableAhead() async throws {
    try await Self.run { cluster in
      try await cluster.createNetwork("full")
      try await cluster.createSubnet("full", network: "full", ["cidrBlock": "172.19.0.0/30"])
      try await cluster.createPod("fills", on: "full")
      _ = try await cluster.address("fills", "full")
      try await cluster.createReadyPool("web", subnet: "s", ["172.17.0.40"])
      try await cluster.createPod("holder", on: "macvlan", ["ip_pool": cluster.name("web")])
      _ = try await cluster.address("holder", "macvlan")
      let provider = "macvlan.\(cluster.namespace).kubernetes.io/"
      for index in 1...3 {
        try await cluster.createPod(
          "a-\(index)", [AnnotationKey.networks: "macvlan,full", provider + "ip_pool": cluster.name("web")])
        _ = try await cluster.refusal("a-\(index)", containing: "pool \(cluster.name("web"))")
      }
      try await cluster.createPod("z", on: "macvlan", ["ip_pool": cluster.name("web")])
      _ = try await cluster.refusal("z", containing: "pool \(cluster.name("web"))")
      try await cluster.deletePod("holder")
      #expect(try await cluster.address("z", "macvlan") == "172.17.0.40")
      // And they get theirs when all of it is there.
      try await cluster.deletePod("z")
      try await cluster.deletePod("fills")
      #expect(try await cluster.address("a-1", "macvlan") == "172.17.0.40")
    }
  }

  @Test("a pod that waits for one address is woken by that one: excluded, in a pool, or from a list")
  func veryAddress() async throws {
    try await Self.run { cluster in
      try await cluster.editSubnet("s", ["excludeIps": ["172.17.0.30"]])
      _ = try await cluster.subnet("s", until: { $0.status.v4Available.text == "252" })
      try await cluster.createReadyPool("web", subnet: "s", ["172.17.0.40"])
      for (index, text) in ["172.17.0.30", "172.17.0.40", "172.17.0.50"].enumerated() {
        try await cluster.createPod("holder-\(index)", on: "macvlan", ["ip_address": text])
        #expect(try await cluster.address("holder-\(index)", "macvlan") == text)
        try await cluster.createPod("wait-\(index)", on: "macvlan", index == 2 ? ["ip_pool": "\(text);172.17.0.40"] : ["ip_address": text])
        _ = try await cluster.refusal(
          "wait-\(index)", containing: index == 2 ? "addresses of the list are taken" : "AddressConflict: \(text)")
      }
      for (index, text) in ["172.17.0.30", "172.17.0.40", "172.17.0.50"].enumerated() {
        try await cluster.deletePod("holder-\(index)")
        #expect(try await cluster.address("wait-\(index)", "macvlan") == text)
      }
    }
  }

  @Test("two addresses that come back at once serve two pods")
  func twoAtOnce() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", ["cidrBlock": "172.17.0.0/29"])
      for index in 0..<5 {
        try await cluster.createPod("p\(index)", on: "macvlan")
        _ = try await cluster.address("p\(index)", "macvlan")
      }
      for name in ["wait-1", "wait-2", "wait-3"] {
        try await cluster.createPod(name, on: "macvlan")
        _ = try await cluster.refusal(name, containing: "NoAvailableAddress")
      }
      async let first: Void = cluster.deletePod("p1")
      async let second: Void = cluster.deletePod("p2")
      _ = try await (first, second)
      let given = Set([try await cluster.address("wait-1", "macvlan"), try await cluster.address("wait-2", "macvlan")])
      #expect(given == ["172.17.0.3", "172.17.0.4"])
      try await cluster.deletePod("p0")
      #expect(try await cluster.address("wait-3", "macvlan") == "172.17.0.2")
    }
  }

  @Test("the oldest waits for an address that is held: another one that comes back is the next one's")
  func heldAhead() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", ["cidrBlock": "172.17.0.0/29"])
      for index in 0..<5 {
        try await cluster.createPod("p\(index)", on: "macvlan")
        _ = try await cluster.address("p\(index)", "macvlan")
      }
      try await cluster.createPod("a-fixed", on: "macvlan", ["ip_address": "172.17.0.5"])
      _ = try await cluster.refusal("a-fixed", containing: "AddressConflict: 172.17.0.5")
      try await cluster.createPod("b-any", on: "macvlan")
      _ = try await cluster.refusal("b-any", containing: "NoAvailableAddress")
      try await cluster.deletePod("p1")
      #expect(try await cluster.address("b-any", "macvlan") == "172.17.0.3")
      try await cluster.deletePod("p3")
      #expect(try await cluster.address("a-fixed", "macvlan") == "172.17.0.5")
    }
  }

  @Test("a list of excluded addresses goes round among more pods than it has")
  func excludedList() async throws {
    try await Self.run { cluster in
      try await cluster.editSubnet("s", ["excludeIps": ["172.17.0.200..172.17.0.202"]])
      _ = try await cluster.subnet("s", until: { $0.status.v4Available.text == "250" })
      let wish = ["ip_pool": "172.17.0.200,172.17.0.201,172.17.0.202"]
      for index in 0..<3 {
        try await cluster.createPod("old-\(index)", on: "macvlan", wish)
        #expect(try await cluster.address("old-\(index)", "macvlan") == "172.17.0.20\(index)")
      }
      for index in 0..<3 {
        try await cluster.createPod("new-\(index)", on: "macvlan", wish)
        _ = try await cluster.refusal("new-\(index)", containing: "addresses of the list are taken")
      }
      for index in 0..<3 {
        try await cluster.deletePod("old-\(2 - index)")
        #expect(try await cluster.address("new-\(index)", "macvlan") == "172.17.0.20\(2 - index)")
      }
    }
  }

  @Test("a pod that waits for a MAC is woken when its holder goes")
  func mac() async throws {
    try await Self.run { cluster in
      let wish = ["mac_address": "02:00:00:00:00:01"]
      try await cluster.createPod("holder", on: "macvlan", wish)
      _ = try await cluster.address("holder", "macvlan")
      try await cluster.createPod("waits", on: "macvlan", wish)
      let refusal = try await cluster.refusal("waits", containing: "MAC 02:00:00:00:00:01")
      #expect(refusal.contains("held by \(cluster.namespace)/holder"), "\(refusal)")
      try await cluster.deletePod("holder")
      _ = try await cluster.address("waits", "macvlan")
      let pod = try await cluster.pod("waits", until: { _ in true })
      #expect(pod.metadata.annotations["macvlan.\(cluster.namespace).kubernetes.io/mac_address"] == "02:00:00:00:00:01")
    }
  }

  @Test("in a dual-stack subnet each release serves one waiting pod, though only one family is ever lacking")
  func dualStack() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("dual")
      try await cluster.createSubnet("s", network: "dual", ["cidrBlock": "172.17.0.0/29,fd00:17::/64"])
      for index in 0..<5 {
        try await cluster.createPod("p\(index)", on: "dual")
        _ = try await cluster.address("p\(index)", "dual")
      }
      for index in 0..<3 {
        try await cluster.createPod("w\(index)", on: "dual")
        _ = try await cluster.refusal("w\(index)", containing: "has no IPv4 address left")
      }
      for index in 0..<3 {
        try await cluster.deletePod("p\(index)")
        _ = try await cluster.address("w\(index)", "dual")
      }
      let subnet = try await cluster.subnet("s", until: { $0.status.v4Using.text == "5" && $0.status.v6Using.text == "5" })
      #expect(subnet.status.v4Available.text == "0")
    }
  }

  @Test("an edit wakes everybody: the pool grows, and all who waited are served")
  func edit() async throws {
    try await Self.run { cluster in
      try await cluster.createReadyPool("web", subnet: "s", ["172.17.0.40"])
      for index in 0..<6 { try await cluster.createPod("p\(index)", on: "macvlan", ["ip_pool": cluster.name("web")]) }
      try await cluster.pool("web", using: "172.17.0.40", available: "")
      try await cluster.editPool("web", ips: ["172.17.0.40..172.17.0.45"])
      var addresses: Set<String> = []
      for index in 0..<6 { addresses.insert(try await cluster.address("p\(index)", "macvlan")) }
      #expect(addresses == Set((40...45).map { "172.17.0.\($0)" }))
      try await cluster.pool("web", using: "172.17.0.40-172.17.0.45", available: "")
    }
  }

  @Test("many more pods than addresses: as they come and go one after the other, each is served in the end")
  func turnover() async throws {
    try await Self.run { cluster in
      try await cluster.createReadyPool("web", subnet: "s", ["172.17.0.40..172.17.0.42"])
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<12 {
          group.addTask {
            let name = "p\(index)"
            try await cluster.createPod(name, on: "macvlan", ["ip_pool": cluster.name("web")])
            let address = try await cluster.address(name, "macvlan")
            #expect(["172.17.0.40", "172.17.0.41", "172.17.0.42"].contains(address))
            try await cluster.deletePod(name)
          }
        }
        try await group.waitForAll()
      }
      try await cluster.pool("web", using: "", available: "172.17.0.40-172.17.0.42")
    }
  }
}
