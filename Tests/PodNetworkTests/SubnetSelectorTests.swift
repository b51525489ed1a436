import KubeAPI
import NetAddress
import PodNetwork
import Testing

@Suite struct SubnetSelectorTests {
  private func table(_ plans: SubnetPlan...) -> SubnetTable {
    var table = SubnetTable()
    for plan in plans { table.accept(plan) }
    return table
  }

  private func bind(_ table: SubnetTable, _ change: (inout AttachmentWish) -> Void = { _ in }) throws(NetworkRefusal) -> [String] {
    var wish = AttachmentWish()
    change(&wish)
    return try SubnetSelector(table, namespace: "team-a").bind(Sample.attachment(), wish).subnets
  }

  @Test("all subnets of the provider are tried in name order (row 6), also for one of several NICs of the NAD")
  func order() throws {
    let table = table(
      try Sample.plan("net-b"), try Sample.plan("net-a", cidr: "10.0.1.0/24"), try Sample.plan("net-10", cidr: "10.0.2.0/24"),
      try Sample.plan("other", provider: "vlan.default"), try Sample.plan("ovn-default", provider: "ovn"))
    #expect(try bind(table) == ["net-10", "net-a", "net-b"])
    #expect(
      try SubnetSelector(table, namespace: "team-a").bind(Sample.repeated("net2"), AttachmentWish()).subnets == [
        "net-10", "net-a", "net-b",
      ])
  }

  @Test("a provider without subnets is told in Kube-OVN's words, for good")
  func unbound() throws {
    let table = table(try Sample.plan("other", provider: "vlan.default"))
    let refused = try refusal { () throws(NetworkRefusal) in try bind(table) }
    #expect(
      refused == NetworkRefusal(subject: "macvlan.default", reason: "provider macvlan.default is not bound to any subnet", isFinal: true))
  }

  @Test("subnets that are refused are named with their faults")
  func refusedSubnets() throws {
    var table = SubnetTable()
    table.refuse("net-b", provider: Sample.macvlan, reason: "invalid zero cidr")
    table.refuse("net-a", provider: Sample.macvlan, reason: "no cidr")
    table.refuse("other", provider: ProviderName("vlan.default"), reason: "x")
    let refused = try refusal { () throws(NetworkRefusal) in try bind(table) }
    #expect(
      refused.reason == "provider macvlan.default is not bound to any subnet that can be used "
        + "(subnet net-a is refused: no cidr; subnet net-b is refused: invalid zero cidr)")
  }

  @Test("logical_switch picks one subnet of this provider or of the primary network (row 5)")
  func explicit() throws {
    let table = table(
      try Sample.plan("net-a"), try Sample.plan("net-b", cidr: "10.0.1.0/24"), try Sample.plan("ovn-default", provider: "ovn"),
      try Sample.plan("other", provider: "vlan.default"))
    #expect(try bind(table) { $0.subnet = "net-b" } == ["net-b"])
    #expect(try bind(table) { $0.subnet = "ovn-default" } == ["ovn-default"])
    let foreign = try refusal { () throws(NetworkRefusal) in try bind(table) { $0.subnet = "other" } }
    #expect(foreign.reason == "subnet other, which annotation logical_switch names, serves provider vlan.default, not macvlan.default")
    let missing = try refusal { () throws(NetworkRefusal) in try bind(table) { $0.subnet = "gone" } }
    #expect(missing.reason == "subnet gone, which annotation logical_switch names, does not exist" && missing.isFinal)
  }

  @Test("a named subnet that is refused says why")
  func explicitRefused() throws {
    var table = table(try Sample.plan("net-a"))
    table.refuse("net-b", provider: Sample.macvlan, reason: "bad mask")
    let refused = try refusal { () throws(NetworkRefusal) in try bind(table) { $0.subnet = "net-b" } }
    #expect(refused.reason == "subnet net-b, which annotation logical_switch names, is refused: bad mask")
  }

  @Test("subnets of another family are passed over; none left is told with the protocol")
  func family() throws {
    let table = table(
      try Sample.plan("net-a"), try Sample.plan("net-b", cidr: "fd00::/64"), try Sample.plan("net-c", cidr: "10.0.1.0/24,fd01::/64"))
    #expect(try bind(table) { $0.family = .v6 } == ["net-b", "net-c"])
    #expect(try bind(table) { $0.family = .v4 } == ["net-a", "net-c"])
    let refused = try refusal { () throws(NetworkRefusal) in
      try bind(table) {
        $0.family = .v6
        $0.subnet = "net-a"
      }
    }
    #expect(refused.reason == "requested ip family IPv6 does not match subnet net-a protocol IPv4" && refused.isFinal)
  }

  @Test("a prefix length that is asked for must be the subnet's (row 7)")
  func prefix() throws {
    let table = table(try Sample.plan("net-a"), try Sample.plan("net-b", cidr: "10.0.1.0/25,fd00::/64"))
    func ask(_ text: String, _ length: Int?) throws(NetworkRefusal) -> [String] {
      try bind(table) {
        $0.address = .fixed([RequestedAddress(address: IPAddress(text) ?? .v4(IPv4Address(0, 0, 0, 0)), prefixLength: length)])
      }
    }
    #expect(try ask("10.0.0.5", 24) == ["net-a", "net-b"])
    #expect(try ask("10.0.1.5", 25) == ["net-a", "net-b"])
    #expect(try ask("fd00::5", 64) == ["net-a", "net-b"])
    #expect(try ask("10.0.1.5", nil) == ["net-a", "net-b"])
    let refused = try refusal { () throws(NetworkRefusal) in try ask("10.0.1.5", 24) }
    #expect(refused.reason == "ips asks for 10.0.1.5/24, but subnet net-b has prefix length 25 (10.0.1.0/25)")
    #expect(refused.isFinal)
  }
}

@Suite struct SubnetTableTests {
  @Test("an accepted subnet stays in use while its new text is refused")
  func keepsAccepted() throws {
    var table = SubnetTable()
    let plan = try Sample.plan()
    table.accept(plan)
    table.refuse("net-a", provider: ProviderName("vlan.default"), reason: "bad")
    #expect(table.names(of: Sample.macvlan) == ["net-a"] && table.plans["net-a"] == plan)
    #expect(table.refused["net-a"]?.reason == "bad")
    #expect(table.refusedNames(of: ProviderName("vlan.default")).isEmpty)
  }

  @Test("a subnet that is mended or changes its provider is found under the new one only")
  func moves() throws {
    var table = SubnetTable()
    table.refuse("net-a", provider: Sample.macvlan, reason: "bad")
    #expect(table.refusedNames(of: Sample.macvlan) == ["net-a"])
    table.accept(try Sample.plan())
    #expect(table.refused.isEmpty && table.refusedNames(of: Sample.macvlan).isEmpty)
    table.accept(try Sample.plan(provider: "vlan.default"))
    #expect(table.names(of: Sample.macvlan).isEmpty)
    #expect(table.names(of: ProviderName("vlan.default")) == ["net-a"])
    table.remove("net-a")
    table.remove("net-a")
    #expect(table.plans.isEmpty && table.names(of: ProviderName("vlan.default")).isEmpty)
  }
}
