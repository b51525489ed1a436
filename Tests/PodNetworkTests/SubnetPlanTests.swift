import KubeAPI
import NetAddress
import PodNetwork
import Testing
import WireJSON

/// What a Subnet becomes (crds.md, Subnet; allocation.md §10).
@Suite struct SubnetNormalisationTests {
  @Test("Kube-OVN's Test_formatSubnet: only a CIDR with host bits")
  func formatSubnet() throws {
    let subnet = Sample.subnet("s", cidr: "192.168.0.1/24", provider: "")
    let spec = try SubnetPlan(subnet).spec
    #expect(spec.cidrBlock == "192.168.0.0/24" && spec.protocolName == "IPv4" && spec.gateway == "192.168.0.1")
    #expect(spec.excludeIPs == ["192.168.0.1"] && spec.vpc == "ovn-cluster" && spec.provider == "ovn" && spec.gatewayType == "distributed")
    #expect(spec.enableLB == true)
  }

  @Test("a subnet of another provider gets no VPC and no gateway type")
  func foreignProvider() throws {
    let spec = try SubnetPlan(Sample.subnet(), enableLB: false).spec
    #expect(spec.vpc.isEmpty && spec.gatewayType.isEmpty && spec.provider == "macvlan.default" && spec.enableLB == false)
    let custom = try SubnetPlan(Sample.subnet(provider: "ovn") { $0.vpc = "other" }).spec
    #expect(custom.vpc == "other" && custom.gatewayType.isEmpty)
    #expect(try SubnetPlan(Sample.subnet { $0.enableLB = false }).spec.enableLB == false)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let cidr: String
    var gateway = ""
    var excludes: [String] = []
    let wanted: [String]

    var testDescription: String { "\(cidr) \(gateway) \(excludes)" }
  }

  @Test(
    "CIDR, protocol, gateway and excludes are filled in and printed canonically",
    arguments: [
      Case(cidr: "10.0.0.0/24", wanted: ["10.0.0.0/24", "IPv4", "10.0.0.1", "10.0.0.1"]),
      Case(cidr: "FD00:10:16::00/64", wanted: ["fd00:10:16::/64", "IPv6", "fd00:10:16::1", "fd00:10:16::1"]),
      Case(
        cidr: "10.0.0.0/24,fd00::/64", wanted: ["10.0.0.0/24,fd00::/64", "Dual", "10.0.0.1,fd00::1", "10.0.0.1", "fd00::1"]),
      // Whatever the order of the parts, v4 comes first; one gateway is completed with the other family's first.
      Case(
        cidr: "fd00::/64, 10.0.0.9/24", gateway: "FD00::00FE",
        wanted: ["10.0.0.0/24,fd00::/64", "Dual", "10.0.0.1,fd00::fe", "10.0.0.1", "fd00::fe"]),
      Case(
        cidr: "10.0.0.0/24,fd00::/64", gateway: "10.0.0.254",
        wanted: ["10.0.0.0/24,fd00::/64", "Dual", "10.0.0.254,fd00::1", "10.0.0.254", "fd00::1"]),
      Case(
        cidr: "10.0.0.0/24,fd00::/64", gateway: "fd00::2,10.0.0.2",
        wanted: ["10.0.0.0/24,fd00::/64", "Dual", "10.0.0.2,fd00::2", "10.0.0.2", "fd00::2"]),
      // Point to point: no network address, no broadcast (D9).
      Case(cidr: "10.0.0.4/31", wanted: ["10.0.0.4/31", "IPv4", "10.0.0.4", "10.0.0.4"]),
      Case(cidr: "10.0.0.4/31", gateway: "10.0.0.5", wanted: ["10.0.0.4/31", "IPv4", "10.0.0.5", "10.0.0.5"]),
      Case(cidr: "fd00::a/127", wanted: ["fd00::a/127", "IPv6", "fd00::a", "fd00::a"]),
      Case(cidr: "10.0.0.0/30", wanted: ["10.0.0.0/30", "IPv4", "10.0.0.1", "10.0.0.1"]),
      // IPv6 has no broadcast address (D10).
      Case(
        cidr: "190:255::1:0/112", gateway: "190:255::1:ffff", wanted: ["190:255::1:0/112", "IPv6", "190:255::1:ffff", "190:255::1:ffff"]),
      // Ranges that share an address are joined, those inside others dropped, neighbours left; sorted by their texts.
      Case(
        cidr: "10.0.0.0/24", excludes: ["10.0.0.20..10.0.0.30", "10.0.0.9", "10.0.0.25..10.0.0.40", "10.0.0.9", "10.0.0.21"],
        wanted: ["10.0.0.0/24", "IPv4", "10.0.0.1", "10.0.0.1", "10.0.0.20..10.0.0.40", "10.0.0.9"]),
      Case(
        cidr: "10.0.0.0/24", excludes: ["10.0.0.1..10.0.0.10", "10.0.0.11..10.0.0.20"],
        wanted: ["10.0.0.0/24", "IPv4", "10.0.0.1", "10.0.0.1..10.0.0.10", "10.0.0.11..10.0.0.20"]),
      Case(
        cidr: "fd00::/64", excludes: ["FD00::000A..fd00::0:f"], wanted: ["fd00::/64", "IPv6", "fd00::1", "fd00::1", "fd00::a..fd00::f"]),
      Case(cidr: "10.0.0.0/24", excludes: ["10.0.0.7..10.0.0.7"], wanted: ["10.0.0.0/24", "IPv4", "10.0.0.1", "10.0.0.1", "10.0.0.7"]),
    ])
  func normalises(_ given: Case) throws {
    let plan = try SubnetPlan(
      Sample.subnet(cidr: given.cidr) {
        $0.gateway = given.gateway
        $0.excludeIPs = given.excludes
      })
    let spec = plan.spec
    #expect([spec.cidrBlock, spec.protocolName, spec.gateway] + spec.excludeIPs == given.wanted)
    #expect(plan.cidrs.description == spec.cidrBlock && plan.gateways.description == spec.gateway)
    #expect(plan.excludes.map(\.specificationText) == spec.excludeIPs)
    #expect(plan.warnings.isEmpty)
  }

