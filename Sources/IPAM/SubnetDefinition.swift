package import NetAddress

/// A subnet as the allocator needs it. Its making checks what would let the allocator give an address that cannot work.
package struct SubnetDefinition: Sendable, Hashable {
  package let name: String
  /// Network addresses, host bits dropped. Empty: an underlay subnet that hands out MACs only.
  package let cidrs: CIDRBlock
  package let gateways: AddressPair
  /// Within the usable addresses of their family.
  package let excludes: [AddressRange]
  /// The router port's MAC, which no NIC may have.
  package let gatewayMAC: MACAddress?

  /// `excludes` are clipped to the CIDRs; callers who must report what is clipped use `ExcludedRanges` first.
  package init(
    name: String, cidrs: CIDRBlock, gateways: AddressPair = AddressPair(), excludes: [AddressRange] = [], gatewayMAC: MACAddress? = nil
  ) throws(DefinitionError) {
    for cidr in cidrs.values where cidr.usable == nil { throw .hostMask(subnet: name, cidr) }
    for gateway in gateways.values {
      guard let cidr = cidrs[gateway.family], cidr.contains(gateway) else { throw .gatewayOutside(subnet: name, gateway) }
      guard Self.canBeGateway(gateway, of: cidr) else { throw .gatewayUnusable(subnet: name, gateway) }
    }
    self.name = name
    self.cidrs = cidrs.masked
    self.gateways = gateways
    self.excludes = ExcludedRanges(excludes, within: cidrs).ranges
    self.gatewayMAC = gatewayMAC
  }

  /// Stands in the place of a removed subnet: serves nothing.
  static let vacant = SubnetDefinition()

  private init() {
    name = ""
    cidrs = CIDRBlock()
    gateways = AddressPair()
    excludes = []
    gatewayMAC = nil
  }

  /// IPv6 has no broadcast address, so the all-ones host may be the gateway although pods never get it (cases D10).
  private static func canBeGateway(_ gateway: IPAddress, of cidr: CIDR) -> Bool {
    guard let usable = cidr.usable else { return false }
    return usable.contains(gateway) || gateway.family == .v6 && gateway == cidr.last
  }

  package var `protocol`: AddressProtocol { cidrs.protocol }
}
