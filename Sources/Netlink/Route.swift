import CLinux
import Glibc
package import NetAddress

/// A route of the kernel's (RTM_NEWROUTE), as far as an interface plan needs it.
package struct Route: Sendable, Hashable {
  /// 0.0.0.0/0 or ::/0 for the default route.
  package var destination: CIDR
  package var gateway: IPAddress?
  /// nil: the kernel finds the interface by the gateway.
  package var interface: Int32?
  /// The source address to prefer.
  package var source: IPAddress?
  /// Lower wins; nil is the family's own (0 for IPv4, 1024 for IPv6).
  package var priority: UInt32?
  package var table: UInt32
  /// `RTN_…`: unicast, blackhole, local …
  package var kind: UInt8
  /// Where there are several next hops, they stand here and `gateway` and `interface` are nil.
  package var nextHops: [NextHop]

  package struct NextHop: Sendable, Hashable {
    package var gateway: IPAddress?
    package var interface: Int32
  }

  package static let mainTable = UInt32(RT_TABLE_MAIN.rawValue)

  package init(
    _ destination: CIDR, gateway: IPAddress? = nil, interface: Int32? = nil, source: IPAddress? = nil, priority: UInt32? = nil
  ) {
    self.destination = destination
    self.gateway = gateway
    self.interface = interface
    self.source = source
    self.priority = priority
    table = Self.mainTable
    kind = UInt8(RTN_UNICAST)
    nextHops = []
  }

  package var isDefault: Bool { destination.prefixLength == 0 }
  package var isUnicast: Bool { kind == UInt8(RTN_UNICAST) }

  /// Reads the payload of an RTM_NEWROUTE message: `struct rtmsg` and attributes. nil for a family that is not IP and for the
  /// kernel's cache of learned paths.
  init?(_ payload: [UInt8]) throws(NetlinkFormatError) {
    var reader = NetlinkReader(payload[...])
    let family = try reader.read(UInt8.self)
    let prefixLength = try reader.read(UInt8.self)
    _ = try reader.read(UInt16.self)  // source prefix length, type of service
    table = UInt32(try reader.read(UInt8.self))
    _ = try reader.read(UInt16.self)  // protocol, scope
    kind = try reader.read(UInt8.self)
    let flags = try reader.read(UInt32.self)
    let isIP = family == UInt8(AF_INET) || family == UInt8(AF_INET6)
    guard isIP, flags & UInt32(RTM_F_CLONED) == 0 else { return nil }
    var address: IPAddress = family == UInt8(AF_INET) ? .v4(IPv4Address(rawValue: 0)) : .v6(IPv6Address(rawValue: 0))
    nextHops = []
    for attribute in try reader.readAttributes() {
      switch attribute.type {
      case Int(RTA_DST.rawValue): address = IPAddress(bytes: attribute.value) ?? address
      case Int(RTA_GATEWAY.rawValue): gateway = IPAddress(bytes: attribute.value)
      case Int(RTA_VIA.rawValue): gateway = IPAddress(bytes: attribute.value.dropFirst(2))
      case Int(RTA_OIF.rawValue): interface = try attribute.number()
      case Int(RTA_PREFSRC.rawValue): source = IPAddress(bytes: attribute.value)
      case Int(RTA_PRIORITY.rawValue): priority = try attribute.number()
      case Int(RTA_TABLE.rawValue): table = try attribute.number()
      case Int(RTA_MULTIPATH.rawValue): nextHops = try Self.nextHops(attribute.value)
      default: break
      }
    }
    guard let destination = CIDR(address: address, prefixLength: Int(prefixLength)) else {
      throw NetlinkFormatError("a route with prefix length \(prefixLength)")
    }
    self.destination = destination
  }

  /// A list of `struct rtnexthop`, each with attributes behind it.
  private static func nextHops(_ bytes: ArraySlice<UInt8>) throws(NetlinkFormatError) -> [NextHop] {
    var hops: [NextHop] = []
    var reader = NetlinkReader(bytes)
    while !reader.isAtEnd {
      let length = Int(try reader.read(UInt16.self))
      _ = try reader.read(UInt16.self)  // flags, weight
      let interface = try reader.read(Int32.self)
      guard length >= RouteRequest.nextHopHeaderSize else { throw NetlinkFormatError("a next hop of \(length) bytes") }
      var inner = NetlinkReader(try reader.readBytes(length - RouteRequest.nextHopHeaderSize))
      var gateway: IPAddress?
      for attribute in try inner.readAttributes() {
        switch attribute.type {
        case Int(RTA_GATEWAY.rawValue): gateway = IPAddress(bytes: attribute.value)
        case Int(RTA_VIA.rawValue): gateway = IPAddress(bytes: attribute.value.dropFirst(2))
        default: break
        }
      }
      hops.append(NextHop(gateway: gateway, interface: interface))
    }
    return hops
  }
}

