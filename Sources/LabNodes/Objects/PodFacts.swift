package import KubeAPI
package import WireJSON

/// What workload controllers, the scheduler and the node agents decide by, read out of a whole pod once.
package struct PodFacts: Sendable, Equatable {
  package var key: ObjectKey
  package var uid: String
  package var labels: [String: String]
  /// The uid of the object that manages the pod; empty for a bare pod.
  package var ownerUID: String
  package var ownerKind: String
  package var isDeleting: Bool
  package var phase: String
  package var reason: String
  /// Empty until the pod is bound.
  package var nodeName: String
  package var isReady: Bool
  package var created: Timestamp?
  /// When its last container ended, for pods that are finished.
  package var finished: Timestamp?

  package init(_ pod: PodObject) {
    key = pod.key
    uid = pod.metadata.uid
    labels = pod.metadata.labels
    ownerUID = pod.metadata.controller?.uid ?? ""
    ownerKind = pod.metadata.controller?.kind ?? ""
    isDeleting = pod.metadata.isDeleting
    created = pod.metadata.creationTimestamp
    phase = pod.status["phase"]?.string ?? ""
    reason = pod.status["reason"]?.string ?? ""
    nodeName = pod.spec["nodeName"]?.string ?? ""
    isReady = Self.condition("Ready", of: pod.status) == "True"
    finished = (pod.status["containerStatuses"]?.array ?? [])
      .compactMap { $0[path: ["state", "terminated", "finishedAt"]]?.string.flatMap(Timestamp.init(_:)) }.max()
  }

  /// `Succeeded` or `Failed`: nothing of it runs any more.
  package var isTerminal: Bool { phase == "Succeeded" || phase == "Failed" }

  /// Counts towards a workload's replicas.
  package var isActive: Bool { !isDeleting && !isTerminal }

  /// The status of a condition of any object that has `status.conditions`; nil when it is not there.
  package static func condition(_ type: String, of status: JSONValue) -> String? {
    status["conditions"]?.array?.first { $0["type"]?.string == type }?["status"]?.string
  }
}

/// What the scheduler and the DaemonSet controller decide by.
package struct NodeFacts: Sendable, Equatable {
  package var name: String
  package var labels: [String: String]
  package var isReady: Bool
  /// Ready is `Unknown`: the node was lost, what runs on it cannot be told.
  package var isLost: Bool
  /// Cordoned.
  package var isUnschedulable: Bool
  package var isDeleting: Bool

  package init(_ node: NodeObject) {
    name = node.metadata.name
    labels = node.metadata.labels
    let ready = PodFacts.condition("Ready", of: node.status)
    isReady = ready == "True"
    isLost = ready == "Unknown"
    isUnschedulable = node.spec["unschedulable"]?.bool ?? false
    isDeleting = node.metadata.isDeleting
  }

  package init(name: String, labels: [String: String] = [:], isReady: Bool = true) {
    self.name = name
    self.labels = labels
    self.isReady = isReady
    isLost = false
    isUnschedulable = false
    isDeleting = false
  }

  /// Whether a pod's `nodeSelector` lets it run here.
  package func matches(selector: JSONValue?) -> Bool {
    (selector?.object ?? [:]).allSatisfy { labels[$0.key] == $0.value.string }
  }
}
