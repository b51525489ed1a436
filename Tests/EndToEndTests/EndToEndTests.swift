import KubeAPI
import KubeClient
import KubeRuntime
import LabNodes
import NetAddress
import Netlink
import Testing
import WireJSON

/// The whole thing on one machine: the real macvlan, bridge, host-device and static plugins call our plugin inside node namespaces.
@Suite(.serialized, .enabled(if: LabUnderTest.obstacle == nil, "needs root and Debian's CNI plugins: \(LabUnderTest.obstacle ?? "")"))
struct EndToEndTests {
  @Test("the examples come up as they say: the seed's addresses, on the real interfaces, across two nodes")
  func examples() async throws {
    try await LabUnderTest.run { lab in
      let outcome = try await lab.logic(LabUnderTest.manifests("examples/attachment"))
      #expect(outcome.isGood, "\(outcome.lines.joined(separator: "\n"))")

      let fixed = try await lab.interface("net1", of: "static-ip")
      #expect(fixed.mac?.description == "00:00:00:53:6b:bb" && fixed.addresses.map(\.description) == ["172.17.0.100/16"])
      #expect(try await lab.interface("net1", of: "samplepod").addresses.map(\.description) == ["172.17.0.11/16"])
      let pool: Set = ["172.17.0.200/16", "172.17.0.201/16", "172.17.0.202/16"]
      // From the server: a watch of our own may be behind what the run has seen.
      let workers = try await lab.cluster.client.listAll(Pod.self).items.filter { $0.metadata.name.hasPrefix("static-workload-") }
      var given: Set<String> = []
      for worker in workers { given.formUnion(try await lab.interface("net1", of: worker.metadata.name).addresses.map(\.description)) }
      #expect(workers.count == 2 && given.count == 2 && given.isSubset(of: pool), "\(given)")
      for ordinal in 0..<3 {
        #expect(try await lab.interface("net1", of: "numbered-\(ordinal)").addresses.map(\.description) == ["172.21.0.5\(ordinal)/16"])
      }
      let primary = try await lab.interface("eth0", of: "default-network")
      #expect(primary.addresses.map(\.description) == ["172.20.0.10/16"])
      #expect(primary.routes.contains { $0.isDefault && $0.gateway?.description == "172.20.0.1" })
      // The NAD's default route has replaced that of eth0.
      #expect(try await lab.interface("net1", of: "default-route").routes.contains(where: \.isDefault))
      #expect(try await !lab.interface("eth0", of: "default-route").routes.contains(where: \.isDefault))
      #expect(try await lab.interface("net1", of: "mac-by-multus").mac?.description == "02:00:00:24:00:01")
      #expect(try await lab.interface("net1", of: "two-interfaces-static").mac?.description == "02:00:00:23:00:01")
    }
  }

  @Test("bridge and host-device get their addresses from us, a NAD with the static plugin is left alone; pods' ends free all")
  func otherPlugins() async throws {
    try await LabUnderTest.run(nodes: 1) { lab in
      let node = try NetworkNamespace.open(named: lab.cluster.name.node("node1"))
      try node.perform {
        let names = try (InterfaceName(parsing: "hd0"), InterfaceName(parsing: "hd0-peer"))
        try RouteNetlink().createVeth(NewLink(names.0), peer: NewLink(names.1))
      }
      try await lab.apply([
        LabUnderTest.network(
          "br", ["cniVersion": "1.0.0", "type": "bridge", "bridge": "br-test", "ipam": LabUnderTest.ipam("br.default")]),
        LabUnderTest.subnet("br", cidr: "172.30.0.0/24"),
        LabUnderTest.network(
          "hd", ["cniVersion": "0.4.0", "type": "host-device", "device": "hd0", "ipam": LabUnderTest.ipam("hd.default")]),
        LabUnderTest.subnet("hd", cidr: "172.31.0.0/24,fd00:172:31::/64"),
        LabUnderTest.network(
          "own",
          [
            "cniVersion": "0.3.1", "type": "macvlan", "master": "eth0", "mode": "bridge",
            "ipam": ["type": "static", "addresses": [["address": "192.0.2.7/24"]]],
          ]),
        LabUnderTest.pod("a", [AnnotationKey.networks: "br,hd,own"]), LabUnderTest.pod("b", [AnnotationKey.networks: "br"]),
      ])
      try await lab.running("a")
      try await lab.running("b")
      let bridged = try await (lab.interface("net1", of: "a"), lab.interface("net1", of: "b"))
      #expect(Set([bridged.0, bridged.1].flatMap(\.addresses).map(\.description)) == ["172.30.0.2/24", "172.30.0.3/24"])
      let device = try await lab.interface("net2", of: "a").addresses.map(\.description)
      #expect(device.contains("172.31.0.2/24") && device.contains("fd00:172:31::2/64"))
      #expect(try await lab.interface("net3", of: "a").addresses.map(\.description) == ["192.0.2.7/24"])
      let peer = try #require(bridged.1.addresses.first?.address)
      #expect(try await lab.cluster.probe.ping(peer, from: ObjectKey(namespace: "default", name: "a"), interface: "net1"))
      #expect(try await lab.cluster.client.listAll(IPRecord.self).items.count == 3)
      for pod in ["a", "b"] { try await lab.cluster.client.delete(Pod.self, ObjectKey(namespace: "default", name: pod)) }
      for pod in ["a", "b"] { try await lab.pods.wait(for: ObjectKey(namespace: "default", name: pod)) { $0 == nil } }
      // The device is back on the node, its owner's address free.
      let links = try node.perform { try RouteNetlink().links().map(\.name) }
      #expect(links.contains("hd0"), "\(links)")
      try await lab.noRecordsLeft()
    }
  }

