import KubeAPI
import NetAddress
import PodNetwork
import Testing

/// Which pools serve which pods (decisions.md §4 row 17; cases C4, F10). Pods are of namespace `team-a`.
@Suite struct PoolChooserTests {
  /// Subnets net-a (10.0.0.0/24) and net-b (10.0.1.0/24) of one provider, net-x (10.0.9.0/24) of another.
  private func table(_ pools: IPPool...) throws -> SubnetTable {
    var table = SubnetTable()
    table.accept(try Sample.plan("net-a"))
    table.accept(try Sample.plan("net-b", cidr: "10.0.1.0/24"))
    table.accept(try Sample.plan("net-x", cidr: "10.0.9.0/24", provider: "vlan.default"))
    for pool in pools { table.pools.accept(try PoolPlan(pool)) }
    return table
  }

  private func pool(_ name: String, _ subnet: String, _ ips: String, _ namespaces: String...) -> IPPool {
    PoolPlanTests.pool([ips], name: name, subnet: subnet, namespaces: namespaces)
  }

  private func places(
    _ table: SubnetTable, _ address: AddressWish, subnet: String? = nil, held: HeldAddresses? = nil
  ) throws(NetworkRefusal) -> [String] {
    var wish = AttachmentWish()
    wish.address = address
    wish.subnet = subnet
    return try SubnetSelector(table, namespace: "team-a").bind(Sample.attachment(), wish, held: held).places.map {
      "\($0.subnet):\(Self.text($0.wish))"
    }
  }

  private static func text(_ wish: AddressWish) -> String {
    switch wish {
    case .any: ""
    case .pool(let name): name
    case .fixed(let addresses): addresses.map(\.address.description).joined(separator: ",")
    case .oneOf(let items): items.map { $0.map(\.description).joined(separator: ",") }.joined(separator: ";")
    }
  }

  private func fixed(_ text: String) throws -> AddressWish { .fixed([RequestedAddress(address: try IPAddress(parsing: text))]) }
  private func list(_ texts: String...) throws -> AddressWish { .oneOf(try texts.map { [try IPAddress(parsing: $0)] }) }
  private func held(_ subnet: String, _ text: String) throws -> HeldAddresses {
    HeldAddresses(subnet: subnet, addresses: try Sample.addresses(text))
  }

  // MARK: Without a wish

  @Test("a namespace without pools is served by the subnets themselves")
  func unbound() throws {
    let table = try table(pool("free", "net-a", "10.0.0.9"), pool("theirs", "net-a", "10.0.0.10", "team-b"))
    #expect(try places(table, .any) == ["net-a:", "net-b:"])
  }

  @Test("a namespace's pools are tried in name order, whatever their subnet, and nothing else")
  func bound() throws {
    let table = try table(
      pool("p2", "net-a", "10.0.0.9", "team-a"), pool("p1", "net-b", "10.0.1.9", "team-a", "team-b"),
      pool("p3", "net-a", "10.0.0.10", "team-a"), pool("p0", "net-a", "10.0.0.11", "team-b"))
    #expect(try places(table, .any) == ["net-b:p1", "net-a:p2", "net-a:p3"])
  }

  @Test("pools of other networks' subnets bind nothing here")
  func foreignPools() throws {
    #expect(try places(try table(pool("p", "net-x", "10.0.9.9", "team-a")), .any) == ["net-a:", "net-b:"])
  }

  @Test("C4: of two subnets with a pool each, the one that is named is served from its own pool; without one from itself")
  func namedSubnet() throws {
    let both = try table(pool("p1", "net-a", "10.0.0.9", "team-a"), pool("p2", "net-b", "10.0.1.9", "team-a"))
    #expect(try places(both, .any, subnet: "net-b") == ["net-b:p2"])
    #expect(try places(try table(pool("p1", "net-a", "10.0.0.9", "team-a")), .any, subnet: "net-b") == ["net-b:"])
  }

  @Test("a namespace whose only pool is refused waits for it; another one that is in force serves it meanwhile")
  func refusedPool() throws {
    var table = try table()
    table.pools.refuse("p", .init(subnet: "net-a", namespaces: ["team-a"], reason: "it is nonsense"))
    let refused = try refusal { () throws(NetworkRefusal) in try places(table, .any) }
    #expect(refused.reason == "ippool p, which namespace team-a is bound to in subnet net-a, is refused: it is nonsense" && refused.isFinal)
    #expect(try places(table, .any, subnet: "net-b") == ["net-b:"])
    #expect(try places(table, .any, held: try held("net-a", "10.0.0.5")) == ["net-a:", "net-b:"])
    table.pools.accept(try PoolPlan(pool("q", "net-b", "10.0.1.9", "team-a")))
    #expect(try places(table, .any) == ["net-b:q"])
  }

  @Test("a NIC keeps what it holds in a subnet where its namespace has no pool; half of an address is no reason to")
  func keeps() throws {
    var table = try table(pool("p", "net-a", "10.0.0.9", "team-a"))
    #expect(try places(table, .any, held: try held("net-b", "10.0.1.5")) == ["net-a:p", "net-b:"])
    #expect(try places(table, .any, held: try held("net-a", "10.0.0.5")) == ["net-a:p"])
    #expect(try places(table, .any, held: try held("net-x", "10.0.9.5")) == ["net-a:p"])
    table.accept(try Sample.plan("net-b", cidr: "10.0.1.0/24,fd00::/64"))
    #expect(try places(table, .any, held: try held("net-b", "10.0.1.5")) == ["net-a:p"])
    #expect(try places(table, .any, held: try held("net-b", "10.0.1.5,fd00::5")) == ["net-a:p", "net-b:"])
  }

