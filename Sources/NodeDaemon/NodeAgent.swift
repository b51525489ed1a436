import CNI
package import HTTPMessage
import KubeAPI
package import KubeClient
package import KubeRuntime
package import Logging

/// The daemon's parts, wired: what one node needs to answer its plugins.
package struct NodeAgent: Sendable {
  package let stores: NodeStores
  private let server: CNIServer
  private let placed: WorkQueue<ObjectKey>
  private let placement: PlacementWriter
  private let logger: Logger

  /// What the daemon reaches outside itself.
  package struct Environment: Sendable {
    package var client: KubeClient
    package var node: String
    package var interfaces: any PodInterfaces
    package var record: @Sendable (EventDraft) -> Void
    package var logger: Logger
    /// How long an ADD may wait for its address, counted from its arrival (decisions.md §4 row 1).
    package var addDeadline: Duration = .seconds(20)
    package var observe: @Sendable (CNIOperation) -> Void = { _ in }

    package init(
      client: KubeClient, node: String, interfaces: any PodInterfaces, logger: Logger, record: @escaping @Sendable (EventDraft) -> Void
    ) {
      self.client = client
      self.node = node
      self.interfaces = interfaces
      self.logger = logger
      self.record = record
    }
  }

  package init<C: Clock<Duration>>(stores: NodeStores, environment: Environment, clock: C) {
    self.stores = stores
    logger = environment.logger
    placed = WorkQueue(clock: clock)
    placement = PlacementWriter(client: environment.client, node: environment.node)
    let client = environment.client
    let waiter = AllocationWaiter(
      stores: stores, node: environment.node,
      fetch: { key in
        do { return try await client.get(Pod.self, key) } catch let error as APIError where error.isNotFound { return nil }
      },
      sleep: { try await clock.sleep(for: $0, tolerance: nil) }, deadline: environment.addDeadline)
    let start = clock.now
    server = CNIServer(
      add: AddHandler(waiter: waiter, interfaces: environment.interfaces, placed: placed, logger: environment.logger),
      events: NodeEvents(node: environment.node, uid: { stores.pods[$0]?.metadata.uid ?? "" }, record: environment.record),
      clock: { start.duration(to: clock.now) }, logger: environment.logger, observe: environment.observe)
  }

  /// Answers one call of a plugin.
  package func respond(to request: HTTPRequest) async -> HTTPResponse { await server.respond(to: request) }

  /// Writes where NICs came up, until cancelled.
  package func run() async {
    await runWorkers(2, on: placed, logger: logger, reconcile: { try await placement.reconcile($0) })
  }
}
