import CLinux
import Glibc
import NetAddress
import Testing

@testable import Netlink

/// Whether this process may make network namespaces; said once, so that a skipped suite explains itself.
private let mayMakeNamespaces: Bool = {
  let allowed = geteuid() == 0 && (try? OwnThread.run { clinux_new_network_namespace() }) == 0
  if !allowed { print("Netlink integration tests are skipped: they need root and the right to make network namespaces") }
  return allowed
}()

/// A namespace with a name of its own that goes with the test.
private final class TestNamespace {
  let name: String
  let namespace: NetworkNamespace

  init(_ suffix: String) throws {
    name = "kos-\(getpid())-\(UInt32.random(in: .min ... .max))-\(suffix)"
    namespace = try NetworkNamespace.create(named: name)
  }

  deinit { _ = try? NetworkNamespace.delete(named: name) }

  func netlink() throws -> RouteNetlink { try RouteNetlink(in: namespace) }

  /// From now on no interface gives itself a link-local address: its route would come a second later, when nobody else has claimed it,
  /// into the middle of whatever is compared then.
  func keepToItself() throws {
    try namespace.perform {
      for scope in ["all", "default"] {
        let file = "/proc/sys/net/ipv6/conf/\(scope)/addr_gen_mode"
        let descriptor = open(file, O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        guard descriptor >= 0, write(descriptor, "1", 1) == 1 else { throw SettingRefused(description: "\(file): errno \(errno)") }
      }
    }
  }
}

private struct SettingRefused: Error, CustomStringConvertible {
  let description: String
}

extension RouteNetlink {
  /// The interface once it has its carrier: the kernel notices that in its own time, and adds routes then.
  fileprivate func runningLink(named name: InterfaceName) throws -> Link {
    while true {
      let link = try link(named: name)
      if link.isRunning { return link }
      try Task.checkCancellation()
      sched_yield()
    }
  }
}

private func name(_ text: String) throws -> InterfaceName { try InterfaceName(parsing: text) }
private func cidr(_ text: String) throws -> CIDR { try CIDR(parsing: text) }
private func ip(_ text: String) throws -> IPAddress { try IPAddress(parsing: text) }
private func mac(_ text: String) throws -> MACAddress { try MACAddress(parsing: text) }

/// A namespace with an interface `net1` that is up and has an address of either family; the other end is up in a second namespace.
private struct Pod {
  let pod: TestNamespace
  let peer: TestNamespace

  init() throws {
    pod = try TestNamespace("pod")
    peer = try TestNamespace("peer")
    for place in [pod, peer] { try place.keepToItself() }
    let netlink = try pod.netlink()
    try netlink.createVeth(NewLink(try name("net1")), peer: NewLink(try name("up0"), namespace: peer.namespace))
    let other = try peer.netlink()
    try other.setUp(try other.link(named: try name("up0")))
    try netlink.setUp(try netlink.link(named: try name("net1")))
    let link = try netlink.runningLink(named: try name("net1"))
    try netlink.add(try cidr("10.5.0.2/24"), to: link)
    try netlink.add(try cidr("fd00:5::2/64"), to: link)
  }
}

@Suite(
  .timeLimit(.minutes(10)), .enabled(if: mayMakeNamespaces, "needs root and the right to make network namespaces"))
struct LinkIntegrationTests {
  @Test("a veth pair has each end in its own namespace, with the name, MAC and MTU that were asked for")
  func vethPair() throws {
    let left = try TestNamespace("left")
    let right = try TestNamespace("right")
    let netlink = try RouteNetlink()
    let a = NewLink(try name("eth0"), mac: try mac("0a:00:00:00:00:01"), mtu: 1400, namespace: left.namespace)
    let b = NewLink(try name("eth0"), mac: try mac("0a:00:00:00:00:02"), mtu: 1300, namespace: right.namespace)
    try netlink.createVeth(a, peer: b)
    let ends = [(try left.netlink(), "0a:00:00:00:00:01", UInt32(1400)), (try right.netlink(), "0a:00:00:00:00:02", 1300)]
    for (end, address, mtu) in ends {
      let link = try end.link(named: try name("eth0"))
      #expect(link.mac == MACAddress(address))
      #expect(link.mtu == mtu)
      #expect(link.kind == "veth")
      #expect(link.peerNamespaceID != nil)
      #expect(!link.isUp)
      try end.setUp(link)
      #expect(try end.link(index: link.index).isUp)
      #expect(try end.links().map(\.name).sorted() == ["eth0", "lo"])
    }
    let link = try ends[0].0.runningLink(named: try name("eth0"))
    try ends[0].0.setDown(link)
    #expect(try !ends[0].0.link(index: link.index).isUp)
    try ends[0].0.delete(link)
    #expect(try ends[0].0.findLink(named: try name("eth0")) == nil)
    #expect(try ends[1].0.findLink(named: try name("eth0")) == nil)
  }

