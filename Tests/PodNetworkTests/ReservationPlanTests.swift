import KubeAPI
import NetAddress
import PodNetwork
import Testing
import WireJSON

/// An IP made by hand: what it reserves, or why it reserves nothing.
@Suite struct ReservationPlanTests {
  private static func record(_ name: String = "web-0.team-a.macvlan.default", _ change: (inout IPRecord) -> Void = { _ in }) -> IPRecord {
    var metadata = ObjectMeta(name: name)
    metadata.uid = "u1"
    metadata.resourceVersion = "5"
    var record = IPRecord(metadata: metadata)
    record.spec.podName = "web-0"
    record.spec.namespace = "team-a"
    record.spec.subnet = "net-a"
    change(&record)
    return record
  }

  private static func table() throws -> SubnetTable {
    var table = SubnetTable()
    table.accept(try Sample.plan())
    table.accept(try Sample.plan("primary", cidr: "10.2.0.0/24", provider: "ovn"))
    return table
  }

  private static func problem(_ record: IPRecord) throws -> String {
    let table = try table()
    return #expect(throws: ReservationProblem.self) { try ReservationPlan(record, subnets: table) }.map(\.description) ?? ""
  }

  @Test(
    "the name is that of the NIC: pod, namespace, provider, and the interface where the network is used twice",
    arguments: [
      ("web-0.team-a.macvlan.default", "net-a", true), ("web-0.team-a.macvlan.default.net2", "net-a", true),
      ("web-0.team-a", "primary", true),
      ("web-0.team-a", "net-a", false), ("web-0.team-a.macvlan.default.net2.x", "net-a", false),
      ("web-0.team-a.macvlan.default.", "net-a", false), ("web-0.team-a.macvlan.default", "primary", false),
      ("web-0.team-a.net1", "primary", false), ("web-1.team-a.macvlan.default", "net-a", false), ("mine", "net-a", false),
      (String(repeating: "x", count: 253), "net-a", false),
    ])
  func names(name: String, subnet: String, isAccepted: Bool) throws {
    let record = Self.record(name) { $0.spec.subnet = subnet }
    guard !isAccepted else {
      let plan = try ReservationPlan(record, subnets: try Self.table())
      #expect(plan.nic == name && plan.subnet == subnet && plan.owner.key == "team-a/web-0" && plan.isOVN == (subnet == "primary"))
      return
    }
    let expected = subnet == "primary" ? "web-0.team-a" : "web-0.team-a.macvlan.default"
    #expect(
      try Self.problem(record).contains("IP \(name) reserves nothing: for this pod and subnet it would have to be named \(expected),"))
  }

  @Test("the address may stand in either form or in both; none means any")
  func addresses() throws {
    func read(_ change: (inout IPRecord.Spec) -> Void) throws -> [String] {
      try ReservationPlan(Self.record { change(&$0.spec) }, subnets: try Self.table()).addresses.map(\.description)
    }
    #expect(try read { _ in }.isEmpty)
    #expect(try read { $0.v4IPAddress = "10.0.0.5" } == ["10.0.0.5"])
    #expect(try read { $0.ipAddress = "FD00::0005,10.0.0.5" } == ["10.0.0.5", "fd00::5"])
    #expect(
      try read {
        $0.ipAddress = "10.0.0.5"
        $0.v6IPAddress = "fd00::5"
      } == ["10.0.0.5", "fd00::5"])
    #expect(
      try read {
        $0.ipAddress = "fd00:0::5"
        $0.v6IPAddress = "FD00::5"
      } == ["fd00::5"])
  }

  @Test(
    "what makes no sense is told by field",
    arguments: [
      ("podName", "", "spec.podName is empty"), ("namespace", "", "spec.namespace is empty"), ("subnet", "", "spec.subnet is empty"),
      ("subnet", "nowhere", "subnet nowhere does not exist"), ("podType", "Deployment", "spec.podType \"Deployment\" is not valid"),
      ("ipAddress", "10.0.0.5,10.0.0.6", "spec.ipAddress \"10.0.0.5,10.0.0.6\" is not valid"), ("ipAddress", ",", "is not valid"),
      ("v4", "10.0.0.256", "spec.v4IpAddress \"10.0.0.256\" is not valid: it is no IP address"), ("v4", "fd00::1", "not an IPv4 address"),
      ("v6", "10.0.0.1", "not an IPv6 address"), ("mac", "xx", "spec.macAddress \"xx\" is not valid"),
      ("ipAddress", String(repeating: "9", count: 5_000), "is not valid"),
    ])
  func malformed(field: String, text: String, reason: String) throws {
    let record = Self.record { record in
      switch field {
      case "podName": record.spec.podName = text
      case "namespace": record.spec.namespace = text
      case "subnet": record.spec.subnet = text
      case "podType": record.spec.podType = text
      case "ipAddress": record.spec.ipAddress = text
      case "v4": record.spec.v4IPAddress = text
      case "v6": record.spec.v6IPAddress = text
      default: record.spec.macAddress = text
      }
    }
    #expect(try Self.problem(record).contains(reason))
  }

  @Test("two fields that name different addresses are both quoted")
  func contradiction() throws {
    let text = try Self.problem(
      Self.record {
        $0.spec.ipAddress = "10.0.0.5"
        $0.spec.v4IPAddress = "10.0.0.6"
      })
    #expect(text == "spec.ipAddress says 10.0.0.5, but spec.v4IpAddress says 10.0.0.6")
  }

  @Test("StatefulSets and virtual machines may be reserved for", arguments: ["", "StatefulSet", "VirtualMachine"])
  func podTypes(type: String) throws {
    #expect(try ReservationPlan(Self.record { $0.spec.podType = type }, subnets: try Self.table()).owner.kind.rawValue == type)
  }

  @Test("only a record that nobody has dealt with, and that is not said to be none, is pending")
  func pending() {
    #expect(ReservationPlan.isPending(Self.record()))
    #expect(ReservationPlan.isPending(Self.record { $0.metadata.labels[LabelKey.ipReserved] = "true" }))
    #expect(!ReservationPlan.isPending(Self.record { $0.metadata.labels[LabelKey.ipReserved] = "false" }))
    #expect(!ReservationPlan.isPending(Self.record { $0.metadata.finalizers = [Finalizer.controller] }))
    #expect(!ReservationPlan.isPending(Self.record { $0.metadata.finalizers = ["x", Finalizer.legacyController] }))
    #expect(!ReservationPlan.isPending(Self.record { $0.metadata.deletionTimestamp = Timestamp(seconds: 1) }))
    #expect(ReservationPlan.isPending(Self.record { $0.metadata.finalizers = ["somebody.else/x"] }))
  }

  @Test("one write fills the record in, marks it, and leaves the user's labels and finalizers alone")
  func patch() throws {
    let record = Self.record {
      $0.metadata.labels = ["team": "a"]
      $0.metadata.finalizers = ["somebody.else/x"]
      $0.spec.v4IPAddress = "10.0.0.5"
      $0.spec.podType = "StatefulSet"
    }
    let holding = ReservationHolding(
      subnet: "net-a", addresses: try Sample.addresses("10.0.0.5,fd00::5"), mac: MACAddress("02:00:00:00:00:01"))
    let patch = try #require(holding.patch(record))
    #expect(patch["metadata"]?["uid"] == "u1" && patch["metadata"]?["resourceVersion"] == "5")
    #expect(
      patch["metadata"]?["labels"]
        == [LabelKey.ipReserved: "true", LabelKey.subnet: "net-a", "net-a": "", LabelKey.nodeName: ""])
    #expect(patch["metadata"]?["finalizers"] == ["somebody.else/x", .string(Finalizer.controller)])
    let spec = try #require(patch["spec"])
    #expect(spec["ipAddress"] == "10.0.0.5,fd00::5" && spec["v4IpAddress"] == "10.0.0.5" && spec["v6IpAddress"] == "fd00::5")
    #expect(spec["macAddress"] == "02:00:00:00:00:01" && spec["podType"] == "StatefulSet" && spec["podName"] == "web-0")
  }

  @Test("a record that says it all is not written again")
  func idle() throws {
    let holding = ReservationHolding(subnet: "net-a", addresses: try Sample.addresses("10.0.0.5"), mac: nil)
    let record = Self.record {
      $0.metadata.labels = [LabelKey.ipReserved: "true", LabelKey.subnet: "net-a", "net-a": "", LabelKey.nodeName: "n1"]
      $0.metadata.finalizers = [Finalizer.controller]
      $0.spec.ipAddress = "10.0.0.5"
      $0.spec.v4IPAddress = "10.0.0.5"
    }
    #expect(holding.patch(record) == nil && holding.isWritten(in: record.spec))
  }

  @Test("whether a record names what is held is a matter of values, not of texts")
  func written() throws {
    let holding = ReservationHolding(
      subnet: "net-a", addresses: try Sample.addresses("10.0.0.5,fd00::5"), mac: MACAddress("02:00:00:00:00:0a"))
    func says(_ change: (inout IPRecord.Spec) -> Void) -> Bool {
      var spec = Self.record().spec
      spec.ipAddress = "FD00::0005, 10.0.0.5"
      spec.macAddress = "02-00-00-00-00-0A"
      change(&spec)
      return holding.isWritten(in: spec)
    }
    #expect(says { _ in })
    #expect(!says { $0.ipAddress = "10.0.0.5" })
    #expect(!says { $0.ipAddress = "10.0.0.6,fd00::5" })
    #expect(!says { $0.ipAddress = "nonsense" })
    #expect(!says { $0.subnet = "net-b" })
    #expect(!says { $0.macAddress = "" })
    #expect(!says { $0.macAddress = "nonsense" })
  }
}
