import KubeAPI
package import WireJSON

/// A workload's `spec.template`: what its pods are copied from.
package struct PodTemplate: Sendable, Equatable {
  package let value: JSONValue

  package init(_ spec: JSONValue) { value = spec["template"] ?? [:] }

  package var nodeSelector: JSONValue? { value["spec"]?["nodeSelector"] }

  /// A short text that changes when the template does: the value of `pod-template-hash` and `controller-revision-hash`.
  ///
  /// Kubernetes hashes a Go dump of the template, so the texts are not those of a real cluster; nobody reads them as more than a name.
  package var hash: String {
    var state: UInt32 = 0x811C_9DC5
    for byte in withoutLabel(Self.hashLabel).bytes { state = (state ^ UInt32(byte)) &* 0x0100_0193 }
    // Letters and digits without vowels, so that no word comes out by chance.
    let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
    return String(String(state).utf8.map { alphabet[Int($0 - 0x30) % alphabet.count] })
  }

  /// The label that ties a ReplicaSet and its pods to one state of a Deployment's template.
  package static let hashLabel = "pod-template-hash"

  /// Whether two templates make the same pods, the Deployment's own label aside.
  package func isSame(as other: PodTemplate) -> Bool { withoutLabel(Self.hashLabel) == other.withoutLabel(Self.hashLabel) }

  private func withoutLabel(_ label: String) -> JSONValue {
    var copy = value
    if var metadata = copy["metadata"] {
      if var labels = metadata["labels"]?.object {
        labels[label] = nil
        metadata["labels"] = .object(labels)
      }
      metadata["creationTimestamp"] = nil
      copy["metadata"] = metadata
    }
    return copy
  }

  /// The template with one more label: what a Deployment's ReplicaSet carries.
  package func adding(labels: [String: String]) -> JSONValue {
    var copy = value
    var metadata = copy["metadata"] ?? [:]
    var all = metadata["labels"]?.object ?? [:]
    for (name, text) in labels { all[name] = .string(text) }
    metadata["labels"] = .object(all)
    copy["metadata"] = metadata
    return copy
  }

  /// A pod to create. `naming` is its `name`, or `generateName` where the API server is to choose.
  package func pod(_ naming: Naming, owner: JSONValue, labels: [String: String] = [:]) -> JSONValue {
    var metadata = adding(labels: labels)["metadata"] ?? [:]
    metadata["creationTimestamp"] = nil
    switch naming {
    case .name(let name): metadata["name"] = .string(name)
    case .prefix(let prefix): metadata["generateName"] = .string(prefix)
    }
    metadata["ownerReferences"] = [owner]
    return ["apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": value["spec"] ?? [:]]
  }

  package enum Naming: Sendable, Equatable {
    case name(String)
    case prefix(String)
  }
}