  @Test("an interface is renamed, resized and moved; a bridge takes ports and gives them back")
  func bridgeAndMove() throws {
    let here = try TestNamespace("here")
    let there = try TestNamespace("there")
    let netlink = try here.netlink()
    try netlink.createBridge(NewLink(try name("br0"), mac: try mac("0a:00:00:00:00:0b")))
    try netlink.createVeth(NewLink(try name("p0")), peer: NewLink(try name("p1")))
    let bridge = try netlink.link(named: try name("br0"))
    let port = try netlink.link(named: try name("p0"))
    try netlink.setMaster(bridge, of: port)
    #expect(try netlink.link(index: port.index).master == bridge.index)
    try netlink.setMaster(nil, of: port)
    #expect(try netlink.link(index: port.index).master == nil)
    try netlink.setMTU(1280, of: port)
    try netlink.rename(port, to: try name("port0"))
    #expect(try netlink.link(named: try name("port0")).mtu == 1280)
    try netlink.move(try netlink.link(named: try name("p1")), to: there.namespace)
    #expect(try netlink.findLink(named: try name("p1")) == nil)
    #expect(try there.netlink().link(named: try name("p1")).kind == "veth")
  }

  @Test("what is there is not made again, what is not there is not found, and the errors say so")
  func errors() throws {
    let here = try TestNamespace("here")
    let netlink = try here.netlink()
    try netlink.createBridge(NewLink(try name("br0")))
    let again = #expect(throws: NetlinkError.self) { try netlink.createBridge(NewLink(try name("br0"))) }
    #expect(again?.isPresence == true)
    let missing = #expect(throws: NetlinkError.self) { try netlink.link(named: try name("net9")) }
    #expect(missing?.isAbsence == true)
    #expect(missing?.description.contains("net9") == true)
    #expect(throws: NetlinkError.self) { try netlink.link(index: 12345) }
    let bridge = try netlink.link(named: try name("br0"))
    let refused = #expect(throws: NetlinkError.self) { try netlink.setMTU(3, of: bridge) }
    #expect(refused?.code == EINVAL)
    #expect(refused?.description.contains("mtu") == true)
  }

  @Test("addresses of either family come and go, once each")
  func addresses() throws {
    let here = try TestNamespace("here")
    let netlink = try here.netlink()
    try netlink.createVeth(NewLink(try name("net1")), peer: NewLink(try name("p1")))
    let link = try netlink.link(named: try name("net1"))
    for text in ["172.17.0.100/16", "fd00:10:16::e/64"] {
      let address = try cidr(text)
      try netlink.add(address, to: link)
      let found = try netlink.addresses(address.family, on: link)
      #expect(found.map(\.address) == [address])
      #expect(found.first?.interface == link.index)
      #expect(found.first?.isTentative == false)
      let twice = #expect(throws: NetlinkError.self) { try netlink.add(address, to: link) }
      #expect(twice?.isPresence == true)
      try netlink.remove(address, from: link)
      #expect(try netlink.addresses(address.family, on: link) == [])
      let gone = #expect(throws: NetlinkError.self) { try netlink.remove(address, from: link) }
      #expect(gone?.isAbsence == true)
    }
    #expect(try netlink.addresses().isEmpty)
  }

