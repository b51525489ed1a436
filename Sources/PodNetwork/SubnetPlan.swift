package import KubeAPI
package import NetAddress
package import WireJSON

/// A Subnet after judgement: every text parsed, defaults filled in, excludes merged (crds.md, allocation.md §10).
package struct SubnetPlan: Sendable, Equatable {
  package let name: String
  package let provider: ProviderName
  /// Network addresses, without host bits; empty for an underlay that hands out MAC addresses only.
  package let cidrs: CIDRBlock
  package let gateways: AddressPair
  /// Merged, the gateways included, in the order of their texts; may lie partly or wholly outside the CIDR.
  package let excludes: [AddressRange]
  /// The spec as the controller wants it stored.
  package let spec: Subnet.Spec
  /// Accepted, but surely not meant: one sentence each.
  package let warnings: [String]

  /// Longest name: it is a label value and a label key too (operations.md).
  package static let nameLimit = 63

  package init(_ subnet: Subnet, enableLB: Bool = true) throws(SubnetProblem) {
    name = subnet.metadata.name
    guard name.utf8.count <= Self.nameLimit else { throw .nameTooLong(name) }
    var spec = subnet.spec
    if spec.provider.isEmpty { spec.provider = ProviderName.primary.text }
    provider = ProviderName(spec.provider)
    let isUnderlayWithoutCIDR = !spec.vlan.isEmpty && spec.cidrBlock.isEmpty
    cidrs = isUnderlayWithoutCIDR ? CIDRBlock() : try Self.block(spec.cidrBlock)
    gateways = isUnderlayWithoutCIDR ? try Self.noGateway(spec) : try Self.gateways(spec.gateway, cidrs)
    let written = try Self.excludes(spec.excludeIPs)
    excludes = Self.merge(written + gateways.values.map { AddressRange($0) })
    spec.cidrBlock = cidrs.description
    spec.protocolName = cidrs.protocol.description
    spec.gateway = gateways.description
    spec.excludeIPs = excludes.map(\.specificationText)
    if provider.isOVN {
      if spec.vpc.isEmpty { spec.vpc = "ovn-cluster" }
      if spec.gatewayType.isEmpty, spec.vpc == "ovn-cluster" { spec.gatewayType = "distributed" }
    }
    if spec.enableLB == nil { spec.enableLB = enableLB }
    try Self.checkFields(spec, written: subnet.spec, name: name, cidrs: cidrs)
    self.spec = spec
    warnings = Self.warnings(written, cidrs)
  }

  /// The plan of a subnet that gives addresses already and whose stored text has become wrong: exclude entries that make no sense are
  /// left out, so that its holders are known after a restart (decisions.md §4 row 23). nil where more than that is wrong.
  package static func salvaging(_ subnet: Subnet, enableLB: Bool = true) -> SubnetPlan? {
    var readable = subnet
    readable.spec.excludeIPs.removeAll { (try? AddressRange(parsing: $0)) == nil }
    return try? SubnetPlan(readable, enableLB: enableLB)
  }

  /// What the stored spec lacks of the wanted one, as a merge patch with the object's version as precondition; nil when nothing.
  package func specPatch(of subnet: Subnet) -> JSONValue? {
    var changes: [String: JSONValue] = [:]
    func compare(_ key: String, _ stored: String, _ wanted: String) { if stored != wanted { changes[key] = .string(wanted) } }
    compare("provider", subnet.spec.provider, spec.provider)
    compare("cidrBlock", subnet.spec.cidrBlock, spec.cidrBlock)
    compare("protocol", subnet.spec.protocolName, spec.protocolName)
    compare("gateway", subnet.spec.gateway, spec.gateway)
    compare("vpc", subnet.spec.vpc, spec.vpc)
    compare("gatewayType", subnet.spec.gatewayType, spec.gatewayType)
    if subnet.spec.excludeIPs != spec.excludeIPs { changes["excludeIps"] = .array(spec.excludeIPs.map { .string($0) }) }
    if subnet.spec.enableLB != spec.enableLB, let enableLB = spec.enableLB { changes["enableLb"] = .bool(enableLB) }
    guard !changes.isEmpty else { return nil }
    return [
      "metadata": ["uid": .string(subnet.metadata.uid), "resourceVersion": .string(subnet.metadata.resourceVersion)],
      "spec": .object(changes),
    ]
  }

  /// Whether every one of the addresses lies in the subnet.
  package func contains(_ addresses: AddressPair) -> Bool { addresses.values.allSatisfy { cidrs.containing($0) != nil } }

  /// The other subnet, by name order the first, if an address would belong to both (decisions.md §4 row 9).
  package func overlap(with others: some Sequence<SubnetPlan>) -> SubnetProblem? {
    let rivals = others.filter { $0.name != name && sharesAddresses(with: $0) && $0.cidrs.overlaps(cidrs) }
    return rivals.min { $0.name < $1.name }.map { other in
      .overlap(subnet: name, cidr: cidrs.description, other: other.name, otherCIDR: other.cidrs.description)
    }
  }

  /// Whether equal addresses of the two would meet: OVN subnets do within one VPC and VLAN, others within one provider.
  private func sharesAddresses(with other: SubnetPlan) -> Bool {
    guard provider.isOVN, other.provider.isOVN else { return provider == other.provider }
    return spec.vpc == other.spec.vpc && spec.vlan == other.spec.vlan
  }
}

