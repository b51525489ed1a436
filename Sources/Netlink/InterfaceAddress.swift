import CLinux
import Glibc
package import NetAddress

/// An address on an interface (RTM_NEWADDR).
package struct InterfaceAddress: Sendable, Hashable {
  package var interface: Int32
  /// The interface's own address with its prefix length.
  package var address: CIDR
  /// `IFA_F_…`
  package var flags: UInt32

  /// Duplicate address detection is under way: the address cannot be used yet.
  package var isTentative: Bool { flags & UInt32(IFA_F_TENTATIVE) != 0 }

  /// fe80::/10, which the kernel gives every IPv6 interface.
  package var isLinkLocal: Bool { address.address.v6?.isLinkLocal ?? false }

  /// Reads the payload of an RTM_NEWADDR message: `struct ifaddrmsg` and attributes. nil for a family that is not IP.
  init?(_ payload: [UInt8]) throws(NetlinkFormatError) {
    var reader = NetlinkReader(payload[...])
    let family = try reader.read(UInt8.self)
    let prefixLength = try reader.read(UInt8.self)
    flags = UInt32(try reader.read(UInt8.self))
    _ = try reader.read(UInt8.self)  // scope
    interface = try reader.read(Int32.self)
    guard family == UInt8(AF_INET) || family == UInt8(AF_INET6) else { return nil }
    var own: IPAddress?
    var peer: IPAddress?
    for attribute in try reader.readAttributes() {
      switch attribute.type {
      // On a point-to-point interface IFA_ADDRESS is the other end and IFA_LOCAL the own one; elsewhere they are alike, and IPv6
      // has IFA_ADDRESS alone.
      case Int(IFA_LOCAL): own = IPAddress(bytes: attribute.value)
      case Int(IFA_ADDRESS): peer = IPAddress(bytes: attribute.value)
      case Int(IFA_FLAGS): flags = try attribute.number()
      default: break
      }
    }
    guard let address = own ?? peer, let cidr = CIDR(address: address, prefixLength: Int(prefixLength)) else {
      throw NetlinkFormatError("an interface address without an address, or with prefix length \(prefixLength)")
    }
    self.address = cidr
  }
}

/// Requests about addresses, as bytes.
enum AddressRequest {
  static func list(family: AddressFamily?, interface: Int32?) -> NetlinkMessage {
    NetlinkMessage(
      type: UInt16(RTM_GETADDR), flags: 0, payload: header(family.systemValue, prefixLength: 0, flags: 0, interface: interface ?? 0).bytes)
  }

  static func add(_ address: CIDR, interface: Int32, detectsDuplicates: Bool) -> NetlinkMessage {
    let flags = detectsDuplicates ? 0 : UInt8(IFA_F_NODAD)
    return NetlinkMessage(
      type: UInt16(RTM_NEWADDR), flags: NetlinkMessage.Flag.create | NetlinkMessage.Flag.exclusive,
      payload: payload(address, interface: interface, flags: flags))
  }

  static func remove(_ address: CIDR, interface: Int32) -> NetlinkMessage {
    NetlinkMessage(type: UInt16(RTM_DELADDR), flags: 0, payload: payload(address, interface: interface, flags: 0))
  }

  private static func payload(_ address: CIDR, interface: Int32, flags: UInt8) -> [UInt8] {
    var payload = header(
      Optional(address.family).systemValue, prefixLength: UInt8(address.prefixLength), flags: flags, interface: interface)
    payload.attribute(Int(IFA_LOCAL), address.address.bytes)
    payload.attribute(Int(IFA_ADDRESS), address.address.bytes)
    return payload.bytes
  }

  /// `struct ifaddrmsg`; the scope is the kernel's to find.
  private static func header(_ family: UInt8, prefixLength: UInt8, flags: UInt8, interface: Int32) -> NetlinkBuilder {
    var builder = NetlinkBuilder()
    builder.append(family)
    builder.append(prefixLength)
    builder.append(flags)
    builder.append(UInt8(RT_SCOPE_UNIVERSE.rawValue))
    builder.append(interface)
    return builder
  }
}

extension AddressFamily? {
  /// AF_INET, AF_INET6, or AF_UNSPEC for both.
  var systemValue: UInt8 {
    switch self {
    case .v4?: UInt8(AF_INET)
    case .v6?: UInt8(AF_INET6)
    case nil: UInt8(AF_UNSPEC)
    }
  }
}
