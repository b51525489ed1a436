package import KubeAPI

/// Where a pod is in its life, as far as its addresses are concerned (allocation.md §6, §7).
package enum PodPhase: Sendable, Equatable {
  /// On the host's network: it has no NIC of ours, ever.
  case hostNetwork
  /// Needs its NICs.
  case alive
  /// Still there, but its network is not needed any more: completed, failed for good or evicted.
  case finished
  /// Being deleted; its NICs are in use until it is gone or, on a lost node, until the deadline.
  case leaving(deadline: Timestamp)

  package init(_ pod: Pod, now: Timestamp) {
    if pod.isHostNetwork {
      self = .hostNetwork
    } else if Self.isFinished(pod) {
      self = .finished
    } else if let deletion = pod.metadata.deletionTimestamp {
      // The API server puts the grace into deletionTimestamp already; Kube-OVN waits for one more grace on top, which keeps an
      // address from being reused while a slow kubelet still runs the containers.
      let grace = pod.metadata.deletionGracePeriodSeconds ?? pod.terminationGracePeriodSeconds ?? 30
      let deadline = deletion.advanced(bySeconds: max(0, grace))
      self = now >= deadline ? .finished : .leaving(deadline: deadline)
    } else {
      self = .alive
    }
  }

  private static func isFinished(_ pod: Pod) -> Bool {
    switch pod.phase {
    case "Succeeded": pod.restartPolicy != "Always"
    case "Failed": pod.restartPolicy == "Never" || pod.reason == "Evicted"
    default: false
    }
  }
}
