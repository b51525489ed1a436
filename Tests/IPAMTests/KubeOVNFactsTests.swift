import IPAM
import NetAddress
import Testing

/// What Kube-OVN's own allocator tests state (allocation.md §12), by their names.
@Suite struct KubeOVNFactsTests {
  @Test("NewSubnet: excluded addresses split the free ranges, IPv4")
  func newSubnet4() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24", exclude: [".2", ".4", ".100", ".252", ".253", ".254"].map { "10.0.0" + $0 })
    #expect(try bed.lists().v4.free.description == "10.0.0.1,10.0.0.3,10.0.0.5-10.0.0.99,10.0.0.101-10.0.0.251")
    let excluded = try #require(bed.allocator.definition(ofSubnet: "s")).excludes
    #expect(
      AddressRangeSet(excluded.compactMap(\.v4)).description == "10.0.0.2,10.0.0.4,10.0.0.100,10.0.0.252-10.0.0.254")
  }

  @Test("NewSubnet: excluded addresses split the free ranges, IPv6")
  func newSubnet6() throws {
    let bed = Bed()
    try bed.subnet("2001:db8::/64", exclude: ["2", "4", "100", "252", "253", "254"].map { "2001:db8::" + $0 })
    #expect(
      try bed.lists().v6.free.description
        == "2001:db8::1,2001:db8::3,2001:db8::5-2001:db8::ff,2001:db8::101-2001:db8::251,2001:db8::255-2001:db8::ffff:ffff:ffff:fffe")
  }

  @Test("Allocate: lowest first, skipped ones passed over, none left is a conflict")
  func allocate() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24", exclude: ["10.0.0.5..10.0.0.254"])
    #expect(try bed.random("ns/a").text == "10.0.0.1")
    #expect(try bed.random("ns/b", skip: ["10.0.0.2", "10.0.0.3"]).text == "10.0.0.4")
    bed.refuses(.addressConflict) { try bed.random("ns/c", skip: ["10.0.0.2", "10.0.0.3"]) }
  }

  @Test("GetRandomAddressWithFamily: one family asked for takes that one only")
  func randomFamily() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24,2001:db8::/64")
    #expect(try bed.random("ns/pod1").text == "10.0.0.1,2001:db8::1")
    #expect(try bed.random("ns/pod2", family: .v4).text == "10.0.0.2")
    #expect(try bed.random("ns/pod3", family: .v6).text == "2001:db8::2")
    let usage = try bed.usage()
    #expect(usage.v4.using == 2 && usage.v6.using == 2)
  }

  @Test("GetStaticAddressWithFamily: the other family is completed, a wrong family takes nothing")
  func staticFamily() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24,2001:db8::/64")
    #expect(try bed.fixed("ns/pod1", "10.0.0.11").text == "10.0.0.11,2001:db8::1")
    #expect(try bed.fixed("ns/pod2", "10.0.0.12", family: .v4).text == "10.0.0.12")
    bed.refuses(.invalidIPFamily) { try bed.fixed("ns/pod3", "2001:db8::9", family: .v4) }
    bed.refuses(.invalidIPFamily) { try bed.fixed("ns/pod3", "10.0.0.13,2001:db8::9", family: .v4) }
  }

  @Test("GetStaticAddress: one owner an address, and a half failure takes nothing")
  func staticConflict() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24,2001:db8::/64")
    #expect(try bed.fixed("ns/pod1", "10.0.0.1,2001:db8::1").text == "10.0.0.1,2001:db8::1")
    bed.refuses(.addressConflict) { try bed.fixed("ns/pod2", "10.0.0.1,2001:db8::3") }
    #expect(try bed.usage().v6.usingRanges == "2001:db8::1")
    bed.refuses(.addressConflict) { try bed.fixed("ns/pod2", "10.0.0.3,2001:db8::1") }
    #expect(try bed.usage().v4.usingRanges == "10.0.0.1")
  }

  @Test("GetStaticAddress refuses the gateway in any spelling", arguments: ["10.0.0.1", "2001:db8::1", "2001:DB8:0::0001"])
  func gateway(_ address: String) throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24,2001:db8::/64", gateway: "10.0.0.1,2001:db8::1", exclude: ["10.0.0.1", "2001:db8::1"])
    bed.refuses(.addressConflict) { try bed.fixed("ns/p", address) }
  }

  @Test("a point-to-point subnet gives its one other address, asked by name or not")
  func pointToPoint() throws {
    for isFixed in [true, false] {
      let bed = Bed()
      try bed.subnet("10.0.0.0/31", gateway: "10.0.0.0", exclude: ["10.0.0.0"])
      #expect(try (isFixed ? bed.fixed("ns/p", "10.0.0.1") : bed.random("ns/p")).text == "10.0.0.1")
      bed.refuses(.noAvailableAddress) { try bed.random("ns/q") }
    }
  }

  @Test("GetStaticAddressReleaseExisting: a new address frees the old one, the gateway frees nothing")
  func replace() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24,2001:db8::/64", gateway: "10.0.0.1,2001:db8::1", exclude: ["10.0.0.1", "2001:db8::1"])
    let first = try bed.fixed("ns/p", "10.0.0.5,2001:db8::5", mac: .random)
    let second = try bed.fixed("ns/p", "10.0.0.10", mac: .random)
    #expect(second.text == "10.0.0.10,2001:db8::5" && second.mac == first.mac && first.mac != nil)
    #expect(second.freed == [FreedAddress(pool: PoolKey(subnet: "s", pool: ""), address: try IPAddress(parsing: "10.0.0.5"))])
    #expect(try bed.usage().v4.usingRanges == "10.0.0.10")
    bed.refuses(.addressConflict) { try bed.fixed("ns/p", "10.0.0.1") }
    #expect(try bed.fixed("ns/q", "10.0.0.5").v4 == IPv4Address(10, 0, 0, 5))
  }

  @Test("SubnetReleaseAddr: a shared address stays used until the last holder goes; an excluded one may be had by name")
  func sharedRelease() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24", exclude: ["10.0.0.100"])
    try bed.fixed("ns/a", "10.0.0.3")
    try bed.fixed("ns/b", "10.0.0.3", sharing: .anyone)
    let address = try IPAddress(parsing: "10.0.0.3")
    #expect(bed.allocator.holders(of: address, in: "s").map(\.owner.key) == ["ns/a", "ns/b"])
    #expect(bed.release("ns/a").first?.freed == [])
    #expect(bed.allocator.holders(of: address, in: "s").map(\.owner.key) == ["ns/b"])
    #expect(bed.release("ns/b").first?.freed.map(\.address) == [address])
    #expect(try bed.fixed("ns/c", "10.0.0.100").text == "10.0.0.100")
    #expect(try bed.usage().v4.using == 0)
    #expect(bed.release("ns/c").first?.freed == [])
    #expect(try bed.usage().v4.availableRanges == "10.0.0.1-10.0.0.99,10.0.0.101-10.0.0.254")
  }

  @Test("AddOrUpdateSubnet: a NIC keeps its address, released ones are told apart and can be had by name, unknown subnets are named")
  func lifeOfAnAddress() throws {
    let bed = Bed()
    try bed.subnet("10.16.0.0/16", gateway: "10.16.0.1", exclude: ["10.16.0.1", "10.16.0.10..10.16.0.20"])
    #expect(try bed.fixed("ns/p", "10.16.0.2").text == "10.16.0.2")
    #expect(try bed.random("ns/p").text == "10.16.0.2")
    bed.release("ns/p")
    #expect(try bed.lists().v4.released.description == "10.16.0.2")
    #expect(try bed.random("ns/q").text == "10.16.0.3")
    #expect(try bed.fixed("ns/r", "10.16.0.2").text == "10.16.0.2")
    #expect(try bed.lists().v4.released.isEmpty)
    bed.refuses(.noSubnet) { try bed.random("ns/x", in: "nowhere") }
    bed.refuses(.addressOutOfRange) { try bed.fixed("ns/x", "10.17.0.2") }
  }

  @Test("SubnetAddOrUpdateIPPool: pools leave the subnet's own pool; overlap and bad entries leave no pool")
  func pools() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/16", gateway: "10.0.0.1", exclude: ["10.0.0.1"])
    try bed.pool("a", ["10.0.0.20", "10.0.0.90"])
    try bed.pool("b", ["10.0.0.170", "10.0.0.240", "10.0.0.250"])
    #expect(
      try bed.lists().v4.members.description
        == "10.0.0.1-10.0.0.19,10.0.0.21-10.0.0.89,10.0.0.91-10.0.0.169,10.0.0.171-10.0.0.239,10.0.0.241-10.0.0.249,10.0.0.251-10.0.255.254"
    )
    let before = bed.allocator.snapshot
    let overlap = #expect(throws: DefinitionError.self) { try bed.pool("c", ["10.0.0.80..10.0.0.95"]) }
    #expect(overlap?.description == "ippool c has conflict IPs with ippool a: 10.0.0.90")
    let malformed = #expect(throws: DefinitionError.self) { try bed.pool("c", ["10.0.0.261"]) }
    #expect(malformed?.description.contains("10.0.0.261") == true)
    #expect(throws: DefinitionError.noSubnet("nowhere")) { try bed.pool("c", ["10.0.0.5"], in: "nowhere") }
    #expect(throws: DefinitionError.poolUnnamed) { try bed.pool("", ["10.0.0.5"]) }
    #expect(bed.allocator.snapshot == before)
  }

  @Test("a pool does not give an address that was excluded after the pool was made")
  func newlyExcluded() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/30", gateway: "10.0.0.1", exclude: ["10.0.0.1"])
    try bed.pool("p", ["10.0.0.2"])
    try bed.subnet("10.0.0.0/30", gateway: "10.0.0.1", exclude: ["10.0.0.1", "10.0.0.2"])
    bed.refuses(.noAvailableAddress) { try bed.random("ns/a", pool: "p") }
  }

  @Test("an address that was excluded while in use does not become available")
  func excludedWhileUsed() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/30", gateway: "10.0.0.1", exclude: ["10.0.0.1"])
    try bed.pool("p", ["10.0.0.2"])
    try bed.random("ns/a", pool: "p")
    try bed.subnet("10.0.0.0/30", gateway: "10.0.0.1", exclude: ["10.0.0.1", "10.0.0.2"])
    #expect(try bed.usage(pool: "p").v4.using == 1)
    #expect(try bed.usage(pool: "").v4.using == 0)
    #expect(try bed.usage().v4.using == 0)
    #expect(bed.release("ns/a").first?.freed == [])
    for pool in ["p", ""] {
      let usage = try bed.usage(pool: pool).v4
      #expect(usage.using == 0 && usage.available == 0 && usage.availableRanges.isEmpty && usage.usingRanges.isEmpty)
    }
    bed.refuses(.noAvailableAddress) { try bed.random("ns/b", pool: "p") }
  }

  @Test("a released excluded address is not given after its pool was reconciled")
  func excludedAfterPoolReconcile() throws {
    let bed = Bed()
    try bed.subnet("10.10.0.0/24", gateway: "10.10.0.1", exclude: ["10.10.0.1", "10.10.0.2..10.10.0.5"])
    try bed.pool("p", ["10.10.0.200..10.10.0.210"])
    try bed.fixed("ns/a", "10.10.0.2")
    bed.release("ns/a")
    try bed.pool("p", ["10.10.0.200..10.10.0.210"])
    #expect(try bed.random("ns/b").text == "10.10.0.6")
  }

  @Test("excluded addresses are never recycled")
  func noRecyclingOfExcluded() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/30", gateway: "10.0.0.1", exclude: ["10.0.0.1", "10.0.0.2"])
    try bed.fixed("ns/a", "10.0.0.2")
    bed.release("ns/a")
    bed.refuses(.noAvailableAddress) { try bed.random("ns/b") }
  }

  @Test("when IPv6 is exhausted a new IPv4 address is not kept, one that was there is")
  func dualExhaustion() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24,fd00::/126", gateway: "10.0.0.1,fd00::1", exclude: ["10.0.0.1", "fd00::1"])
    try bed.random("ns/a", family: .v6)
    let error = bed.refuses(.noAvailableAddress) { try bed.random("ns/b") }
    #expect(error?.description.contains("IPv6") == true)
    #expect(try bed.usage().v4.using == 0)
    #expect(try bed.random("ns/b", family: .v4).text == "10.0.0.2")
    bed.refuses(.noAvailableAddress) { try bed.random("ns/b") }
    #expect(try bed.usage().v4.usingRanges == "10.0.0.2")
  }

  @Test(
    "an address that a NIC kept is not given again",
    arguments: [("10.0.0.0/29,fd00::/125", "10.0.0.4", AddressFamily.v6), ("10.0.0.0/29,fd00::/125", "fd00::4", .v4)])
  func preserved(_ cidr: String, _ replacement: String, _ kept: AddressFamily) throws {
    let bed = Bed()
    try bed.subnet(cidr)
    let first = try bed.random("ns/keeper")
    let second = try bed.fixed("ns/keeper", replacement)
    #expect(first.addresses[kept] == second.addresses[kept])
    for index in 0..<5 {
      let other = try bed.random("ns/p\(index)", family: kept)
      #expect(other.addresses[kept] != first.addresses[kept])
    }
    bed.refuses(.noAvailableAddress) { try bed.random("ns/p5", family: kept) }
  }

  @Test("a MAC conflict after the addresses were found leaves no trace", arguments: ["10.0.0.0/24", "fd00::/64", "10.0.0.0/24,fd00::/64"])
  func macRollback(_ cidr: String) throws {
    let bed = Bed()
    try bed.subnet(cidr, gatewayMAC: "02:00:00:00:00:01")
    let mac = try MACAddress(parsing: "02:00:00:00:00:02")
    try bed.random("ns/a", mac: .fixed(mac))
    for _ in 0..<20 {
      bed.refuses(.addressConflict) { try bed.random("ns/b", mac: .fixed(mac)) }
      bed.refuses(.addressConflict) { try bed.random("ns/b", mac: .fixed(try MACAddress(parsing: "02-00-00-00-00-01"))) }
    }
  }

  @Test("a subnet without CIDR gives MACs only, the same NIC the same one; a live subnet cannot lose its CIDR")
  func macOnly() throws {
    let bed = Bed()
    try bed.subnet("", named: "u")
    let first = try bed.random("ns/a", in: "u", mac: .random)
    #expect(try first.mac != nil && first.text.isEmpty && bed.random("ns/a", in: "u", mac: .random) == first)
    let mac = try MACAddress(parsing: "02:00:00:00:00:09")
    try bed.random("ns/b", in: "u", mac: .fixed(mac))
    bed.refuses(.addressConflict) { try bed.random("ns/c", in: "u", mac: .fixed(mac)) }
    bed.refuses(.noAvailableAddress) { try bed.random("ns/c", in: "u") }
    bed.refuses(.addressOutOfRange) { try bed.fixed("ns/c", "10.0.0.1", in: "u", mac: .random) }
    try bed.subnet("10.0.0.0/24")
    let error = #expect(throws: DefinitionError.self) { try bed.subnet("") }
    #expect(error == .cidrRemoved(subnet: "s") && error?.word == .cidrInvalid)
    try bed.subnet("10.1.0.0/24", named: "u")
    #expect(try bed.random("ns/a", in: "u").text == "10.1.0.1")
  }

  @Test("rolling out a deployment goes through the range before anything is used twice")
  func rollout() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24", gateway: "10.0.0.1", exclude: ["10.0.0.1"])
    for pod in 0..<5 { try bed.random("ns/old\(pod)") }
    #expect(try bed.usage().v4.usingRanges == "10.0.0.2-10.0.0.6")
    for pod in 0..<5 { try bed.random("ns/new\(pod)") }
    for pod in 0..<5 { bed.release("ns/old\(pod)") }
    let usage = try bed.usage().v4
    #expect(usage.usingRanges == "10.0.0.7-10.0.0.11")
    #expect(usage.availableRanges == "10.0.0.2-10.0.0.6,10.0.0.12-10.0.0.254")
  }

  @Test(
    "counts are exact beyond 64 bits",
    arguments: [("10.16.0.0/16", "65533"), ("fd00::/64", "18446744073709551613"), ("fd00::/16", "5192296858534827628530496329220093")])
  func exactCounts(_ cidr: String, _ available: String) throws {
    let bed = Bed()
    let gateway = try #require(try CIDR(parsing: cidr).firstUsable).description
    try bed.subnet(cidr, gateway: gateway, exclude: [gateway])
    let usage = try bed.usage()
    #expect("\(max(usage.v4.available, usage.v6.available))" == available)
  }
}
