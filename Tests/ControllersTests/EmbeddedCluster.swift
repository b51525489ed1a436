import Controllers
import Foundation
import HTTPMessage
import KubeAPI
import KubeClient
import KubeLab
import KubeRuntime
import Logging
import WireJSON

/// The embedded API server with the project's own CRDs, and the controller in this process.
struct EmbeddedCluster: Sendable {
  let server: APIServer
  /// Everything is allowed to it.
  let client: KubeClient
  /// The controller's own, with exactly the rights that deploy/rbac.yaml gives its service account.
  private let controllerClient: KubeClient

  init() async throws {
    var configuration = APIServer.Configuration()
    configuration.accounts = [
      StaticAccount(token: "admin", name: "admin", groups: ["system:masters"]),
      StaticAccount(token: "controller", serviceAccount: "kube-ovn-controller", namespace: "kube-system"),
    ]
    server = APIServer(configuration)
    client = Self.client(server, token: "admin")
    controllerClient = Self.client(server, token: "controller")
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    try await server.install(APIServer.manifests(at: root.appending(path: "deploy/crds").path))
    try await server.install([Self.networkKind])
    _ = try? await client.create(Namespace.self, body: ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "kube-system"]])
    try await server.install(APIServer.manifests(at: root.appending(path: "deploy/rbac.yaml").path))
  }

  private static func client(_ server: APIServer, token: String) -> KubeClient {
    let nowhere = HTTPPeer(endpoint: .unix(path: "in-process"))
    return KubeClient(
      server.exchange, configuration: ClientConfiguration(peer: nowhere, credentials: .token(token)), limiter: nil)
  }

  func runController(term: Int64 = 1) async throws {
    let stores = ClusterStores()
    let logger = Logger(label: "controller") { _ in SwiftLogNoOpLogHandler() }
    let client = controllerClient
    let events = EventRecorder(client: client, component: "kube-ovn-controller", logger: logger, now: Self.now)
    var options = ControllerOptions()
    options.isNonPrimary = true
    let controller = AddressController(
      stores: stores, options: options,
      environment: .init(client: client, events: PodEvents(record: { events.record($0) }), logger: logger, now: Self.now),
      clock: ContinuousClock())
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await Reflector(client: client, store: stores.pods, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.namespaces, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.nodes, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.networks, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.subnets, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.pools, logger: logger, clock: ContinuousClock()).run() }
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
