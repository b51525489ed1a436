import HTTPMessage
import HTTPTransport
import KubeClient
import KubeLab
package import Logging
import Netlink

extension LabCluster {
  /// Builds a lab, waits until its nodes are ready and a controller leads, runs `body`, and leaves nothing behind, however it ends.
  package static func run<Result: Sendable>(
    _ options: LabOptions, logger: Logger, _ body: @Sendable (LabCluster) async throws -> Result
  ) async throws -> Result {
    guard (1...NodePlan.limit).contains(options.nodes) else { throw LabError.nodeCount(options.nodes) }
    let faults = Prerequisites.missing(programs: options.programs)
    guard faults.isEmpty else { throw LabError.prerequisites(faults) }
    LabSweep.cleanAbandoned()
    let lock = try LabLock.first()
    let places = try HostPlaces()
    let parts = LabParts(name: lock.name, options: options, logger: logger)
    defer {
      parts.cleanUp()
      places.restore()
      lock.remove()
    }
    return try await serve(parts, body)
  }

  /// The API server listens in the host's namespace and in every node's, on one port.
  private static func serve<Result: Sendable>(
    _ parts: LabParts, _ body: @Sendable (LabCluster) async throws -> Result
  ) async throws -> Result {
    // What an earlier lab of this name may have left in a directory of the user's.
    parts.cleanUp()
    try Underlay(lab: parts.name, nodes: parts.nodes).build()
    var options = HTTPServerOptions()
    options.gracePeriod = .seconds(1)
    let main = HTTPServer(
      .tcp(host: "127.0.0.1", port: Int(parts.options.port)), options: options, logger: parts.logger, handler: parts.handlerForUsers)
    guard case .tcp(let host, let port) = try await main.bind() else { throw LabError.notReady("the API server listens on no port") }
    var servers = [main]
    for node in parts.nodes {
      let namespace = try NetworkNamespace.open(named: parts.name.node(node.name))
      let listener = HTTPListener.boundSocket(try NamespaceListener.bind(port: UInt16(port), in: namespace))
      servers.append(HTTPServer(listener, options: options, logger: parts.logger, handler: parts.server.handler))
    }
    let url = "http://\(host):\(port)"
    try await parts.prepare(url: url)
    let configuration = ClientConfiguration(
      peer: HTTPPeer(endpoint: .tcp(host: host, port: port)), credentials: .token(parts.adminToken))
    let client = KubeClient(
      parts.server.exchange, configuration: configuration, identity: .init(userAgent: "kube-ovn-lab", fieldManager: "kube-ovn-lab"))
    let cluster = LabCluster(parts, url: url, client: client)
    let logger = parts.logger
    let jobs: [@Sendable () async -> Void] = servers.map { server in
      {
        do { try await server.run() } catch { logger.error("the API server cannot listen", metadata: ["error": "\(error)"]) }
      }
    }
    return try await withBackground(jobs) {
      try await cluster.withProcesses(jobBackoff: parts.options.jobBackoff, logger: logger, body)
    }
  }
}
