import IPAM
import NetAddress
import Testing

/// One address for two on purpose: a pod and the Vip that it uses, and nobody else.
@Suite struct SharingTests {
  private static let vip = Owner(key: "web", uid: "v1")

  private func bed(_ cidr: String = "10.0.0.0/29") throws -> Bed {
    let bed = Bed()
    try bed.subnet(cidr)
    return bed
  }

  private func take(_ bed: Bed, _ owner: Owner, _ addresses: String, _ sharing: Sharing, mac: MACChoice = .none) throws -> Allocation {
    let source: AddressSource = addresses.isEmpty ? .random() : .fixed(try Bed.addresses(addresses))
    let request = AllocationRequest(
      nic: Bed.nic(owner.key), candidates: [Candidate(subnet: "s", source: source)], mac: mac, sharing: sharing)
    return try #require(try bed.allocator.allocate([request], owner: owner).first)
  }

  private func holders(_ bed: Bed, _ address: String) throws -> [String] {
    bed.allocator.holders(of: try IPAddress(parsing: address), in: "s").map(\.owner.key)
  }

  @Test("a pod shares with the owner that it names; the address counts once")
  func shares() throws {
    let bed = try bed()
    _ = try take(bed, Self.vip, "10.0.0.5", .none)
    let pod = try take(bed, Owner(key: "ns/p"), "10.0.0.5", .with("web"))
    #expect(pod.text == "10.0.0.5" && pod.freed.isEmpty)
    #expect(try holders(bed, "10.0.0.5") == ["web", "ns/p"])
    #expect(try bed.usage().v4.using == 1 && bed.usage().v4.available == 5)
  }

  @Test("a second pod is refused by the first one's name, whoever came first among the holders")
  func secondUser() throws {
    let bed = try bed()
    _ = try take(bed, Self.vip, "10.0.0.5", .none)
    _ = try take(bed, Owner(key: "ns/p"), "10.0.0.5", .with("web"))
    let error = bed.refuses(.addressConflict) { try take(bed, Owner(key: "ns/q"), "10.0.0.5", .with("web")) }
    #expect(error == .held(subnet: "s", try IPAddress(parsing: "10.0.0.5"), by: Holder(owner: Owner(key: "ns/p"), nic: "p.ns")))
    #expect(bed.allocator.release(nic: "web", of: Self.vip)?.freed.isEmpty == true)
    bed.refuses(.addressConflict) { try take(bed, Owner(key: "ns/q"), "10.0.0.5", .with("web")) }
    // The Vip of that name comes again: with the pod that uses it, with no other.
    bed.refuses(.addressConflict) { try take(bed, Self.vip, "10.0.0.5", .none) }
    bed.refuses(.addressConflict) { try take(bed, Self.vip, "10.0.0.5", .with("ns/q")) }
    #expect(try take(bed, Self.vip, "10.0.0.5", .with("ns/p")).text == "10.0.0.5")
  }

  @Test("an address that the named owner does not hold is refused when another does, and had alone when nobody does")
  func strangers() throws {
    let bed = try bed()
    _ = try take(bed, Owner(key: "ns/other"), "10.0.0.5", .none)
    bed.refuses(.addressConflict) { try take(bed, Owner(key: "ns/p"), "10.0.0.5", .with("web")) }
    #expect(try take(bed, Owner(key: "ns/p"), "10.0.0.4", .with("web")).text == "10.0.0.4")
    #expect(try holders(bed, "10.0.0.4") == ["ns/p"])
  }