  // MARK: By name

  @Test("a pool that is named serves alone")
  func named() throws {
    let table = try table(pool("web", "net-b", "10.0.1.9"), pool("p", "net-a", "10.0.0.9", "team-a"))
    #expect(try places(table, .pool("web")) == ["net-b:web"])
    #expect(try places(table, .pool("p")) == ["net-a:p"])
  }

  @Test("a pool that is missing, refused, of another subnet or of other namespaces is told with its name")
  func namedInVain() throws {
    var table = try table(pool("far", "net-x", "10.0.9.9"), pool("theirs", "net-a", "10.0.0.9", "team-b", "team-c"))
    table.pools.refuse("broken", .init(subnet: "net-a", namespaces: [], reason: "it is nonsense"))
    func reason(_ name: String, subnet: String? = nil) throws -> NetworkRefusal {
      try refusal { () throws(NetworkRefusal) in try places(table, .pool(name), subnet: subnet) }
    }
    let missing = try reason("none")
    #expect(missing.reason == "ippool none, which annotation ip_pool names, does not exist" && !missing.isFinal)
    #expect(try reason("broken").reason == "ippool broken, which annotation ip_pool names, is refused: it is nonsense")
    let far = try reason("far")
    #expect(
      far.reason
        == "ippool far, which annotation ip_pool names, belongs to subnet net-x, but this network is served by subnets net-a, net-b"
        && far.isFinal)
    #expect(try reason("theirs", subnet: "net-b").reason.hasSuffix("belongs to subnet net-a, but this network is served by subnet net-b"))
    let theirs = try reason("theirs")
    #expect(theirs.reason == "ippool theirs is bound to namespaces team-b, team-c: pods of namespace team-a may not use it")
    #expect(theirs.isFinal && theirs.subject == "macvlan.default")
    #expect(try places(table, .pool("theirs"), held: try held("net-a", "10.0.0.9")) == ["net-a:theirs"])
  }

  // MARK: By address

  @Test("F10: an address in a pool of other namespaces is refused; the pool and they are named")
  func isolated() throws {
    let table = try table(pool("theirs", "net-a", "10.0.0.9..10.0.0.12", "team-b"), pool("ours", "net-a", "10.0.0.20", "team-a"))
    let (wish, other) = (try fixed("10.0.0.10"), try fixed("10.0.0.11"))
    let refused = try refusal { () throws(NetworkRefusal) in try places(table, wish) }
    #expect(
      refused.reason
        == "10.0.0.10 of subnet net-a belongs to ippool theirs, which is bound to namespace team-b: pods of namespace team-a may not have it"
        && refused.isFinal)
    for text in ["10.0.0.13", "10.0.0.20", "10.0.1.10"] {
      #expect(try places(table, try fixed(text)) == ["net-a:\(text)", "net-b:\(text)"])
    }
    let kept = try held("net-a", "10.0.0.10")
    #expect(try places(table, wish, held: kept) == ["net-a:10.0.0.10", "net-b:10.0.0.10"])
    _ = try refusal { () throws(NetworkRefusal) in try places(table, other, held: kept) }
  }

  @Test("F10: in a list such addresses are passed over; a list of nothing else is refused")
  func isolatedList() throws {
    let table = try table(pool("theirs", "net-a", "10.0.0.9..10.0.0.12", "team-b"))
    #expect(try places(table, try list("10.0.0.9", "10.0.0.5"), subnet: "net-a") == ["net-a:10.0.0.5"])
    let theirs = try list("10.0.0.9", "10.0.0.10")
    let refused = try refusal { () throws(NetworkRefusal) in try places(table, theirs, subnet: "net-a") }
    #expect(refused.reason.hasPrefix("annotation ip_pool lists no address that this pod may have: 10.0.0.9 of subnet net-a belongs to"))
    #expect(
      try places(table, theirs, subnet: "net-a", held: try held("net-a", "10.0.0.10"))
        == ["net-a:10.0.0.10"])
  }

  @Test("of a pair one half in a foreign pool is enough")
  func isolatedPair() throws {
    var table = try table()
    table.accept(try Sample.plan("net-a", cidr: "10.0.0.0/24,fd00::/64"))
    table.pools.accept(try PoolPlan(pool("theirs", "net-a", "fd00::9", "team-b")))
    let pair = [try IPAddress(parsing: "10.0.0.9"), try IPAddress(parsing: "fd00::9")]
    let other = [try IPAddress(parsing: "10.0.0.9"), try IPAddress(parsing: "fd00::8")]
    #expect(try places(table, .oneOf([pair, other]), subnet: "net-a") == ["net-a:10.0.0.9,fd00::8"])
    let wish = AddressWish.fixed(pair.map { RequestedAddress(address: $0) })
    _ = try refusal { () throws(NetworkRefusal) in try places(table, wish) }
  }
}
