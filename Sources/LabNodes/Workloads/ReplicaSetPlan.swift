import KubeAPI
import WireJSON

/// ReplicaSet: so many pods of one template, whichever. Pods that ended are left where they are and replaced.
///
/// Kept small: pods without an owner are not adopted and `minReadySeconds` is not waited for.
package enum ReplicaSetPlan {
  package static func make(_ set: ReplicaSet, pods: [PodFacts]) -> WorkloadPlan {
    var plan = WorkloadPlan()
    let active = pods.filter { $0.ownerUID == set.metadata.uid && $0.isActive }
    let wanted = set.spec["replicas"]?.int ?? 1
    if !set.metadata.isDeleting {
      let template = PodTemplate(set.spec)
      for _ in 0..<max(0, wanted - active.count) {
        plan.create(template.pod(.prefix(set.metadata.name + "-"), owner: set.controllerReference))
      }
      for pod in active.sorted(by: isSpared).dropFirst(max(0, wanted)) { plan.delete(pod) }
    }
    let labels = LabelSelector(matchLabels: PodTemplate(set.spec).labels)
    plan.update(
      set,
      status: [
        "replicas": .integer(active.count),
        "fullyLabeledReplicas": .integer(active.count { labels.matches($0.labels) }),
        "readyReplicas": .integer(active.count(where: \.isReady)),
        "availableReplicas": .integer(active.count(where: \.isReady)),
        "observedGeneration": .integer(set.metadata.generation),
      ])
    return plan
  }

  /// Who survives a scale-down: bound before unbound, ready before not ready, old before new.
  private static func isSpared(_ a: PodFacts, _ b: PodFacts) -> Bool {
    if a.nodeName.isEmpty != b.nodeName.isEmpty { return !a.nodeName.isEmpty }
    if a.isReady != b.isReady { return a.isReady }
    if a.created != b.created { return (a.created?.microseconds ?? 0) < (b.created?.microseconds ?? 0) }
    return a.key < b.key
  }
}

extension PodTemplate {
  /// The labels that its pods carry.
  package var labels: [String: String] { (value["metadata"]?["labels"]?.object ?? [:]).compactMapValues(\.string) }
}
