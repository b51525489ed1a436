import KubeAPI
import KubeClient
import KubeRuntime
import PodNetwork

/// Tells each Namespace in its annotations which subnets and pools it is bound to (annotations.md §9).
struct NamespaceReconciler: Sendable {
  let stores: ClusterStores
  let book: AddressBook
  let writer: ClusterWriter
  let signals: ControllerSignals
  /// Serves namespaces without a subnet of their own.
  let defaultSubnet: String

  /// Stands for all namespaces in the queue: none can have this name.
  static let every = ObjectKey(name: "")

  func reconcile(_ key: ObjectKey) async throws -> ReconcileResult {
    guard key != Self.every else {
      for namespace in stores.namespaces.all { signals.namespaces.add(namespace.key) }
      return .done
    }
    guard let namespace = stores.namespaces[key], !namespace.metadata.isDeleting else { return .done }
    let patch = NamespaceBinding(of: namespace, in: book.table, defaultSubnet: defaultSubnet).patch(of: namespace)
    guard !patch.isEmpty else { return .done }
    do { try await writer.patch(Namespace.self, key, patch.json) } catch let error as APIError where error.isNotFound {}
    return .done
  }
}
