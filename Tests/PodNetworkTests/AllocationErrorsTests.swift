import KubeAPI
import PodNetwork
import Testing

/// The annotation that says why a pod waits (decisions.md §4 row 2).
@Suite struct AllocationErrorsTests {
  private let full = NetworkRefusal(subject: "macvlan.default", reason: #"full: "all" 254 of net-a"#, isFinal: false)
  private let gone = NetworkRefusal(subject: "team-a/gone", reason: "no such NAD", isFinal: true)

  @Test("the text is sorted JSON, and reads back the same")
  func roundTrip() {
    let errors = AllocationErrors([gone, full])
    #expect(
      errors.annotation
        == #"{"macvlan.default":{"final":false,"reason":"full: \"all\" 254 of net-a"},"team-a/gone":{"final":true,"reason":"no such NAD"}}"#
    )
    #expect(AllocationErrors(annotation: errors.annotation) == errors)
    #expect(errors.annotation == AllocationErrors([full, gone]).annotation)
  }

  @Test("of several reasons of one subject the first counts, unless a later one is final")
  func precedence() {
    let other = NetworkRefusal(subject: full.subject, reason: "conflict", isFinal: false)
    let final = NetworkRefusal(subject: full.subject, reason: "malformed", isFinal: true)
    #expect(AllocationErrors([full, other]).entries[full.subject]?.reason == full.reason)
    #expect(AllocationErrors([full, final, other]).entries[full.subject]?.reason == "malformed")
    #expect(AllocationErrors([final, full]).entries[full.subject]?.isFinal == true)
  }

  @Test(
    "what makes no sense in the annotation is passed over, the rest is read",
    arguments: [
      ("{", 0), ("", 0), ("null", 0), ("[]", 0), (#""text""#, 0), (#"{"a":"b"}"#, 0), (#"{"a":{"reason":5}}"#, 0), (#"{"a":{}}"#, 0),
      (#"{"a":{"reason":"r"},"b":null,"c":{"reason":"s","final":"yes","more":1}}"#, 2),
    ])
  func lenient(text: String, count: Int) {
    let errors = AllocationErrors(annotation: text)
    #expect(errors.entries.count == count)
    #expect(errors.entries.values.filter(\.isFinal).isEmpty)
  }

  @Test("no annotation is no reason")
  func absent() {
    #expect(AllocationErrors(annotation: nil) == AllocationErrors())
    #expect(AllocationErrors().reason(for: "macvlan.default", network: "macvlan") == nil)
  }

  @Test("a caller is told its own reason, by provider before network name, else that of another network of the pod")
  func reason() throws {
    let errors = AllocationErrors([
      full, NetworkRefusal(subject: "lan", reason: "by name", isFinal: true),
      NetworkRefusal(subject: "a.b", reason: "wait", isFinal: false),
    ])
    #expect(errors.reason(for: "macvlan.default", network: "lan")?.reason == full.reason)
    #expect(errors.reason(for: "x.y", network: "lan")?.reason == "by name")
    let other = try #require(errors.reason(for: "x.y", network: "z"))
    #expect(other.isFinal && other.reason == "the pod gets all of its addresses or none, and network lan cannot be served: by name")
    let waiting = try #require(
      AllocationErrors([full, NetworkRefusal(subject: "a.b", reason: "w", isFinal: false)]).reason(for: "x.y", network: ""))
    #expect(!waiting.isFinal && waiting.reason.contains("network a.b"))
  }
}
