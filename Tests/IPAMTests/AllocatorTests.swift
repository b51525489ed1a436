import IPAM
import NetAddress
import Testing

@Suite struct AllocatorTests {
  private func request(
    _ nic: String, _ candidates: [Candidate], family: AddressFamily? = nil, mac: MACChoice = .none
  ) -> AllocationRequest {
    AllocationRequest(nic: nic, candidates: candidates, family: family, mac: mac)
  }

  private func random(_ subnets: String...) -> [Candidate] { subnets.map { Candidate(subnet: $0, source: .random()) } }

  // MARK: - Ready gate

  @Test("nothing is given before the restore is finished, and the answer says why")
  func readyGate() throws {
    let bed = Bed(isReady: false)
    try bed.subnet("10.0.0.0/24")
    #expect(!bed.allocator.isReady)
    let error = bed.refuses(.notReady) { try bed.random("ns/a") }
    #expect(error == .notReady && error?.isFinal == false)
    #expect(bed.allocator.restore(try record("ns/a", "10.0.0.7")) == .granted(try held(bed, "ns/a"), macAlsoHeldBy: nil))
    bed.allocator.restoreFinished()
    #expect(try bed.random("ns/a").text == "10.0.0.7")
  }

  // MARK: - Several NICs

  @Test("every NIC of a pod is served, or none and each failure is told")
  func allOrNothing() throws {
    let bed = Bed()
    try bed.subnet("10.1.0.0/24", named: "a")
    try bed.subnet("10.2.0.0/30", named: "full")
    try bed.random("ns/x", in: "full")
    try bed.random("ns/y", in: "full")
    let before = bed.allocator.snapshot
    let requests = [request("p.a", random("a")), request("p.b", random("full")), request("p.c", random("nowhere")), request("p.d", [])]
    let failure = #expect(throws: AllocationFailure.self) { try bed.allocator.allocate(requests, owner: Owner(key: "ns/p")) }
    #expect(bed.allocator.snapshot == before)
    #expect(failure?.nics.map(\.nic) == ["p.b", "p.c", "p.d"])
    #expect(failure?.nics.map(\.error.word) == [.noAvailableAddress, .noSubnet, .noSubnet])
    #expect(failure?["p.b"]?.isFinal == false && failure?["p.c"]?.isFinal == true && failure?.isFinal == true)
    let text = failure?.description ?? ""
    #expect(text.contains("ns/p") && text.contains("subnet full has no IPv4 address left: of 2, 2 are in use") && text.contains("nowhere"))
    #expect(try bed.allocator.allocate([requests[0]], owner: Owner(key: "ns/p")).map(\.text) == ["10.1.0.1"])
  }