  @Test("the protocol follows the CIDR, whatever was written")
  func protocolFollows() throws {
    #expect(try SubnetPlan(Sample.subnet { $0.protocolName = "IPv6" }).spec.protocolName == "IPv4")
  }

  @Test("an underlay without CIDR hands out MACs only")
  func macOnly() throws {
    let plan = try SubnetPlan(Sample.subnet(cidr: "", provider: "ovn") { $0.vlan = "v1" })
    #expect(plan.cidrs.isEmpty && plan.gateways.isEmpty && plan.excludes.isEmpty && plan.spec.protocolName == "Mac")
  }

  @Test("an exclude wholly outside is told of, one partly outside is not (row 23)")
  func warnings() throws {
    let plan = try SubnetPlan(
      Sample.subnet {
        $0.excludeIPs = ["10.0.0.250..10.0.1.9", "10.9.0.1", "9.0.0.0..10.0.0.0", "fd00::1..fd00::2", "10.0.0.255"]
      })
    #expect(
      plan.warnings == [
        "10.9.0.1 in excludeIps lies wholly outside 10.0.0.0/24 and excludes nothing",
        "fd00::1..fd00::2 in excludeIps lies wholly outside 10.0.0.0/24 and excludes nothing",
      ])
  }

  @Test("the patch holds what differs and nothing else, under the version that was seen")
  func patch() throws {
    let subnet = Sample.subnet(cidr: "10.0.0.9/24") { $0.excludeIPs = ["10.0.0.2..10.0.0.4", "10.0.0.3"] }
    #expect(
      try SubnetPlan(subnet).specPatch(of: subnet)?.text
        == #"{"metadata":{"resourceVersion":"7","uid":"50b"},"spec":{"cidrBlock":"10.0.0.0/24","enableLb":true,"#
        + #""excludeIps":["10.0.0.1","10.0.0.2..10.0.0.4"],"gateway":"10.0.0.1","protocol":"IPv4"}}"#)
    let primary = Sample.subnet(provider: "")
    #expect(
      try SubnetPlan(primary, enableLB: false).specPatch(of: primary)?["spec"]?.text
        == #"{"enableLb":false,"excludeIps":["10.0.0.1"],"gateway":"10.0.0.1","gatewayType":"distributed","protocol":"IPv4","#
        + #""provider":"ovn","vpc":"ovn-cluster"}"#)
  }
}

