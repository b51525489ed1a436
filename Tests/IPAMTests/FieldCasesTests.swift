import IPAM
import NetAddress
import Testing

/// The allocator's part of spec/cases.md, by case number.
@Suite struct FieldCasesTests {
  @Test("A4: replacing one family of a pair leaves the other in use only", arguments: [AddressFamily.v4, .v6])
  func a4(_ replaced: AddressFamily) throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/30,fd00::/126")
    let pair = try bed.fixed("ns/a", "10.0.0.1,fd00::1")
    let moved = try bed.fixed("ns/a", replaced == .v4 ? "10.0.0.2" : "fd00::2")
    let kept = replaced.other
    #expect(moved.addresses[kept] == pair.addresses[kept] && moved.addresses[replaced] != pair.addresses[replaced])
    let other = try bed.random("ns/b", family: kept)
    #expect(other.addresses[kept] != pair.addresses[kept])
    bed.refuses(.noAvailableAddress) { try bed.random("ns/c", family: kept) }
    #expect(try bed.usage()[kept].available == 0 && bed.usage()[kept].using == 2)
    #expect(try bed.usage()[replaced].available == 1 && bed.usage()[replaced].using == 1)
  }

  @Test("A5: an excluded address is never drawn, whatever happened to it, and may still be asked for")
  func a5() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/27", exclude: ["10.0.0.20"])
    try bed.fixed("ns/a", "10.0.0.20")
    bed.release("ns/a")
    try bed.pool("p", ["10.0.0.18..10.0.0.22"])
    let pooled = try (0..<4).map { try bed.random("ns/p\($0)", pool: "p").text }
    let own = try (0..<25).map { try bed.random("ns/o\($0)").text }
    #expect(!(pooled + own).contains("10.0.0.20"))
    bed.refuses(.noAvailableAddress) { try bed.random("ns/x") }
    bed.refuses(.noAvailableAddress) { try bed.random("ns/x", pool: "p") }
    #expect(try bed.fixed("ns/x", "10.0.0.20").text == "10.0.0.20")
  }

  @Test("A7: 200,000 drawn MACs of one subnet differ and are local unicast")
  func a7() throws {
    let bed = Bed()
    try bed.subnet("", named: "u")
    let owner = Owner(key: "ns/many")
    var seen: Set<MACAddress> = []
    for index in 0..<200_000 {
      let request = AllocationRequest(
        nic: "n", candidates: [Candidate(subnet: "u", source: .random())], mac: .random)
      let mac = try #require(try bed.allocator.allocate([request], owner: Owner(key: "\(owner.key)\(index)")).first?.mac)
      guard mac.bytes[0] & 0b11 == 0b10, seen.insert(mac).inserted else {
        Issue.record("\(mac) at \(index)")
        return
      }
    }
    #expect(bed.allocator.held(inSubnet: "u").count == 200_000)
  }

  @Test("A8: one MAC in any spelling is one MAC", arguments: ["00:00:00:53:6b:b6", "00-00-00-53-6B-B6", "0000.0053.6bb6"])
  func a8(_ spelling: String) throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24")
    try bed.random("ns/a", mac: .fixed(try MACAddress(parsing: "00:00:00:53:6B:B6")))
    let error = bed.refuses(.addressConflict) { try bed.random("ns/b", mac: .fixed(try MACAddress(parsing: spelling))) }
    #expect(error?.description.contains("ns/a") == true && error?.description.contains("00:00:00:53:6b:b6") == true)
  }

  @Test("A16: pods of one name in two namespaces are two owners")
  func a16() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24")
    #expect(try bed.random("ns1/p").text == "10.0.0.1")
    #expect(try bed.random("ns2/p").text == "10.0.0.2")
    bed.refuses(.addressConflict) { try bed.fixed("ns2/p", "10.0.0.1") }
    bed.release("ns1/p")
    #expect(try bed.usage().v4.usingRanges == "10.0.0.2")
  }

  @Test("A17: a pod with two NICs and fixed addresses, asked twice, is answered twice the same")
  func a17() throws {
    let bed = Bed()
    try bed.subnet("10.1.0.0/24", named: "a")
    try bed.subnet("10.2.0.0/24", named: "b")
    let requests = try [("p-0.ns", "a", "10.1.0.9"), ("p-0.ns.b.ns", "b", "10.2.0.9")].map { nic, subnet, address in
      AllocationRequest(nic: nic, candidates: [Candidate(subnet: subnet, source: .fixed(try Bed.addresses(address)))], mac: .random)
    }
    let owner = Owner(key: "ns/p-0", uid: "u1")
    let first = try bed.allocator.allocate(requests, owner: owner)
    let before = bed.allocator.snapshot
    #expect(try bed.allocator.allocate(requests, owner: owner) == first)
    #expect(bed.allocator.snapshot == before)
    #expect(first.map(\.text) == ["10.1.0.9", "10.2.0.9"])
  }

  @Test("B5: twenty failing calls with a taken MAC cost nothing, and an address that was there survives")
  func b5() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/29,fd00::/125")
    let mac = MACChoice.fixed(try MACAddress(parsing: "02:00:00:00:00:01"))
    try bed.random("ns/a", mac: mac)
    try bed.random("ns/b", family: .v4)
    let available = try bed.usage()
    for _ in 0..<20 {
      bed.refuses(.addressConflict) { try bed.random("ns/c", mac: mac) }
      bed.refuses(.addressConflict) { try bed.random("ns/b", mac: mac) }
    }
    #expect(try bed.usage() == available)
    #expect(bed.allocator.held(nic: "b.ns", ofOwner: "ns/b")?.allocation.text == "10.0.0.2")
  }

  @Test("B6: a pair that fails half-way takes nothing")
  func b6() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24,fd00::/64")
    try bed.fixed("ns/a", "10.0.0.1,fd00::1")
    bed.refuses(.addressConflict) { try bed.fixed("ns/b", "10.0.0.2,fd00::1") }
    #expect(bed.allocator.holders(of: try IPAddress(parsing: "10.0.0.2"), in: "s").isEmpty)
  }

  @Test("C3: the same NIC of the same pod gets its address again from a full pool")
  func c3() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24")
    try bed.pool("one", ["10.0.0.9"])
    #expect(try bed.random("ns/a", pool: "one").text == "10.0.0.9")
    #expect(try bed.random("ns/a", pool: "one").text == "10.0.0.9")
    bed.refuses(.noAvailableAddress) { try bed.random("ns/b", pool: "one") }
  }

  @Test(
    "D1, D2, D4, D9: both ends of what may be given are given, and nothing else",
    arguments: [
      ("10.0.0.0/30", "10.0.0.1", "10.0.0.2"), ("10.0.0.0/31", "10.0.0.0", "10.0.0.1"), ("fd00::/127", "fd00::", "fd00::1"),
      ("10.0.0.8/29", "10.0.0.9", "10.0.0.14"), ("fd00::/125", "fd00::1", "fd00::6"),
    ])
  func ends(_ cidr: String, _ first: String, _ last: String) throws {
    let bed = Bed()
    try bed.subnet(cidr)
    let count = try #require(Int(exactly: try CIDR(parsing: cidr).usableCount))
    let given = try (0..<count).map { try bed.random("ns/p\($0)").text }
    #expect(given.first == first && given.last == last)
    bed.refuses(.noAvailableAddress) { try bed.random("ns/x") }
  }

  @Test("D1: a pool's last address is given")
  func poolEnd() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24")
    try bed.pool("p", ["10.0.0.10..10.0.0.15"])
    #expect(try (0..<6).map { try bed.random("ns/p\($0)", pool: "p").text }.last == "10.0.0.15")
    bed.refuses(.noAvailableAddress) { try bed.random("ns/x", pool: "p") }
  }

  @Test("D4: a short first group does not shift the range")
  func d4() throws {
    let bed = Bed()
    try bed.subnet("fd:db8:abcd:12::/96")
    #expect(try bed.random("ns/a").text == "fd:db8:abcd:12::1")
    #expect(try bed.fixed("ns/b", "fd:db8:abcd:12::ffff:fffe").text == "fd:db8:abcd:12::ffff:fffe")
    bed.refuses(.addressOutOfRange) { try bed.fixed("ns/c", "fd:db8:abcd:12::ffff:ffff") }
  }

  @Test("D6: a list of two addresses serves two pods, the third is told who has them")
  func d6() throws {
    let bed = Bed()
    try bed.subnet("192.168.0.0/24")
    let list = ["192.168.0.133", "192.168.0.135"]
    #expect(try ["ns/a", "ns/b"].map { try bed.list($0, list).text } == list)
    let error = bed.refuses(.noAvailableAddress) { try bed.list("ns/c", list) }
    #expect(error?.description.contains("ns/a") == true && error?.isFinal == false)
  }

  @Test("D9: with the gateway excluded a /31 serves exactly one pod")
  func d9() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/31", gateway: "10.0.0.0", exclude: ["10.0.0.0"])
    #expect(try bed.random("ns/a").text == "10.0.0.1")
    bed.refuses(.noAvailableAddress) { try bed.random("ns/b") }
  }

  @Test("the gateway is not drawn even when nobody excluded it")
  func gatewayNotExcluded() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/30", gateway: "10.0.0.1")
    #expect(try bed.random("ns/a").text == "10.0.0.2")
    bed.refuses(.addressConflict) { try bed.random("ns/b") }
  }

  @Test("D12: an address in upper case and padded is the same address")
  func d12() throws {
    let bed = Bed()
    try bed.subnet("FD00:10:16::/112", gateway: "FD00:10:16::0001", exclude: ["FD00:10:16::0001", "FD00:10:16::000A"])
    #expect(try bed.fixed("ns/a", "FD00:10:16::000E").text == "fd00:10:16::e")
    bed.refuses(.addressConflict) { try bed.fixed("ns/b", "fd00:10:16::e") }
    bed.refuses(.addressConflict) { try bed.fixed("ns/b", "fd00:10:16::1") }
    #expect(try bed.list("ns/b", ["FD00:10:16:0::E", "fd00:10:16::F"]).text == "fd00:10:16::f")
    #expect(try bed.usage().v6.available == 65_534 - 2 - 2)
  }

  @Test("D16: an excluded address is not drawn, may be asked for, and counts nowhere")
  func d16() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/29", exclude: ["10.0.0.1..10.0.0.3"])
    #expect(try bed.fixed("ns/a", "10.0.0.2").text == "10.0.0.2")
    #expect(try bed.random("ns/b").text == "10.0.0.4")
    let usage = try bed.usage().v4
    #expect(usage.usingRanges == "10.0.0.4" && usage.using == 1 && usage.availableRanges == "10.0.0.5-10.0.0.6")
    try bed.subnet("10.0.0.0/29")
    #expect(try bed.usage().v4.usingRanges == "10.0.0.2,10.0.0.4")
  }

  @Test("E1: a busy first entry does not stop the search; a pair is one entry")
  func e1() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24,fd00::/64")
    try bed.fixed("ns/other", "10.0.0.5", family: .v4)
    #expect(try bed.list("ns/a", ["10.0.0.5,fd00::5", "10.0.0.6,fd00::6"]).text == "10.0.0.6,fd00::6")
    #expect(try bed.list("ns/b", ["10.0.0.5", "10.0.0.6", "10.0.0.7"]).text == "10.0.0.7,fd00::1")
    // The first address of the pair is free, the second is not: the next entry serves.
    try bed.fixed("ns/six", "fd00::8", family: .v6)
    #expect(try bed.list("ns/c", ["10.0.0.8,fd00::8", "10.0.0.9,fd00::9"]).text == "10.0.0.9,fd00::9")
  }

  @Test("an entry that a NIC has is kept, though an earlier one became free")
  func listIsSticky() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24")
    let list = ["10.0.0.200", "10.0.0.201"]
    try bed.list("ns/a", list)
    try bed.list("ns/b", list)
    bed.release("ns/a")
    #expect(try bed.list("ns/b", list).text == "10.0.0.201")
  }

  @Test("a list of the gateway alone is a conflict, one out of range is told so")
  func listReasons() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24", gateway: "10.0.0.1", exclude: ["10.0.0.1"])
    bed.refuses(.addressConflict) { try bed.list("ns/a", ["10.0.0.1"]) }
    let error = bed.refuses(.addressOutOfRange) { try bed.list("ns/a", ["10.9.0.1", "10.9.0.2"]) }
    #expect(error?.isFinal == true)
    try bed.fixed("ns/b", "10.0.0.9")
    bed.refuses(.noAvailableAddress) { try bed.list("ns/a", ["10.9.0.1", "10.0.0.9"]) }
    bed.refuses(.noAvailableAddress) { try bed.list("ns/a", []) }
  }

  @Test("E3: IPv6 is completed unless IPv4 alone was asked for, and counts follow the family")
  func e3() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24,fd00::/64")
    #expect(try bed.fixed("ns/a", "10.0.0.9").text == "10.0.0.9,fd00::1")
    #expect(try bed.fixed("ns/b", "10.0.0.10", family: .v4).text == "10.0.0.10")
    #expect(try bed.usage().v4.using == 2 && bed.usage().v6.using == 1)
  }

  @Test("E4: a family that goes takes its addresses along")
  func e4() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24,fd00::/64")
    try bed.random("ns/a")
    try bed.random("ns/b", family: .v6)
    let outcome = try bed.subnet("10.0.0.0/24")
    #expect(outcome.dropped.map(\.allocation.text) == ["fd00::1", "fd00::2"])
    #expect(try bed.usage().v6 == FamilyUsage())
    #expect(bed.allocator.held(byOwner: "ns/a").map(\.allocation.text) == ["10.0.0.1"])
    #expect(bed.allocator.held(byOwner: "ns/b").isEmpty)
    try bed.subnet("10.0.0.0/24,fd00::/64")
    #expect(try bed.random("ns/a").text == "10.0.0.1,fd00::1")
  }
}