// MARK: Parsing

extension SubnetPlan {
  private static func block(_ text: String) throws(SubnetProblem) -> CIDRBlock {
    let block: CIDRBlock
    do throws(AddressError) { block = try CIDRBlock(parsing: text) } catch { throw .cidr(text, why: error.description) }
    for cidr in block.values {
      guard cidr.usable != nil else { throw .mask(cidr.description) }
      guard !cidr.network.isUnspecified || cidr.family == .v6 else { throw .zeroCIDR(cidr.description) }
      for entry in reserved where entry.cidr.overlaps(cidr) {
        throw .reservedCIDR(cidr.description, purpose: entry.purpose, reserved: entry.cidr.description)
      }
    }
    return block.masked
  }

  /// Ranges that no subnet may touch (crds.md, validation 2), and the IPv4 addresses in IPv6 clothes, whose texts read back as IPv4.
  private static let reserved: [(purpose: String, cidr: CIDR)] =
    [
      ("v4 broadcast", "255.255.255.255/32"), ("v4 multicast", "224.0.0.0/4"), ("v4 loopback", "127.0.0.1/8"),
      ("v4 localnet", "0.0.0.0/32"), ("v4 link local", "169.254.0.0/16"), ("v6 unspecified", "::/128"), ("v6 loopback", "::1/128"),
      ("v6 multicast", "ff00::/8"), ("v6 link local", "fe80::/10"),
    ].compactMap { entry in CIDR(entry.1).map { (purpose: entry.0, cidr: $0) } }
    + [CIDR(address: .v6(IPv6Address(mapping: IPv4Address(rawValue: 0))), prefixLength: 96)].compactMap { cidr in
      cidr.map { (purpose: "v4-mapped v6", cidr: $0) }
    }

  /// The gateways asked for, the first host where a family has none.
  private static func gateways(_ text: String, _ cidrs: CIDRBlock) throws(SubnetProblem) -> AddressPair {
    var asked = AddressPair()
    if !text.isEmpty {
      do throws(AddressError) { asked = try AddressPair(parsing: text) } catch { throw .gateway(text, why: error.description) }
    }
    for gateway in asked.values {
      guard let cidr = cidrs.containing(gateway) else {
        throw .gatewayOutside(gateway: gateway.description, cidr: cidrs.description)
      }
      guard let usable = cidr.usable, !usable.contains(gateway) else { continue }
      if gateway == cidr.network {
        throw .gatewayUnusable(gateway: gateway.description, cidr: cidr.description, why: "network address")
      }
      // IPv6 has no broadcast: the all-ones address is an ordinary one and may be the gateway (cases.md D10).
      if gateway.family == .v4 {
        throw .gatewayUnusable(gateway: gateway.description, cidr: cidr.description, why: "broadcast address")
      }
    }
    let wanted = AddressFamily.allCases.compactMap { asked[$0] ?? cidrs[$0]?.firstUsable }
    return (try? AddressPair(wanted)) ?? asked
  }

