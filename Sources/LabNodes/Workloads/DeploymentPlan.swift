package import KubeAPI
import WireJSON

/// Deployment: one ReplicaSet a state of its template, and pods moved from the old ones to the newest within `maxSurge` and
/// `maxUnavailable`, or all at once for `Recreate`.
package struct DeploymentPlan {
  private let deployment: Deployment
  private let template: PodTemplate
  private let now: Timestamp
  /// The ReplicaSet of the present template; nil until it is made.
  private let current: ReplicaSet?
  /// All others of this Deployment, oldest first.
  private let former: [ReplicaSet]
  private var plan = WorkloadPlan()

  /// `sets` and `pods` are everything of these kinds in the namespace.
  package static func make(_ deployment: Deployment, sets: [ReplicaSet], pods: [PodFacts], now: Timestamp) -> WorkloadPlan {
    var plan = DeploymentPlan(deployment, sets: sets, now: now)
    if !deployment.metadata.isDeleting, deployment.spec["paused"]?.bool != true { plan.roll(pods) }
    plan.updateStatus()
    return plan.plan
  }

  private init(_ deployment: Deployment, sets: [ReplicaSet], now: Timestamp) {
    self.deployment = deployment
    self.now = now
    let template = PodTemplate(deployment.spec)
    self.template = template
    let owned = sets.filter { $0.metadata.controller?.uid == deployment.metadata.uid && !$0.metadata.isDeleting }
      .sorted { ($0.revision, $0.metadata.name) < ($1.revision, $1.metadata.name) }
    let current = owned.last { PodTemplate($0.spec).isSame(as: template) }
    self.current = current
    former = owned.filter { $0.metadata.uid != current?.metadata.uid }
  }

  private var wanted: Int { deployment.spec["replicas"]?.int ?? 1 }
  private var isRecreate: Bool { deployment.spec["strategy"]?["type"]?.string == "Recreate" }

  // MARK: Rolling

  private mutating func roll(_ pods: [PodFacts]) {
    guard let current else { return makeSet() }
    announceRevision(current)
    let formerPods = former.reduce(0) { $0 + $1.wanted }
    if isRecreate {
      let formerUIDs = Set(former.map(\.metadata.uid))
      for set in former { scale(set, to: 0) }
      // Nothing of the new state starts while anything of an old one still runs, also while it is being deleted.
      if !pods.contains(where: { formerUIDs.contains($0.ownerUID) && !$0.isTerminal }) { scale(current, to: wanted) }
    } else {
      if current.wanted > wanted {
        scale(current, to: wanted)
      } else {
        scale(current, to: min(wanted, max(current.wanted, wanted + surge - formerPods)))
      }
      shrinkFormer()
    }
    for set in former.dropLast(deployment.spec["revisionHistoryLimit"]?.int ?? 10) where set.wanted == 0 && set.running == 0 {
      plan.actions.append(.delete(ReplicaSet.resourceType, name: set.metadata.name, uid: set.metadata.uid))
    }
  }

  /// Takes from old sets what may be missing: first pods that are not available anyway, then as many as the new set makes up for.
  private mutating func shrinkFormer() {
    let available = former.reduce(current?.available ?? 0) { $0 + $1.available }
    var spare = max(0, available - (wanted - unavailable))
    for set in former where set.wanted > 0 {
      let broken = max(0, set.wanted - set.available)
      let healthy = min(spare, set.wanted - broken)
      spare -= healthy
      scale(set, to: set.wanted - broken - healthy)
    }
  }

  private mutating func scale(_ set: ReplicaSet, to count: Int) {
    guard set.wanted != count else { return }
    plan.actions.append(.patch(ReplicaSet.resourceType, name: set.metadata.name, ["spec": ["replicas": .integer(count)]]))
  }

  private mutating func makeSet() {
    let hash = template.hash
    let formerPods = former.reduce(0) { $0 + $1.wanted }
    let start = isRecreate ? 0 : min(wanted, max(0, wanted + surge - formerPods))
    var selector = deployment.spec["selector"] ?? [:]
    var labels = selector["matchLabels"]?.object ?? [:]
    labels[PodTemplate.hashLabel] = .string(hash)
    selector["matchLabels"] = .object(labels)
    let body = template.adding(labels: [PodTemplate.hashLabel: hash])
    plan.actions.append(
      .create(
        ReplicaSet.resourceType,
        [
          "apiVersion": "apps/v1", "kind": "ReplicaSet",
          "metadata": [
            "name": .string(deployment.metadata.name + "-" + hash), "labels": body["metadata"]?["labels"] ?? [:],
            "annotations": [Self.revisionKey: .string(String(nextRevision))],
            "ownerReferences": [deployment.controllerReference],
          ],
          "spec": ["replicas": .integer(start), "selector": selector, "template": body],
        ]))
  }

  private var nextRevision: Int { (former.map(\.revision).max() ?? 0) + 1 }

  /// A return to an older template makes that set the newest again, as `kubectl rollout history` shows it.
  private mutating func announceRevision(_ current: ReplicaSet) {
    let revision = max(current.revision, nextRevision)
    let text = JSONValue.string(String(revision))
    let patch: JSONValue = ["metadata": ["annotations": [Self.revisionKey: text]]]
    if current.revision != revision { plan.actions.append(.patch(ReplicaSet.resourceType, name: current.metadata.name, patch)) }
    if deployment.metadata.annotations[Self.revisionKey] != String(revision) {
      plan.actions.append(.patch(Deployment.resourceType, name: deployment.metadata.name, patch))
    }
  }

  static let revisionKey = "deployment.kubernetes.io/revision"

  private var surge: Int { Self.share(deployment.spec[path: ["strategy", "rollingUpdate", "maxSurge"]], of: wanted, roundsUp: true) }

  /// At least one of the two must be above zero, or nothing could ever move.
  private var unavailable: Int {
    let share = Self.share(deployment.spec[path: ["strategy", "rollingUpdate", "maxUnavailable"]], of: wanted, roundsUp: false)
    return surge == 0 ? max(1, share) : share
  }

  /// A number or a percentage; 25% where nothing is said. A text that is neither counts as nothing said.
  static func share(_ value: JSONValue?, of total: Int, roundsUp: Bool) -> Int {
    if let count = value?.int { return max(0, count) }
    let text = value?.string ?? "25%"
    let percent = text.hasSuffix("%") ? Int(text.dropLast()) : nil
    let product = total * max(0, min(percent ?? 25, 1000))
    return roundsUp ? (product + 99) / 100 : product / 100
  }

  // MARK: Status

  private mutating func updateStatus() {
    let all = former + (current.map { [$0] } ?? [])
    let available = all.reduce(0) { $0 + $1.available }
    let running = all.reduce(0) { $0 + $1.running }
    let updated = current?.running ?? 0
    var conditions = ConditionList(deployment.status)
    let isAvailable = available >= wanted - unavailable
    conditions.set(
      "Available", isAvailable, reason: isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
      message: isAvailable ? "Deployment has minimum availability." : "Deployment does not have minimum availability.", now: now)
    let isComplete = updated == wanted && running == wanted && available == wanted
    conditions.set(
      "Progressing", true, reason: isComplete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
      message: "ReplicaSet \"\(current?.metadata.name ?? "")\" \(isComplete ? "has successfully progressed" : "is progressing").", now: now)
    plan.update(
      deployment,
      status: [
        "replicas": .integer(running), "updatedReplicas": .integer(updated),
        "readyReplicas": .integer(all.reduce(0) { $0 + ($1.status["readyReplicas"]?.int ?? 0) }),
        "availableReplicas": .integer(available), "unavailableReplicas": .integer(max(0, max(wanted, running) - available)),
        "observedGeneration": .integer(deployment.metadata.generation), "conditions": conditions.json,
      ])
  }
}

extension RawObject where Kind == ReplicaSetKind {
  fileprivate var wanted: Int { spec["replicas"]?.int ?? 1 }
  fileprivate var running: Int { status["replicas"]?.int ?? 0 }
  fileprivate var available: Int { status["availableReplicas"]?.int ?? 0 }
  fileprivate var revision: Int { metadata.annotations[DeploymentPlan.revisionKey].flatMap { Int($0) } ?? 0 }
}
