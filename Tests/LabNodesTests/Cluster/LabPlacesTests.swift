import Glibc
import LabNodes
import NetAddress
import Netlink
import Testing
import WireJSON

@Suite struct LabNameTests {
  @Test(
    "a namespace belongs to the lab whose name it begins with, and to no other",
    arguments: [
      ("kolab0-node1", "kolab0"), ("kolab12-pod-default-a-1234", "kolab12"), ("kolab0", nil), ("kolab-node1", nil), ("kolab01-x", nil),
      ("other-kolab0-x", nil), ("kolab-1-x", nil), ("", nil),
    ] as [(String, String?)])
  func owner(namespace: String, lab: String?) { #expect(LabName(owning: namespace)?.text == lab) }
}

@Suite struct NodePlanTests {
  @Test("nodes have addresses of their own, pods' networks of their own, and a default network of the reference plugins")
  func numbers() throws {
    let (first, last) = (NodePlan(number: 1), NodePlan(number: NodePlan.limit))
    #expect(first.addresses.map(\.description) == ["192.168.222.1/24", "fd00:222::1/64"])
    #expect(!first.podNetwork.overlaps(last.podNetwork) && last.podNetwork.description == "10.244.99.0/24")
    let network = first.defaultNetwork(dataDirectory: "/d")
    #expect(network["plugins"]?[0]?["ipam"]?["ranges"] == [[["subnet": "10.244.1.0/24"]]])
    #expect(network["plugins"]?[0]?["ipMasq"] == false && network["plugins"]?[0]?["ipam"]?["dataDir"] == "/d")
  }

  @Test("the Node's status names its addresses and whether it is ready")
  func status() {
    let status = NodePlan(number: 2).status(isReady: "Unknown", reason: "NodeStatusUnknown", message: "m", now: "t")
    #expect(status["addresses"]?[0] == ["type": "InternalIP", "address": "192.168.222.2"])
    #expect(status["addresses"]?[2] == ["type": "Hostname", "address": "node2"])
    #expect(status["conditions"]?[0]?["status"] == "Unknown")
  }
}

/// Serialised: the tests take names of the same row.
@Suite(.serialized, .enabled(if: getuid() == 0, "needs root to make namespaces")) struct LabPlacesTests {
  @Test("two labs have two names; one that is held is nobody else's, one that was let go is free again")
  func locks() throws {
    let first = try LabLock.first()
    let second = try LabLock.first()
    #expect(first.name != second.name)
    #expect(try LabLock.take(first.name) == nil)
    second.remove()
    first.remove()
  }

  @Test("nodes reach each other over the wire in both families; the sweep takes everything away")
  func underlay() async throws {
    let lock = try LabLock.first()
    defer {
      LabSweep.clean(lock.name)
      lock.remove()
    }
    LabSweep.clean(lock.name)
    let places = try HostPlaces()
    defer { places.restore() }
    let nodes = [NodePlan(number: 1), NodePlan(number: 2)]
    try Underlay(lab: lock.name, nodes: nodes).build()
    let inside = try NetworkNamespace.open(named: lock.name.node("node1"))
    for address in nodes[1].addresses {
      let ping = ProgramCall(Prerequisites.ping, ["-n", "-c1", "-w60", address.address.description])
      let output = try await Command.run(ping, deadline: .seconds(120), in: inside)
      #expect(output.isSuccess, "\(address): \(output.text) \(output.errorText)")
    }
    let descriptor = try NamespaceListener.bind(port: 6443, in: inside)
    #expect(listen(descriptor, 1) == 0)
    #expect(throws: ProcessError.self) { try NamespaceListener.bind(port: 6443, in: inside) }
    close(descriptor)
    LabSweep.clean(lock.name)
    #expect(!TextFile.names(in: NetworkNamespace.directory).contains { LabName(owning: $0) == lock.name })
  }

  @Test("what a crashed lab left is found and removed, with the processes inside")
  func abandoned() async throws {
    let lock = try LabLock.first()
    let name = lock.name
    let namespace = try NetworkNamespace.create(named: name.node("node1"))
    try TextFile.makeDirectory(LabDirectory.standard(of: name).node("node1"))
    let started = try await Command.run(ProgramCall("/bin/sh", ["-c", "sleep 600 & echo $!"]), deadline: .seconds(300), in: namespace)
    let sleeper = try #require(Int32(started.text.filter(\.isNumber)))
    LabSweep.cleanAbandoned()
    #expect(TextFile.exists(LabDirectory.standard(of: name).path), "a lab that is held is left alone")
    lock.release()
    LabSweep.cleanAbandoned()
    #expect(try await ends(process: sleeper))
    #expect(try TestLab.left(of: name) == [])
  }
}
