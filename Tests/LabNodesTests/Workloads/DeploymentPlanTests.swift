import KubeAPI
import LabNodes
import Testing
import WireJSON

@Suite struct DeploymentPlanTests {
  private func deployment(_ replicas: Int, strategy: JSONValue = [:], template: JSONValue = Fixture.template) throws -> Deployment {
    try Fixture.object(
      DeploymentKind.self, "web",
      spec: [
        "replicas": .integer(replicas), "selector": ["matchLabels": ["app": "a"]], "template": template, "strategy": strategy,
      ], metadata: ["annotations": ["deployment.kubernetes.io/revision": "2"]])
  }

  private func set(
    _ name: String, replicas: Int, ready: Int? = nil, template: JSONValue = Fixture.template, revision: Int = 2
  ) throws -> ReplicaSet {
    try Fixture.object(
      ReplicaSetKind.self, name, spec: ["replicas": .integer(replicas), "template": template],
      status: [
        "replicas": .integer(replicas), "readyReplicas": .integer(ready ?? replicas), "availableReplicas": .integer(ready ?? replicas),
      ],
      metadata: [
        "ownerReferences": Fixture.owner("Deployment", "uid-web"),
        "annotations": ["deployment.kubernetes.io/revision": .string(String(revision))],
      ])
  }

  private let old: JSONValue = ["metadata": ["labels": ["app": "a"]], "spec": ["containers": [["name": "c", "image": "old"]]]]

  private func plan(_ deployment: Deployment, _ sets: [ReplicaSet], _ pods: [PodFacts] = []) -> WorkloadPlan {
    DeploymentPlan.make(deployment, sets: sets, pods: pods, now: Fixture.now)
  }

  @Test("a new Deployment makes one set, whose pods and selector carry the template's hash")
  func creates() throws {
    let plan = plan(try deployment(2), [])
    guard case .create(_, let body) = plan.actions.first else { throw Missing() }
    let hash = try #require(body["spec"]?["selector"]?["matchLabels"]?["pod-template-hash"]?.string)
    #expect(body["metadata"]?["name"]?.string == "web-" + hash)
    #expect(body["spec"]?["template"]?["metadata"]?["labels"] == ["app": "a", "pod-template-hash": .string(hash)])
    #expect(body["spec"]?["replicas"] == 2)
    #expect(hash.count > 3 && hash.allSatisfy { "bcdfghjklmnpqrstvwxz2456789".contains($0) })
  }

  @Test("the set of the present template is known by its template, whatever its hash label")
  func recognises() throws {
    var labelled = Fixture.template
    labelled["metadata"] = ["labels": ["app": "a", "pod-template-hash": "zzz"]]
    #expect(words(plan(try deployment(2), [try set("web-zzz", replicas: 2, template: labelled)])) == [])
    #expect(words(plan(try deployment(5), [try set("web-zzz", replicas: 2, template: labelled)])) == ["scale web-zzz 5"])
    #expect(words(plan(try deployment(1), [try set("web-zzz", replicas: 2, template: labelled)])) == ["scale web-zzz 1"])
  }

  @Test(
    "a roll keeps within maxSurge and maxUnavailable",
    arguments: [
      // wanted, surge, unavailable, new (wanted, ready), old (wanted, ready) → scalings
      Roll(4, "25%", "25%", (0, 0), (4, 4), ["scale new 1", "scale old 3"]),
      Roll(4, "25%", "25%", (1, 0), (3, 3), ["scale new 2"]),
      Roll(4, "25%", "25%", (2, 2), (3, 3), ["scale old 1"]),
      Roll(2, "1", "0", (0, 0), (2, 2), ["scale new 1"]),
      Roll(2, "1", "0", (1, 1), (2, 2), ["scale old 1"]),
      Roll(2, "1", "0", (1, 1), (1, 1), ["scale new 2"]),
      Roll(2, "0", "0", (0, 0), (2, 2), ["scale old 1"]),
      Roll(3, "0", "1", (0, 0), (3, 1), ["scale old 1"]),
      Roll(3, "3", "3", (0, 0), (3, 3), ["scale new 3", "scale old 0"]),
      Roll(2, "nonsense", "-5%", (2, 2), (0, 0), []),
    ])
  func rolls(roll: Roll) throws {
    let strategy: JSONValue = [
      "type": "RollingUpdate", "rollingUpdate": ["maxSurge": roll.surgeValue, "maxUnavailable": roll.unavailableValue],
    ]
    let sets = [
      try set("old", replicas: roll.old.0, ready: roll.old.1, template: old, revision: 1),
      try set("new", replicas: roll.new.0, ready: roll.new.1),
    ]
    #expect(words(plan(try deployment(roll.wanted, strategy: strategy), sets)) == roll.expected)
  }

