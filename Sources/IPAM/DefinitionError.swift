package import NetAddress

/// Why a subnet or pool cannot be taken over as it is.
package enum DefinitionError: Error, Sendable, Hashable {
  /// A /32 or /128: no room for a gateway and a pod.
  case hostMask(subnet: String, CIDR)
  /// A live subnet lost its CIDR.
  case cidrRemoved(subnet: String)
  case gatewayOutside(subnet: String, IPAddress)
  /// The gateway is the network or broadcast address.
  case gatewayUnusable(subnet: String, IPAddress)
  case noSubnet(String)
  /// An IPPool needs a name; the nameless pool is the subnet's own.
  case poolUnnamed
  case poolEntry(pool: String, AddressError)
  case poolOverlap(pool: String, other: String, ranges: String)
}

extension DefinitionError {
  package var word: ErrorWord {
    switch self {
    case .hostMask, .cidrRemoved: .cidrInvalid
    case .gatewayOutside: .addressOutOfRange
    case .gatewayUnusable, .poolOverlap: .addressConflict
    case .noSubnet: .noSubnet
    case .poolUnnamed, .poolEntry: .addressOutOfRange
    }
  }
}

extension DefinitionError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .hostMask(let subnet, let cidr): "subnet \(subnet): cidr \(cidr) mask is invalid: a /\(cidr.prefixLength) has a single address"
    case .cidrRemoved(let subnet): "subnet \(subnet): CIDRInvalid: the cidrBlock of a live subnet cannot become empty"
    case .gatewayOutside(let subnet, let gateway): "subnet \(subnet): gateway \(gateway) is not in the cidr"
    case .gatewayUnusable(let subnet, let gateway):
      "subnet \(subnet): validate gateway \(gateway) failed: it is the network or broadcast address"
    case .noSubnet(let name): "subnet \(name) does not exist in IPAM"
    case .poolUnnamed: "an ippool must have a name"
    case .poolEntry(let pool, let error): "ippool \(pool): \(error)"
    // Kube-OVN's sentence, word for word: tools match it.
    case .poolOverlap(let pool, let other, let ranges): "ippool \(pool) has conflict IPs with ippool \(other): \(ranges)"
    }
  }
}
