import KubeAPI
import LabNodes
import Testing
import WireJSON

@Suite struct DaemonSetPlanTests {
  private let nodes = [NodeFacts(name: "node1"), NodeFacts(name: "node2", labels: ["disk": "ssd"], isReady: false)]

  private func set(selector: JSONValue? = nil) throws -> DaemonSet {
    var template = Fixture.template
    if let selector { template["spec"] = ["nodeSelector": selector] }
    return try Fixture.object(DaemonSetKind.self, "ds", spec: ["template": template])
  }

  private func hash(_ set: DaemonSet) -> JSONValue { .string(PodTemplate(set.spec).hash) }

  @Test("one pod a node, also on nodes that are not ready, only where the selector fits")
  func places() throws {
    #expect(words(DaemonSetPlan.make(try set(), nodes: nodes, pods: [])) == ["create Pod ds-@node1", "create Pod ds-@node2"])
    #expect(words(DaemonSetPlan.make(try set(selector: ["disk": "ssd"]), nodes: nodes, pods: [])) == ["create Pod ds-@node2"])
  }

  @Test("a pod that ended is replaced, one on a node that no longer fits goes")
  func replaces() throws {
    let set = try set(selector: ["disk": "ssd"])
    let pods = [
      try Fixture.pod("a", owner: "uid-ds", phase: "Failed", node: "node2"), try Fixture.pod("b", owner: "uid-ds", node: "node1"),
    ]
    #expect(words(DaemonSetPlan.make(set, nodes: nodes, pods: pods)) == ["create Pod ds-@node2", "delete Pod a", "delete Pod b"])
  }

  @Test("a new template replaces one pod at a time, while the others are ready")
  func rolls() throws {
    let set = try set()
    let old: JSONValue = ["controller-revision-hash": "old"]
    let new: JSONValue = ["controller-revision-hash": hash(set)]
    let both = [
      try Fixture.pod("a", owner: "uid-ds", node: "node1", labels: old), try Fixture.pod("b", owner: "uid-ds", node: "node2", labels: old),
    ]
    #expect(words(DaemonSetPlan.make(set, nodes: nodes, pods: both)) == ["delete Pod a"])
    let starting = [try Fixture.pod("c", owner: "uid-ds", ready: false, node: "node1", labels: new), both[1]]
    #expect(words(DaemonSetPlan.make(set, nodes: nodes, pods: starting)) == [])
    let settled = [
      try Fixture.pod("c", owner: "uid-ds", node: "node1", labels: new), try Fixture.pod("d", owner: "uid-ds", node: "node2", labels: new),
    ]
    #expect(
      words(
        DaemonSetPlan.make(set, nodes: nodes, pods: settled), status: ["desiredNumberScheduled", "numberReady", "updatedNumberScheduled"])
        == ["desiredNumberScheduled=2", "numberReady=2", "updatedNumberScheduled=2"])
  }
}

@Suite struct JobPlanTests {
  private func job(_ spec: JSONValue, status: JSONValue = [:]) throws -> Job {
    var spec = spec
    spec["template"] = Fixture.template
    return try Fixture.object(JobKind.self, "job", spec: spec, status: status)
  }

  private func pods(_ phases: [String], finishedBefore seconds: Int64 = 0) throws -> [PodFacts] {
    try phases.enumerated().map { index, phase in
      try Fixture.pod(
        "job-\(index)", owner: "uid-job", kind: "Job", phase: phase,
        finished: phase == "Running" ? nil : Fixture.now.advanced(bySeconds: -seconds))
    }
  }

  private func plan(_ job: Job, _ pods: [PodFacts]) -> WorkloadPlan { JobPlan.make(job, pods: pods, now: Fixture.now) }

  @Test("runs parallelism pods until completions have succeeded, never more than are still needed")
  func fills() throws {
    let job = try job(["completions": 5, "parallelism": 2])
    #expect(words(plan(job, [])) == ["create Pod job-", "create Pod job-"])
    #expect(words(plan(job, try pods(["Succeeded", "Succeeded", "Running"]))) == ["create Pod job-"])
    #expect(words(plan(job, try pods(["Succeeded", "Succeeded", "Succeeded", "Succeeded", "Running"]))) == [])
  }

  @Test("is complete with the last success and stays so when its pods are removed")
  func completes() throws {
    let done = plan(try job(["completions": 1]), try pods(["Succeeded"]))
    guard case .patchStatus(_, _, let patch) = done.actions.last else { throw Missing() }
    let status = patch["status"] ?? [:]
    #expect(PodFacts.condition("Complete", of: status) == "True" && status["succeeded"] == 1 && status["completionTime"] != nil)
    #expect(plan(try job(["completions": 1], status: status), []).actions.isEmpty)
  }