/// Plans of what plans wrote: nothing is written twice, and nothing accepted is refused later.
@Suite struct SubnetIdempotenceTests {
  /// A subnet that a user may write: any prefix, gateways now and then, excludes anywhere around the block.
  private static func generated(_ generator: inout SeededGenerator) -> Subnet {
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    let families = [[4], [6], [4, 6], [6, 4]][number(0...3)]
    func address(_ family: Int) -> String {
      family == 4 ? "10.\(number(0...1)).\(number(0...3)).\(number(0...255))" : "FD00::\(String(number(0...0xFFFF), radix: 16))"
    }
    func exclude() -> String {
      let family = families[number(0...(families.count - 1))]
      let ends = [address(family), address(family)].compactMap { IPAddress($0) }.sorted()
      return number(0...1) == 0 || ends.count < 2 ? address(family) : "\(ends[0])..\(ends[1])"
    }
    let cidr = families.map { "\(address($0))/\($0 == 4 ? number(20...32) : number(112...128))" }.joined(separator: ",")
    return Sample.subnet(
      ["s", "ovn-cluster"][number(0...1)], cidr: cidr, provider: ["", "ovn", "macvlan.default", "a.b.ovn"][number(0...3)]
    ) {
      $0.excludeIPs = (0..<number(0...6)).map { _ in exclude() }
      $0.gateway = number(0...2) == 0 ? families.prefix(number(1...2)).map { address($0) }.joined(separator: ",") : ""
      $0.vpc = ["", "", "other"][number(0...2)]
    }
  }

  @Test("planning the normalised spec yields no patch", arguments: [UInt64(1), 20_260_101, 0xDEAD_BEEF])
  func idempotent(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var accepted = 0
    for round in 0..<1_000 {
      let subnet = Self.generated(&generator)
      guard let plan = try? SubnetPlan(subnet) else { continue }
      accepted += 1
      let stored = Subnet(metadata: subnet.metadata, spec: plan.spec)
      let again = try SubnetPlan(stored)
      #expect(again.specPatch(of: stored) == nil, "seed \(seed) round \(round): \(subnet.spec)")
      #expect(
        again.cidrs == plan.cidrs && again.gateways == plan.gateways && again.excludes == plan.excludes, "seed \(seed) round \(round)")
      for gateway in plan.gateways.values {
        #expect(plan.excludes.contains { $0.contains(gateway) }, "seed \(seed) round \(round): gateway \(gateway) can be given away")
      }
      for (one, other) in zip(plan.excludes.indices, plan.excludes.indices.dropFirst()) {
        #expect(!plan.excludes[one].overlaps(plan.excludes[other]), "seed \(seed) round \(round)")
      }
    }
    #expect(accepted > 250, "seed \(seed): the generator makes hardly any valid subnet")
  }
}

@Suite struct SubnetOverlapTests {
  private func plan(_ name: String, _ cidr: String, _ provider: String, vpc: String = "", vlan: String = "") throws -> SubnetPlan {
    try SubnetPlan(
      Sample.subnet(name, cidr: cidr, provider: provider) {
        $0.vpc = vpc
        $0.vlan = vlan
      })
  }

  @Test("two subnets of one provider must not share an address (row 9), in Kube-OVN's words")
  func overlap() throws {
    let one = try plan("a", "10.0.0.0/16", "macvlan.default")
    let other = try plan("b", "10.0.9.0/24,fd00::/64", "macvlan.default", vlan: "v1")
    #expect(other.overlap(with: [one])?.description == "subnet b cidr 10.0.9.0/24,fd00::/64 is conflict with subnet a cidr 10.0.0.0/16")
    #expect(
      one.overlap(with: [one, other])?.description == "subnet a cidr 10.0.0.0/16 is conflict with subnet b cidr 10.0.9.0/24,fd00::/64")
  }

  @Test("of several the first by name is told")
  func first() throws {
    let one = try plan("m", "10.0.0.0/24", "macvlan.default")
    let others = try ["z", "b", "k"].map { try plan($0, "10.0.0.0/16", "macvlan.default") }
    #expect(one.overlap(with: others)?.description.contains("subnet b cidr") == true)
  }

  @Test("what cannot meet does not conflict")
  func apart() throws {
    let one = try plan("a", "10.0.0.0/16", "macvlan.default")
    #expect(one.overlap(with: [try plan("b", "10.1.0.0/16", "macvlan.default"), try plan("c", "10.0.0.0/16", "vlan.default")]) == nil)
    #expect(one.overlap(with: [try plan("b", "10.0.0.0/16", "ovn"), try plan("c", "fd00::/64", "macvlan.default")]) == nil)
    #expect(one.overlap(with: [one]) == nil, "a subnet is no rival of itself")
  }

  @Test("OVN subnets meet within one VPC and VLAN, whatever their providers")
  func ovn() throws {
    let one = try plan("a", "10.0.0.0/16", "ovn")
    #expect(one.overlap(with: [try plan("b", "10.0.0.0/24", "x.y.ovn")]) != nil)
    #expect(one.overlap(with: [try plan("b", "10.0.0.0/24", "ovn", vpc: "other")]) == nil)
    #expect(one.overlap(with: [try plan("b", "10.0.0.0/24", "ovn", vlan: "v1")]) == nil)
  }
}
