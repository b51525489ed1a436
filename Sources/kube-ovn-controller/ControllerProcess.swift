import Controllers
import DaemonCommand
import Foundation
import HTTPMessage
import HTTPTransport
import KubeAPI
import KubeClient
import KubeRuntime
import Logging
import PodNetwork
import Synchronization
import Telemetry

/// The controller's process: connections, reflectors, election, the controller itself, and what watches over it.
struct ControllerProcess: Sendable {
  let kubeconfig: String
  let environment: [String: String]
  let options: ControllerOptions
  let lease: LeaseTimes
  let port: Int
  let servesMetrics: Bool
  let logger: Logger

  func run() async throws {
    let configuration = try ClientConfiguration.load(kubeconfig: kubeconfig, environment: environment)
    let registry = MetricsRegistry()
    let client = try makeClient(configuration, registry)
    let stores = ClusterStores()
    let events = EventRecorder(
      client: client, component: "kube-ovn-controller", logger: logger, now: { WallClock.now() })
    let meters = ControllerMeters(registry)
    var surroundings = AddressController.Environment(
      client: client, events: PodEvents(record: { events.record($0) }), logger: logger, now: { WallClock.now() })
    surroundings.usageChanged = meters.usage
    surroundings.collected = { _ in meters.collected() }
    surroundings.conflicts = { conflict in
      meters.conflict()
      events.record(
        EventDraft(
          type: conflict.type, object: conflict.key, uid: conflict.uid, level: .warning,
          reason: "AddressConflict", message: "\(conflict.type.kind) \(conflict.key) cannot be believed: \(conflict.reason)"))
    }
    let controller = AddressController(stores: stores, options: options, environment: surroundings, clock: ContinuousClock())
    let elector = try makeElector(configuration, registry)
    let leads = Mutex(false)
    let health = HTTPServer(
      .tcp(host: listenHost, port: port), logger: logger,
      handler: HealthRoutes(
        live: [],
        // A standby has nothing to read yet, and is ready to take over.
        ready: [.init("watches") { !leads.withLock { $0 } || controller.stores.areSynced ? nil : "the first lists have not arrived" }],
        metrics: servesMetrics ? registry : nil
      ).respond)
    let endpoint = try await health.bind()
    logger.info(
      "started", metadata: ["health": "\(endpoint)", "server": "\(configuration.peer.endpoint)", "identity": "\(elector.identity)"])

    let reflectors = ControllerReflectors(client: client, stores: stores, registry: registry, logger: logger)
    try await runUntilFirstEnds([
      { if let name = await StopSignals.wait() { logger.info("stopping", metadata: ["signal": "\(name)"]) } },
      { try await health.run() }, { await events.run() },
      {
        // The watches begin with the leadership: so every first list is later than the lease, and shows all that the leader before has
        // written (decisions.md §5.2). Who loses the lease ends, so that no stale view is ever led on.
        try await elector.run { term in
          leads.withLock { $0 = true }
          try await runUntilFirstEnds([{ try await reflectors.run() }, { try await controller.lead(term: term) }])
        }
      },
    ])
  }

  private func makeClient(
    _ configuration: ClientConfiguration, _ registry: MetricsRegistry, _ pool: HTTPPoolOptions = HTTPPoolOptions()
  ) throws -> KubeClient {
    KubeClient(
      try HTTPPool(configuration.peer, options: pool), configuration: configuration,
      identity: .init(userAgent: "kube-ovn-controller", fieldManager: "kube-ovn-controller"),
      metrics: RequestMetrics(registry, host: "\(configuration.peer.endpoint)"))
  }

  /// The elector has connections of its own: a flood of pods must not cost the lease.
  private func makeElector(_ configuration: ClientConfiguration, _ registry: MetricsRegistry) throws -> LeaderElector {
    let namespace = environment["POD_NAMESPACE"] ?? "kube-system"
    let identity = environment["POD_NAME"] ?? "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)"
    var pool = HTTPPoolOptions()
    // A renewal that hangs must leave time for another one before the deadline.
    pool.requestTimeout = lease.renewDeadline / 2
    return LeaderElector(
      client: try makeClient(configuration, registry, pool), lease: ObjectKey(namespace: namespace, name: "kube-ovn-controller"),
      identity: identity, times: .init(duration: lease.duration, renewDeadline: lease.renewDeadline, retryPeriod: lease.retryPeriod),
      logger: logger)
  }

  private var listenHost: String {
    guard environment["ENABLE_BIND_LOCAL_IP"] == "true", let ips = environment["POD_IPS"], let first = ips.split(separator: ",").first
    else { return "0.0.0.0" }
    return String(first)
  }
}

/// The controller's own metrics (operations.md).
struct ControllerMeters: Sendable {
  private let available: Gauge
  private let used: Gauge
  private let collectedTotal: Counter
  private let conflictTotal: Counter

  init(_ registry: MetricsRegistry) {
    available = registry.gauge("subnet_available_ip_count", help: "Addresses that a subnet can still give.")
    used = registry.gauge("subnet_used_ip_count", help: "Addresses of a subnet that are held.")
    collectedTotal = registry.counter(
      "kube_ovn_addresses_collected_total", help: "Addresses freed because nobody stood behind their record.")
    conflictTotal = registry.counter("kube_ovn_restore_conflicts_total", help: "Records that could not be restored.")
  }

  func usage(_ subnet: Subnet, _ v4: FamilyUsage, _ v6: FamilyUsage) {
    for (name, usage, cidr) in [("IPv4", v4, subnet.spec.cidrBlock), ("IPv6", v6, subnet.spec.cidrBlock)] {
      let labels = [Label("subnet_name", subnet.metadata.name), Label("protocol", name), Label("subnet_cidr", cidr)]
      guard subnet.spec.protocolName == name || subnet.spec.protocolName == "Dual" else { continue }
      available.set(Double(usage.available), labels)
      used.set(Double(usage.using), labels)
    }
  }

  func collected() { collectedTotal.add() }
  func conflict() { conflictTotal.add() }
}
