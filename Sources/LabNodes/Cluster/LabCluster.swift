import Glibc
import HTTPMessage
import HTTPTransport
import KubeAPI
package import KubeClient
package import KubeLab
import KubeRuntime
import Logging
import Netlink

/// A running lab: an API server in this process, the controller and one agent a node as processes of their own, and the workload
/// controllers. `run` builds it, lends it, and takes everything away again.
package final class LabCluster: Sendable {
  package let name: LabName
  package let nodes: [NodePlan]
  /// With all rights, in this process.
  package let client: KubeClient
  package let server: APIServer
  package let directory: LabDirectory
  /// Where the API server is, in the host's namespace and in every node's.
  package let url: String
  private let controller: Supervisor
  private let agents: [String: Supervisor]

  init(_ parts: LabParts, url: String, client: KubeClient) {
    name = parts.name
    nodes = parts.nodes
    server = parts.server
    directory = parts.directory
    self.url = url
    self.client = client
    controller = parts.controllerSupervisor()
    agents = Dictionary(uniqueKeysWithValues: parts.nodes.map { ($0.name, parts.agentSupervisor($0)) })
  }

  /// The file for kubectl.
  package var kubeconfig: String { directory.adminKubeconfig }

  package var probe: LabPodProbe { LabPodProbe(self) }

  // MARK: Levers for tests

  package var controllerProcess: Supervisor { controller }

  package func agent(of node: String) throws(LabError) -> Supervisor {
    guard let agent = agents[node] else { throw .unknownNode(node) }
    return agent
  }

  /// The node's machine dies: agent and daemon at once, its pods' namespaces stay, and the API shows it as the node controller would
  /// after its grace.
  package func loseNode(_ name: String) async throws {
    let agent = try agent(of: name)
    agent.hold()
    guard let node = nodes.first(where: { $0.name == name }) else { throw LabError.unknownNode(name) }
    try await KubeletAPI.reportNode(node, isReady: false, client: client, now: WallClock.now())
  }

  /// The node comes back: a new agent finds what the old one left.
  package func returnNode(_ name: String) throws { try agent(of: name).release() }

  // MARK: Running

  /// Keeps the processes of the lab alive while `body` runs. They end in this order: workload controllers, so that nothing new is made;
  /// agents, which take their pods down with everything else still there; then the controller.
  func withProcesses<Result: Sendable>(
    jobBackoff: Duration, logger: Logger, _ body: @Sendable (LabCluster) async throws -> Result
  ) async throws -> Result {
    try await withBackground([{ await self.controller.run() }]) {
      try await withBackground(self.agents.values.map { agent in { await agent.run() } }) {
        let workloads = WorkloadControllers(client: self.client, logger: logger, jobBackoff: jobBackoff)
        let scheduler = Scheduler(client: self.client, logger: logger)
        return try await withBackground([{ await workloads.run() }, { await scheduler.run() }]) {
          try await self.waitUntilReady(logger: logger)
          return try await body(self)
        }
      }
    }
  }

  /// All nodes ready, and somebody leads. The limit ends what hangs: a busy machine starts programs slowly.
  private func waitUntilReady(logger: Logger, within limit: Duration = .seconds(300)) async throws {
    let stores = (nodes: Store<NodeObject>(), leases: Store<Lease>())
    let wanted = nodes
    let isReady = try await finishes(within: limit) {
      await withBackgroundTasks([
        { await follow(stores.nodes, client: self.client, logger: logger) },
        { await follow(stores.leases, Selection(namespace: "kube-system"), client: self.client, logger: logger) },
      ]) {
        for node in wanted {
          try? await stores.nodes.wait(for: KubeAPI.ObjectKey(name: node.name)) { $0.map { NodeFacts($0).isReady } ?? false }
        }
        let lease = KubeAPI.ObjectKey(namespace: "kube-system", name: "kube-ovn-controller")
        try? await stores.leases.wait(for: lease) { $0?.holderIdentity.isEmpty == false }
      }
    }
    guard !isReady else { return }
    let late = wanted.map(\.name).filter { name in stores.nodes[KubeAPI.ObjectKey(name: name)].map { !NodeFacts($0).isReady } ?? true }
    throw LabError.notReady(
      late.isEmpty
        ? "no controller leads after \(limit); see \(directory.controllerLog)"
        : "\(late.joined(separator: ", ")) after \(limit); see \(directory.logs)")
  }
}
