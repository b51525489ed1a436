import KubeAPI
import PodNetwork
import Testing
import WireJSON

@Suite struct SubnetCountTests {
  private func stored(_ status: String) throws -> Subnet {
    try Subnet(decoding: Array(#"{"metadata":{"name":"net-a"},"status":\#(status)}"#.utf8))
  }

  private let v4 = FamilyUsage(available: 250, using: 3, availableRange: "10.0.0.5-10.0.0.254", usingRange: "10.0.0.2-10.0.0.4")
  private let none = FamilyUsage()

  @Test("a subnet without status gets all eight fields")
  func first() throws {
    #expect(
      SubnetStatus.counts(try stored("{}"), v4: v4, v6: none)?.text
        == #"{"status":{"v4availableIPrange":"10.0.0.5-10.0.0.254","v4availableIPs":250,"v4usingIPrange":"10.0.0.2-10.0.0.4","#
        + #""v4usingIPs":3,"v6availableIPrange":"","v6availableIPs":0,"v6usingIPrange":"","v6usingIPs":0}}"#)
  }

  @Test("then only what changed is written, and nothing where nothing did")
  func changes() throws {
    let status =
      #"{"v4availableIPs":251,"v4usingIPs":2,"v4availableIPrange":"10.0.0.4-10.0.0.254","v4usingIPrange":"10.0.0.2-10.0.0.3","#
      + #""v6availableIPs":0,"v6usingIPs":0,"v6availableIPrange":"","v6usingIPrange":""}"#
    let patch = SubnetStatus.counts(try stored(status), v4: v4, v6: none)
    #expect(patch?["status"]?.object?.keys.sorted() == ["v4availableIPrange", "v4availableIPs", "v4usingIPrange", "v4usingIPs"])
    let same = FamilyUsage(available: 251, using: 2, availableRange: "10.0.0.4-10.0.0.254", usingRange: "10.0.0.2-10.0.0.3")
    #expect(SubnetStatus.counts(try stored(status), v4: same, v6: none) == nil)
  }

  @Test(
    "counts beyond 64 bits are compared as the API server rounds them, or they would be written for ever",
    arguments: [
      ("18446744073709552000", 64), ("18446744073709551613", 64), ("\"18446744073709551613\"", 64), ("1.2089258196146292e+24", 80),
      ("1.2089258196146292E24", 80),
    ])
  func rounded(literal: String, bits: Int) throws {
    let subnet = try stored(#"{"v4availableIPs":0,"v6availableIPs":\#(literal),"v6usingIPs":0}"#)
    #expect(SubnetStatus.counts(subnet, v4: none, v6: FamilyUsage(available: (UInt128(1) << UInt128(bits)) - 3)) == nil)
  }

  @Test("within 64 bits every address counts")
  func exact() throws {
    let subnet = try stored(#"{"v4availableIPs":0,"v6availableIPs":9007199254740993}"#)
    #expect(
      SubnetStatus.counts(subnet, v4: none, v6: FamilyUsage(available: 9_007_199_254_740_992))?.text
        == #"{"status":{"v6availableIPs":9007199254740992}}"#)
    let large = try stored(#"{"v4availableIPs":0,"v6availableIPs":18446744073709552000}"#)
    #expect(SubnetStatus.counts(large, v4: none, v6: FamilyUsage(available: 1 << 63)) != nil)
    let all = SubnetStatus.counts(try stored("{}"), v4: none, v6: FamilyUsage(available: .max))
    #expect(all?.text.contains("340282366920938463463374607431768211455") == true)
  }

  @Test("quoted, null and nonsensical counts are read, and mended where they are wrong")
  func oldForms() throws {
    let status =
      #"{"v4availableIPs":"250","v4usingIPs":"3","v4availableIPrange":"10.0.0.5-10.0.0.254","v4usingIPrange":"10.0.0.2-10.0.0.4","v6usingIPs":null}"#
    #expect(SubnetStatus.counts(try stored(status), v4: v4, v6: none) == nil)
    let odd = try stored(#"{"v4availableIPs":"many","v4usingIPs":""}"#)
    #expect(
      SubnetStatus.counts(odd, v4: FamilyUsage(available: 1, using: 1), v6: none)?.text
        == #"{"status":{"v4availableIPs":1,"v4usingIPs":1}}"#)
    #expect(SubnetStatus.counts(try stored(#"{"v4availableIPs":-1}"#), v4: none, v6: none)?.text == #"{"status":{"v4availableIPs":0}}"#)
  }
}

@Suite struct SubnetConditionTests {
  private let now = Timestamp(seconds: 1_767_225_600)
  private let later = Timestamp(seconds: 1_767_225_700)

  /// The subnet as the API server would store it after a patch.
  private func applying(_ patch: JSONValue?, to subnet: Subnet) throws -> Subnet {
    var changed = subnet
    let conditions = try #require(patch?[path: ["status", "conditions"]])
    let object: JSONValue = ["metadata": ["name": .string(subnet.metadata.name)], "status": ["conditions": conditions]]
    changed.status.conditions = try Subnet(decoding: object.bytes).status.conditions
    return changed
  }

  private func condition(_ type: String, _ subnet: Subnet) throws -> Condition {
    let found = subnet.status.conditions.filter { $0.type == type }
    #expect(found.count == 1)
    return try #require(found.first)
  }

  @Test("an accepted subnet of another provider is Validated and Ready, in Kube-OVN's words")
  func golden() throws {
    #expect(
      SubnetStatus.accepted(Sample.subnet(), warning: nil, now: now)?.text
        == #"{"status":{"conditions":[{"lastTransitionTime":"2026-01-01T00:00:00Z","lastUpdateTime":"2026-01-01T00:00:00Z","#
        + #""observedGeneration":3,"reason":"ValidateLogicalSwitchSuccess","status":"True","type":"Validated"},"#
        + #"{"lastTransitionTime":"2026-01-01T00:00:00Z","lastUpdateTime":"2026-01-01T00:00:00Z","observedGeneration":3,"#
        + #""reason":"SetNonOvnSubnetSuccess","status":"True","type":"Ready"}]}}"#)
  }

  @Test("a subnet of the primary network is Ready for Kube-OVN's own reason", arguments: ["", "ovn", "a.b.ovn"])
  func ovnReason(provider: String) throws {
    let subnet = Sample.subnet(provider: provider)
    let ready = try condition("Ready", try applying(SubnetStatus.accepted(subnet, warning: nil, now: now), to: subnet))
    #expect(ready.status == "True" && ready.reason == "ResetLogicalSwitchAclSuccess")
  }

  @Test("a refused one is neither, with Error and the text in all three")
  func refused() throws {
    let subnet = Sample.subnet()
    let stored = try applying(SubnetStatus.refused(subnet, problem: .zeroCIDR("0.0.0.0/0"), now: now), to: subnet)
    #expect(stored.status.conditions.map(\.type) == ["Validated", "Ready", "Error"])
    #expect(stored.status.conditions.map(\.status) == ["False", "False", "True"])
    for condition in stored.status.conditions {
      #expect(condition.reason == "ValidateLogicalSwitchFailed" && condition.message == #"invalid zero cidr "0.0.0.0/0""#)
    }
  }

  @Test("an outcome that stands already is not written again")
  func idempotent() throws {
    let subnet = Sample.subnet()
    let accepted = try applying(SubnetStatus.accepted(subnet, warning: "w", now: now), to: subnet)
    #expect(SubnetStatus.accepted(accepted, warning: "w", now: later) == nil)
    let refused = try applying(SubnetStatus.refused(subnet, problem: .mask("x"), now: now), to: subnet)
    #expect(SubnetStatus.refused(refused, problem: .mask("x"), now: later) == nil)
  }

  @Test("the time of transition moves only when the status does")
  func transitions() throws {
    let subnet = Sample.subnet()
    let first = try applying(SubnetStatus.accepted(subnet, warning: nil, now: now), to: subnet)
    let warned = try applying(SubnetStatus.accepted(first, warning: "outside", now: later), to: first)
    let ready = try condition("Ready", warned)
    #expect(ready.message == "outside" && ready.lastTransitionTime == now.description && ready.lastUpdateTime == later.description)
    #expect(try condition("Validated", warned).lastUpdateTime == now.description)
    let refused = try applying(SubnetStatus.refused(warned, problem: .mask("x"), now: later), to: warned)
    #expect(try condition("Ready", refused).lastTransitionTime == later.description)
    let mended = try applying(SubnetStatus.accepted(refused, warning: nil, now: later), to: refused)
    let error = try condition("Error", mended)
    #expect(error.status == "False" && error.message.isEmpty)
    #expect(SubnetStatus.accepted(mended, warning: nil, now: later) == nil)
  }

  @Test("conditions of others stay as they are")
  func foreign() throws {
    var subnet = Sample.subnet()
    subnet.status.conditions = [Condition(type: "Init", status: "Unknown", reason: "Init", message: "Not Observed")]
    let stored = try applying(SubnetStatus.accepted(subnet, warning: nil, now: now), to: subnet)
    #expect(stored.status.conditions.map(\.type) == ["Init", "Validated", "Ready"])
    #expect(stored.status.conditions.first == subnet.status.conditions.first)
  }
}
