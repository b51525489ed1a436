import KubeAPI
import LabNodes
import Testing
import WireJSON

@Suite struct StatefulSetPlanTests {
  private func set(_ replicas: Int, start: Int? = nil, extra: JSONValue = [:]) throws -> StatefulSetObject {
    var spec: JSONValue = ["replicas": .integer(replicas), "template": Fixture.template, "serviceName": "svc"]
    if let start { spec["ordinals"] = ["start": .integer(start)] }
    for (name, value) in extra.object ?? [:] { spec[name] = value }
    return try Fixture.object(StatefulSetKind.self, "web", spec: spec)
  }

  /// The revision label that the set gives its pods now.
  private func revision(_ set: StatefulSetObject) -> JSONValue {
    for case .patchStatus(_, _, let patch) in StatefulSetPlan.make(set, pods: []).actions {
      if let revision = patch["status"]?["updateRevision"] { return revision }
    }
    return .null
  }

  private func pod(
    _ ordinal: Int, of set: StatefulSetObject, ready: Bool = true, phase: String = "Running", deleting: Bool = false, outdated: Bool = false
  )
    throws -> PodFacts
  {
    try Fixture.pod(
      "web-\(ordinal)", owner: "uid-web", kind: "StatefulSet", phase: phase, ready: ready, deleting: deleting,
      labels: ["controller-revision-hash": outdated ? "web-old" : revision(set)])
  }

  @Test("ordered: the next pod comes when the one before is ready; numbers begin at ordinals.start")
  func ordered() throws {
    let set = try set(3, start: 5)
    #expect(words(StatefulSetPlan.make(set, pods: [])) == ["create Pod web-5"])
    #expect(words(StatefulSetPlan.make(set, pods: [try pod(5, of: set, ready: false)])) == [])
    #expect(words(StatefulSetPlan.make(set, pods: [try pod(5, of: set)])) == ["create Pod web-6"])
    #expect(words(StatefulSetPlan.make(set, pods: [try pod(5, of: set), try pod(7, of: set)])) == ["create Pod web-6"])
  }

  @Test("parallel: all at once, and all superfluous ones go at once")
  func parallel() throws {
    let parallel: JSONValue = ["podManagementPolicy": "Parallel"]
    #expect(
      words(StatefulSetPlan.make(try set(3, extra: parallel), pods: [])) == ["create Pod web-0", "create Pod web-1", "create Pod web-2"])
    let one = try set(1, extra: parallel)
    let pods = try (0..<4).map { try pod($0, of: one) }
    #expect(words(StatefulSetPlan.make(one, pods: pods)) == ["delete Pod web-3", "delete Pod web-2", "delete Pod web-1"])
  }

  @Test("scaling down takes the highest number first and waits until it is gone")
  func shrinks() throws {
    let one = try set(1)
    let pods = try (0..<3).map { try pod($0, of: one) }
    #expect(words(StatefulSetPlan.make(one, pods: pods)) == ["delete Pod web-2"])
    let going = [try pod(0, of: one), try pod(1, of: one), try pod(2, of: one, deleting: true)]
    #expect(words(StatefulSetPlan.make(one, pods: going)) == [])
  }

  @Test("a pod that ended is deleted first, then made again under its name")
  func recreates() throws {
    let set = try set(1)
    #expect(words(StatefulSetPlan.make(set, pods: [try pod(0, of: set, phase: "Failed")])) == ["delete Pod web-0"])
    #expect(words(StatefulSetPlan.make(set, pods: [try pod(0, of: set, deleting: true)])) == [])
    #expect(words(StatefulSetPlan.make(set, pods: [])) == ["create Pod web-0"])
  }

  @Test("a new template is rolled out from the highest number down, not below the partition, not with OnDelete")
  func rolls() throws {
    let plain = try set(3)
    let outdated = try (0..<3).map { try pod($0, of: plain, outdated: true) }
    #expect(words(StatefulSetPlan.make(plain, pods: outdated)) == ["delete Pod web-2"])
    let half = [outdated[0], outdated[1], try pod(2, of: plain)]
    #expect(words(StatefulSetPlan.make(plain, pods: half)) == ["delete Pod web-1"])
    let waiting = [outdated[0], outdated[1], try pod(2, of: plain, ready: false)]
    #expect(words(StatefulSetPlan.make(plain, pods: waiting)) == [])
    let partitioned = try set(3, extra: ["updateStrategy": ["rollingUpdate": ["partition": 2]]])
    #expect(words(StatefulSetPlan.make(partitioned, pods: half)) == [])
    let manual = try set(3, extra: ["updateStrategy": ["type": "OnDelete"]])
    #expect(words(StatefulSetPlan.make(manual, pods: outdated)) == [])
  }

  @Test("its pods carry their number, host name and revision; names of other shape are not its pods")
  func identity() throws {
    let set = try set(1)
    let plan = StatefulSetPlan.make(set, pods: [try Fixture.pod("web-x", owner: "uid-web"), try Fixture.pod("web-0", owner: "uid-other")])
    guard case .create(_, let body) = plan.actions.first else { throw Missing() }
    let labels = body["metadata"]?["labels"]
    #expect(labels?["statefulset.kubernetes.io/pod-name"] == "web-0" && labels?["apps.kubernetes.io/pod-index"] == "0")
    #expect(labels?["controller-revision-hash"] == revision(set) && labels?["app"] == "a")
    #expect(body["spec"]?["hostname"] == "web-0" && body["spec"]?["subdomain"] == "svc")
  }

  @Test("the current revision follows the update revision only when every pod has it")
  func revisions() throws {
    let set = try set(2)
    let mixed = StatefulSetPlan.make(set, pods: [try pod(0, of: set, outdated: true), try pod(1, of: set)])
    #expect(words(mixed, status: ["updatedReplicas", "readyReplicas"]).suffix(2) == ["updatedReplicas=1", "readyReplicas=2"])
    let settled = StatefulSetPlan.make(set, pods: [try pod(0, of: set), try pod(1, of: set)])
    #expect(words(settled, status: ["updatedReplicas", "currentReplicas"]) == ["updatedReplicas=2", "currentReplicas=2"])
  }
}
