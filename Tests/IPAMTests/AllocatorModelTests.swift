import IPAM
import NetAddress
import Testing

/// Random life of several subnets with everything the traces leave out: several NICs, shared addresses, MACs, moves, CIDR changes.
@Suite struct AllocatorModelTests {
  @Test("whatever happens, the lists stay exact and a failed request changes nothing", arguments: [UInt64(101), 102, 103])
  func life(_ seed: UInt64) throws {
    var world = try RandomWorld(seed: seed)
    for step in 0..<3_000 {
      let before = world.bed.allocator.snapshot
      let wasRefused = try world.step()
      let after = world.bed.allocator.snapshot
      if wasRefused, before != after {
        Issue.record("step \(step) seed \(seed): a refused operation changed something: \(world.last)")
        return
      }
      if let fault = SnapshotCheck(after).fault ?? world.usageFault(after) {
        Issue.record("step \(step) seed \(seed): \(fault) after \(world.last)")
        return
      }
    }
    #expect(world.successes > 800 && world.refusals > 200, "seed \(seed): \(world.successes) served, \(world.refusals) refused")
  }

  @Test("C1: 100,000 random requests on a small dual-stack subnet never lose an address", arguments: [UInt64(7)])
  func churn(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let bed = Bed()
    try bed.subnet("10.0.0.0/27,fd00::/123", gateway: "10.0.0.1,fd00::1", exclude: ["10.0.0.1", "FD00::1", "FD00::0008..FD00::000A"])
    var held: [Int: AddressPair] = [:]
    for step in 0..<100_000 {
      let pod = Int.random(in: 0..<40, using: &generator)
      do {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<4: held[pod] = try bed.random("ns/p\(pod)").addresses
        case 4..<6:
          let host = Int.random(in: 0..<32, using: &generator)
          held[pod] = try bed.fixed("ns/p\(pod)", generator.chance(50) ? "10.0.0.\(host)" : "fd00::\(String(host, radix: 16))").addresses
        default:
          bed.release("ns/p\(pod)")
          held[pod] = nil
        }
      } catch let failure as AllocationFailure {
        // "No address" is true only when one family has none to draw.
        if failure.word == .noAvailableAddress {
          let usage = try bed.usage()
          #expect(usage.v4.available == 0 || usage.v6.available == 0, "step \(step) seed \(seed): \(failure)")
        }
      }
      if step % 500 == 0 {
        let fault = SnapshotCheck(bed.allocator.snapshot).fault
        #expect(fault == nil, "step \(step) seed \(seed)")
        let known = bed.allocator.held(inSubnet: "s").map(\.allocation.addresses.description).sorted()
        #expect(known == held.values.map(\.description).sorted(), "step \(step) seed \(seed)")
      }
    }
  }
}

/// Draws operations and carries them out.
private struct RandomWorld {
  let bed = Bed()
  private(set) var last = ""
  private(set) var successes = 0
  private(set) var refusals = 0
  private var generator: SeededGenerator
  private let macs: [MACAddress]

  /// Definitions that each subnet goes through.
  private static let definitions: [String: [(cidr: String, gateway: String, exclude: [String])]] = [
    "a": [
      ("10.1.0.0/28", "10.1.0.1", ["10.1.0.1"]), ("10.1.0.0/28", "10.1.0.1", ["10.1.0.1", "10.1.0.4..10.1.0.6"]),
      ("10.1.0.0/27", "10.1.0.1", ["10.1.0.1"]), ("10.1.0.0/29", "10.1.0.2", []),
    ],
    "b": [
      ("10.2.0.0/28,fd02::/124", "10.2.0.1,fd02::1", ["10.2.0.1", "fd02::1"]),
      ("10.2.0.0/28,fd02::/125", "10.2.0.1,fd02::1", ["10.2.0.1", "fd02::1", "fd02::3"]), ("10.2.0.0/28", "10.2.0.1", ["10.2.0.1"]),
      ("fd02::/124", "fd02::1", ["fd02::1"]),
    ],
    "c": [("fd03::/125", "fd03::1", ["fd03::1"]), ("fd03::/64", "fd03::1", ["fd03::1", "fd03::2..fd03::4"])],
  ]