/// Requests about routes, as bytes.
enum RouteRequest {
  /// sizeof(struct rtnexthop).
  static let nextHopHeaderSize = 8

  /// What to do about a route that has the same destination and priority.
  enum Conflict {
    case refuse
    case replace
  }

  static func list(family: AddressFamily?) -> NetlinkMessage {
    NetlinkMessage(type: UInt16(RTM_GETROUTE), flags: 0, payload: header(family.systemValue).bytes)
  }

  static func add(_ route: Route, onConflict conflict: Conflict) -> NetlinkMessage {
    let flag = conflict == .replace ? NetlinkMessage.Flag.replace : NetlinkMessage.Flag.exclusive
    // A destination on the link itself may not claim to lie beyond a gateway.
    let scope = route.gateway == nil && route.destination.family == .v4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE
    return NetlinkMessage(
      type: UInt16(RTM_NEWROUTE), flags: NetlinkMessage.Flag.create | flag,
      payload: payload(route, protocolNumber: UInt8(RTPROT_BOOT), scope: UInt8(scope.rawValue)))
  }

  /// Whoever installed it and whatever its scope.
  static func delete(_ route: Route) -> NetlinkMessage {
    NetlinkMessage(
      type: UInt16(RTM_DELROUTE), flags: 0, payload: payload(route, protocolNumber: 0, scope: UInt8(RT_SCOPE_NOWHERE.rawValue)))
  }

  private static func payload(_ route: Route, protocolNumber: UInt8, scope: UInt8) -> [UInt8] {
    let destination = route.destination.masked
    var payload = header(
      Optional(destination.family).systemValue, prefixLength: UInt8(destination.prefixLength),
      table: route.table < 256 ? UInt8(route.table) : UInt8(RT_TABLE_UNSPEC.rawValue), protocolNumber: protocolNumber, scope: scope,
      kind: route.kind)
    if destination.prefixLength > 0 { payload.attribute(Int(RTA_DST.rawValue), destination.address.bytes) }
    if let gateway = route.gateway { payload.attribute(Int(RTA_GATEWAY.rawValue), gateway.bytes) }
    if let interface = route.interface { payload.attribute(Int(RTA_OIF.rawValue), interface) }
    if let source = route.source { payload.attribute(Int(RTA_PREFSRC.rawValue), source.bytes) }
    if let priority = route.priority { payload.attribute(Int(RTA_PRIORITY.rawValue), priority) }
    if route.table >= 256 { payload.attribute(Int(RTA_TABLE.rawValue), route.table) }
    return payload.bytes
  }

  /// `struct rtmsg`.
  private static func header(
    _ family: UInt8, prefixLength: UInt8 = 0, table: UInt8 = 0, protocolNumber: UInt8 = 0, scope: UInt8 = 0, kind: UInt8 = 0
  ) -> NetlinkBuilder {
    var builder = NetlinkBuilder()
    for byte in [family, prefixLength, 0, 0, table, protocolNumber, scope, kind] { builder.append(byte) }
    builder.append(UInt32(0))
    return builder
  }
}