  private static func noGateway(_ spec: Subnet.Spec) throws(SubnetProblem) -> AddressPair {
    guard spec.gateway.isEmpty else { throw .conflict("an underlay without cidrBlock", "gateway") }
    guard spec.excludeIPs.isEmpty else { throw .conflict("an underlay without cidrBlock", "excludeIps") }
    guard spec.vips.isEmpty else { throw .conflict("an underlay without cidrBlock", "vips") }
    return AddressPair()
  }

  private static func excludes(_ texts: [String]) throws(SubnetProblem) -> [AddressRange] {
    var ranges: [AddressRange] = []
    for text in texts {
      do throws(AddressError) {
        ranges.append(try AddressRange(parsing: text))
      } catch {
        throw .exclude(text, why: error.description)
      }
    }
    return ranges
  }

  /// Joins ranges that share an address and drops those inside others; sorted by their texts, as Kube-OVN stores them.
  static func merge(_ ranges: [AddressRange]) -> [AddressRange] {
    var merged: [AddressRange] = []
    let ordered = ranges.sorted { $0.family != $1.family ? $0.family < $1.family : $0.first < $1.first }
    for range in ordered {
      guard let last = merged.last, last.overlaps(range) else {
        merged.append(range)
        continue
      }
      guard last.last < range.last, let joined = try? AddressRange(first: last.first, last: range.last) else { continue }
      merged[merged.count - 1] = joined
    }
    return merged.sorted { $0.specificationText < $1.specificationText }
  }

  /// Judges the spec as it is to be stored, so that what is accepted once is accepted again.
  private static func checkFields(
    _ spec: Subnet.Spec, written: Subnet.Spec, name: String, cidrs: CIDRBlock
  ) throws(SubnetProblem) {
    guard ["", "distributed", "centralized"].contains(spec.gatewayType) else {
      throw .field(name: "gatewayType", value: spec.gatewayType, why: "it must be distributed or centralized")
    }
    guard written.protocolName.isEmpty || AddressProtocol(rawValue: written.protocolName) != nil else {
      throw .field(name: "protocol", value: written.protocolName, why: "it must be IPv4, IPv6, Dual or Mac")
    }
    if cidrs.v6 != nil, (1..<1280).contains(spec.mtu) {
      throw .field(name: "mtu", value: "\(spec.mtu)", why: "IPv6 needs at least 1280")
    }
    guard spec.vpc != name else { throw .field(name: "vpc", value: spec.vpc, why: "it is the name of the subnet itself") }
    if spec.natOutgoing, !spec.externalEgressGateway.isEmpty { throw .conflict("natOutgoing", "externalEgressGateway") }
    if spec.logicalGateway, spec.u2oInterconnection { throw .conflict("logicalGateway", "u2oInterconnection") }
    for text in spec.allowSubnets where CIDR(text) == nil {
      throw .field(name: "allowSubnets", value: text, why: "it is not a CIDR")
    }
    for text in spec.vips {
      guard let vip = try? IPAddress(parsing: text), cidrs.containing(vip) != nil else {
        throw .field(name: "vips", value: text, why: "it is not an address of \(cidrs)")
      }
    }
  }

  private static func warnings(_ written: [AddressRange], _ cidrs: CIDRBlock) -> [String] {
    written.compactMap { range in
      if let cidr = cidrs[range.family], cidr.range.overlaps(range) { return nil }
      return "\(range.specificationText) in excludeIps lies wholly outside \(cidrs) and excludes nothing"
    }
  }
}
