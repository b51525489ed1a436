import Glibc
import NetAddress
import Netlink

/// The nodes' network namespaces and the wire between them: a bridge in a namespace of its own, and a veth from it to each node's eth0.
/// Nothing is changed in the host's own namespace.
package struct Underlay: Sendable {
  package let lab: LabName
  package let nodes: [NodePlan]

  package init(lab: LabName, nodes: [NodePlan]) {
    self.lab = lab
    self.nodes = nodes
  }

  /// Builds everything. A failure half-way leaves pieces, which `LabSweep` takes away.
  package func build() throws {
    let wire = try NetworkNamespace.create(named: lab.wire)
    try wire.perform {
      try prepare()
      let netlink = try RouteNetlink()
      try netlink.createBridge(NewLink(try InterfaceName(parsing: Self.bridge)))
      try netlink.setUp(try netlink.link(named: try InterfaceName(parsing: Self.bridge)))
    }
    for node in nodes { try connect(node, to: wire) }
  }

  private static let bridge = "br0"

  private func connect(_ node: NodePlan, to wire: NetworkNamespace) throws {
    let inside = try NetworkNamespace.create(named: lab.node(node.name))
    try inside.perform { try prepare() }
    let (port, eth0) = (try InterfaceName(parsing: node.name), try InterfaceName(parsing: "eth0"))
    try wire.perform {
      let netlink = try RouteNetlink()
      try netlink.createVeth(NewLink(port, mtu: 1500), peer: NewLink(eth0, mtu: 1500, namespace: inside))
      let link = try netlink.link(named: port)
      try netlink.setMaster(try netlink.link(named: try InterfaceName(parsing: Self.bridge)), of: link)
      try netlink.setUp(link)
    }
    let others = nodes.filter { $0 != node }
    try inside.perform {
      let netlink = try RouteNetlink()
      let link = try netlink.link(named: eth0)
      try netlink.setUp(link)
      for address in node.addresses { try netlink.add(address, to: link) }
      for other in others { try netlink.add(Route(other.podNetwork, gateway: other.addresses[0].address, interface: link.index)) }
    }
  }

  /// Loopback up, forwarding on, IPv6 usable without waiting for duplicate detection. In the calling thread's namespace.
  private func prepare() throws {
    try Self.configureIPv6()
    try TextFile.write("/proc/sys/net/ipv4/ip_forward", "1".utf8)
    if TextFile.exists("/proc/sys/net/ipv6/conf/all/forwarding") {
      try TextFile.write("/proc/sys/net/ipv6/conf/all/forwarding", "1".utf8)
    }
    try Self.setLoopbackUp()
  }

  /// What node and pod namespaces have in common: the lab's addresses are vouched for, so nobody waits for duplicate detection.
  package static func configureIPv6() throws {
    for scope in ["all", "default"] {
      let directory = "/proc/sys/net/ipv6/conf/" + scope
      // A kernel without IPv6.
      guard TextFile.exists(directory) else { return }
      try TextFile.write(directory + "/disable_ipv6", "0".utf8)
      try TextFile.write(directory + "/accept_dad", "0".utf8)
      try TextFile.write(directory + "/accept_ra", "0".utf8)
    }
  }

  package static func setLoopbackUp() throws {
    let netlink = try RouteNetlink()
    try netlink.setUp(try netlink.link(named: try InterfaceName(parsing: "lo")))
  }
}
