package import NetAddress

/// Why an IPPool is not in force as it stands. The text goes into its conditions and an event.
package enum PoolProblem: Error, Equatable, CustomStringConvertible {
  /// `spec.subnet` is empty.
  case noSubnetNamed(pool: String)
  case entry(pool: String, subnet: String, text: String, AddressError)
  case subnetMissing(pool: String, subnet: String)
  case subnetRefused(pool: String, subnet: String, why: String)
  /// Another pool has some of the addresses; the text is Kube-OVN's own, which tools match.
  case overlap(String)

  package var description: String {
    switch self {
    case .noSubnetNamed(let pool): "ippool \(pool) names no subnet in spec.subnet"
    case .entry(let pool, let subnet, let text, let error): "ippool \(pool) of subnet \(subnet): \"\(text)\" in spec.ips: \(error)"
    case .subnetMissing(let pool, let subnet): "ippool \(pool): subnet \(subnet) does not exist"
    case .subnetRefused(let pool, let subnet, let why): "ippool \(pool): subnet \(subnet) cannot be used: \(why)"
    case .overlap(let text): text
    }
  }
}