  @Test("without completions any success ends it once the others have ended")
  func anySuccess() throws {
    let job = try job(["parallelism": 2])
    #expect(words(plan(job, try pods(["Succeeded", "Running"]))) == [])
    guard case .patchStatus(_, _, let patch) = plan(job, try pods(["Succeeded", "Failed"])).actions.last else { throw Missing() }
    #expect(PodFacts.condition("Complete", of: patch["status"] ?? [:]) == "True")
  }

  @Test(
    "after a failure it pauses 10 s, doubled for each further one",
    arguments: [(1, 0, 10.0), (1, 4, 6.0), (2, 0, 20.0), (3, 0, 40.0), (6, 0, 320.0), (3, 100, nil)] as [(Int, Int64, Double?)])
  func pauses(failures: Int, secondsAgo: Int64, left: Double?) throws {
    let plan = plan(
      try job(["completions": 1, "backoffLimit": 9]), try pods(Array(repeating: "Failed", count: failures), finishedBefore: secondsAgo))
    #expect(plan.again == left.map { .seconds($0) })
    #expect(words(plan) == (left == nil ? ["create Pod job-"] : []))
  }

  @Test("one failure more than the limit ends it as Failed and removes what runs")
  func fails() throws {
    let plan = plan(try job(["completions": 2, "backoffLimit": 1, "parallelism": 2]), try pods(["Failed", "Failed", "Running"]))
    #expect(words(plan, status: ["active"]) == ["delete Pod job-2", "active=0"])
    guard case .patchStatus(_, _, let patch) = plan.actions.last else { throw Missing() }
    let condition = try #require(patch["status"]?["conditions"]?[0])
    #expect(condition["type"] == "Failed" && condition["reason"] == "BackoffLimitExceeded")
  }

  @Test("a suspended Job runs nothing")
  func suspended() throws {
    #expect(words(plan(try job(["completions": 1, "suspend": true]), try pods(["Running"]))) == ["delete Pod job-0"])
  }
}

@Suite struct SchedulerPlanTests {
  private func pod(_ spec: JSONValue = [:], status: JSONValue = [:]) throws -> PodObject {
    try Fixture.object(PodKind.self, "p", spec: spec, status: status)
  }

  @Test("pods go round the ready nodes in order of their number")
  func roundRobin() throws {
    var plan = SchedulerPlan()
    let nodes = ["node10", "node2", "node1"].map { NodeFacts(name: $0) } + [NodeFacts(name: "node3", isReady: false)]
    let pod = try pod()
    #expect((0..<4).map { _ in plan.node(for: pod, among: nodes) } == ["node1", "node2", "node10", "node1"])
  }

  @Test("cordoned, lost and unfit nodes are passed over; where nothing is left the reason is counted")
  func passesOver() throws {
    var cordoned = NodeFacts(name: "node1")
    cordoned.isUnschedulable = true
    let nodes = [cordoned, NodeFacts(name: "node2", isReady: false), NodeFacts(name: "node3")]
    var plan = SchedulerPlan()
    #expect(plan.node(for: try pod(), among: nodes) == "node3")
    let picky = try pod(["nodeSelector": ["a": "b"]])
    #expect(plan.node(for: picky, among: nodes) == nil)
    #expect(
      SchedulerPlan.refusal(of: picky, among: nodes)
        == "0/3 nodes are available: 1 node(s) were not ready, 1 node(s) were unschedulable, 1 node(s) didn't match Pod's node selector.")
  }

  @Test(
    "only pods that are unbound, alive and not gated wait",
    arguments: [
      (["nodeName": "node1"], [:], false), ([:], [:], true), (["schedulingGates": [["name": "g"]]], [:], false),
      ([:], ["phase": "Failed"], false), ([:], ["phase": "Pending"], true),
    ] as [(JSONValue, JSONValue, Bool)])
  func waiting(spec: JSONValue, status: JSONValue, expected: Bool) throws {
    #expect(SchedulerPlan.isWaiting(try pod(spec, status: status)) == expected)
  }

  @Test("a lost node's pods are marked for deletion, those of DaemonSets and those already going are not")
  func nodeLoss() throws {
    var lost = NodeFacts(name: "node1", isReady: false)
    lost.isLost = true
    let pods = [
      try Fixture.pod("a", owner: "x"), try Fixture.pod("b", owner: "x", kind: "DaemonSet"),
      try Fixture.pod("c", owner: "x", deleting: true),
      try Fixture.pod("d", owner: "x", node: "node2"),
    ]
    #expect(NodeLossPlan.evictions(nodes: [lost, NodeFacts(name: "node2", isReady: false)], pods: pods).map(\.key.name) == ["a"])
  }
}
