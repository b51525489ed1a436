import CLinux
import Glibc
package import NetAddress

/// Interfaces, addresses and routes of one network namespace. Every verb is one blocking system call pair of some microseconds; use
/// an instance inside one function and let it go.
package final class RouteNetlink {
  private let socket: NetlinkSocket

  /// Of the calling thread's namespace.
  package init() throws(NetlinkError) { socket = try NetlinkSocket() }

  /// Of any namespace: the socket is opened inside it, and stays there.
  package init(in namespace: NetworkNamespace) throws(NetlinkError) {
    let descriptor = try namespace.perform(netlink: { () throws(NetlinkError) in try NetlinkSocket.open() })
    socket = NetlinkSocket(descriptor: descriptor)
  }

  // MARK: Interfaces

  package func links() throws(NetlinkError) -> [Link] {
    let operation = "list the interfaces"
    return try socket.dump(LinkRequest.list(), operation).map { (message) throws(NetlinkError) in
      try decoded(operation) { () throws(NetlinkFormatError) in try Link(message.payload) }
    }
  }

  /// ENODEV when there is none.
  package func link(named name: InterfaceName) throws(NetlinkError) -> Link {
    try link(LinkRequest.get(name), "find interface \(name)")
  }

  package func link(index: Int32) throws(NetlinkError) -> Link {
    try link(LinkRequest.get(index: index), "find interface number \(index)")
  }

  /// nil when there is none.
  package func findLink(named name: InterfaceName) throws(NetlinkError) -> Link? {
    do throws(NetlinkError) {
      return try link(named: name)
    } catch {
      guard error.isAbsence else { throw error }
      return nil
    }
  }

  private func link(_ request: NetlinkMessage, _ operation: String) throws(NetlinkError) -> Link {
    guard let reply = try socket.request(request, operation).first else {
      throw NetlinkError(operation, .malformed("no interface in it"))
    }
    return try decoded(operation) { () throws(NetlinkFormatError) in try Link(reply.payload) }
  }

  package func setUp(_ link: Link) throws(NetlinkError) {
    try change(link, .up(true), "set interface \(link.name) up")
  }

  package func setDown(_ link: Link) throws(NetlinkError) {
    try change(link, .up(false), "set interface \(link.name) down")
  }

  /// Before Linux 6.2 the interface must be down.
  package func rename(_ link: Link, to name: InterfaceName) throws(NetlinkError) {
    try change(link, .name(name), "rename interface \(link.name) to \(name)")
  }

  /// As the driver allows: `replaceMAC` also does it for those that want the interface down.
  package func setMAC(_ mac: MACAddress, of link: Link) throws(NetlinkError) {
    try change(link, .mac(mac), "set the MAC address of \(link.name) to \(mac)")
  }

  package func setMTU(_ mtu: UInt32, of link: Link) throws(NetlinkError) {
    try change(link, .mtu(mtu), "set the MTU of \(link.name) to \(mtu)")
  }

  /// Makes the interface a port of a bridge; nil takes it out of the one it is in.
  package func setMaster(_ master: Link?, of link: Link) throws(NetlinkError) {
    let operation = master.map { "attach interface \(link.name) to \($0.name)" } ?? "detach interface \(link.name) from its master"
    try change(link, .master(master?.index ?? 0), operation)
  }

  /// The interface arrives down and without addresses.
  package func move(_ link: Link, to namespace: NetworkNamespace) throws(NetlinkError) {
    try change(link, .namespace(namespace.descriptor), "move interface \(link.name) to another network namespace")
  }

  private func change(_ link: Link, _ change: LinkRequest.Change, _ operation: String) throws(NetlinkError) {
    try socket.request(LinkRequest.change(index: link.index, change), operation)
  }

  /// Both ends at once, each in the namespace it is for; both are down.
  package func createVeth(_ link: NewLink, peer: NewLink) throws(NetlinkError) {
    try socket.request(LinkRequest.createVeth(link, peer: peer), "create the veth pair \(link.name), \(peer.name)")
  }

  package func createBridge(_ link: NewLink) throws(NetlinkError) {
    try socket.request(LinkRequest.create(link, kind: "bridge"), "create bridge \(link.name)")
  }

  /// In mode `bridge`, above an interface of this socket's namespace.
  package func createMacvlan(_ link: NewLink, above lower: Link) throws(NetlinkError) {
    let request = LinkRequest.create(link, kind: "macvlan", lower: lower.index) { data in
      data.attribute(Int(IFLA_MACVLAN_MODE), MACVLAN_MODE_BRIDGE.rawValue)
    }
    try socket.request(request, "create macvlan \(link.name) above \(lower.name)")
  }

  package func delete(_ link: Link) throws(NetlinkError) {
    try socket.request(LinkRequest.delete(index: link.index), "delete interface \(link.name)")
  }

  // MARK: Addresses

  /// Of one interface, or of all.
  package func addresses(_ family: AddressFamily? = nil, on link: Link? = nil) throws(NetlinkError) -> [InterfaceAddress] {
    let operation = "list the addresses of \(link?.name ?? "all interfaces")"
    var addresses: [InterfaceAddress] = []
    for message in try socket.dump(AddressRequest.list(family: family, interface: link?.index), operation) {
      let address = try decoded(operation) { () throws(NetlinkFormatError) in try InterfaceAddress(message.payload) }
      // Kernels before 4.20 list everything whatever the request names.
      guard let address, link == nil || address.interface == link?.index else { continue }
      if family == nil || address.address.family == family { addresses.append(address) }
    }
    return addresses
  }

  /// Without duplicate address detection an IPv6 address can be used at once: right where the allocator vouches for it.
  package func add(_ address: CIDR, to link: Link, detectsDuplicates: Bool = false) throws(NetlinkError) {
    try socket.request(
      AddressRequest.add(address, interface: link.index, detectsDuplicates: detectsDuplicates), "add address \(address) to \(link.name)")
  }

  package func remove(_ address: CIDR, from link: Link) throws(NetlinkError) {
    try socket.request(AddressRequest.remove(address, interface: link.index), "remove address \(address) from \(link.name)")
  }

  // MARK: Routes

  /// Every route of every table that is not the kernel's cache.
  package func routes(_ family: AddressFamily? = nil) throws(NetlinkError) -> [Route] {
    let operation = "list the routes"
    var routes: [Route] = []
    for payload in try rawRoutes(family, operation) {
      if let route = try decoded(operation, { () throws(NetlinkFormatError) in try Route(payload) }) { routes.append(route) }
    }
    return routes
  }

  /// The unicast routes of the main table, through one interface or all: what people call "the routes".
  package func mainRoutes(_ family: AddressFamily? = nil, through link: Link? = nil) throws(NetlinkError) -> [Route] {
    try routes(family).filter { route in
      guard route.table == Route.mainTable, route.isUnicast else { return false }
      guard let link else { return true }
      return route.interface == link.index || route.nextHops.contains { $0.interface == link.index }
    }
  }

  /// EEXIST when there is one with this destination and priority.
  package func add(_ route: Route) throws(NetlinkError) {
    try socket.request(RouteRequest.add(route, onConflict: .refuse), "add route \(route)")
  }

  package func replace(_ route: Route) throws(NetlinkError) {
    try socket.request(RouteRequest.add(route, onConflict: .replace), "replace route \(route)")
  }

  /// ESRCH when there is none. What the value leaves open does not count.
  package func delete(_ route: Route) throws(NetlinkError) {
    try socket.request(RouteRequest.delete(route), "delete route \(route)")
  }

  func rawRoutes(_ family: AddressFamily?, _ operation: String) throws(NetlinkError) -> [[UInt8]] {
    try socket.dump(RouteRequest.list(family: family), operation).map(\.payload)
  }

  func perform(_ request: NetlinkMessage, _ operation: String) throws(NetlinkError) {
    try socket.request(request, operation)
  }

  func decoded<Value>(_ operation: String, _ body: () throws(NetlinkFormatError) -> Value) throws(NetlinkError) -> Value {
    do throws(NetlinkFormatError) {
      return try body()
    } catch {
      throw NetlinkError(operation, .malformed(error.description))
    }
  }
}

extension Route: CustomStringConvertible {
  /// As `ip route` prints it, roughly.
  package var description: String {
    var text = isDefault ? "default (\(destination.family))" : destination.description
    if let gateway { text += " via \(gateway)" }
    if let interface { text += " through interface number \(interface)" }
    if let priority { text += " metric \(priority)" }
    return text
  }
}
