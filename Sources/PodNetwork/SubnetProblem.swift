/// Why a Subnet is refused. The text goes into its conditions and an event; where Kube-OVN has a text for the fault, it is that.
package enum SubnetProblem: Error, Equatable, CustomStringConvertible {
  case nameTooLong(String)
  case cidr(String, why: String)
  case mask(String)
  case zeroCIDR(String)
  case reservedCIDR(String, purpose: String, reserved: String)
  case gatewayOutside(gateway: String, cidr: String)
  case gatewayUnusable(gateway: String, cidr: String, why: String)
  case gateway(String, why: String)
  case exclude(String, why: String)
  case field(name: String, value: String, why: String)
  case conflict(String, String)
  case overlap(subnet: String, cidr: String, other: String, otherCIDR: String)

  package var description: String {
    switch self {
    case .nameTooLong(let name):
      "subnet name \(name) has \(name.utf8.count) characters: it is also a label, which may have 63 at most"
    case .cidr(let text, let why): "CIDRBlock: \"\(text)\" format error: \(why)"
    case .mask(let text): "subnet cidr \(text) mask is invalid: it leaves no address for a pod"
    case .zeroCIDR(let text): "invalid zero cidr \"\(text)\""
    case .reservedCIDR(let cidr, let purpose, let reserved): "\(cidr) conflict with \(purpose) cidr \(reserved)"
    case .gatewayOutside(let gateway, let cidr): "gateway \(gateway) is not in cidr \(cidr)"
    case .gatewayUnusable(let gateway, let cidr, let why): "validate gateway \(gateway) for cidr \(cidr) failed: it is the \(why)"
    case .gateway(let text, let why): "gateway \"\(text)\" is not valid: \(why)"
    case .exclude(let text, let why): "\(text) in excludeIps is not a valid ip range: \(why)"
    case .field(let name, let value, let why): "spec.\(name) \"\(value)\" is not valid: \(why)"
    case .conflict(let one, let other): "\(one) and \(other) cannot both be set"
    case .overlap(let subnet, let cidr, let other, let otherCIDR):
      "subnet \(subnet) cidr \(cidr) is conflict with subnet \(other) cidr \(otherCIDR)"
    }
  }
}
