import DaemonCommand
import Foundation
import HTTPMessage
import HTTPTransport
import KubeAPI
import KubeClient
import KubeRuntime
import Logging
import NodeDaemon
import Telemetry

/// The node daemon's process: watches, the plugin's socket, and what watches over them.
struct DaemonProcess: Sendable {
  let kubeconfig: String
  let environment: [String: String]
  let node: String
  let socket: String
  let port: Int
  let servesMetrics: Bool
  let logger: Logger

  /// Plugins that wait for an address cost little; this bounds what a node in trouble can pile up.
  static let maxConcurrentCalls = 512

  func run() async throws {
    let configuration = try ClientConfiguration.load(kubeconfig: kubeconfig, environment: environment)
    let registry = MetricsRegistry()
    let client = KubeClient(
      try HTTPPool(configuration.peer), configuration: configuration,
      identity: .init(userAgent: "kube-ovn-daemon", fieldManager: "kube-ovn-daemon"),
      metrics: RequestMetrics(registry, host: "\(configuration.peer.endpoint)"))
    let stores = NodeStores()
    let events = EventRecorder(
      client: client, component: node, host: node, logger: logger,
      now: { WallClock.now() })
    let latency = registry.histogram("cni_op_latency_seconds", help: "How long calls of the plugin take.")
    var surroundings = NodeAgent.Environment(
      client: client, node: node, interfaces: KernelInterfaces(), logger: logger, record: { events.record($0) })
    surroundings.observe = { [node] operation in
      latency.observe(
        operation.elapsed,
        [Label("node_name", node), Label("method", operation.verb), Label("status_code", operation.failed ? "500" : "200")])
    }
    let agent = NodeAgent(stores: stores, environment: surroundings, clock: ContinuousClock())
    let server = makeServer(agent)
    let health = try await makeHealth(server, stores, registry)
    let reflectors = DaemonReflectors(client: client, stores: stores, node: node, registry: registry, logger: logger)
    try await runUntilFirstEnds([
      { if let name = await StopSignals.wait() { logger.info("stopping", metadata: ["signal": "\(name)"]) } },
      { try await health.run() }, { await events.run() }, { await agent.run() }, { try await reflectors.run() },
      { try await server.run() },
    ])
  }

  private func makeServer(_ agent: NodeAgent) -> HTTPServer {
    var options = HTTPServerOptions()
    options.headerTimeout = .seconds(3)
    options.maxBodyBytes = 1 << 20
    options.maxConcurrentRequests = Self.maxConcurrentCalls
    return HTTPServer(.unix(path: socket, mode: 0o600), options: options, logger: logger, handler: { await agent.respond(to: $0) })
  }

  private func makeHealth(_ server: HTTPServer, _ stores: NodeStores, _ registry: MetricsRegistry) async throws -> HTTPServer {
    let probe = try HTTPPool(HTTPPeer(endpoint: .unix(path: socket)))
    let dials = HealthRoutes.Check("socket") { [socket] in
      guard server.isReachable else { return "\(socket) is not there" }
      do {
        // Any answer proves that the server behind the file lives: there is no such route.
        _ = try await probe.exchange(HTTPRequest(method: "GET", target: "/livez"))
        return nil
      } catch {
        return "\(error)"
      }
    }
    let synced = HealthRoutes.Check("watches") { stores.areSynced ? nil : "the first lists have not arrived" }
    let health = HTTPServer(
      .tcp(host: listenHost, port: port), logger: logger,
      handler: HealthRoutes(live: [dials], ready: [synced], metrics: servesMetrics ? registry : nil).respond)
    let endpoint = try await health.bind()
    logger.info("started", metadata: ["node": "\(node)", "socket": "\(socket)", "health": "\(endpoint)"])
    return health
  }

  private var listenHost: String {
    guard environment["ENABLE_BIND_LOCAL_IP"] == "true", let ips = environment["POD_IPS"], let first = ips.split(separator: ",").first
    else { return "0.0.0.0" }
    return String(first)
  }
}
