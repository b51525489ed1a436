import Controllers
import Foundation
import HTTPMessage
import KubeAPI
import KubeClient
import KubeLab
import KubeRuntime
import Logging
import Synchronization
import WireJSON

/// The embedded API server with the project's own CRDs, and the controller in this process.
struct EmbeddedCluster: Sendable {
  let server: APIServer
  /// Everything is allowed to it.
  let client: KubeClient
  /// The controller's own, with exactly the rights that deploy/rbac.yaml gives its service account.
  private let controllerClient: KubeClient
  /// The controller that runs, for tests that wait until it has nothing in hand.
  let running = Running()

  /// What tests may want of the controller.
  struct Setup: Sendable {
    var options = ControllerOptions()
    /// Wall time, for deadlines that objects carry.
    var now = EmbeddedCluster.now
    var collected: @Sendable (CollectedAddress) -> Void = { _ in }

    init() { options.isNonPrimary = true }
  }

  final class Running: Sendable {
    private let current = Mutex<AddressController?>(nil)

    var controller: AddressController? {
      get { current.withLock { $0 } }
      set { current.withLock { $0 = newValue } }
    }
  }

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

  /// Adds kinds that only some tests want.
  func install(_ kinds: [JSONValue]) async throws { try await server.install(kinds) }

  /// Lets a test answer in the server's place.
  func intercept(_ answer: (@Sendable (HTTPRequest) async -> HTTPResponse?)?) { server.intercept(answer) }

  private static func client(_ server: APIServer, token: String) -> KubeClient {
    let nowhere = HTTPPeer(endpoint: .unix(path: "in-process"))
    return KubeClient(
      server.exchange, configuration: ClientConfiguration(peer: nowhere, credentials: .token(token)), limiter: nil)
  }

  func runController(term: Int64 = 1, setup: Setup = Setup()) async throws {
    let stores = ClusterStores()
    let logger = Logger(label: "controller") { _ in SwiftLogNoOpLogHandler() }
    let client = controllerClient
    let events = EventRecorder(client: client, component: "kube-ovn-controller", logger: logger, now: Self.now)
    var environment = AddressController.Environment(
      client: client, events: PodEvents(record: { events.record($0) }), logger: logger, now: setup.now)
    environment.collected = setup.collected
    let controller = AddressController(stores: stores, options: setup.options, environment: environment, clock: ContinuousClock())
    running.controller = controller
    defer { running.controller = nil }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await Reflector(client: client, store: stores.pods, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.namespaces, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.nodes, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.networks, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.subnets, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.pools, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.records, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.vips, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await Reflector(client: client, store: stores.sets, logger: logger, clock: ContinuousClock()).run() }
      group.addTask { try await optional(stores.machines, client, logger).run() }
      group.addTask { try await optional(stores.instances, client, logger).run() }
      group.addTask { await events.run() }
      group.addTask { try await controller.lead(term: term) }
      try await group.waitForAll()
    }
  }

  /// Watches a kind that the cluster may not have.
  private func optional<R: Resource>(_ store: Store<R>, _ client: KubeClient, _ logger: Logger) -> Reflector<R> {
    var options = Reflector<R>.Options()
    options.isOptional = true
    return Reflector(client: client, store: store, options: options, logger: logger, clock: ContinuousClock())
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
