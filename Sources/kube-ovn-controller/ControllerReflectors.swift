import Controllers
import KubeAPI
import KubeClient
import KubeRuntime
import Logging
import Telemetry

/// The controller's watches, one a kind.
struct ControllerReflectors: Sendable {
  let client: KubeClient
  let stores: ClusterStores
  let metrics: ReflectorMetrics
  let logger: Logger

  init(client: KubeClient, stores: ClusterStores, registry: MetricsRegistry, logger: Logger) {
    self.client = client
    self.stores = stores
    metrics = ReflectorMetrics(registry)
    self.logger = logger
  }

  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await reflector(stores.pods).run() }
      group.addTask { try await reflector(stores.namespaces).run() }
      group.addTask { try await reflector(stores.nodes).run() }
      // Multus' kind: a cluster without it has no attachments, and may get it later.
      group.addTask { try await reflector(stores.networks, isOptional: true).run() }
      group.addTask { try await reflector(stores.sets).run() }
      // KubeVirt's kinds.
      group.addTask { try await reflector(stores.machines, isOptional: true).run() }
      group.addTask { try await reflector(stores.instances, isOptional: true).run() }
      group.addTask { try await reflector(stores.subnets).run() }
      group.addTask { try await reflector(stores.pools).run() }
      group.addTask { try await reflector(stores.records).run() }
      group.addTask { try await reflector(stores.vips).run() }
      try await group.waitForAll()
    }
  }

  private func reflector<R: Resource>(_ store: Store<R>, isOptional: Bool = false) -> Reflector<R> {
    var options = Reflector<R>.Options()
    options.isOptional = isOptional
    options.observe = { metrics.observe(R.resourceType, $0) }
    options.undecodable = { object in
      metrics.undecodable(R.resourceType)
      logger.error("object left out", metadata: ["kind": "\(R.resourceType)", "object": "\(object)"])
    }
    return Reflector(client: client, store: store, options: options, logger: logger, clock: ContinuousClock())
  }
}
