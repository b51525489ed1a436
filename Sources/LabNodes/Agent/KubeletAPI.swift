package import KubeAPI
package import KubeClient
package import WireJSON

/// The node agent's writes to the API server: kubelet's and Multus'.
package struct KubeletAPI: Sendable {
  private let client: KubeClient
  private let node: NodePlan

  package init(client: KubeClient, node: NodePlan) {
    self.client = client
    self.node = node
  }

  package func definition(_ key: ObjectKey) async throws -> NetworkAttachmentDefinition? {
    do {
      return try await client.get(NetworkAttachmentDefinition.self, key)
    } catch let error as APIError where error.isNotFound {
      return nil
    }
  }

  /// Status subresource, strategic merge: conditions merge by type.
  package func patchStatus(of pod: PodObject, _ patch: JSONValue) async throws {
    let path = Pod.resourceType.path(namespace: pod.key.namespace, name: pod.key.name, subresource: "status")
    _ = try await client.raw("PATCH", path, body: patch.bytes, contentType: "application/strategic-merge-patch+json")
  }

  package func writeNetworkStatus(of pod: PodObject, _ statuses: [NetworkStatus]) async throws {
    var patch = MetadataPatch()
    patch.uid = pod.metadata.uid
    patch.annotations[AnnotationKey.networkStatus] = NetworkStatus.annotation(statuses)
    try await client.patch(Pod.resourceType, pod.key, merge: patch.json)
  }

  /// The last word of a deletion: without grace, and only this very pod. True when it is gone, or somebody else's by now.
  package func remove(_ pod: PodObject) async throws {
    var options = KubeClient.DeleteOptions()
    options.uid = pod.metadata.uid
    options.gracePeriodSeconds = 0
    do {
      try await client.delete(Pod.resourceType, pod.key, options)
    } catch let error as APIError where error.isNotFound || error.isConflict {
      return
    }
  }

  /// Says that the node is there, or that it cannot be told.
  package static func reportNode(_ node: NodePlan, isReady: Bool, client: KubeClient, now: Timestamp) async throws {
    let status = node.status(
      isReady: isReady ? "True" : "Unknown", reason: isReady ? "KubeletReady" : "NodeStatusUnknown",
      message: isReady ? "the node agent is posting ready status" : "the node agent stopped posting node status.", now: now.description)
    // A merge patch, which replaces the lists: a strategic one would merge the two InternalIPs into one.
    try await client.patch(Node.resourceType, ObjectKey(name: node.name), merge: ["status": status], subresource: "status")
  }
}