  init(seed: UInt64) throws {
    generator = SeededGenerator(seed: seed)
    macs = (1...12).map { MACAddress(rawValue: 0x0200_0000_0000 + $0) }
    for name in ["a", "b", "c"] { try define(name, 0) }
  }

  /// True when the operation was refused, after which nothing may have changed.
  mutating func step() throws -> Bool {
    do {
      switch Int.random(in: 0..<100, using: &generator) {
      case 0..<60: try allocate()
      case 60..<72: release()
      case 72..<80: releaseNIC()
      case 80..<86: return restore()
      case 86..<93: try editPool()
      default: try define(generator.pick(["a", "b", "c"]), nil)
      }
      successes += 1
      return false
    } catch is AllocationFailure {
      refusals += 1
      return true
    } catch is DefinitionError {
      refusals += 1
      return true
    }
  }

  /// Counts must be the sizes of the ranges beside them, and those of the lists.
  func usageFault(_ snapshot: AllocatorSnapshot) -> String? {
    for subnet in snapshot.subnets {
      guard let usage = bed.allocator.usage(ofSubnet: subnet.definition.name) else { return "no usage of \(subnet.definition.name)" }
      for family in [usage.v4, usage.v6] {
        for (count, text) in [(family.available, family.availableRanges), (family.using, family.usingRanges)] {
          let ranges = text.split(separator: ",").compactMap { try? AddressRange(parsingStatus: String($0)) }
          guard ranges.reduce(0, { $0 + $1.count }) == count else {
            return "\(subnet.definition.name): \(count) is not the size of \(text)"
          }
        }
      }
    }
    return nil
  }

  private mutating func define(_ name: String, _ index: Int?) throws {
    let variants = Self.definitions[name] ?? []
    let variant = variants[index ?? Int.random(in: 0..<variants.count, using: &generator)]
    last = "define \(name) \(variant)"
    try bed.subnet(variant.cidr, named: name, gateway: variant.gateway, exclude: variant.exclude, gatewayMAC: macs[0].description)
  }

  private mutating func owner() -> Owner {
    Owner(key: "ns/p\(Int.random(in: 0..<14, using: &generator))", uid: generator.pick([nil, "1", "2"]))
  }

  private mutating func nic(of owner: Owner) -> String { "\(owner.key).\(Int.random(in: 0..<3, using: &generator))" }

  private mutating func address(in subnet: String) -> IPAddress {
    let host = UInt32.random(in: 0..<20, using: &generator)
    let isFour = subnet == "a" || subnet == "b" && generator.chance(50)
    let number: UInt128 = subnet == "b" ? 2 : 3
    return isFour
      ? .v4(IPv4Address(rawValue: (subnet == "a" ? 0x0a01_0000 : 0x0a02_0000) + host))
      : .v6(IPv6Address(rawValue: (0xfd00 + number) << 112 + UInt128(host)))
  }

  private mutating func source(in subnet: String) -> AddressSource {
    switch Int.random(in: 0..<10, using: &generator) {
    case 0..<5:
      let skipping = generator.chance(25) ? Set((0..<3).map { _ in address(in: subnet) }) : []
      return .random(pool: generator.chance(25) ? generator.pick(["x", "y"]) : "", skipping: skipping)
    case 5..<8:
      return .fixed((0..<(generator.chance(30) ? 2 : 1)).map { _ in address(in: subnet) })
    default:
      return .firstFree((0..<3).map { _ in [address(in: subnet)] })
    }
  }