  @Test("the gateway is refused to one who shares with one owner")
  func gateway() throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/29", gateway: "10.0.0.1", gatewayMAC: "02:00:00:00:00:01")
    bed.refuses(.addressConflict) { try take(bed, Owner(key: "ns/p"), "10.0.0.1", .with("web")) }
    let mac = MACChoice.fixed(try MACAddress(parsing: "02:00:00:00:00:01"))
    bed.refuses(.addressConflict) { try take(bed, Owner(key: "ns/p"), "10.0.0.2", .with("web"), mac: mac) }
  }

  @Test("the MAC goes along, and a third one with it is refused")
  func macs() throws {
    let bed = try bed()
    let mac = try MACAddress(parsing: "02:00:00:00:00:07")
    _ = try take(bed, Self.vip, "10.0.0.5", .none, mac: .fixed(mac))
    _ = try take(bed, Owner(key: "ns/p"), "10.0.0.5", .with("web"), mac: .fixed(mac))
    #expect(bed.allocator.holders(of: mac, in: "s").map(\.owner.key) == ["web", "ns/p"])
    let error = bed.refuses(.addressConflict) { try take(bed, Owner(key: "ns/q"), "10.0.0.6", .with("web"), mac: .fixed(mac)) }
    #expect(error == .macHeld(subnet: "s", mac, by: Holder(owner: Owner(key: "ns/p"), nic: "p.ns")))
    _ = bed.allocator.release(Owner(key: "ns/p"))
    #expect(try take(bed, Owner(key: "ns/q"), "10.0.0.6", .with("web"), mac: .fixed(mac)).mac == mac)
  }

  @Test("whichever goes first, the address stays with the other, and is free when both are gone", arguments: [true, false])
  func releaseOrder(podFirst: Bool) throws {
    let bed = try bed()
    let pod = Owner(key: "ns/p", uid: "u1")
    _ = try take(bed, Self.vip, "10.0.0.5", .none)
    _ = try take(bed, pod, "10.0.0.5", .with("web"))
    let (first, second) = podFirst ? (pod, Self.vip) : (Self.vip, pod)
    #expect(bed.allocator.release(first).flatMap(\.freed).isEmpty)
    #expect(try bed.usage().v4.usingRanges == "10.0.0.5" && holders(bed, "10.0.0.5") == [second.key])
    bed.refuses(.addressConflict) { try take(bed, Owner(key: "ns/q"), "10.0.0.5", .none) }
    #expect(bed.allocator.release(second).flatMap(\.freed).map(\.address.description) == ["10.0.0.5"])
    #expect(try take(bed, Owner(key: "ns/q"), "10.0.0.5", .none).text == "10.0.0.5")
  }

  @Test("one NIC that cannot share takes its pod's other NICs down with it, and nothing has changed")
  func allOrNothing() throws {
    let bed = try bed()
    try bed.subnet("10.9.0.0/29", named: "t")
    _ = try take(bed, Self.vip, "10.0.0.5", .none)
    _ = try take(bed, Owner(key: "ns/p"), "10.0.0.5", .with("web"))
    let requests = [
      AllocationRequest(nic: "q.ns.t", candidates: [Candidate(subnet: "t", source: .random())], mac: .random),
      AllocationRequest(
        nic: "q.ns.s", candidates: [Candidate(subnet: "s", source: .fixed(try Bed.addresses("10.0.0.5")))], sharing: .with("web")),
    ]
    let before = bed.allocator.snapshot
    let failure = #expect(throws: AllocationFailure.self) { try bed.allocator.allocate(requests, owner: Owner(key: "ns/q")) }
    #expect(failure?.nics.map(\.nic) == ["q.ns.s"])
    #expect(bed.allocator.snapshot == before)
  }

  @Test("a pair is shared in both families, and a stranger in one of them is in the way")
  func dualStack() throws {
    let bed = try bed("10.0.0.0/29,fd00::/125")
    _ = try take(bed, Self.vip, "10.0.0.5,fd00::5", .none)
    #expect(try take(bed, Owner(key: "ns/p"), "10.0.0.5,fd00::5", .with("web")).text == "10.0.0.5,fd00::5")
    #expect(try bed.usage().v4.using == 1 && bed.usage().v6.using == 1)
    _ = bed.allocator.release(Owner(key: "ns/p"))
    // A Vip with one family only: the other is completed for the pod, and is the pod's alone.
    let alone = AllocationRequest(
      nic: "v6", candidates: [Candidate(subnet: "s", source: .fixed(try Bed.addresses("10.0.0.4")))], family: .v4)
    _ = try bed.allocator.allocate([alone], owner: Owner(key: "v6"))
    let pod = try take(bed, Owner(key: "ns/q"), "10.0.0.4", .with("v6"))
    #expect(pod.v6 != nil)
    #expect(try holders(bed, try #require(pod.v6).description) == ["ns/q"])
  }

  @Test("an edit that drops the address drops it from both; one that excludes it leaves it with both")
  func edits() throws {
    let bed = try bed()
    _ = try take(bed, Self.vip, "10.0.0.5", .none)
    _ = try take(bed, Owner(key: "ns/p"), "10.0.0.5", .with("web"))
    try bed.subnet("10.0.0.0/29", exclude: ["10.0.0.5"])
    #expect(try holders(bed, "10.0.0.5") == ["web", "ns/p"] && bed.usage().v4.using == 0)
    let outcome = try bed.subnet("10.0.0.0/30")
    #expect(outcome.dropped.map(\.owner.key).sorted() == ["ns/p", "web"])
    #expect(bed.allocator.held(byOwner: "web").isEmpty && bed.allocator.held(byOwner: "ns/p").isEmpty)
  }

  @Test("records restore to the same sharing in either order, and to no other", arguments: [true, false])
  func restore(podFirst: Bool) throws {
    let bed = Bed(isReady: false)
    try bed.subnet("10.0.0.0/29,fd00::/125")
    let addresses = try AddressPair(parsing: "10.0.0.5,fd00::5")
    let vip = HoldingRecord(nic: "web", owner: Self.vip, subnet: "s", addresses: addresses, sharing: .with("ns/p"))
    let pod = HoldingRecord(nic: "p.ns", owner: Owner(key: "ns/p"), subnet: "s", addresses: addresses, sharing: .with("web"))
    for record in podFirst ? [pod, vip] : [vip, pod] {
      guard case .granted = bed.allocator.restore(record) else {
        Issue.record("\(record) was not restored")
        continue
      }
    }
    bed.allocator.restoreFinished()
    #expect(Set(try holders(bed, "10.0.0.5")) == ["web", "ns/p"])
    let stranger = HoldingRecord(nic: "q.ns", owner: Owner(key: "ns/q"), subnet: "s", addresses: addresses, sharing: .with("web"))
    let holder = Holder(owner: Owner(key: "ns/p"), nic: "p.ns")
    #expect(bed.allocator.restore(stranger) == .held(try IPAddress(parsing: "10.0.0.5"), by: holder))
    #expect(bed.allocator.held(byOwner: "ns/q").isEmpty)
  }

  @Test("a request that may not move its NIC is told what the NIC holds; what agrees with it is granted")
  func mayNotMove() throws {
    let bed = try bed()
    try bed.subnet("10.9.0.0/29", named: "t")
    let owner = Owner(key: "ns/p", uid: "u1")
    let first = try take(bed, owner, "10.0.0.2", .none)
    func ask(_ source: AddressSource, in subnet: String = "s", mac: MACChoice = .none) throws -> Allocation {
      let request = AllocationRequest(nic: "p.ns", candidates: [Candidate(subnet: subnet, source: source)], mac: mac, mayMove: false)
      return try #require(try bed.allocator.allocate([request], owner: Owner(key: "ns/p")).first)
    }
    #expect(bed.refuses(.addressConflict) { try ask(.fixed(try Bed.addresses("10.0.0.3"))) } == .nicHolds(first))
    #expect(bed.refuses(.addressConflict) { try ask(.random(), in: "t") } == .nicHolds(first))
    #expect(try ask(.random()) == first)
    #expect(try ask(.fixed(try Bed.addresses("10.0.0.2"))) == first)
    #expect(bed.allocator.held(nic: "p.ns", ofOwner: "ns/p")?.owner.uid == "u1")
    let mac = try MACAddress(parsing: "02:00:00:00:00:07")
    _ = try take(bed, Owner(key: "ns/q"), "", .none, mac: .fixed(mac))
    guard case .macHeld = bed.refuses(.addressConflict, { try ask(.random(), mac: .fixed(mac)) }) else {
      Issue.record("a MAC of another NIC was given")
      return
    }
  }
}
