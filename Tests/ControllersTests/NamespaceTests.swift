import Controllers
import KubeAPI
import KubeClient
import KubeRuntime
import Testing
import WireJSON

/// Namespaces are told in their annotations what they are bound to (annotations.md §9).
@Suite(.serialized) struct NamespaceTests {
  private static let subnetKey = "ovn.kubernetes.io/logical_switch"
  private static let cidrKey = "ovn.kubernetes.io/cidr"
  private static let excludeKey = "ovn.kubernetes.io/exclude_ips"
  private static let poolKey = "ovn.kubernetes.io/ip_pool"

  @Test("subnets by name and by selector, pools by name; live edits follow, and what no longer applies goes")
  func follows() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      let team = try await cluster.createNamespace("team", labels: ["tier": "web-\(cluster.namespace)"])
      let names = (b: cluster.name("b"), a: cluster.name("a"))
      try await cluster.createSubnet("b", network: "macvlan", ["cidrBlock": "172.18.0.0/24", "namespaces": [.string(team)]])
      let one = try await cluster.namespace(team, until: { $0[Self.subnetKey] == names.b })
      #expect(one[Self.cidrKey] == "172.18.0.0/24" && one[Self.excludeKey] == "172.18.0.1" && one[Self.poolKey] == nil)
      try await cluster.createSubnet(
        "a", network: "macvlan",
        [
          "cidrBlock": "172.17.0.0/24,fd00:17::/64", "excludeIps": ["172.17.0.1..172.17.0.9"],
          "namespaceSelectors": [
            ["matchLabels": ["tier": .string("db-\(cluster.namespace)")]],
            ["matchExpressions": [["key": "tier", "operator": "In", "values": [.string("web-\(cluster.namespace)")]]]],
          ],
        ])
      let two = try await cluster.namespace(team, until: { $0[Self.subnetKey] == "\(names.a),\(names.b)" })
      #expect(two[Self.cidrKey] == "172.17.0.0/24,fd00:17::/64;172.18.0.0/24")
      #expect(two[Self.excludeKey] == "172.17.0.1..172.17.0.9,fd00:17::1;172.18.0.1")
      // Edits of subnet, pool and namespace.
      try await cluster.createPool("web", subnet: "a", ["172.17.0.20"], namespaces: [team])
      try await cluster.createPool("db", subnet: "a", ["172.17.0.21"], namespaces: [cluster.namespace, team])
      _ = try await cluster.namespace(team, until: { $0[Self.poolKey] == "\(cluster.name("db")),\(cluster.name("web"))" })
      _ = try await cluster.namespace(cluster.namespace, until: { $0[Self.poolKey] == cluster.name("db") })
      try await cluster.editSubnet("b", ["excludeIps": ["172.18.0.7"]])
      _ = try await cluster.namespace(
        team, until: { $0[Self.excludeKey] == "172.17.0.1..172.17.0.9,fd00:17::1;172.18.0.1,172.18.0.7" })
      _ = try await cluster.client.patch(Namespace.self, ObjectKey(name: team), merge: ["metadata": ["labels": ["tier": nil]]])
      _ = try await cluster.namespace(team, until: { $0[Self.subnetKey] == names.b && $0[Self.cidrKey] == "172.18.0.0/24" })
      try await cluster.editPool("db", ["namespaces": []])
      _ = try await cluster.namespace(team, until: { $0[Self.poolKey] == cluster.name("web") })
      _ = try await cluster.namespace(cluster.namespace, until: { $0[Self.poolKey] == nil })
      try await cluster.deletePool("web")
      _ = try await cluster.namespace(team, until: { $0[Self.poolKey] == nil })
      try await cluster.client.delete(Subnet.self, ObjectKey(name: names.b))
      _ = try await cluster.namespace(team, until: { $0[Self.subnetKey]?.contains(names.b) != true })
    }
  }

  @Test("what somebody wrote there by hand is put right")
  func mends() async throws {
    try await ClusterUnderTest.run { cluster in
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", ["cidrBlock": "172.17.0.0/24", "namespaces": [.string(cluster.namespace)]])
      _ = try await cluster.namespace(cluster.namespace, until: { $0[Self.cidrKey] == "172.17.0.0/24" })
      _ = try await cluster.client.patch(
        Namespace.self, ObjectKey(name: cluster.namespace),
        merge: ["metadata": ["annotations": [Self.cidrKey: "nonsense", Self.poolKey: "nonsense", "note": "mine"]]])
      let mended = try await cluster.namespace(
        cluster.namespace, until: { $0["note"] != nil && $0[Self.cidrKey] != "nonsense" && $0[Self.poolKey] == nil })
      #expect(mended[Self.cidrKey] == "172.17.0.0/24" && mended["note"] == "mine")
    }
  }

  @Test("a namespace without a subnet of its own has the default one, where that exists")
  func defaultSubnet() async throws {
    let embedded = try await EmbeddedCluster()
    let cluster = ClusterUnderTest(client: embedded.client, namespace: "t-default")
    try await cluster.watching {
      try await cluster.createNamespace()
      try await cluster.createNetwork("macvlan")
      try await cluster.with(embedded, term: 1) {
        try await cluster.createSubnet("s", network: "macvlan", ["cidrBlock": "172.17.0.0/24", "namespaces": [.string("t-default-own")]])
        let own = try await cluster.createNamespace("own")
        _ = try await cluster.namespace(own, until: { $0[Self.subnetKey] == "t-default-s" })
        #expect(cluster.seen.namespaces[ObjectKey(name: "t-default")]?.metadata.annotations[Self.subnetKey] == nil)
        _ = try await cluster.client.create(
          Subnet.self,
          body: [
            "apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": ["name": "ovn-default"],
            "spec": ["provider": "ovn", "cidrBlock": "10.16.0.0/16"],
          ])
        let told = try await cluster.namespace("t-default", until: { $0[Self.subnetKey] == "ovn-default" })
        #expect(told[Self.cidrKey] == "10.16.0.0/16" && told[Self.excludeKey] == "10.16.0.1")
        #expect(try await cluster.namespace(own, until: { _ in true })[Self.subnetKey] == "t-default-s")
        try await cluster.client.delete(Subnet.self, ObjectKey(name: "ovn-default"))
        let after = try await cluster.namespace("t-default", until: { $0[Self.subnetKey] == nil })
        #expect(after[Self.cidrKey] == nil && after[Self.excludeKey] == nil)
      }
    }
  }
}
