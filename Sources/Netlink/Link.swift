import CLinux
package import NetAddress

/// A network interface as the kernel describes it (RTM_NEWLINK).
package struct Link: Sendable, Hashable {
  package var index: Int32
  package var name: String
  /// nil where the interface has none of six bytes (loopback has zeros, tunnels an IP address or nothing).
  package var mac: MACAddress?
  package var mtu: UInt32
  /// `IFF_…`
  package var flags: UInt32
  /// Index of the bridge that the interface is a port of.
  package var master: Int32?
  /// Index of the interface below (macvlan, vlan) or of the other end (veth), in the namespace `peerNamespaceID` names.
  package var lower: Int32?
  /// The namespace of `lower` when it is another one, by the kernel's number for it in this one.
  package var peerNamespaceID: Int32?
  /// `veth`, `bridge`, `macvlan`; empty for hardware.
  package var kind: String

  package var isUp: Bool { flags & UInt32(IFF_UP) != 0 }
  /// Whether there is a carrier: the kernel's "lower up".
  package var isRunning: Bool { flags & UInt32(IFF_RUNNING) != 0 }
  package var isLoopback: Bool { flags & UInt32(IFF_LOOPBACK) != 0 }

  /// Reads the payload of an RTM_NEWLINK message: `struct ifinfomsg` and attributes.
  init(_ payload: [UInt8]) throws(NetlinkFormatError) {
    var reader = NetlinkReader(payload[...])
    _ = try reader.read(UInt16.self)  // family, padding
    _ = try reader.read(UInt16.self)  // ARPHRD_…
    index = try reader.read(Int32.self)
    flags = try reader.read(UInt32.self)
    _ = try reader.read(UInt32.self)  // change mask
    name = ""
    mtu = 0
    kind = ""
    for attribute in try reader.readAttributes() {
      switch attribute.type {
      case Int(IFLA_IFNAME): name = attribute.text
      case Int(IFLA_ADDRESS): mac = MACAddress(bytes: attribute.value)
      case Int(IFLA_MTU): mtu = try attribute.number()
      case Int(IFLA_LINK): lower = try attribute.number()
      case Int(IFLA_MASTER): master = try attribute.number()
      case Int(IFLA_LINK_NETNSID): peerNamespaceID = try attribute.number()
      case Int(IFLA_LINKINFO):
        kind = try attribute.attributes.first { $0.type == Int(IFLA_INFO_KIND) }?.text ?? ""
      default: break
      }
    }
  }
}

/// Requests about interfaces, as bytes.
enum LinkRequest {
  /// One property of an interface that is to change.
  enum Change {
    case up(Bool)
    case name(InterfaceName)
    case mac(MACAddress)
    case mtu(UInt32)
    /// Zero: out of its bridge.
    case master(Int32)
    /// Descriptor of the namespace that the interface moves to.
    case namespace(Int32)
  }

  static func list() -> NetlinkMessage {
    NetlinkMessage(type: UInt16(RTM_GETLINK), flags: 0, payload: header().bytes)
  }

  static func get(index: Int32) -> NetlinkMessage {
    NetlinkMessage(type: UInt16(RTM_GETLINK), flags: 0, payload: header(index: index).bytes)
  }

  static func get(_ name: InterfaceName) -> NetlinkMessage {
    var payload = header()
    payload.attribute(Int(IFLA_IFNAME), name.attribute)
    return NetlinkMessage(type: UInt16(RTM_GETLINK), flags: 0, payload: payload.bytes)
  }

  static func delete(index: Int32) -> NetlinkMessage {
    NetlinkMessage(type: UInt16(RTM_DELLINK), flags: 0, payload: header(index: index).bytes)
  }

  /// RTM_NEWLINK for an existing interface. A rename or move leaves the rest alone.
  static func change(index: Int32, _ change: Change) -> NetlinkMessage {
    let up = UInt32(IFF_UP)
    var payload: NetlinkBuilder
    switch change {
    case .up(let isUp): payload = header(index: index, flags: isUp ? up : 0, mask: up)
    default: payload = header(index: index)
    }
    switch change {
    case .up: break
    case .name(let name): payload.attribute(Int(IFLA_IFNAME), name.attribute)
    case .mac(let mac): payload.attribute(Int(IFLA_ADDRESS), mac.bytes)
    case .mtu(let mtu): payload.attribute(Int(IFLA_MTU), mtu)
    case .master(let master): payload.attribute(Int(IFLA_MASTER), master)
    case .namespace(let descriptor): payload.attribute(Int(IFLA_NET_NS_FD), descriptor)
    }
    return NetlinkMessage(type: UInt16(RTM_NEWLINK), flags: 0, payload: payload.bytes)
  }

  /// RTM_NEWLINK for an interface that must not exist yet. `data` writes what the kind needs.
  static func create(
    _ link: NewLink, kind: String, lower: Int32? = nil, data: ((inout NetlinkBuilder) -> Void)? = nil
  ) -> NetlinkMessage {
    var payload = header()
    append(link, to: &payload)
    if let lower { payload.attribute(Int(IFLA_LINK), lower) }
    payload.nested(Int(IFLA_LINKINFO)) { info in
      info.attribute(Int(IFLA_INFO_KIND), Array(kind.utf8))
      if let data { info.nested(Int(IFLA_INFO_DATA), data) }
    }
    return NetlinkMessage(
      type: UInt16(RTM_NEWLINK), flags: NetlinkMessage.Flag.create | NetlinkMessage.Flag.exclusive, payload: payload.bytes)
  }

  /// A veth pair: the second end is described inside the first one's data, by a header and attributes of its own.
  static func createVeth(_ link: NewLink, peer: NewLink) -> NetlinkMessage {
    create(link, kind: "veth") { data in
      data.nested(Int(VETH_INFO_PEER)) { inner in
        inner.append(bytes: header().bytes)
        append(peer, to: &inner)
      }
    }
  }

  private static func append(_ link: NewLink, to payload: inout NetlinkBuilder) {
    payload.attribute(Int(IFLA_IFNAME), link.name.attribute)
    if let mac = link.mac { payload.attribute(Int(IFLA_ADDRESS), mac.bytes) }
    if let mtu = link.mtu { payload.attribute(Int(IFLA_MTU), mtu) }
    if let namespace = link.namespace { payload.attribute(Int(IFLA_NET_NS_FD), namespace.descriptor) }
  }

  /// `struct ifinfomsg`.
  private static func header(index: Int32 = 0, flags: UInt32 = 0, mask: UInt32 = 0) -> NetlinkBuilder {
    var builder = NetlinkBuilder()
    builder.append(UInt8(AF_UNSPEC))
    builder.append(UInt8(0))
    builder.append(UInt16(0))
    builder.append(index)
    builder.append(flags)
    builder.append(mask)
    return builder
  }
}

/// An interface to be made.
package struct NewLink: Sendable {
  package var name: InterfaceName
  /// nil: the kernel picks one.
  package var mac: MACAddress?
  /// nil: the kind's own.
  package var mtu: UInt32?
  /// nil: the namespace of the socket.
  package var namespace: NetworkNamespace?

  package init(_ name: InterfaceName, mac: MACAddress? = nil, mtu: UInt32? = nil, namespace: NetworkNamespace? = nil) {
    self.name = name
    self.mac = mac
    self.mtu = mtu
    self.namespace = namespace
  }
}