  @Test("two NICs that ask for one address conflict, and the answer names the other NIC")
  func sameAddressTwice() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24")
    let fixed = [Candidate(subnet: "s", source: .fixed(try Bed.addresses("10.0.0.5")))]
    let failure = #expect(throws: AllocationFailure.self) {
      try bed.allocator.allocate([request("p.1", fixed), request("p.2", fixed)], owner: Owner(key: "ns/p"))
    }
    #expect(failure?.nics.map(\.nic) == ["p.2"] && failure?.word == .addressConflict)
    #expect(failure?.description.contains("NIC p.1") == true)
    #expect(bed.allocator.held(byOwner: "ns/p").isEmpty)
    try bed.fixed("ns/p", "10.0.0.5", nic: "p.1")
    bed.refuses(.addressConflict) { try bed.fixed("ns/p", "10.0.0.5", nic: "p.2") }
  }

  @Test("a NIC named twice in one request is refused")
  func sameNICTwice() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24")
    let failure = #expect(throws: AllocationFailure.self) {
      try bed.allocator.allocate([request("p.1", random("s")), request("p.1", random("s"))], owner: Owner(key: "ns/p"))
    }
    #expect(failure?.nics.first?.error == .sameNICTwice)
    #expect(bed.allocator.held(byOwner: "ns/p").isEmpty)
  }

  @Test("two NICs of a pod with one list get an entry each")
  func listForTwo() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24")
    let list = [Candidate(subnet: "s", source: .firstFree(try [Bed.addresses("10.0.0.5"), Bed.addresses("10.0.0.6")]))]
    let given = try bed.allocator.allocate([request("p.1", list), request("p.2", list)], owner: Owner(key: "ns/p"))
    #expect(given.map(\.text) == ["10.0.0.5", "10.0.0.6"])
  }

  @Test("ten thousand requests of many NICs stay apart")
  func manyOwners() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/16")
    for pod in 0..<10_000 {
      let requests = (0..<(pod % 3 + 1)).map { request("p\(pod).\($0)", random("s")) }
      _ = try bed.allocator.allocate(requests, owner: Owner(key: "ns/p\(pod)"))
    }
    let held = bed.allocator.held(inSubnet: "s")
    #expect(held.count == 3_333 * 6 + 1 && Set(held.map(\.allocation.v4)).count == held.count)
    for pod in stride(from: 0, to: 10_000, by: 2) { #expect(bed.release("ns/p\(pod)").count == pod % 3 + 1) }
    for pod in stride(from: 1, to: 10_000, by: 2) { #expect(bed.allocator.held(byOwner: "ns/p\(pod)").count == pod % 3 + 1) }
  }

  // MARK: - Candidates

  @Test("a full subnet is passed over, and what a NIC got there is kept when the first has room again")
  func fallThrough() throws {
    let bed = Bed()
    try bed.subnet("10.1.0.0/30", named: "a")
    try bed.subnet("10.2.0.0/24", named: "b")
    try bed.random("ns/x", in: "a")
    try bed.random("ns/y", in: "a")
    let wanted = [request("p.1", random("a", "b"))]
    #expect(try bed.allocator.allocate(wanted, owner: Owner(key: "ns/p")).map(\.text) == ["10.2.0.1"])
    bed.release("ns/x")
    #expect(try bed.allocator.allocate(wanted, owner: Owner(key: "ns/p")).map(\.text) == ["10.2.0.1"])
    let moved = try bed.allocator.allocate([request("p.1", random("a"))], owner: Owner(key: "ns/p"))
    #expect(moved.map(\.text) == ["10.1.0.1"])
    #expect(moved.first?.freed.map(\.pool) == [PoolKey(subnet: "b", pool: "")])
    #expect(try bed.usage("b").v4.using == 0)
  }

  @Test("a NIC that cannot move keeps what it has, in every list")
  func failedMove() throws {
    let bed = Bed()
    try bed.subnet("10.1.0.0/30,fd01::/126", named: "a")
    try bed.subnet("10.2.0.0/24", named: "b")
    let mac = MACChoice.fixed(try MACAddress(parsing: "02:00:00:00:00:05"))
    for pod in ["ns/x", "ns/y"] { try bed.random(pod, in: "a") }
    try bed.random("ns/p", in: "b", mac: mac)
    bed.refuses(.noAvailableAddress) { try bed.random("ns/p", in: "a", mac: mac) }
    #expect(bed.allocator.held(nic: "p.ns", ofOwner: "ns/p")?.allocation.text == "10.2.0.1")
    bed.release("ns/x")
    #expect(try bed.random("ns/p", in: "a", mac: mac).mac != nil)
    #expect(bed.allocator.holders(of: try MACAddress(parsing: "02:00:00:00:00:05"), in: "b").isEmpty)
  }

  @Test("the error that waiting can cure speaks for the NIC")
  func usefulError() throws {
    let bed = Bed()
    try bed.subnet("10.1.0.0/30", named: "a", exclude: ["10.1.0.1..10.1.0.2"])
    let failure = #expect(throws: AllocationFailure.self) {
      try bed.allocator.allocate([request("p.1", random("a", "gone"))], owner: Owner(key: "ns/p"))
    }
    #expect(failure?.word == .noAvailableAddress && failure?.isFinal == false)
    #expect(failure?.nics.first?.attempts.count == 2)
    #expect(failure?.description.contains("2 excluded") == true && failure?.description.contains("gone") == true)
  }

  @Test("a fixed address that only the second subnet has is found there")
  func fixedInSecond() throws {
    let bed = Bed()
    try bed.subnet("10.1.0.0/24", named: "a")
    try bed.subnet("10.2.0.0/24", named: "b")
    let fixed = try ["a", "b"].map { Candidate(subnet: $0, source: .fixed(try Bed.addresses("10.2.0.77"))) }
    #expect(try bed.allocator.allocate([request("p.1", fixed)], owner: Owner(key: "ns/p")).map(\.subnet) == ["b"])
  }

  @Test("skipped: the NIC's own address is exchanged in that family only; released ones serve when all free ones are skipped")
  func skipping() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/29,fd00::/125")
    try bed.random("ns/a")
    #expect(try bed.random("ns/a", skip: ["10.0.0.1"]).text == "10.0.0.2,fd00::1")
    #expect(try bed.lists().v4.released.description == "10.0.0.1")
    #expect(try bed.random("ns/b", family: .v4, skip: ["10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]).text == "10.0.0.1")
    bed.refuses(.addressConflict) { try bed.random("ns/c", family: .v4, skip: (1...6).map { "10.0.0.\($0)" }) }
  }

  @Test("a family that the subnet does not serve is refused in Kube-OVN's words")
  func familyNotServed() throws {
    let bed = Bed()
    try bed.subnet("fd00::/64")
    let error = bed.refuses(.invalidIPFamily) { try bed.random("ns/a", family: .v4) }
    #expect(error?.description.contains("requested ip family IPv4 does not match subnet s protocol IPv6") == true)
    bed.refuses(.addressOutOfRange) { try bed.fixed("ns/a", "10.0.0.1") }
    bed.refuses(.invalidIPFamily) { try bed.fixed("ns/a", "fd00::1,fd00::2") }
    bed.refuses(.noAvailableAddress) { try bed.fixed("ns/a", "") }
  }

  // MARK: - MACs

  @Test("a fixed MAC is unique in its subnet only, changes on request and is free again after release")
  func fixedMAC() throws {
    let bed = Bed()
    try bed.subnet("10.1.0.0/24", named: "a", gatewayMAC: "02:00:00:00:00:0a")
    try bed.subnet("10.2.0.0/24", named: "b")
    let first = MACChoice.fixed(try MACAddress(parsing: "02:00:00:00:00:01"))
    let second = MACChoice.fixed(try MACAddress(parsing: "02:00:00:00:00:02"))
    try bed.random("ns/a", in: "a", mac: first)
    try bed.random("ns/b", in: "b", mac: first)
    bed.refuses(.addressConflict) { try bed.random("ns/c", in: "a", mac: first) }
    bed.refuses(.addressConflict) { try bed.random("ns/a", nic: "second", in: "a", mac: first) }
    bed.refuses(.addressConflict) { try bed.random("ns/c", in: "a", mac: .fixed(try MACAddress(parsing: "02:00:00:00:00:0A"))) }
    #expect(try bed.random("ns/a", in: "a", mac: second).mac?.description == "02:00:00:00:00:02")
    try bed.random("ns/c", in: "a", mac: first)
    #expect(try bed.random("ns/c", in: "a").mac?.description == "02:00:00:00:00:01")
    bed.release("ns/a")
    try bed.random("ns/d", in: "a", mac: second)
    #expect(bed.allocator.holders(of: try MACAddress(parsing: "02:00:00:00:00:02"), in: "a").map(\.owner.key) == ["ns/d"])
  }

  @Test("a NIC that has an address and now needs a MAC keeps the address")
  func macLater() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24")
    let bare = try bed.random("ns/a")
    let full = try bed.random("ns/a", mac: .random)
    #expect(bare.mac == nil && full.mac != nil && full.v4 == bare.v4)
    #expect(try bed.random("ns/a", mac: .random) == full)
  }

  @Test("live migration shares address, MAC and even the gateway's refusal; another owner is refused")
  func sharing() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24", gateway: "10.0.0.1", exclude: ["10.0.0.1"])
    let mac = MACChoice.fixed(try MACAddress(parsing: "02:00:00:00:00:01"))
    try bed.fixed("ns/source", "10.0.0.9", mac: mac)
    bed.refuses(.addressConflict) { try bed.fixed("ns/other", "10.0.0.9") }
    let target = try bed.fixed("ns/target", "10.0.0.9", mac: mac, sharing: .anyone)
    #expect(target.mac?.description == "02:00:00:00:00:01" && target.freed.isEmpty)
    #expect(try bed.usage().v4.using == 1)
    bed.release("ns/source")
    #expect(try bed.usage().v4.usingRanges == "10.0.0.9")
    bed.refuses(.addressConflict) { try bed.random("ns/other", mac: mac) }
    bed.release("ns/target")
    #expect(try bed.random("ns/other", mac: mac).mac != nil)
    #expect(try bed.fixed("ns/router", "10.0.0.1", sharing: .anyone).text == "10.0.0.1")
  }

  // MARK: - Releasing

  @Test("a release by the pod that came before frees nothing of its namesake")
  func staleRelease() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24")
    let old = Owner(key: "ns/sts-0", uid: "uid-1")
    let new = Owner(key: "ns/sts-0", uid: "uid-2")
    let both = [request("sts-0.ns", random("s")), request("sts-0.ns.net", random("s"))]
    let first = try bed.allocator.allocate(both, owner: old)
    #expect(try bed.allocator.allocate([both[0]], owner: new) == [first[0]])
    #expect(bed.allocator.release(nic: "sts-0.ns", of: old) == nil)
    let released = bed.allocator.release(old)
    #expect(released.map(\.held.allocation.nic) == ["sts-0.ns.net"] && released.first?.held.owner == old)
    #expect(released.flatMap(\.freed).map(\.address.description) == ["10.0.0.2"])
    #expect(bed.allocator.held(nic: "sts-0.ns", ofOwner: "ns/sts-0")?.owner == new)
    // Records without UID match by key, both ways.
    #expect(bed.allocator.release(Owner(key: "ns/sts-0")).count == 1)
    #expect(bed.allocator.restore(try record("ns/q", "10.0.0.9")) == .granted(try held(bed, "ns/q"), macAlsoHeldBy: nil))
    #expect(bed.allocator.release(Owner(key: "ns/q", uid: "any")).count == 1)
    #expect(bed.allocator.release(Owner(key: "ns/q", uid: "any")).isEmpty)
  }

  @Test("a failed request does not put the new UID on the record")
  func failedUID() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/30")
    _ = try bed.allocator.allocate([request("p.1", random("s"))], owner: Owner(key: "ns/p", uid: "1"))
    try bed.random("ns/q")
    #expect(throws: AllocationFailure.self) {
      try bed.allocator.allocate([request("p.1", random("s")), request("p.2", random("s"))], owner: Owner(key: "ns/p", uid: "2"))
    }
    #expect(bed.allocator.held(nic: "p.1", ofOwner: "ns/p")?.owner.uid == "1")
  }

  @Test("a release tells what became free, by pool; an unknown owner or NIC is nothing")
  func releaseTells() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24,fd00::/64", exclude: ["fd00::5"])
    try bed.pool("p", ["10.0.0.100..10.0.0.110"])
    try bed.fixed("ns/a", "10.0.0.105,fd00::5")
    #expect(bed.release("ns/a", nic: "other").isEmpty && bed.release("ns/nobody").isEmpty)
    let released = try #require(bed.release("ns/a", nic: "a.ns").first)
    #expect(released.freed == [FreedAddress(pool: PoolKey(subnet: "s", pool: "p"), address: try IPAddress(parsing: "10.0.0.105"))])
    #expect(released.held.allocation.pool == "p" && released.held.allocation.text == "10.0.0.105,fd00::5")
  }

  // MARK: - Restoring

  private func record(
    _ pod: String, _ addresses: String, subnet: String = "s", mac: String? = nil, uid: String? = nil
  ) throws -> HoldingRecord {
    HoldingRecord(
      nic: Bed.nic(pod), owner: Owner(key: pod, uid: uid), subnet: subnet,
      addresses: addresses.isEmpty ? AddressPair() : try AddressPair(parsing: addresses), mac: try mac.map { try MACAddress(parsing: $0) })
  }

  private func held(_ bed: Bed, _ pod: String) throws -> Allocation {
    try #require(bed.allocator.held(nic: Bed.nic(pod), ofOwner: pod)).allocation
  }

  @Test("two records of one address: the first stands, the second is told who has it")
  func restoreConflict() throws {
    let bed = Bed(isReady: false)
    try bed.subnet("10.0.0.0/24,fd00::/64", exclude: ["10.0.0.50"])
    #expect(bed.allocator.restore(try record("ns/a", "10.0.0.5,fd00::5", uid: "1")) == .granted(try held(bed, "ns/a"), macAlsoHeldBy: nil))
    let before = bed.allocator.snapshot
    let holder = Holder(owner: Owner(key: "ns/a", uid: "1"), nic: "a.ns")
    #expect(bed.allocator.restore(try record("ns/b", "10.0.0.6,fd00::5")) == .held(try IPAddress(parsing: "fd00::5"), by: holder))
    #expect(bed.allocator.snapshot == before)
    // The same record again, its half, and an excluded address are all fine.
    #expect(bed.allocator.restore(try record("ns/a", "10.0.0.5,fd00::5")) == .granted(try held(bed, "ns/a"), macAlsoHeldBy: nil))
    #expect(bed.allocator.restore(try record("ns/a", "fd00::5")) == .granted(try held(bed, "ns/a"), macAlsoHeldBy: nil))
    #expect(bed.allocator.restore(try record("ns/c", "10.0.0.50")) == .granted(try held(bed, "ns/c"), macAlsoHeldBy: nil))
    #expect(try held(bed, "ns/c").v6 == nil)
  }

  @Test("a record that cannot be true is refused and leaves nothing")
  func restoreRefused() throws {
    let bed = Bed(isReady: false)
    try bed.subnet("10.0.0.0/24")
    try bed.subnet("10.1.0.0/24", named: "t")
    _ = bed.allocator.restore(try record("ns/a", "10.0.0.5"))
    let before = bed.allocator.snapshot
    let had = try held(bed, "ns/a")
    #expect(bed.allocator.restore(try record("ns/a", "10.0.0.6")) == .refused(.nicHolds(had)))
    #expect(bed.allocator.restore(try record("ns/a", "10.1.0.5", subnet: "t")) == .refused(.nicHolds(had)))
    #expect(bed.allocator.restore(try record("ns/b", "10.0.0.6", subnet: "gone")) == .refused(.noSubnet("gone")))
    #expect(bed.allocator.restore(try record("ns/b", "")) == .refused(.noAddressGiven(subnet: "s")))
    guard case .refused(.outOfRange) = bed.allocator.restore(try record("ns/b", "10.9.0.6")) else {
      Issue.record("an address outside the subnet was restored")
      return
    }
    #expect(bed.allocator.snapshot == before)
  }

  @Test("two records with one MAC both keep it, the later one is told; a third cannot have it")
  func restoreMAC() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24")
    let mac = "02:00:00:00:00:01"
    _ = bed.allocator.restore(try record("ns/a", "10.0.0.5", mac: mac))
    let outcome = bed.allocator.restore(try record("ns/b", "10.0.0.6", mac: mac.uppercased()))
    #expect(outcome == .granted(try held(bed, "ns/b"), macAlsoHeldBy: Holder(owner: Owner(key: "ns/a"), nic: "a.ns")))
    bed.release("ns/a")
    bed.refuses(.addressConflict) { try bed.random("ns/c", mac: .fixed(try MACAddress(parsing: mac))) }
    bed.release("ns/b")
    #expect(try bed.random("ns/c", mac: .fixed(try MACAddress(parsing: mac))).mac?.description == mac)
  }

  // MARK: - Edits

  @Test("an edit that changes nothing changes nothing, and a changed family gets its released addresses back")
  func unchangedEdit() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/29,fd00::/125", exclude: ["10.0.0.1"])
    try bed.random("ns/a")
    bed.release("ns/a")
    let before = bed.allocator.snapshot
    #expect(try bed.subnet("10.0.0.0/29,fd00::/125", exclude: ["10.0.0.1..10.0.0.1"]) == EditOutcome())
    #expect(bed.allocator.snapshot == before)
    let outcome = try bed.subnet("10.0.0.0/29,fd00::/125", exclude: ["10.0.0.1", "10.0.0.6"])
    #expect(outcome.gained == [PoolKey(subnet: "s", pool: "")] && outcome.dropped.isEmpty)
    #expect(try bed.lists().v4.released.isEmpty && bed.lists().v6.released.description == "fd00::1")
    #expect(try bed.random("ns/b").text == "10.0.0.2,fd00::2")
  }

  @Test("a shrunk CIDR forgets who is outside it, with their MACs")
  func shrink() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24")
    try bed.fixed("ns/in", "10.0.0.9", mac: .random)
    let outside = try bed.fixed("ns/out", "10.0.0.200", mac: .random)
    try bed.fixed("ns/edge", "10.0.0.127")
    let outcome = try bed.subnet("10.0.0.0/25")
    #expect(outcome.dropped.map(\.owner.key) == ["ns/edge", "ns/out"])
    #expect(outcome.dropped.last?.allocation == outside)
    #expect(bed.allocator.holders(of: try #require(outside.mac), in: "s").isEmpty)
    #expect(bed.release("ns/out").isEmpty)
    #expect(try bed.usage().v4.usingRanges == "10.0.0.9")
    #expect(try bed.random("ns/out").text == "10.0.0.1")
  }

  @Test("pools survive a CIDR change; addresses that a pool names outside the CIDR count once it grows")
  func poolsSurvive() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/25")
    try bed.pool("p", ["10.0.0.120..10.0.0.135"])
    #expect(try bed.lists(pool: "p").v4.members.description == "10.0.0.120-10.0.0.126")
    try bed.random("ns/a", pool: "p")
    try bed.subnet("10.0.0.0/24")
    #expect(try bed.lists(pool: "p").v4.members.description == "10.0.0.120-10.0.0.135")
    #expect(try bed.usage(pool: "p").v4.usingRanges == "10.0.0.120")
    #expect(bed.allocator.availableCount(.v4, in: PoolKey(subnet: "s", pool: "p")) == 15)
    #expect(bed.allocator.availableCount(.v4, in: PoolKey(subnet: "s", pool: "q")) == nil)
  }

  @Test("a pool takes over what is in use in it, and gives everything back when it goes")
  func poolMoves() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24")
    try bed.fixed("ns/a", "10.0.0.9")
    #expect(try bed.pool("p", ["10.0.0.8..10.0.0.10"]).gained == ["", "p"].map { PoolKey(subnet: "s", pool: $0) })
    #expect(try bed.usage(pool: "p").v4.usingRanges == "10.0.0.9" && bed.usage(pool: "").v4.using == 0)
    #expect(bed.allocator.held(byOwner: "ns/a").first?.allocation.pool == "p")
    // A fixed address may be any pool's.
    #expect(try bed.fixed("ns/b", "10.0.0.10").pool == "p")
    bed.release("ns/a")
    #expect(bed.allocator.removePool("p", in: "s").gained == [PoolKey(subnet: "s", pool: "")])
    #expect(bed.allocator.removePool("p", in: "s") == EditOutcome())
    #expect(try bed.lists().v4.released.description == "10.0.0.9" && bed.usage(pool: "").v4.usingRanges == "10.0.0.10")
    #expect(bed.allocator.pools(of: "s").isEmpty)
    bed.refuses(.noAvailableAddress) { try bed.random("ns/c", pool: "p") }
  }

  @Test("pools may not overlap in a family that the subnet serves only later")
  func overlapAhead() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24")
    try bed.pool("p", ["10.0.0.9", "fd00::1..fd00::9"])
    #expect(throws: DefinitionError.poolOverlap(pool: "q", other: "p", ranges: "fd00::9")) {
      try bed.pool("q", ["10.0.0.10", "fd00::9..fd00::20"])
    }
    try bed.pool("q", ["10.0.0.10", "fd00::a..fd00::20"])
    try bed.subnet("10.0.0.0/24,fd00::/64")
    #expect(try ["p", "q"].map { try bed.random("ns/\($0)", pool: $0).text } == ["10.0.0.9,fd00::1", "10.0.0.10,fd00::a"])
  }

  @Test("removing the second of three pools leaves the others what they are")
  func middlePool() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24")
    for (name, entry) in [("a", "10.0.0.10..10.0.0.19"), ("b", "10.0.0.20..10.0.0.29"), ("c", "10.0.0.30..10.0.0.39")] {
      try bed.pool(name, [entry])
    }
    try bed.random("ns/x", pool: "c")
    bed.allocator.removePool("b", in: "s")
    #expect(try bed.random("ns/y", pool: "c").text == "10.0.0.31")
    #expect(try bed.random("ns/z", pool: "a").text == "10.0.0.10")
    #expect(try bed.usage(pool: "c").v4.usingRanges == "10.0.0.30-10.0.0.31")
    #expect(bed.allocator.pools(of: "s").map(\.name) == ["a", "c"])
  }

  @Test("a removed subnet is gone with its holders, and its place can be taken by another")
  func removal() throws {
    let bed = Bed()
    try bed.subnet("10.1.0.0/24", named: "a")
    try bed.subnet("10.2.0.0/24", named: "b")
    try bed.random("ns/p", in: "a", mac: .random)
    try bed.random("ns/q", in: "b")
    #expect(bed.allocator.removeSubnet("a").dropped.map(\.owner.key) == ["ns/p"])
    #expect(bed.allocator.removeSubnet("a") == EditOutcome())
    #expect(bed.allocator.held(byOwner: "ns/p").isEmpty && bed.allocator.usage(ofSubnet: "a") == nil)
    bed.refuses(.noSubnet) { try bed.random("ns/p", in: "a") }
    try bed.subnet("10.3.0.0/24", named: "c")
    #expect(try bed.random("ns/p", in: "c").text == "10.3.0.1")
    #expect(bed.allocator.held(byOwner: "ns/q").map(\.allocation.text) == ["10.2.0.1"])
    #expect(bed.allocator.subnetNames == ["b", "c"])
  }

  @Test("an address is looked up in one subnet or in all")
  func lookups() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24", named: "a")
    try bed.subnet("10.0.0.0/24,fd00::/64", named: "b")
    try bed.random("ns/p", in: "a")
    try bed.random("ns/q", in: "b", mac: .random)
    let address = try IPAddress(parsing: "10.0.0.1")
    #expect(bed.allocator.holders(of: address).map(\.owner.key) == ["ns/p", "ns/q"])
    #expect(bed.allocator.holders(of: address, in: "b").map(\.nic) == ["q.ns"])
    #expect(bed.allocator.holders(of: address, in: "gone").isEmpty)
    #expect(bed.allocator.held(nic: "q.ns", ofOwner: "ns/p") == nil)
    #expect(bed.allocator.held(inSubnet: "b").map(\.holder.description) == ["ns/q (NIC q.ns)"])
    #expect(bed.allocator.definition(ofSubnet: "b")?.cidrs.description == "10.0.0.0/24,fd00::/64")
  }
}