  struct Roll: Sendable, CustomTestStringConvertible {
    let wanted: Int, surge: String, unavailable: String, new: (Int, Int), old: (Int, Int), expected: [String]
    init(_ wanted: Int, _ surge: String, _ unavailable: String, _ new: (Int, Int), _ old: (Int, Int), _ expected: [String]) {
      (self.wanted, self.surge, self.unavailable) = (wanted, surge, unavailable)
      (self.new, self.old, self.expected) = (new, old, expected)
    }
    var surgeValue: JSONValue { Int(surge).map { .integer($0) } ?? .string(surge) }
    var unavailableValue: JSONValue { Int(unavailable).map { .integer($0) } ?? .string(unavailable) }
    var testDescription: String { "\(wanted) surge \(surge) unavailable \(unavailable) new \(new) old \(old)" }
  }

  @Test("Recreate starts nothing new while an old pod is still there, also one that is going")
  func recreates() throws {
    let recreating = try deployment(2, strategy: ["type": "Recreate"])
    let sets = [try set("old", replicas: 0, ready: 0, template: old, revision: 1), try set("new", replicas: 0)]
    let going = try Fixture.pod("p", owner: "uid-old", deleting: true)
    #expect(words(plan(recreating, sets, [going])) == [])
    #expect(words(plan(recreating, sets)) == ["scale new 2"])
    let running = [try set("old", replicas: 2, template: old, revision: 1), try set("new", replicas: 0)]
    #expect(words(plan(recreating, running, [try Fixture.pod("p", owner: "uid-old")])) == ["scale old 0"])
  }

  @Test("sets beyond the history limit go once they are empty; a paused Deployment moves nothing")
  func history() throws {
    var spec: JSONValue = ["replicas": 1, "selector": [:], "template": Fixture.template, "revisionHistoryLimit": 1]
    let sets = [
      try set("a", replicas: 0, template: ["spec": ["a": 1]], revision: 0),
      try set("b", replicas: 0, template: ["spec": ["b": 1]], revision: 1),
      try set("new", replicas: 1),
    ]
    func deployment() throws -> Deployment {
      try Fixture.object(
        DeploymentKind.self, "web", spec: spec, metadata: ["annotations": ["deployment.kubernetes.io/revision": "2"]])
    }
    #expect(words(plan(try deployment(), sets)) == ["delete ReplicaSet a"])
    spec["paused"] = true
    #expect(words(plan(try deployment(), sets)) == [])
  }

  @Test("the status sums up the sets and says Available when enough pods are")
  func status() throws {
    let sets = [try set("old", replicas: 1, template: old, revision: 1), try set("new", replicas: 2, ready: 1)]
    let found = words(plan(try deployment(3), sets), status: ["replicas", "updatedReplicas", "availableReplicas", "unavailableReplicas"])
    #expect(found.suffix(4) == ["replicas=3", "updatedReplicas=2", "availableReplicas=2", "unavailableReplicas=1"])
    guard case .patchStatus(_, _, let patch) = plan(try deployment(3), sets).actions.last else { throw Missing() }
    #expect(PodFacts.condition("Available", of: patch["status"] ?? [:]) == "False")
    guard case .patchStatus(_, _, let whole) = plan(try deployment(2), [try set("new", replicas: 2)]).actions.last else { throw Missing() }
    #expect(PodFacts.condition("Available", of: whole["status"] ?? [:]) == "True")
  }
}
