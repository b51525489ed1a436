import KubeAPI
import LabNodes
import Testing
import WireJSON

@Suite struct ReplicaSetPlanTests {
  private func set(_ replicas: Int, deleting: Bool = false) throws -> ReplicaSet {
    try Fixture.object(
      ReplicaSetKind.self, "rs", spec: ["replicas": .integer(replicas), "template": Fixture.template],
      metadata: deleting ? ["deletionTimestamp": .string(Fixture.now.description)] : [:])
  }

  @Test("missing pods are made from the template, with the set as their controller")
  func creates() throws {
    let plan = ReplicaSetPlan.make(try set(2), pods: [try Fixture.pod("rs-x", owner: "uid-rs"), try Fixture.pod("other", owner: "uid-b")])
    #expect(words(plan) == ["create Pod rs-"])
    guard case .create(_, let body) = plan.actions.first else { throw Missing() }
    #expect(body["metadata"]?["labels"] == ["app": "a"])
    #expect(body["metadata"]?["ownerReferences"]?[0]?["uid"] == "uid-rs" && body["metadata"]?["ownerReferences"]?[0]?["controller"] == true)
    #expect(body["spec"]?["containers"]?[0]?["name"] == "c")
  }

  @Test("a scale-down takes unbound pods first, then unready ones, then the newest")
  func shrinks() throws {
    let pods = [
      try Fixture.pod("old", owner: "uid-rs", created: 0), try Fixture.pod("new", owner: "uid-rs", created: 9),
      try Fixture.pod("unready", owner: "uid-rs", ready: false), try Fixture.pod("unbound", owner: "uid-rs", ready: false, node: ""),
    ]
    #expect(words(ReplicaSetPlan.make(try set(3), pods: pods)) == ["delete Pod unbound"])
    #expect(words(ReplicaSetPlan.make(try set(2), pods: pods)) == ["delete Pod unready", "delete Pod unbound"])
    #expect(words(ReplicaSetPlan.make(try set(1), pods: pods)) == ["delete Pod new", "delete Pod unready", "delete Pod unbound"])
  }

  @Test("pods that ended or are going are replaced, not removed")
  func replaces() throws {
    let pods = [
      try Fixture.pod("evicted", owner: "uid-rs", phase: "Failed"), try Fixture.pod("going", owner: "uid-rs", deleting: true),
      try Fixture.pod("fine", owner: "uid-rs"),
    ]
    #expect(words(ReplicaSetPlan.make(try set(2), pods: pods)) == ["create Pod rs-"])
  }

  @Test("a set that is being deleted makes nothing, and its status still counts")
  func deleting() throws {
    let plan = ReplicaSetPlan.make(try set(3, deleting: true), pods: [try Fixture.pod("a", owner: "uid-rs")])
    #expect(
      words(plan, status: ["replicas", "readyReplicas", "observedGeneration"]) == ["replicas=1", "readyReplicas=1", "observedGeneration=3"])
  }

  @Test("a second look at a settled set writes nothing")
  func settles() throws {
    let pods = [try Fixture.pod("a", owner: "uid-rs", labels: ["app": "a"])]
    let first = ReplicaSetPlan.make(try set(1), pods: pods)
    guard case .patchStatus(_, _, let patch) = first.actions.first, first.actions.count == 1 else { throw Missing() }
    let settled = try Fixture.object(
      ReplicaSetKind.self, "rs", spec: ["replicas": 1, "template": Fixture.template], status: patch["status"] ?? [:])
    #expect(ReplicaSetPlan.make(settled, pods: pods).actions.isEmpty)
  }
}

/// A plan lacked an action that the test goes on from.
struct Missing: Error {}
