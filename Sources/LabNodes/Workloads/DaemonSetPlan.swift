import KubeAPI
import WireJSON

/// DaemonSet: one pod on every node that the template's `nodeSelector` admits, lost and cordoned nodes included.
package enum DaemonSetPlan {
  package static func make(_ set: DaemonSet, nodes: [NodeFacts], pods: [PodFacts]) -> WorkloadPlan {
    var plan = WorkloadPlan()
    let template = PodTemplate(set.spec)
    let hash = template.hash
    let owned = pods.filter { $0.ownerUID == set.metadata.uid }
    let wanted = Set(nodes.filter { !$0.isDeleting && $0.matches(selector: template.nodeSelector) }.map(\.name))
    let known = Set(nodes.map(\.name))
    if !set.metadata.isDeleting {
      for name in wanted.sorted() where !owned.contains(where: { $0.nodeName == name && !$0.isTerminal }) {
        plan.create(pod(template, on: name, of: set, hash: hash))
      }
      for pod in owned where !pod.isDeleting && (pod.isTerminal || !wanted.contains(pod.nodeName)) { plan.delete(pod) }
      replaceOutdated(owned, set, hash: hash, &plan)
    }
    let placed = owned.filter { wanted.contains($0.nodeName) && !$0.isTerminal }
    let ready = placed.count(where: \.isReady)
    plan.update(
      set,
      status: [
        "desiredNumberScheduled": .integer(wanted.count), "currentNumberScheduled": .integer(Set(placed.map(\.nodeName)).count),
        "numberMisscheduled": .integer(owned.count { !wanted.contains($0.nodeName) && known.contains($0.nodeName) && !$0.isTerminal }),
        "numberReady": .integer(ready), "numberAvailable": .integer(ready),
        "numberUnavailable": .integer(max(0, wanted.count - ready)),
        "updatedNumberScheduled": .integer(placed.count { $0.labels[revisionLabel] == hash }),
        "observedGeneration": .integer(set.metadata.generation),
      ])
    return plan
  }

  /// One pod of an older template at a time, while all others are ready.
  private static func replaceOutdated(_ owned: [PodFacts], _ set: DaemonSet, hash: String, _ plan: inout WorkloadPlan) {
    guard set.spec["updateStrategy"]?["type"]?.string != "OnDelete" else { return }
    let active = owned.filter(\.isActive)
    guard plan.actions.isEmpty, active.count == owned.count else { return }
    let outdated = active.filter { $0.labels[revisionLabel] != hash }.sorted { $0.key < $1.key }
    guard let victim = outdated.first(where: { !$0.isReady }) ?? outdated.first else { return }
    if active.allSatisfy({ $0.isReady || $0.key == victim.key }) { plan.delete(victim) }
  }

  private static func pod(_ template: PodTemplate, on node: String, of set: DaemonSet, hash: String) -> JSONValue {
    var pod = template.pod(.prefix(set.metadata.name + "-"), owner: set.controllerReference, labels: [revisionLabel: hash])
    var spec = pod["spec"] ?? [:]
    // A cluster pins the pod by node affinity and lets the scheduler bind it; with one scheduler rule in the lab the outcome is the same.
    spec["nodeName"] = .string(node)
    pod["spec"] = spec
    return pod
  }

  private static let revisionLabel = "controller-revision-hash"
}
