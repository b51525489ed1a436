import IPAM
import NetAddress
import Testing

/// An allocator that is ready, with short ways to say what the tests say all the time.
struct Bed {
  let allocator = Allocator(seed: 1)

  init(isReady: Bool = true) {
    if isReady { allocator.restoreFinished() }
  }

  /// Texts as a Subnet object has them; excludes that cannot be read are dropped, as when found stored.
  @discardableResult
  func subnet(
    _ cidr: String, named name: String = "s", gateway: String = "", exclude: [String] = [], gatewayMAC: String? = nil
  ) throws -> EditOutcome {
    try allocator.setSubnet(try Bed.definition(name, cidr, gateway: gateway, exclude: exclude, gatewayMAC: gatewayMAC))
  }

  static func definition(
    _ name: String, _ cidr: String, gateway: String = "", exclude: [String] = [], gatewayMAC: String? = nil
  ) throws -> SubnetDefinition {
    let cidrs = cidr.isEmpty ? CIDRBlock() : try CIDRBlock(parsing: cidr)
    return try SubnetDefinition(
      name: name, cidrs: cidrs, gateways: gateway.isEmpty ? AddressPair() : try AddressPair(parsing: gateway),
      excludes: ExcludedRanges(exclude, within: cidrs).ranges, gatewayMAC: try gatewayMAC.map { try MACAddress(parsing: $0) })
  }

  @discardableResult
  func pool(_ name: String, _ entries: [String], in subnet: String = "s") throws -> EditOutcome {
    try allocator.setPool(try PoolDefinition(name: name, entries: entries), in: subnet)
  }

  /// One NIC named after its pod, from one subnet.
  @discardableResult
  func random(
    _ pod: String, nic: String? = nil, in subnet: String = "s", pool: String = "", family: AddressFamily? = nil,
    skip: [String] = [], mac: MACChoice = .none
  ) throws -> Allocation {
    let skipping = Set(try skip.map { try IPAddress(parsing: $0) })
    return try allocate(pod, nic, subnet, .random(pool: pool, skipping: skipping), family, mac, sharing: .none)
  }

  @discardableResult
  func fixed(
    _ pod: String, _ addresses: String, nic: String? = nil, in subnet: String = "s", family: AddressFamily? = nil,
    mac: MACChoice = .none, sharing: Sharing = .none
  ) throws -> Allocation {
    try allocate(pod, nic, subnet, .fixed(try Bed.addresses(addresses)), family, mac, sharing: sharing)
  }

  /// Entries of an `ip_pool` with literal addresses.
  @discardableResult
  func list(_ pod: String, _ entries: [String], nic: String? = nil, in subnet: String = "s") throws -> Allocation {
    try allocate(pod, nic, subnet, .firstFree(try entries.map { try Bed.addresses($0) }), nil, .none, sharing: .none)
  }

  func allocate(
    _ pod: String, _ nic: String?, _ subnet: String, _ source: AddressSource, _ family: AddressFamily?, _ mac: MACChoice, sharing: Sharing
  ) throws -> Allocation {
    let request = AllocationRequest(
      nic: nic ?? Bed.nic(pod), candidates: [Candidate(subnet: subnet, source: source)], family: family, mac: mac, sharing: sharing)
    let allocations = try allocator.allocate([request], owner: Owner(key: pod))
    return try #require(allocations.first)
  }

  @discardableResult
  func release(_ pod: String, nic: String? = nil) -> [ReleasedNIC] {
    guard let nic else { return allocator.release(Owner(key: pod)) }
    return allocator.release(nic: nic, of: Owner(key: pod)).map { [$0] } ?? []
  }

  /// `ns/p` has the NIC `p.ns`.
  static func nic(_ pod: String) -> String { pod.split(separator: "/").reversed().joined(separator: ".") }

  static func addresses(_ text: String) throws -> [IPAddress] {
    try text.split(separator: ",").map { try IPAddress(parsing: String($0)) }
  }

  func usage(_ subnet: String = "s", pool: String? = nil) throws -> Usage {
    guard let pool else { return try #require(allocator.usage(ofSubnet: subnet)) }
    return try #require(allocator.usage(ofPool: PoolKey(subnet: subnet, pool: pool)))
  }

  func lists(_ subnet: String = "s", pool: String = "") throws -> PoolSnapshot {
    let subnets = allocator.snapshot.subnets
    return try #require(subnets.first { $0.definition.name == subnet }?.pools.first { $0.name == pool })
  }

  /// Runs a request that must fail with this word, and checks that it changed nothing at all.
  @discardableResult
  func refuses(
    _ word: ErrorWord, _ request: () throws -> Allocation, sourceLocation: SourceLocation = #_sourceLocation
  ) -> AllocationError? {
    let before = allocator.snapshot
    let failure = #expect(throws: AllocationFailure.self, sourceLocation: sourceLocation) { try request() }
    #expect(failure?.word == word, "\(failure.map(\.description) ?? "no failure")", sourceLocation: sourceLocation)
    #expect(failure?.description.contains(word.rawValue) == true, sourceLocation: sourceLocation)
    #expect(allocator.snapshot == before, sourceLocation: sourceLocation)
    return failure?.nics.first?.error
  }
}

extension Allocation {
  /// `v4`, `v6` or `v4,v6`.
  var text: String { addresses.description }
}

/// SplitMix64: small, seedable, the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[Int.random(in: 0..<elements.count, using: &self)] }
}
