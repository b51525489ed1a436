import KubeAPI
import KubeClient
import KubeRuntime
import Logging
import NodeDaemon
import Telemetry

/// The daemon's watches: the pods of its own node, and the Subnets.
struct DaemonReflectors: Sendable {
  let client: KubeClient
  let stores: NodeStores
  let node: String
  let metrics: ReflectorMetrics
  let logger: Logger

  init(client: KubeClient, stores: NodeStores, node: String, registry: MetricsRegistry, logger: Logger) {
    self.client = client
    self.stores = stores
    self.node = node
    metrics = ReflectorMetrics(registry)
    self.logger = logger
  }

  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await reflector(stores.pods, Selection(fieldSelector: "spec.nodeName=\(node)")).run() }
      group.addTask { try await reflector(stores.subnets, .everything).run() }
      try await group.waitForAll()
    }
  }

  private func reflector<R: Resource>(_ store: Store<R>, _ selection: Selection) -> Reflector<R> {
    var options = Reflector<R>.Options()
    options.selection = selection
    options.observe = { metrics.observe(R.resourceType, $0) }
    options.undecodable = { object in
      metrics.undecodable(R.resourceType)
      logger.error("object left out", metadata: ["kind": "\(R.resourceType)", "object": "\(object)"])
    }
    return Reflector(client: client, store: store, options: options, logger: logger, clock: ContinuousClock())
  }
}
