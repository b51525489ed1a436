import ArgumentParser
import Foundation
import HTTPTransport
import KubeClient
import LabNodes
import Logging
import Telemetry

/// `kube-ovn-lab node`: kubelet and Multus of one node. Started by the lab inside the node's namespaces, never by people.
struct NodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "node", abstract: "The agent of one lab node.", shouldDisplay: false)

  @Option var lab: String
  @Option var number: Int
  @Option var state: String
  @Option var programs: String
  @Option(name: .customLong("log-level")) var logLevel = "info"

  func run() async throws {
    LoggingSystem.bootstrap { [logLevel] in LineLogHandler(label: $0, level: Logger.Level(rawValue: logLevel) ?? .info) }
    guard let name = LabName(lab), (1...NodePlan.limit).contains(number) else { throw ValidationError("no such lab or node") }
    let directory = LabDirectory(state)
    let configuration = try ClientConfiguration.load(kubeconfig: directory.adminKubeconfig, environment: [:])
    let client = KubeClient(
      try HTTPPool(configuration.peer), configuration: configuration, identity: .init(userAgent: "kubelet", fieldManager: "kubelet"))
    let place = LabNodeAgent.Place(lab: name, node: NodePlan(number: number), directory: directory, programs: programs)
    let agent = LabNodeAgent(place, client: client, processID: getpid(), logger: Logger(label: "kube-ovn-lab-node"))
    try await agent.run(until: { await UntilStopped.wait() })
  }
}
