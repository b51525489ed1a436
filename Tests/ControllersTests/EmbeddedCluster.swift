import Controllers
import Foundation
import KubeAPI
import KubeClient
import KubeLab
import KubeRuntime
import Logging
import WireJSON

/// The embedded API server with the project's own CRDs, and the controller in this process.
struct EmbeddedCluster: Sendable {
  let server: APIServer
  let client: KubeClient

  init() async throws {
    server = APIServer()
    client = KubeClient(server.exchange, limiter: nil)
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    try await server.install(APIServer.manifests(at: root.appending(path: "deploy/crds").path))
    try await server.install([Self.networkKind])
  }

  func runController(term: Int64 = 1) async throws {
    let stores = ClusterStores()
    let logger = Logger(label: "controller") { _ in SwiftLogNoOpLogHandler() }
    let events = EventRecorder(client: client, component: "kube-ovn-controller", logger: logger, now: Self.now)
    var options = ControllerOptions()
    options.isNonPrimary = true
    let controller = AddressController(
      stores: stores, options: options,
      environment: .init(client: client, events: PodEvents(record: { events.record($0) }), logger: logger, now: Self.now),
      clock: ContinuousClock())
    let client = client
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await Reflector(client: client, store: stores.pods, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.namespaces, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.nodes, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.networks, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.subnets, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.records, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { await events.run() }
      group.addTask { try await controller.lead(term: term) }
      try await group.waitForAll()
    }
  }

  static let now: @Sendable () -> KubeAPI.Timestamp = { KubeAPI.Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }

  /// Multus' kind, as far as the tests need it.
  private static let networkKind: JSONValue = [
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": ["name": "network-attachment-definitions.k8s.cni.cncf.io"],
    "spec": [
      "group": "k8s.cni.cncf.io", "scope": "Namespaced",
      "names": [
        "plural": "network-attachment-definitions", "singular": "network-attachment-definition", "kind": "NetworkAttachmentDefinition",
        "shortNames": ["net-attach-def"],
      ],
      "versions": [
        [
          "name": "v1", "served": true, "storage": true,
          "schema": [
            "openAPIV3Schema": [
              "type": "object",
              "properties": ["spec": ["type": "object", "properties": ["config": ["type": "string"]]]],
            ]
          ],
        ]
      ],
    ],
  ]
}
