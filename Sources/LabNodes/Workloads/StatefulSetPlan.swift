import KubeAPI
import WireJSON

/// StatefulSet: pods with numbers. A pod that goes is made again under its name; scaling down takes the highest number first.
///
/// Kept small: no volume claims, and the revisions live in the status alone (no ControllerRevision objects).
package struct StatefulSetPlan {
  private let object: StatefulSetObject
  private let template: PodTemplate
  private let revision: String
  /// Owned pods by number.
  private let pods: [Int: PodFacts]
  private var plan = WorkloadPlan()

  package static func make(_ object: StatefulSetObject, pods: [PodFacts]) -> WorkloadPlan {
    var plan = StatefulSetPlan(object, pods: pods)
    if !object.metadata.isDeleting { plan.reconcile() }
    plan.updateStatus()
    return plan.plan
  }

  private init(_ object: StatefulSetObject, pods: [PodFacts]) {
    self.object = object
    template = PodTemplate(object.spec)
    revision = object.metadata.name + "-" + template.hash
    let prefix = object.metadata.name + "-"
    let owned = pods.filter { $0.ownerUID == object.metadata.uid }
    self.pods = Dictionary(
      owned.compactMap { pod in pod.key.name.hasPrefix(prefix) ? Int(pod.key.name.dropFirst(prefix.count)).map { ($0, pod) } : nil },
      uniquingKeysWith: { first, _ in first })
  }

  private var ordinals: Range<Int> {
    let start = max(0, object.spec["ordinals"]?["start"]?.int ?? 0)
    return start..<(start + max(0, object.spec["replicas"]?.int ?? 1))
  }

  private var isOrdered: Bool { object.spec["podManagementPolicy"]?.string != "Parallel" }

  /// Stops after one step wherever the order matters: the next watch event brings the next step.
  private mutating func reconcile() {
    for ordinal in ordinals {
      guard let pod = pods[ordinal] else {
        plan.create(self.pod(ordinal))
        if isOrdered { return }
        continue
      }
      if pod.isTerminal, !pod.isDeleting { plan.delete(pod) }
      if isOrdered, pod.isDeleting || pod.isTerminal || !pod.isReady { return }
    }
    for (ordinal, pod) in pods.sorted(by: { $0.key > $1.key }) where !ordinals.contains(ordinal) {
      if !pod.isDeleting { plan.delete(pod) }
      if isOrdered { return }
    }
    update()
  }

  /// The rolling update: highest number first, one at a time, none below the partition.
  private mutating func update() {
    let strategy = object.spec["updateStrategy"]
    guard strategy?["type"]?.string != "OnDelete" else { return }
    let partition = strategy?["rollingUpdate"]?["partition"]?.int ?? 0
    for ordinal in ordinals.reversed() where ordinal >= partition {
      guard let pod = pods[ordinal], !pod.isDeleting else { return }
      guard pod.labels[Self.revisionLabel] == revision else { return plan.delete(pod) }
      guard pod.isReady else { return }
    }
  }

  private func pod(_ ordinal: Int) -> JSONValue {
    let name = "\(object.metadata.name)-\(ordinal)"
    var pod = template.pod(
      .name(name), owner: object.controllerReference,
      labels: [
        Self.revisionLabel: revision, "statefulset.kubernetes.io/pod-name": name, "apps.kubernetes.io/pod-index": String(ordinal),
      ])
    var spec = pod["spec"] ?? [:]
    spec["hostname"] = .string(name)
    if let service = object.spec["serviceName"]?.string, !service.isEmpty { spec["subdomain"] = .string(service) }
    pod["spec"] = spec
    return pod
  }

  private static let revisionLabel = "controller-revision-hash"

  private mutating func updateStatus() {
    let alive = pods.values.filter { !$0.isTerminal }
    let updated = alive.count { $0.labels[Self.revisionLabel] == revision }
    let ready = alive.count { $0.isReady && !$0.isDeleting }
    let isSettled = updated == alive.count && ready == ordinals.count
    let current = isSettled ? revision : object.status["currentRevision"]?.string ?? revision
    plan.update(
      object,
      status: [
        "replicas": .integer(alive.count), "readyReplicas": .integer(ready), "availableReplicas": .integer(ready),
        "updatedReplicas": .integer(updated), "updateRevision": .string(revision), "currentRevision": .string(current),
        "currentReplicas": .integer(alive.count { $0.labels[Self.revisionLabel] == current }),
        "collisionCount": 0, "observedGeneration": .integer(object.metadata.generation),
      ])
  }
}