  private mutating func allocate() throws {
    let owner = owner()
    let requests = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
      let candidates = (0..<Int.random(in: 1...2, using: &generator)).map { _ in
        let subnet = generator.pick(["a", "b", "c"])
        return Candidate(subnet: subnet, source: source(in: subnet))
      }
      return AllocationRequest(
        nic: nic(of: owner), candidates: candidates, family: generator.pick([nil, nil, nil, .v4, .v6]),
        mac: generator.pick([.none, .random, .fixed(generator.pick(macs))]), sharing: sharing(), mayMove: !generator.chance(10))
    }
    last = "allocate \(requests) for \(owner)"
    let before = bed.allocator.snapshot.holdings
    let answers = try bed.allocator.allocate(requests, owner: owner)
    for (request, answer) in zip(requests, answers) {
      try check(answer, of: request, owner)
      checkLimits(answer, of: request, owner, before)
    }
  }

  private mutating func sharing() -> Sharing {
    guard generator.chance(20) else { return .none }
    return generator.chance(50) ? .anyone : .with("ns/p\(Int.random(in: 0..<14, using: &generator))")
  }

  /// Who held an address before is its holder's only partner, where sharing is limited to one; and nobody was moved who may not be.
  private func checkLimits(_ answer: Allocation, of request: AllocationRequest, _ owner: Owner, _ before: [HeldNIC]) {
    let had = before.first { $0.owner.key == owner.key && $0.allocation.nic == request.nic }?.allocation
    if !request.mayMove, let had {
      for address in had.addresses.values where request.family == nil || request.family == address.family {
        #expect(answer.addresses[address.family] == address && answer.subnet == had.subnet, "\(last)")
      }
    }
    guard case .with(let partner) = request.sharing else { return }
    for address in answer.addresses.values where had?.subnet != answer.subnet || had?.addresses[address.family] != address {
      let holders = before.filter { $0.allocation.subnet == answer.subnet && $0.allocation.addresses[address.family] == address }
      let stayed = bed.allocator.holders(of: address, in: answer.subnet)
      let strangers = holders.filter { held in
        held.owner.key != partner && !(held.owner.key == owner.key && held.allocation.nic == request.nic)
          && stayed.contains { $0.owner.key == held.owner.key && $0.nic == held.allocation.nic }
      }
      #expect(strangers.isEmpty, "\(address) is shared with \(strangers): \(last)")
    }
  }

  /// The answer is what was asked for, and is what the allocator says afterwards.
  private func check(_ answer: Allocation, of request: AllocationRequest, _ owner: Owner) throws {
    let held = try #require(bed.allocator.held(nic: request.nic, ofOwner: owner.key))
    #expect(request.candidates.contains { $0.subnet == answer.subnet }, "\(last)")
    #expect(answer.v4 == nil || held.allocation.v4 == answer.v4, "\(last)")
    #expect(answer.v6 == nil || held.allocation.v6 == answer.v6, "\(last)")
    #expect(held.allocation.mac == answer.mac, "\(last)")
    if case .fixed(let mac) = request.mac { #expect(answer.mac == mac, "\(last)") }
    if request.mac == .random { #expect(answer.mac != nil, "\(last)") }
    if let uid = owner.uid { #expect(held.owner.uid == uid, "\(last)") }
    if let family = request.family { #expect(answer.addresses[family.other] == nil, "\(last)") }
    for address in answer.addresses.values {
      #expect(bed.allocator.holders(of: address, in: answer.subnet).contains { $0.nic == request.nic }, "\(last)")
    }
  }

  private mutating func release() {
    let owner = owner()
    last = "release \(owner)"
    let before = bed.allocator.held(byOwner: owner.key)
    let released = bed.allocator.release(owner)
    let stale = before.filter { $0.owner.uid != nil && owner.uid != nil && $0.owner.uid != owner.uid }
    #expect(bed.allocator.held(byOwner: owner.key) == stale, "\(last)")
    #expect(released.count + stale.count == before.count, "\(last)")
  }

  private mutating func releaseNIC() {
    let owner = owner()
    let nic = nic(of: owner)
    last = "release \(nic) of \(owner)"
    bed.allocator.release(nic: nic, of: owner)
  }

  private mutating func restore() -> Bool {
    let owner = owner()
    let subnet = generator.pick(["a", "b", "c"])
    let record = HoldingRecord(
      nic: nic(of: owner), owner: owner, subnet: subnet, addresses: AddressPair(address(in: subnet)),
      mac: generator.pick([nil, generator.pick(macs)]), sharing: sharing())
    last = "restore \(record)"
    if case .granted = bed.allocator.restore(record) { return false }
    return true
  }

  private mutating func editPool() throws {
    let subnet = generator.pick(["a", "b", "c"])
    let name = generator.pick(["x", "y"])
    last = "pool \(name) of \(subnet)"
    guard generator.chance(70) else {
      bed.allocator.removePool(name, in: subnet)
      return
    }
    let ends = [address(in: subnet), address(in: subnet)].sorted()
    let range = ends[0].family == ends[1].family ? try? AddressRange(first: ends[0], last: ends[1]) : nil
    try bed.allocator.setPool(try PoolDefinition(name: name, ranges: range.map { [$0] } ?? ends.map { AddressRange($0) }), in: subnet)
  }
}

/// The rules that every state must keep (cases C1).
private struct SnapshotCheck {
  private(set) var fault: String?

  init(_ snapshot: AllocatorSnapshot) {
    for subnet in snapshot.subnets {
      let holdings = snapshot.holdings.filter { $0.allocation.subnet == subnet.definition.name }
      check(subnet, subnet.pools.map(\.v4), .v4, holdings.compactMap(\.allocation.v4))
      check(subnet, subnet.pools.map(\.v6), .v6, holdings.compactMap(\.allocation.v6))
      checkSharing(subnet, holdings)
    }
    let keys = snapshot.holdings.map(\.holder)
    if Set(keys.map { [$0.owner.key, $0.nic] }).count != keys.count { fault = "one NIC has two holdings" }
    for held in snapshot.holdings where held.allocation.addresses.isEmpty && held.allocation.mac == nil {
      fault = "\(held.holder) holds nothing"
    }
  }

  private mutating func check<Address: FamilyAddress>(
    _ subnet: SubnetSnapshot, _ pools: [PoolLists<Address>], _ family: AddressFamily, _ held: [Address]
  ) {
    let name = "\(subnet.definition.name) \(family)"
    let usable = subnet.definition.cidrs[family]?.usable
    let excludes = AddressRangeSet(subnet.definition.excludes.filter { $0.family == family }.flatMap(Self.addresses(Address.self)))
    var all = AddressRangeSet<Address>()
    var using = AddressRangeSet<Address>()
    for pool in pools {
      let excluded = excludes.intersection(pool.members)
      let parts = [pool.free, pool.released, pool.using, excluded.subtracting(pool.using)]
      let union = parts.reduce(AddressRangeSet<Address>()) { $0.union($1) }
      if union != pool.members { fault = "\(name): \(union) is not the pool's \(pool.members)" }
      if parts.reduce(0, { $0 + $1.count }) != pool.members.count { fault = "\(name): lists overlap" }
      if !pool.free.union(pool.released).intersection(excluded).isEmpty { fault = "\(name): an excluded address may be drawn" }
      if pool.excluded != excluded.count { fault = "\(name): \(pool.excluded) is not the number excluded" }
      if !all.intersection(pool.members).isEmpty { fault = "\(name): pools overlap" }
      all = all.union(pool.members)
      using = using.union(pool.using)
    }
    if all.count != usable?.count ?? 0 { fault = "\(name): the pools are not the whole subnet" }
    if using != AddressRangeSet(held.map { $0...$0 }) { fault = "\(name): in use \(using), held \(held)" }
  }

  private static func addresses<Address: FamilyAddress>(_: Address.Type) -> (AddressRange) -> [ClosedRange<Address>] {
    { range in
      guard let first = Address(range.first.description), let last = Address(range.last.description) else { return [] }
      return [first...last]
    }
  }

  /// Whatever two NICs hold must be filed as shared, with exactly these holders.
  private mutating func checkSharing(_ subnet: SubnetSnapshot, _ holdings: [HeldNIC]) {
    var holders: [String: Set<Holder>] = [:]
    for held in holdings {
      let values = held.allocation.addresses.values.map(\.description) + [held.allocation.mac?.description].compactMap { $0 }
      for value in values { holders[value, default: []].insert(held.holder) }
    }
    let shared = holders.filter { $0.value.count > 1 }
    if shared != subnet.sharers.mapValues({ Set($0) }) { fault = "\(subnet.definition.name): shared \(shared), filed \(subnet.sharers)" }
  }
}
