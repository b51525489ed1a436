import KubeAPI
package import WireJSON

/// Binds pods to nodes in turn. Resources, affinity and taints other than cordon and readiness are not the lab's business.
package struct SchedulerPlan: Sendable, Equatable {
  /// How many pods were bound so far: whose turn it is.
  private var turn = 0

  package init() {}

  /// The node for a pod; nil when none will take it.
  package mutating func node(for pod: PodObject, among nodes: [NodeFacts]) -> String? {
    let selector = pod.spec["nodeSelector"]
    let fit = nodes.filter { $0.isReady && !$0.isUnschedulable && !$0.isDeleting && $0.matches(selector: selector) }
      .map(\.name).sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
    guard !fit.isEmpty else { return nil }
    defer { turn += 1 }
    return fit[turn % fit.count]
  }

  /// Whether a pod is ours to bind now.
  package static func isWaiting(_ pod: PodObject) -> Bool {
    (pod.spec["nodeName"]?.string ?? "").isEmpty && !pod.metadata.isDeleting && (pod.spec["schedulingGates"]?.array ?? []).isEmpty
      && !["Succeeded", "Failed"].contains(pod.status["phase"]?.string ?? "")
  }

  /// The body of a binding (`pods/<name>/binding`).
  package static func binding(of pod: PodObject, to node: String) -> JSONValue {
    [
      "apiVersion": "v1", "kind": "Binding",
      "metadata": ["name": .string(pod.metadata.name), "namespace": .string(pod.metadata.namespace), "uid": .string(pod.metadata.uid)],
      "target": ["apiVersion": "v1", "kind": "Node", "name": .string(node)],
    ]
  }

  /// The sentence of the event for a pod that fits nowhere, in the scheduler's way of counting.
  package static func refusal(of pod: PodObject, among nodes: [NodeFacts]) -> String {
    let selector = pod.spec["nodeSelector"]
    var counts: [(Int, String)] = []
    counts.append((nodes.count { !$0.isReady }, "node(s) were not ready"))
    counts.append((nodes.count { $0.isReady && $0.isUnschedulable }, "node(s) were unschedulable"))
    counts.append(
      (nodes.count { $0.isReady && !$0.isUnschedulable && !$0.matches(selector: selector) }, "node(s) didn't match Pod's node selector"))
    let reasons = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    return "0/\(nodes.count) nodes are available" + (reasons.isEmpty ? "." : ": \(reasons).")
  }
}

/// What the node controller does about nodes whose kubelet is silent: it marks their pods for deletion. The pods stay, since nobody
/// on the node can say that they have stopped (cases.md B14).
package enum NodeLossPlan {
  /// Pods to delete, in order of name. DaemonSet pods tolerate a lost node.
  package static func evictions(nodes: [NodeFacts], pods: [PodFacts]) -> [PodFacts] {
    let lost = Set(nodes.filter(\.isLost).map(\.name))
    return pods.filter { lost.contains($0.nodeName) && $0.isActive && $0.ownerKind != "DaemonSet" }.sorted { $0.key < $1.key }
  }
}