  @Test("a MAC address is changed on an interface that is up, which keeps its addresses and routes", arguments: ["veth", "macvlan"])
  func liveMAC(kind: String) throws {
    let pod = try Pod()
    let netlink = try pod.pod.netlink()
    var interface = try name("net1")
    if kind == "macvlan" {
      let lower = try netlink.link(named: interface)
      interface = try name("mac1")
      try netlink.createMacvlan(NewLink(interface), above: lower)
      let link = try netlink.link(named: interface)
      #expect(link.kind == "macvlan")
      #expect(link.lower == lower.index)
      try netlink.setUp(link)
      try netlink.add(try cidr("10.6.0.2/24"), to: link)
    }
    let before = try netlink.link(named: interface)
    let addresses = try netlink.addresses(.v4)
    let wanted = try mac("00:00:00:53:6b:bb")
    #expect(try netlink.replaceMAC(of: interface, with: wanted) == before.mac)
    let after = try netlink.link(named: interface)
    #expect(after.mac == wanted)
    #expect(after.isUp)
    #expect(try netlink.addresses(.v4) == addresses)
    // The same again changes nothing and says so.
    #expect(try netlink.replaceMAC(of: interface, with: wanted) == wanted)
    #expect(try netlink.replaceMAC(of: interface, with: try #require(before.mac)) == wanted)
  }

  @Test("a MAC address the kernel refuses leaves the interface as it was")
  func refusedMAC() throws {
    let pod = try Pod()
    let netlink = try pod.pod.netlink()
    let before = try netlink.link(named: try name("net1"))
    let error = #expect(throws: NetlinkError.self) {
      try netlink.replaceMAC(of: try name("net1"), with: try mac("01:00:5e:00:00:01"))
    }
    #expect(error?.description.contains("01:00:5e:00:00:01") == true)
    #expect(try netlink.link(named: try name("net1")) == before)
    #expect(throws: NetlinkError.self) { try netlink.replaceMAC(of: try name("net7"), with: try mac("0a:00:00:00:00:01")) }
  }
}

@Suite(
  .timeLimit(.minutes(10)), .enabled(if: mayMakeNamespaces, "needs root and the right to make network namespaces"))
struct RouteIntegrationTests {
  @Test("routes of either family are added, replaced, listed and deleted")
  func routes() throws {
    let pod = try Pod()
    let netlink = try pod.pod.netlink()
    let link = try netlink.link(named: try name("net1"))
    let cases = [
      ("10.0.0.0/8", "10.5.0.1", "10.5.0.9"), ("fd00:9::/32", "fd00:5::1", "fd00:5::9"), ("0.0.0.0/0", "10.5.0.1", "10.5.0.9"),
      ("::/0", "fd00:5::1", "fd00:5::9"),
    ]
    for (destination, first, second) in cases {
      let target = try cidr(destination)
      var route = Route(target, gateway: try ip(first), interface: link.index)
      try netlink.add(route)
      let twice = #expect(throws: NetlinkError.self) { try netlink.add(route) }
      #expect(twice?.isPresence == true)
      route.gateway = try ip(second)
      try netlink.replace(route)
      let listed = try netlink.mainRoutes(target.family, through: link).filter { $0.destination == target.masked }
      #expect(listed.map(\.gateway) == [try ip(second)])
      try netlink.delete(route)
      #expect(try netlink.mainRoutes(target.family, through: link).allSatisfy { $0.destination != target.masked })
      let gone = #expect(throws: NetlinkError.self) { try netlink.delete(route) }
      #expect(gone?.isAbsence == true)
    }
  }

