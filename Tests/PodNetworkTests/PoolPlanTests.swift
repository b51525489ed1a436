import KubeAPI
import NetAddress
import PodNetwork
import Testing
import WireJSON

/// IPPools as text (cases D18, D15), and what is said about them.
@Suite struct PoolPlanTests {
  static func pool(_ ips: [String], name: String = "web", subnet: String = "net-a", namespaces: [String] = []) -> IPPool {
    var spec = IPPool.Spec()
    spec.subnet = subnet
    spec.ips = ips
    spec.namespaces = namespaces
    return IPPool(metadata: ObjectMeta(name: name), spec: spec)
  }

  private func problem(_ pool: IPPool) throws -> String {
    do throws(PoolProblem) {
      let plan = try PoolPlan(pool)
      Issue.record("accepted: \(plan)")
      return ""
    } catch {
      return error.description
    }
  }

  @Test(
    "addresses, ranges and CIDRs of both families are read, joined and sorted (D18)",
    arguments: [
      (["10.0.0.9"], "10.0.0.9"), (["10.0.0.20..10.0.0.30", "10.0.0.9"], "10.0.0.9,10.0.0.20..10.0.0.30"),
      (["10.0.0.0/30"], "10.0.0.0..10.0.0.3"), (["10.0.0.5/30"], "10.0.0.4..10.0.0.7"),
      (["FD00::000a..fd00::F", "10.0.0.1", "fd00::8/127"], "10.0.0.1,fd00::8..fd00::9,fd00::a..fd00::f"),
      (["10.0.0.1..10.0.0.5", "10.0.0.3..10.0.0.9", "10.0.0.4"], "10.0.0.1..10.0.0.9"),
      ([" 10.0.0.1 .. 10.0.0.5 "], "10.0.0.1..10.0.0.5"), ([], ""),
    ])
  func reads(ips: [String], expected: String) throws {
    #expect(try PoolPlan(Self.pool(ips)).ranges.map(\.specificationText).joined(separator: ",") == expected)
  }

  @Test(
    "what cannot be read is refused with pool, subnet and entry",
    arguments: [
      ("10.0.0.1-10.0.0.5", "write first..last with two dots, not a dash"),
      ("10.0.0.10..10.0.0.9", "it starts at 10.0.0.10, after its end 10.0.0.9"), ("10.0.0.1..fd00::1", "one end is IPv4, the other IPv6"),
      ("10.0.0.300", "invalid IP address"), ("10.0.0.0/33", "prefix length"), ("", "empty"), ("10.0.0.1..", "empty"),
      ("10.0.0.1..10.0.0.2..10.0.0.3", "more than one .."), ("web", "invalid IP address"), ("10.0.0.1,10.0.0.2", "invalid IP address"),
    ])
  func refuses(text: String, why: String) throws {
    let problem = try problem(Self.pool(["10.0.0.2", text]))
    #expect(problem.hasPrefix("ippool web of subnet net-a: \"\(text)\" in spec.ips: "), "\(problem)")
    #expect(problem.contains(why), "\(problem)")
  }

  @Test("a pool must name its subnet")
  func noSubnet() throws {
    #expect(try problem(Self.pool(["10.0.0.1"], subnet: "")) == "ippool web names no subnet in spec.subnet")
  }

  @Test("an address is found among ranges of both families, and no neighbour of one")
  func contains() throws {
    let plan = try PoolPlan(Self.pool(["10.0.0.4", "10.0.0.8..10.0.0.10", "fd00::4", "fd00::8..fd00::a"]))
    for text in ["10.0.0.4", "10.0.0.8", "10.0.0.9", "10.0.0.10", "fd00::4", "fd00::8", "fd00::a"] {
      #expect(plan.contains(try IPAddress(parsing: text)), "\(text)")
    }
    for text in ["10.0.0.3", "10.0.0.5", "10.0.0.7", "10.0.0.11", "0.0.0.0", "255.255.255.255", "fd00::3", "fd00::b", "::", "fd00::5"] {
      #expect(!plan.contains(try IPAddress(parsing: text)), "\(text)")
    }
    #expect(try !PoolPlan(Self.pool([])).contains(try IPAddress(parsing: "10.0.0.1")))
  }

  @Test("namespaces are a set; none admits everybody")
  func namespaces() throws {
    let plan = try PoolPlan(Self.pool([], namespaces: ["b", "a", "b", ""]))
    #expect(plan.namespaces == ["a", "b"] && plan.admits("a") && !plan.admits("c"))
    #expect(try PoolPlan(Self.pool([])).admits("c"))
  }

