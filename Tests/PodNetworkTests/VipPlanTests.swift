import KubeAPI
import NetAddress
import PodNetwork
import Testing
import WireJSON

/// What a Vip asks for, and what is written about it.
@Suite struct VipPlanTests {
  private static let now = Timestamp(seconds: 1_800_000_000)

  private static func vip(_ name: String = "web", _ change: (inout Vip) -> Void = { _ in }) -> Vip {
    var metadata = ObjectMeta(name: name)
    metadata.uid = "u1"
    metadata.resourceVersion = "9"
    metadata.generation = 2
    var vip = Vip(metadata: metadata)
    vip.spec.namespace = "team-a"
    vip.spec.subnet = "net-a"
    change(&vip)
    return vip
  }

  private static func table(_ plans: [SubnetPlan]) -> SubnetTable {
    var table = SubnetTable()
    for plan in plans { table.accept(plan) }
    return table
  }

  private static func usual() throws -> SubnetTable {
    table([
      try Sample.plan(), try Sample.plan("dual", cidr: "10.1.0.0/24,fd00::/64"),
      try Sample.plan("primary", cidr: "10.2.0.0/24", provider: "ovn"),
    ])
  }

  private static func holding(_ addresses: String, mac: String? = nil, user: String? = nil) throws -> VipHolding {
    VipHolding(subnet: "net-a", addresses: try Sample.addresses(addresses), mac: mac.flatMap { MACAddress($0) }, user: user)
  }

  @Test("without an address any is taken, under the name of the port that the Vip would be")
  func random() throws {
    let plan = try VipPlan(Self.vip(), subnets: try Self.usual())
    #expect(plan.nic == "web.team-a.macvlan.default" && plan.subnet == "net-a" && plan.addresses.isEmpty && plan.mac == nil)
    #expect(!plan.isOVN)
    let primary = try VipPlan(Self.vip { $0.spec.subnet = "primary" }, subnets: try Self.usual())
    #expect(primary.nic == "web.team-a" && primary.isOVN)
    #expect(try VipPlan(Self.vip { $0.spec.namespace = "" }, subnets: try Self.usual()).nic == "web.macvlan.default")
  }

  @Test("D12: addresses and MAC are read in any spelling")
  func spellings() throws {
    let plan = try VipPlan(
      Self.vip {
        $0.spec.subnet = "dual"
        $0.spec.v4IP = "10.1.0.9"
        $0.spec.v6IP = "FD00:0:0::000E"
        $0.spec.macAddress = "00-00-00-53-6B-B6"
      }, subnets: try Self.usual())
    #expect(plan.addresses.map(\.description) == ["10.1.0.9", "fd00::e"] && plan.mac?.description == "00:00:00:53:6b:b6")
  }

  @Test(
    "what cannot be served is told by field",
    arguments: [
      ("subnet", "", "spec.subnet is empty"), ("subnet", "nowhere", "subnet nowhere does not exist"),
      ("subnet", "broken", "subnet broken is refused: no good"), ("subnet", "leaving", "subnet leaving is being deleted"),
      ("v4ip", "10.0.0.300", "spec.v4ip \"10.0.0.300\" is not valid: it is no IP address"),
      ("v4ip", "fd00::1", "it is not an IPv4 address"),
      ("v6ip", "10.0.0.9", "it is not an IPv6 address"), ("v4ip", "10.0.0.9/24", "it is no IP address"),
      ("v4ip", "10.0.0.9,10.0.0.10", "it is no IP address"), ("mac", "00:00:00:53:6b:b6", "is given without an address"),
      ("mac", "nonsense", "spec.macAddress \"nonsense\" is not valid"), ("mac", "00:00:00:00:00:00", "no interface can have it"),
      ("mac", "01:00:00:53:6b:b6", "it is a multicast address"), ("v4ip", String(repeating: "1", count: 10_000), "it is no IP address"),
    ])
  func refused(field: String, text: String, reason: String) throws {
    var table = try Self.usual()
    table.refuse("broken", provider: Sample.macvlan, reason: "no good")
    table.accept(try Sample.plan("leaving", cidr: "10.9.0.0/24"))
    table.close("leaving", provider: Sample.macvlan, reason: "it is being deleted")
    let vip = Self.vip { vip in
      switch field {
      case "subnet": vip.spec.subnet = text
      case "v4ip": vip.spec.v4IP = text
      case "v6ip": vip.spec.v6IP = text
      default: vip.spec.macAddress = text
      }
    }
    let problem = #expect(throws: ReservationProblem.self) { try VipPlan(vip, subnets: table) }
    #expect(problem?.description.contains(reason) == true, "\(String(describing: problem))")
  }

