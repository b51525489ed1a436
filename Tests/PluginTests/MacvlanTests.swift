import CNI
import Foundation
import NetAddress
import Netlink
import Testing
import WireJSON

/// Debian's macvlan plugin, which delegates its addresses to ours.
private let macvlan = "/usr/lib/cni/macvlan"

private let canRun: Bool = {
  let exists = FileManager.default.isExecutableFile(atPath: macvlan)
  if !exists { print("The macvlan tests are skipped: \(macvlan) is not there (Debian package containernetworking-plugins)") }
  return exists && mayMakeNamespaces
}()

/// A node with an interface `eth0` for macvlan, and a pod without any.
private struct Node {
  let node: TestNamespace
  let pod: TestNamespace

  init() throws {
    node = try TestNamespace("node")
    pod = try TestNamespace("pod")
    let netlink = try RouteNetlink(in: node.namespace)
    try netlink.createVeth(NewLink(try InterfaceName(parsing: "eth0")), peer: NewLink(try InterfaceName(parsing: "wire")))
    for name in ["eth0", "wire"] { try netlink.setUp(try netlink.link(named: try InterfaceName(parsing: name))) }
  }

  /// macvlan with its whole configuration, which it passes on to us.
  func plugin(_ verb: String, socket: String, version: String, container: String = "c1") -> PluginProcess {
    var plugin = PluginProcess(verb, socket: socket, version: version)
    plugin.executable = macvlan
    plugin["CNI_PATH"] = "\(PluginProcess.buildDirectory):/usr/lib/cni"
    plugin["CNI_NETNS"] = pod.path
    plugin["CNI_CONTAINERID"] = container
    return plugin
  }

  func run(_ plugin: PluginProcess) throws -> PluginProcess.Outcome { try plugin.run(in: node.namespace) }

  var podNetlink: RouteNetlink { get throws { try RouteNetlink(in: pod.namespace) } }
  var interface: Link? { get throws { try podNetlink.findLink(named: try InterfaceName(parsing: "net1")) } }
}

@Suite(.enabled(if: canRun, "needs root, network namespaces and \(macvlan)")) struct MacvlanTests {
  private static let answer: DaemonResponse = {
    var response = DaemonResponse(
      addresses: [
        DaemonAddress(family: "IPv4", address: "172.17.0.100", cidr: "172.17.0.0/16"),
        DaemonAddress(family: "IPv6", address: "fd00:17::64", cidr: "fd00:17::/64"),
      ], routes: [DaemonRoute(destination: "192.168.0.0/16", gateway: "172.17.0.1")])
    response.dns = DNSConfiguration()
    return response
  }()

  private func daemon() throws -> FakeDaemon {
    try FakeDaemon { call in call.head.first?.contains("/add") == true ? .response(Self.answer) : .deleted }
  }

  @Test(
    "macvlan puts our addresses and routes on its interface, and takes it away with our consent", arguments: ["0.3.1", "0.4.0", "1.0.0"])
  func addAndDelete(version: String) throws {
    let node = try Node()
    let daemon = try daemon()
    let added = try node.run(node.plugin("ADD", socket: daemon.path, version: version))
    #expect(added.status == 0, "\(added.text)")
    let result = try CNIResult(parsing: added.output, configuredVersion: .v0_3_1)
    #expect(result.addresses.map(\.address) == [try CIDR(parsing: "172.17.0.100/16"), try CIDR(parsing: "fd00:17::64/64")])
    #expect(result.addresses.allSatisfy { $0.interface == 0 && $0.gateway == nil })
    #expect(result.interfaces.map(\.name) == ["net1"])

    let link = try #require(try node.interface)
    #expect(link.kind == "macvlan")
    #expect(link.isUp)
    #expect(link.mac?.description == result.interfaces.first?.mac)
    let netlink = try node.podNetlink
    #expect(Set(try netlink.addresses(on: link).filter { !$0.isLinkLocal }.map(\.address)) == Set(result.addresses.map(\.address)))
    let route = try netlink.mainRoutes(.v4).first { $0.destination == CIDR("192.168.0.0/16") }
    #expect(route?.gateway == IPAddress("172.17.0.1"))
    #expect(try netlink.mainRoutes().allSatisfy { !$0.isDefault })

    if version != "0.3.1" {
      var check = node.plugin("CHECK", socket: daemon.path, version: version)
      check.input = String(check.input.dropLast()) + ",\"prevResult\":\(added.text)}"
      #expect(try node.run(check).succeededSilently)
    }

    let delete = node.plugin("DEL", socket: daemon.path, version: version)
    #expect(try node.run(delete).succeededSilently)
    #expect(try node.interface == nil)
    var late = delete
    late["CNI_NETNS"] = ""
    #expect(try node.run(late).succeededSilently)
    #expect(
      daemon.calls.map { $0.head.first } == ["POST /api/v1/add HTTP/1.1", "POST /api/v1/del HTTP/1.1", "POST /api/v1/del HTTP/1.1"])
    #expect(daemon.requests.allSatisfy { $0.cniType == "macvlan" && $0.provider == "macvlan.default" && $0.networkName == "macvlan" })
    #expect(daemon.requests.map(\.networkNamespace) == [node.pod.path, node.pod.path, ""])
  }

  @Test("our error comes up through macvlan as it is, DEL cleans up, and the next ADD works")
  func failedAdd() throws {
    let node = try Node()
    let reason = "no address allocated to pod default/samplepod provider macvlan.default: subnet macvlan is full"
    let full = try FakeDaemon(.failure(500, reason))
    let failed = try node.run(node.plugin("ADD", socket: full.path, version: "0.3.1"))
    #expect(failed.error == CNIError(.tryAgainLater, "RPC failed", details: "request ip return 500 \(reason)"))
    #expect(try node.run(node.plugin("DEL", socket: full.path, version: "0.3.1")).status == 0)
    #expect(try node.interface == nil)
    let daemon = try daemon()
    #expect(try node.run(node.plugin("ADD", socket: daemon.path, version: "0.3.1")).status == 0)
    #expect(try node.interface != nil)
  }

  @Test("the interface is in the pod, and its MAC can be changed, when our ADD runs")
  func interfaceExists() throws {
    let node = try Node()
    let pod = node.pod.namespace
    let wanted = try MACAddress(parsing: "00:00:00:53:6b:bb")
    let daemon = try FakeDaemon { call in
      guard call.head.first?.contains("/add") == true else { return .deleted }
      do {
        let netlink = try RouteNetlink(in: pod)
        _ = try netlink.replaceMAC(of: try InterfaceName(parsing: "net1"), with: wanted)
        return .response(Self.answer)
      } catch {
        return .failure(500, "\(error)")
      }
    }
    #expect(try node.run(node.plugin("ADD", socket: daemon.path, version: "0.3.1")).status == 0)
    #expect(try node.interface?.mac == wanted)
  }

  @Test("DEL goes through while no daemon runs, so that no pod waits for one to end")
  func deleteWithoutDaemon() throws {
    let node = try Node()
    let socket = try {
      let daemon = try daemon()
      #expect(try node.run(node.plugin("ADD", socket: daemon.path, version: "1.0.0")).status == 0)
      return daemon.path
    }()
    #expect(try node.run(node.plugin("DEL", socket: socket, version: "1.0.0")).status == 0)
    #expect(try node.interface == nil)
  }
}