  @Test("entries wholly outside the subnet, and a pool without any, are told of")
  func warnings() throws {
    let subnet = try Sample.plan()
    #expect(try PoolPlan(Self.pool(["10.0.0.200..10.0.1.5"])).warnings(in: subnet).isEmpty)
    #expect(
      try PoolPlan(Self.pool(["10.0.0.9", "10.0.1.5", "fd00::1", "10.0.0.255"])).warnings(in: subnet) == [
        "10.0.0.255 in spec.ips of ippool web lies wholly outside subnet net-a (10.0.0.0/24)",
        "10.0.1.5 in spec.ips of ippool web lies wholly outside subnet net-a (10.0.0.0/24)",
        "fd00::1 in spec.ips of ippool web lies wholly outside subnet net-a (10.0.0.0/24)",
      ])
    #expect(try PoolPlan(Self.pool([])).warnings(in: subnet) == ["ippool web of subnet net-a lists no address in spec.ips"])
  }

  @Test("the table finds pools by subnet, namespace and address, and forgets what went")
  func table() throws {
    var table = PoolTable()
    table.accept(try PoolPlan(Self.pool(["10.0.0.9"], name: "b", namespaces: ["x"])))
    table.accept(try PoolPlan(Self.pool(["10.0.0.8"], name: "a", namespaces: ["x", "y"])))
    table.refuse("c", .init(subnet: "net-a", namespaces: ["y"], reason: "bad"))
    #expect(table.names(inSubnet: "net-a") == ["a", "b"] && table.plans(boundTo: "x").map(\.name) == ["a", "b"])
    #expect(table.refusedNames(boundTo: "y") == ["c"] && table.refusedNames(boundTo: "x").isEmpty)
    #expect(table.plan(holding: try IPAddress(parsing: "10.0.0.9"), inSubnet: "net-a")?.name == "b")
    #expect(table.plan(holding: try IPAddress(parsing: "10.0.0.9"), inSubnet: "net-b") == nil)
    // A refused text leaves the pool in force as it was.
    table.refuse("a", .init(subnet: "net-b", namespaces: ["z"], reason: "bad"))
    #expect(table.plans["a"]?.subnet == "net-a" && table.refusedNames(boundTo: "z").isEmpty && table.isJudged("a"))
    table.accept(try PoolPlan(Self.pool(["10.0.0.8"], name: "a", subnet: "net-b", namespaces: ["z"])))
    #expect(table.names(inSubnet: "net-a") == ["b"] && table.refused["a"] == nil)
    #expect(table.plans(boundTo: "x").map(\.name) == ["b"] && table.plans(boundTo: "z").map(\.name) == ["a"])
    table.withdraw("a")
    table.remove("c")
    table.remove("c")
    #expect(table.plans(boundTo: "z").isEmpty && table.refused.isEmpty && !table.isJudged("a"))
  }
}

@Suite struct PoolStatusTests {
  private let now = Timestamp(seconds: 1_700_000_000)

  private func stored(_ status: String) throws -> IPPool {
    try IPPool(decoding: Array(#"{"metadata":{"name":"web","generation":4},"status":\#(status)}"#.utf8))
  }

  @Test("counts and ranges have the pool's own spelling, and only what changed is written")
  func counts() throws {
    let v4 = FamilyUsage(available: 2, using: 1, availableRange: "10.0.0.5-10.0.0.6", usingRange: "10.0.0.4")
    let none = FamilyUsage()
    #expect(
      PoolStatus.counts(try stored("{}"), v4: v4, v6: none)?.text
        == #"{"status":{"v4AvailableIPRange":"10.0.0.5-10.0.0.6","v4AvailableIPs":2,"v4UsingIPRange":"10.0.0.4","v4UsingIPs":1,"#
        + #""v6AvailableIPRange":"","v6AvailableIPs":0,"v6UsingIPRange":"","v6UsingIPs":0}}"#)
    let same =
      #"{"v4AvailableIPRange":"10.0.0.5-10.0.0.6","v4AvailableIPs":2,"v4UsingIPRange":"10.0.0.4","v4UsingIPs":1,"v6AvailableIPs":0}"#
    #expect(PoolStatus.counts(try stored(same), v4: v4, v6: none) == nil)
    let large = try stored(#"{"v4AvailableIPs":0,"v6AvailableIPs":18446744073709552000}"#)
    #expect(PoolStatus.counts(large, v4: none, v6: FamilyUsage(available: 18_446_744_073_709_551_613)) == nil)
  }

  @Test("conditions go from ready to refused and back, and equal ones are not written")
  func conditions() throws {
    let ready = try #require(PoolStatus.accepted(try stored("{}"), warning: nil, now: now))
    let conditions = try #require(ready["status"]?["conditions"]?.array)
    #expect(conditions.count == 1 && conditions[0]["type"]?.string == "Ready" && conditions[0]["status"]?.string == "True")
    #expect(conditions[0]["reason"]?.string == "UpdateIPAMSucceeded" && conditions[0]["observedGeneration"]?.int == 4)
    let pool = try stored(ready["status"]?.text ?? "")
    #expect(PoolStatus.accepted(pool, warning: nil, now: now) == nil)
    var edited = pool
    edited.metadata.generation = 5
    let judged = try #require(PoolStatus.accepted(edited, warning: nil, now: now)?["status"]?["conditions"]?.array)
    #expect(judged.map { $0["observedGeneration"]?.int } == [5])
    let refused = try #require(PoolStatus.refused(pool, problem: .overlap("ippool web has conflict IPs with ippool b: 10.0.0.4"), now: now))
    let after = try stored(refused["status"]?.text ?? "")
    #expect(after.status.conditions.map(\.type) == ["Ready", "Error"] && after.status.conditions.map(\.status) == ["False", "True"])
    #expect(after.status.conditions.allSatisfy { $0.reason == "UpdateIPAMFailed" && $0.message.contains("ippool b") })
    let mended = try #require(PoolStatus.accepted(after, warning: "odd", now: now))
    let mendedPool = try stored(mended["status"]?.text ?? "")
    #expect(mendedPool.status.conditions.map(\.status) == ["True", "False"] && mendedPool.status.conditions[0].message == "odd")
  }
}