  @Test("one write: labels beside those that are there, spec filled in, status, finalizer, all bound to the version seen")
  func assignment() throws {
    let vip = Self.vip {
      $0.metadata.labels = ["team": "a"]
      $0.spec.v4IP = ""
      $0.spec.v6IP = "FD00::5"
      $0.spec.type = "switch_lb_vip"
    }
    let patch = try #require(
      VipPatch.held(vip, try Self.holding("10.0.0.5,fd00::5", mac: "02:00:00:00:00:01"), now: Self.now))
    #expect(patch["metadata"]?["uid"] == "u1" && patch["metadata"]?["resourceVersion"] == "9")
    #expect(patch["metadata"]?["labels"] == [LabelKey.subnet: "net-a", LabelKey.ipReserved: ""])
    #expect(patch["metadata"]?["finalizers"] == [.string(Finalizer.controller)])
    #expect(patch["spec"] == ["v4ip": "10.0.0.5", "v6ip": "fd00::5", "macAddress": "02:00:00:00:00:01"])
    let status = try #require(patch["status"])
    #expect(status["v4ip"] == "10.0.0.5" && status["v6ip"] == "fd00::5" && status["mac"] == "02:00:00:00:00:01")
    #expect(status["type"] == "switch_lb_vip")
    let conditions = try #require(status["conditions"]?.array)
    #expect(conditions.compactMap { $0["type"]?.string } == ["Validated", "Ready"])
    #expect(conditions.allSatisfy { $0["status"] == "True" && $0["observedGeneration"] == 2 })
  }

  /// What the server makes of a patch of a Vip.
  private static func applied(_ patch: JSONValue, to vip: Vip) throws -> Vip {
    var vip = vip
    for (key, value) in patch["metadata"]?["labels"]?.object ?? [:] { vip.metadata.labels[key] = value.string }
    if let finalizers = patch["metadata"]?["finalizers"]?.array { vip.metadata.finalizers = finalizers.compactMap(\.string) }
    if let text = patch["spec"]?["v4ip"]?.string { vip.spec.v4IP = text }
    if let text = patch["spec"]?["v6ip"]?.string { vip.spec.v6IP = text }
    if let text = patch["spec"]?["macAddress"]?.string { vip.spec.macAddress = text }
    if let text = patch["status"]?["v4ip"]?.string { vip.status.v4IP = text }
    if let text = patch["status"]?["v6ip"]?.string { vip.status.v6IP = text }
    if let text = patch["status"]?["mac"]?.string { vip.status.mac = text }
    if let text = patch["status"]?["type"]?.string { vip.status.type = text }
    if let conditions = patch["status"]?["conditions"]?.array {
      vip.status.conditions = try conditions.map {
        try JSONReader.parse($0.bytes) { (reader) throws(JSONError) in try Condition(from: &reader) }
      }
    }
    return vip
  }

  @Test("what has been written once is not written again, with or without a user")
  func idle() throws {
    for user in [nil, "p.team-a.macvlan.default"] {
      let holding = try Self.holding("10.0.0.5", user: user)
      let patch = try #require(VipPatch.held(Self.vip(), holding, now: Self.now))
      let written = try Self.applied(patch, to: Self.vip())
      #expect(written.isAssigned && written.metadata.labels[LabelKey.ipReserved] == user ?? "")
      #expect(VipPatch.held(written, holding, now: Self.now.advanced(bySeconds: 60)) == nil)
    }
  }

  @Test("a pod that comes and goes changes the label and nothing else")
  func label() throws {
    let free = try Self.applied(
      try #require(VipPatch.held(Self.vip(), try Self.holding("10.0.0.5"), now: Self.now)), to: Self.vip())
    let used = try #require(VipPatch.held(free, try Self.holding("10.0.0.5", user: "p.team-a"), now: Self.now))
    #expect(used["metadata"]?["labels"] == [LabelKey.ipReserved: "p.team-a"] && used["spec"] == nil && used["status"] == nil)
  }

  @Test("a label is shorter than the name of a port may be, and ends as a label may end")
  func longLabel() {
    #expect(VipPlan.label(ofUser: "p.ns") == "p.ns")
    let exact = String(repeating: "a", count: 63)
    #expect(VipPlan.label(ofUser: exact) == exact)
    let long = String(repeating: "a", count: 60) + "..-b.team-a.macvlan.default"
    #expect(VipPlan.label(ofUser: long) == String(repeating: "a", count: 60))
    #expect(VipPlan.label(ofUser: String(repeating: "a.", count: 300)).utf8.count == 63)
  }

  @Test(
    "an edit of what has been given is told, and changes nothing",
    arguments: [
      ("v4ip", "10.0.0.6", "spec.v4ip is 10.0.0.6"), ("v6ip", "fd00::9", "spec.v6ip is fd00::9"), ("subnet", "dual", "spec.subnet is dual"),
      ("mac", "02:00:00:00:00:09", "spec.macAddress is 02:00:00:00:00:09"), ("v4ip", "nonsense", "spec.v4ip is nonsense"),
    ])
  func edits(field: String, text: String, reason: String) throws {
    let holding = try Self.holding("10.0.0.5")
    var vip = try Self.applied(try #require(VipPatch.held(Self.vip(), holding, now: Self.now)), to: Self.vip())
    let good = vip
    switch field {
    case "v4ip": vip.spec.v4IP = text
    case "v6ip": vip.spec.v6IP = text
    case "subnet": vip.spec.subnet = text
    default: vip.spec.macAddress = text
    }
    let edit = try #require(VipPatch.edit(of: vip, holding))
    #expect(edit.description.contains("does not support change: " + reason) && edit.description.contains("holds 10.0.0.5 of subnet net-a"))
    let patch = try #require(VipPatch.held(vip, holding, now: Self.now))
    #expect(patch["spec"] == nil && patch["status"]?["v4ip"] == nil && patch["metadata"]?["labels"] == nil)
    let told = try Self.applied(patch, to: vip)
    let conditions = Dictionary(uniqueKeysWithValues: told.status.conditions.map { ($0.type, $0) })
    #expect(conditions["Ready"]?.status == "True" && conditions["Validated"]?.status == "False" && conditions["Error"]?.status == "True")
    #expect(conditions["Error"]?.reason == EventReason.changeRefused)
    #expect(VipPatch.held(told, holding, now: Self.now) == nil)
    // Taking the edit back cures it.
    var cured = told
    cured.spec = good.spec
    let cure = try Self.applied(try #require(VipPatch.held(cured, holding, now: Self.now)), to: cured)
    #expect(cure.status.conditions.filter { $0.status == "True" }.map(\.type).sorted() == ["Ready", "Validated"])
  }

  @Test("an equal address in another spelling is no edit")
  func spellingIsNoEdit() throws {
    let holding = try Self.holding("10.0.0.5,fd00::5", mac: "02:00:00:00:00:0a")
    var vip = try Self.applied(try #require(VipPatch.held(Self.vip(), holding, now: Self.now)), to: Self.vip())
    vip.spec.v6IP = "FD00:0::0005"
    vip.spec.macAddress = "02-00-00-00-00-0A"
    #expect(VipPatch.edit(of: vip, holding) == nil && VipPatch.held(vip, holding, now: Self.now) == nil)
  }

  @Test("a status that says something else than what is held is written anew")
  func foreignStatus() throws {
    let holding = try Self.holding("10.0.0.5")
    var vip = try Self.applied(try #require(VipPatch.held(Self.vip(), holding, now: Self.now)), to: Self.vip())
    vip.status.v4IP = "10.0.0.77"
    #expect(VipPatch.held(vip, holding, now: Self.now)?["status"] == ["v4ip": "10.0.0.5"])
    vip.status.v4IP = "nonsense"
    #expect(throws: ReservationProblem.self) { try VipPlan.stored(vip) }
  }

  @Test("why a Vip has no address is written once, by reason, and goes when it has one")
  func refusal() throws {
    let conflict = ReservationProblem.refused(word: "AddressConflict", text: "AddressConflict: 10.0.0.5 is held by a/b")
    let patch = try #require(VipPatch.refused(Self.vip(), conflict, now: Self.now))
    #expect(patch["spec"] == nil && patch["metadata"] == ["uid": "u1", "resourceVersion": "9"])
    let told = try Self.applied(patch, to: Self.vip())
    let ready = try #require(told.status.conditions.first { $0.type == "Ready" })
    #expect(ready.status == "False" && ready.reason == "AddressConflict" && ready.message.contains("a/b"))
    #expect(told.status.conditions.first { $0.type == "Validated" }?.status == "True")
    #expect(VipPatch.refused(told, conflict, now: Self.now.advanced(bySeconds: 9)) == nil)
    let malformed = try Self.applied(
      try #require(VipPatch.refused(told, .missing(field: "spec.subnet"), now: Self.now)), to: told)
    #expect(malformed.status.conditions.first { $0.type == "Validated" }?.status == "False")
    let cured = try Self.applied(try #require(VipPatch.held(malformed, try Self.holding("10.0.0.5"), now: Self.now)), to: malformed)
    #expect(cured.status.conditions.first { $0.type == "Error" }?.status == "False")
  }
}
