import KubeAPI
import LabNodes
import Testing
import WireJSON

/// Builds the objects that plans read, and plays the API server's part of carrying a plan out.
enum Fixture {
  static let now = Timestamp(seconds: 1_800_000_000)

  static func object<Kind: RawKind>(
    _ kind: Kind.Type, _ name: String, uid: String? = nil, spec: JSONValue = [:], status: JSONValue = [:],
    metadata extra: [String: JSONValue] = [:]
  ) throws -> RawObject<Kind> {
    var metadata: [String: JSONValue] = [
      "name": .string(name), "namespace": "default", "uid": .string(uid ?? "uid-" + name), "generation": 3, "resourceVersion": "1",
    ]
    metadata.merge(extra) { _, new in new }
    return try RawObject<Kind>(["metadata": .object(metadata), "spec": spec, "status": status])
  }

  static func owner(_ kind: String, _ uid: String) -> JSONValue {
    [["apiVersion": "apps/v1", "kind": .string(kind), "name": "owner", "uid": .string(uid), "controller": true]]
  }

  static func pod(
    _ name: String, owner uid: String, kind: String = "ReplicaSet", phase: String = "Running", ready: Bool = true, node: String = "node1",
    deleting: Bool = false, created: Int64 = 0, labels: JSONValue = [:], finished: Timestamp? = nil
  ) throws -> PodFacts {
    var metadata: [String: JSONValue] = [
      "ownerReferences": owner(kind, uid), "labels": labels, "creationTimestamp": .string(now.advanced(bySeconds: created).description),
    ]
    if deleting { metadata["deletionTimestamp"] = .string(now.description) }
    var status: JSONValue = [
      "phase": .string(phase), "conditions": [["type": "Ready", "status": ready && phase == "Running" ? "True" : "False"]],
    ]
    if let finished {
      status["containerStatuses"] = [["state": ["terminated": ["finishedAt": .string(finished.description)]]]]
    }
    return PodFacts(try object(PodKind.self, name, spec: ["nodeName": .string(node)], status: status, metadata: metadata))
  }

  static let template: JSONValue = ["metadata": ["labels": ["app": "a"]], "spec": ["containers": [["name": "c", "image": "i"]]]]
}

/// A plan's actions in short words: `create Pod web-0`, `delete web-1`, `scale rs 2`, `status replicas=2`.
func words(_ plan: WorkloadPlan, status fields: [String] = []) -> [String] {
  plan.actions.flatMap { action -> [String] in
    switch action {
    case .create(let type, let body):
      let name = body["metadata"]?["name"]?.string ?? body["metadata"]?["generateName"]?.string ?? "?"
      let node = body["spec"]?["nodeName"]?.string.map { "@" + $0 } ?? ""
      return ["create \(type.kind) \(name)\(node)"]
    case .delete(let type, let name, _): return ["delete \(type.kind) \(name)"]
    case .patch(let type, let name, let patch):
      if let replicas = patch["spec"]?["replicas"]?.int { return ["scale \(name) \(replicas)"] }
      return ["patch \(type.kind) \(name)"]
    case .patchStatus(_, _, let patch):
      return fields.compactMap { field in patch["status"]?[field].map { "\(field)=\($0.text)" } }
    }
  }
}
