package import NetAddress

/// Why one candidate did not serve a NIC. `description` opens with Kube-OVN's error word, which events and tests look for.
package enum AllocationError: Error, Sendable, Hashable {
  /// The allocator does not know all holders yet.
  case notReady
  /// The NIC has no subnet to try.
  case noCandidate
  case noSubnet(String)
  case noPool(PoolKey)
  /// Nothing left: neither never-used nor released addresses.
  case exhausted(PoolKey, AddressFamily, Occupancy)
  /// Addresses are left, but the caller forbade every one of them (or it is the gateway).
  case allSkipped(PoolKey, AddressFamily, count: UInt128)
  case outOfRange(subnet: String, IPAddress, cidr: CIDR?)
  case gateway(subnet: String, IPAddress)
  case held(subnet: String, IPAddress, by: Holder)
  /// The subnet's lists know no such free address although nobody holds it: a broken invariant, told rather than hidden.
  case unavailable(subnet: String, IPAddress)
  case macHeld(subnet: String, MACAddress, by: Holder)
  case macGateway(subnet: String, MACAddress)
  /// The family asked for is not one of the subnet's.
  case familyNotServed(subnet: String, AddressFamily, AddressProtocol)
  /// A given address is not of the family asked for.
  case wrongFamily(IPAddress, wanted: AddressFamily)
  /// Two given addresses of one family for one NIC.
  case twoOfFamily(IPAddress, IPAddress)
  /// Every entry of a list of addresses belongs to others.
  case listTaken(subnet: String, entries: Int, first: IPAddress, by: Holder)
  /// A fixed request or a list without an address.
  case noAddressGiven(subnet: String)
  /// One request names the same NIC twice.
  case sameNICTwice
  /// At restore: the NIC holds something else already.
  case nicHolds(Allocation)
}

/// How full a pool is in one family.
package struct Occupancy: Sendable, Hashable {
  package let using: UInt128
  package let excluded: UInt128
  package let size: UInt128

  package init(using: UInt128, excluded: UInt128, size: UInt128) {
    self.using = using
    self.excluded = excluded
    self.size = size
  }
}

/// Kube-OVN's words for what went wrong.
package enum ErrorWord: String, Sendable, Hashable {
  case addressOutOfRange = "AddressOutOfRange"
  case addressConflict = "AddressConflict"
  case noAvailableAddress = "NoAvailableAddress"
  case noSubnet = "NoSubnet"
  case cidrInvalid = "CIDRInvalid"
  case invalidIPFamily = "InvalidIPFamily"
  /// Ours: Kube-OVN allocates while it still restores.
  case notReady = "NotReady"
}

extension AllocationError {
  package var word: ErrorWord {
    switch self {
    case .notReady: .notReady
    case .noCandidate, .noSubnet: .noSubnet
    case .noPool, .exhausted, .listTaken, .noAddressGiven, .unavailable: .noAvailableAddress
    case .allSkipped, .gateway, .held, .macHeld, .macGateway, .sameNICTwice, .nicHolds: .addressConflict
    case .outOfRange: .addressOutOfRange
    case .familyNotServed, .wrongFamily, .twoOfFamily: .invalidIPFamily
    }
  }

  /// Waiting cannot help, only an edit: the request is malformed, out of range, or has no subnet (decisions row 2).
  package var isFinal: Bool {
    switch self {
    case .noCandidate, .noSubnet, .outOfRange, .familyNotServed, .wrongFamily, .twoOfFamily, .noAddressGiven, .sameNICTwice: true
    case .notReady, .noPool, .exhausted, .allSkipped, .gateway, .held, .unavailable, .macHeld, .macGateway, .listTaken, .nicHolds:
      false
    }
  }
}

extension AllocationError: CustomStringConvertible {
  package var description: String { "\(word.rawValue): \(reason)" }

  private var reason: String {
    switch self {
    case .notReady: "the controller is still reading who holds which address"
    case .noCandidate: "no subnet is bound to this network"
    case .noSubnet(let name): "subnet \(name) does not exist"
    case .noPool(let key): "subnet \(key.subnet) has no pool \(key.pool)"
    case .exhausted(let key, let family, let room):
      "\(key) has no \(family) address left: of \(room.size), \(room.using) are in use and \(room.excluded) excluded"
    case .allSkipped(let key, let family, let count):
      "all \(count) free \(family) addresses of \(key) belong to nodes or the gateway"
    case .unavailable(let subnet, let address): "\(address) of subnet \(subnet) is in no list of free addresses"
    case .listTaken(let subnet, let entries, let first, let holder):
      "all \(entries) addresses of the list are taken in subnet \(subnet); \(first) is held by \(holder)"
    case .noAddressGiven(let subnet): "the request for subnet \(subnet) names no address"
    case .sameNICTwice: "the request names this NIC twice"
    default: addressReason
    }
  }

  /// The reasons that concern one address or MAC.
  private var addressReason: String {
    switch self {
    case .outOfRange(let subnet, let address, let cidr):
      "\(address) is not an address that subnet \(subnet) can give" + (cidr.map { " (\($0))" } ?? "")
    case .gateway(let subnet, let address): "\(address) is the gateway of subnet \(subnet)"
    case .held(let subnet, let address, let holder): "\(address) in subnet \(subnet) is held by \(holder)"
    case .macHeld(let subnet, let mac, let holder): "MAC \(mac) in subnet \(subnet) is held by \(holder)"
    case .macGateway(let subnet, let mac): "MAC \(mac) is that of the gateway of subnet \(subnet)"
    case .familyNotServed(let subnet, let family, let served):
      "requested ip family \(family) does not match subnet \(subnet) protocol \(served)"
    case .wrongFamily(let address, let wanted): "\(address) is not \(wanted), the requested ip family"
    case .twoOfFamily(let first, let second): "\(first) and \(second) are of one family, a NIC has one address of each"
    case .nicHolds(let allocation): "the NIC already holds \(allocation.addresses) in subnet \(allocation.subnet)"
    default: ""
    }
  }
}

extension PoolKey: CustomStringConvertible {
  /// `subnet s` or `pool p of subnet s`.
  package var description: String { pool.isEmpty ? "subnet \(subnet)" : "pool \(pool) of subnet \(subnet)" }
}