  @Test("a gateway that nothing leads to is refused in the kernel's words")
  func unreachable() throws {
    let pod = try Pod()
    let netlink = try pod.pod.netlink()
    let error = #expect(throws: NetlinkError.self) {
      try netlink.add(Route(try cidr("0.0.0.0/0"), gateway: try ip("192.0.2.1")))
    }
    #expect(error?.code == ENETUNREACH)
    #expect(error?.description.contains("192.0.2.1") == true)
  }

  @Test(
    "the default routes of one family go, the other family and every other route stay, and restoring is exact",
    arguments: [AddressFamily.v4, .v6])
  func defaultRoutes(family: AddressFamily) throws {
    let pod = try Pod()
    let netlink = try pod.pod.netlink()
    let link = try netlink.link(named: try name("net1"))
    let gateways = [(AddressFamily.v4, "0.0.0.0/0", "10.5.0.1", "10.5.0.7"), (.v6, "::/0", "fd00:5::1", "fd00:5::7")]
    for (_, everything, first, second) in gateways {
      try netlink.add(Route(try cidr(everything), gateway: try ip(first), interface: link.index))
      try netlink.add(Route(try cidr(everything), gateway: try ip(second), interface: link.index, priority: 2000))
    }
    try netlink.add(Route(try cidr("10.0.0.0/8"), gateway: try ip("10.5.0.1"), interface: link.index))
    let before = try netlink.routes()
    let beforeRaw = try netlink.rawRoutes(.v4, "list")

    let removed = try netlink.removeDefaultRoutes(family)
    #expect(removed.map(\.route.gateway) == gateways.filter { $0.0 == family }.flatMap { [IPAddress($0.2), IPAddress($0.3)] })
    let rest = try netlink.routes()
    #expect(rest.count == before.count - 2)
    #expect(rest.allSatisfy { !($0.isDefault && $0.isUnicast && $0.destination.family == family) })
    #expect(try netlink.removeDefaultRoutes(family) == [])

    try netlink.restore(removed)
    #expect(Set(try netlink.routes()) == Set(before))
    #expect(try netlink.rawRoutes(.v4, "list") == beforeRaw)
    // A second restore finds everything there.
    try netlink.restore(removed)
    #expect(Set(try netlink.routes()) == Set(before))
  }

  @Test("a route over several next hops is restored with all of them")
  func multipath() throws {
    let pod = try Pod()
    let netlink = try pod.pod.netlink()
    let link = try netlink.link(named: try name("net1"))
    var payload = NetlinkBuilder()
    for byte: UInt8 in [2, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0] { payload.append(byte) }
    payload.nested(9) { hops in
      for gateway: UInt8 in [1, 9] {
        hops.append(UInt16(16))
        hops.append(UInt16(0))
        hops.append(link.index)
        hops.attribute(5, [10, 5, 0, gateway])
      }
    }
    let request = NetlinkMessage(type: 24, flags: NetlinkMessage.Flag.create | NetlinkMessage.Flag.exclusive, payload: payload.bytes)
    try netlink.perform(request, "add a route over two next hops")
    let before = try netlink.mainRoutes(.v4)
    #expect(before.first { $0.isDefault }?.nextHops.count == 2)
    let removed = try netlink.removeDefaultRoutes(.v4)
    #expect(removed.count == 1)
    try netlink.restore(removed)
    #expect(Set(try netlink.mainRoutes(.v4)) == Set(before))
  }

  @Test("routes whose interface is gone cannot be restored, and the error says which")
  func interfaceGone() throws {
    let pod = try Pod()
    let netlink = try pod.pod.netlink()
    let link = try netlink.link(named: try name("net1"))
    try netlink.add(Route(try cidr("0.0.0.0/0"), gateway: try ip("10.5.0.1"), interface: link.index))
    let removed = try netlink.removeDefaultRoutes(.v4)
    try netlink.delete(link)
    let error = #expect(throws: NetlinkError.self) { try netlink.restore(removed) }
    #expect(error?.description.contains("10.5.0.1") == true)
  }
}