  @Test("what cannot be served fails with its reason in the event that kubelet's users look at, and comes up when it is mended")
  func reasons() async throws {
    try await LabUnderTest.run(nodes: 1) { lab in
      try await lab.apply([
        LabUnderTest.network(
          "lonely",
          ["cniVersion": "0.3.1", "type": "macvlan", "master": "eth0", "mode": "bridge", "ipam": LabUnderTest.ipam("lonely.default")]),
        LabUnderTest.pod("p", [AnnotationKey.networks: "lonely"]),
      ])
      try await lab.event(
        about: "p",
        containing: "no address allocated to pod default/p provider lonely.default: provider lonely.default is not bound to any subnet")
      try await lab.apply([LabUnderTest.subnet("lonely", cidr: "172.30.1.0/24")])
      try await lab.running("p")
      #expect(try await lab.interface("net1", of: "p").addresses.map(\.description) == ["172.30.1.2/24"])
    }
  }

  @Test("daemon and controller are killed, the socket file is removed: pods that come afterwards get their NICs (G1)")
  func deaths() async throws {
    try await LabUnderTest.run(nodes: 1) { lab in
      try await lab.apply([
        LabUnderTest.network(
          "net", ["cniVersion": "0.3.1", "type": "macvlan", "master": "eth0", "mode": "bridge", "ipam": LabUnderTest.ipam("net.default")]),
        LabUnderTest.subnet("net", cidr: "172.30.2.0/24"), LabUnderTest.pod("before", [AnnotationKey.networks: "net"]),
      ])
      try await lab.running("before")
      try await lab.cluster.probe.kill(.daemon(node: "node1"))
      try await lab.cluster.probe.kill(.controller)
      try await lab.apply([LabUnderTest.pod("after", [AnnotationKey.networks: "net"])])
      try await lab.running("after")
      #expect(try await lab.interface("net1", of: "after").addresses.map(\.description) == ["172.30.2.3/24"])
      lab.removeSocket(ofNode: "node1")
      try await lab.apply([LabUnderTest.pod("later", [AnnotationKey.networks: "net"])])
      try await lab.running("later")
      #expect(try await lab.interface("net1", of: "before").addresses.map(\.description) == ["172.30.2.2/24"])
    }
  }

  @Test("thirty pods at once on two nodes: thirty addresses on thirty interfaces (A12)")
  func crowd() async throws {
    try await LabUnderTest.run { lab in
      try await lab.apply([
        LabUnderTest.network(
          "net", ["cniVersion": "0.3.1", "type": "macvlan", "master": "eth0", "mode": "bridge", "ipam": LabUnderTest.ipam("net.default")]),
        LabUnderTest.subnet("net", cidr: "172.30.3.0/24"),
      ])
      let names = (0..<30).map { "p\($0)" }
      try await lab.apply(names.map { LabUnderTest.pod($0, [AnnotationKey.networks: "net"]) })
      var addresses: Set<String> = []
      for name in names {
        try await lab.running(name)
        addresses.formUnion(try await lab.interface("net1", of: name).addresses.map(\.description))
      }
      #expect(addresses.count == 30)
      for name in names { try await lab.cluster.client.delete(Pod.self, ObjectKey(namespace: "default", name: name)) }
      try await lab.noRecordsLeft()
    }
  }
}
