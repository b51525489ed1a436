import KubeAPI
import PodNetwork
import Testing

/// What namespaces are told about their subnets and pools (annotations.md §4, §9).
@Suite struct NamespaceBindingTests {
  private static func subnet(_ name: String, _ change: (inout Subnet.Spec) -> Void) throws -> SubnetPlan {
    try SubnetPlan(Sample.subnet(name, cidr: "10.\(name.utf8.first ?? 0).0.0/24", change))
  }

  /// a and d name team-a, b selects tier=web or app=x, c names nobody.
  private func table(default hasDefault: Bool = true) throws -> SubnetTable {
    var table = SubnetTable()
    table.accept(
      try Self.subnet("d") {
        $0.namespaces = ["team-a"]
        $0.excludeIPs = ["10.100.0.1..10.100.0.9", "10.100.0.20"]
      })
    table.accept(try Self.subnet("a") { $0.namespaces = ["team-b", "team-a"] })
    table.accept(
      try Self.subnet("b") {
        $0.namespaceSelectors = [
          LabelSelector(matchLabels: ["tier": "web"]),
          LabelSelector(requirements: [.init(key: "app", operation: "In", values: ["x", "y"])]),
        ]
      })
    table.accept(try Self.subnet("c") { _ in })
    if hasDefault { table.accept(try Self.subnet("ovn-default") { $0.provider = "ovn" }) }
    return table
  }

  private func namespace(_ name: String, _ labels: [String: String] = [:]) -> Namespace {
    var metadata = ObjectMeta(name: name)
    metadata.labels = labels
    metadata.uid = "9"
    metadata.resourceVersion = "3"
    return Namespace(metadata: metadata)
  }

  private func binding(_ namespace: Namespace, _ table: SubnetTable) -> NamespaceBinding {
    NamespaceBinding(of: namespace, in: table, defaultSubnet: "ovn-default")
  }

  @Test(
    "a namespace is bound by name or by any selector; all of its subnets are listed in name order",
    arguments: [
      ("team-a", [:], ["a", "d"]), ("team-b", [:], ["a"]), ("web", ["tier": "web"], ["b"]), ("web", ["app": "y"], ["b"]),
      ("web", ["tier": "db"], ["ovn-default"]), ("team-a", ["tier": "web"], ["a", "b", "d"]), ("other", [:], ["ovn-default"]),
    ] as [(String, [String: String], [String])])
  func subnets(name: String, labels: [String: String], expected: [String]) throws {
    #expect(binding(namespace(name, labels), try table()).subnets == expected)
  }

  @Test("the texts: names joined by commas, CIDRs and excludes by semicolons, excludes of one subnet by commas")
  func texts() throws {
    #expect(
      binding(namespace("team-a"), try table()).annotations == [
        "ovn.kubernetes.io/logical_switch": "a,d", "ovn.kubernetes.io/cidr": "10.97.0.0/24;10.100.0.0/24",
        "ovn.kubernetes.io/exclude_ips": "10.97.0.1;10.100.0.1..10.100.0.9,10.100.0.20",
      ])
  }

  @Test("without a subnet of its own and without the default one, a namespace is told nothing")
  func nothing() throws {
    #expect(binding(namespace("other"), try table(default: false)).annotations.isEmpty)
    var closing = try table()
    closing.close("ovn-default", provider: .primary, reason: "it is being deleted")
    #expect(binding(namespace("other"), closing).annotations.isEmpty)
  }

  @Test("pools are listed in name order, a refused one too: pods of the namespace have no other")
  func pools() throws {
    var table = try table()
    table.pools.accept(try PoolPlan(PoolPlanTests.pool(["10.97.0.9"], name: "web", subnet: "a", namespaces: ["team-a"])))
    table.pools.accept(try PoolPlan(PoolPlanTests.pool(["10.97.0.8"], name: "db", subnet: "a", namespaces: ["team-a", "team-b"])))
    table.pools.refuse("broken", .init(subnet: "a", namespaces: ["team-b"], reason: "bad"))
    #expect(binding(namespace("team-a"), table).annotations["ovn.kubernetes.io/ip_pool"] == "db,web")
    #expect(binding(namespace("team-b"), table).annotations["ovn.kubernetes.io/ip_pool"] == "broken,db")
    #expect(binding(namespace("other"), table).annotations["ovn.kubernetes.io/ip_pool"] == nil)
  }

  @Test("only what differs is written, what no longer applies is removed, and other annotations are left alone")
  func patch() throws {
    var namespace = namespace("team-b")
    namespace.metadata.annotations = [
      "ovn.kubernetes.io/logical_switch": "a", "ovn.kubernetes.io/cidr": "10.1.0.0/24", "ovn.kubernetes.io/ip_pool": "gone", "note": "x",
    ]
    let wanted = binding(namespace, try table())
    let patch = wanted.patch(of: namespace)
    #expect(
      patch.annotations == [
        "ovn.kubernetes.io/cidr": "10.97.0.0/24", "ovn.kubernetes.io/exclude_ips": "10.97.0.1", "ovn.kubernetes.io/ip_pool": nil,
      ])
    #expect(patch.uid == "9" && patch.resourceVersion == "3")
    namespace.metadata.annotations = wanted.annotations.merging(["note": "x"]) { $1 }
    #expect(wanted.patch(of: namespace).isEmpty)
  }
}
