import KubeAPI
import WireJSON

/// Annotations that only the lab's node agents read. Written by users and tests.
package enum LabAnnotation {
  /// Seconds after its start at which a pod's containers end; decimals allowed. Needs a `restartPolicy` other than `Always`.
  package static let exitAfter = "lab.kube-ovn.io/exit-after"
  /// The exit code with which they end; 0 where it is missing. With `OnFailure` and another code the pod goes on running, as its
  /// containers would be started again.
  package static let exitCode = "lab.kube-ovn.io/exit-code"
}

extension SandboxMachine.Wish {
  /// What the API server's latest state of a pod asks for. Malformed lab annotations ask for nothing.
  package init(_ pod: PodObject) {
    if pod.metadata.isDeleting {
      self = .deleting
    } else if ["Succeeded", "Failed"].contains(pod.status["phase"]?.string ?? "") {
      self = .finished
    } else {
      self = .run(exit: Self.exit(of: pod))
    }
  }

  private static func exit(of pod: PodObject) -> ContainerExit? {
    let annotations = pod.metadata.annotations
    guard let text = annotations[LabAnnotation.exitAfter], let seconds = Double(text), seconds >= 0, seconds < 1e9 else { return nil }
    let code = annotations[LabAnnotation.exitCode].flatMap { Int($0) } ?? 0
    switch pod.spec["restartPolicy"]?.string {
    case "Never": return ContainerExit(code: code, after: .seconds(seconds))
    case "OnFailure": return code == 0 ? ContainerExit(code: 0, after: .seconds(seconds)) : nil
    default: return nil
    }
  }
}