@Suite(
  .timeLimit(.minutes(10)), .enabled(if: mayMakeNamespaces, "needs root and the right to make network namespaces"))
struct NamespaceIntegrationTests {
  @Test("a named namespace is another one than ours, is found by its name, and goes by it")
  func named() throws {
    let name = "kos-\(getpid())-named"
    let namespace = try NetworkNamespace.create(named: name)
    let twice = #expect(throws: NetlinkError.self) { try NetworkNamespace.create(named: name) }
    #expect(twice?.isPresence == true)
    #expect(namespace.identity != (try NetworkNamespace.current().identity))
    #expect(try NetworkNamespace.open(named: name).identity == namespace.identity)
    #expect(try NetworkNamespace(path: "/run/netns/\(name)").identity == namespace.identity)
    #expect(try NetworkNamespace.delete(named: name))
    #expect(try !NetworkNamespace.delete(named: name))
    let gone = #expect(throws: NetlinkError.self) { try NetworkNamespace.open(named: name) }
    #expect(gone?.isAbsence == true)
    #expect(gone?.description.contains(name) == true)
    // Held open, it still works without its name.
    #expect(try RouteNetlink(in: namespace).links().map(\.name) == ["lo"])
  }

  @Test("names that are no file names are refused", arguments: ["", ".", "..", "a/b", "a\0b", String(repeating: "x", count: 256)])
  func badName(name: String) {
    #expect(throws: NetlinkError.self) { try NetworkNamespace.create(named: name) }
    #expect(throws: NetlinkError.self) { try NetworkNamespace.delete(named: name) }
  }

  @Test("a path that is no network namespace is refused when it is entered")
  func notANamespace() throws {
    for path in ["/proc/self/status", "/proc/thread-self/ns/mnt"] {
      let namespace = try NetworkNamespace(path: path)
      let error = #expect(throws: NetlinkError.self) { try RouteNetlink(in: namespace) }
      #expect(error?.code == EINVAL)
      #expect(error?.description.contains(path) == true)
    }
  }

  @Test("the body runs inside on a thread of its own, its result and its error come back, the caller stays where it was")
  func perform() async throws {
    struct Refusal: Error, Equatable {}
    let inside = try TestNamespace("inside")
    let home = try NetworkNamespace.current().identity
    let thread = clinux_thread_id()
    let namespace = inside.namespace
    let seen = try namespace.perform { (try NetworkNamespace.current().identity, clinux_thread_id()) }
    #expect(seen.0 == namespace.identity)
    #expect(seen.1 != thread)
    #expect(throws: Refusal.self) { try namespace.perform { throw Refusal() } }
    #expect(try NetworkNamespace.current().identity == home)
    #expect(try await namespace.performAsync { try NetworkNamespace.current().identity } == namespace.identity)
    await #expect(throws: Refusal.self) { try await namespace.performAsync { throw Refusal() } }
    #expect(try NetworkNamespace.current().identity == home)
  }

  @Test("many at once do not mix up their namespaces")
  func parallel() async throws {
    let one = try TestNamespace("one")
    let two = try TestNamespace("two")
    let namespaces = [one.namespace, two.namespace]
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<64 {
        let namespace = namespaces[index % 2]
        group.addTask {
          let blocking = try namespace.perform { try NetworkNamespace.current().identity }
          let waiting = try await namespace.performAsync { try NetworkNamespace.current().identity }
          return blocking == namespace.identity && waiting == namespace.identity
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }

  @Test("many with one name: one gets it")
  func race() async throws {
    let name = "kos-\(getpid())-race"
    defer { _ = try? NetworkNamespace.delete(named: name) }
    let made = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 { group.addTask { (try? NetworkNamespace.create(named: name)) != nil } }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(made == 1)
  }
}
