import KubeAPI
import KubeClient
import KubeRuntime
import WireJSON

/// Writes into a NIC's IP CR on which node it came up (wire.md §7), after the plugin has its answer; nothing where it stands there.
struct PlacementWriter: Sendable {
  let client: KubeClient
  let node: String

  func reconcile(_ key: ObjectKey) async throws -> ReconcileResult {
    do {
      let record = try await client.get(IPRecord.self, key)
      guard !record.metadata.isDeleting, record.spec.nodeName != node || record.metadata.labels[LabelKey.nodeName] != node else {
        return .done
      }
      var patch = MetadataPatch(of: record.metadata)
      patch.labels[LabelKey.nodeName] = node
      var json = patch.json
      json["spec"] = ["nodeName": .string(node)]
      _ = try await client.patch(IPRecord.self, key, merge: json)
    } catch let error as APIError where error.isNotFound {
      // The pod is gone already, and its record with it.
    }
    return .done
  }
}
