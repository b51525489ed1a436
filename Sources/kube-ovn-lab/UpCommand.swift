import ArgumentParser
import LabNodes
import Logging

/// `kube-ovn-lab up`: a lab until SIGINT or SIGTERM.
struct UpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up", abstract: "Run a small cluster until SIGINT or SIGTERM, then leave nothing behind.",
    discussion: "Its nodes are network namespaces, its API server is embedded; the controller, the daemon and the plugin are the real ones."
  )

  @OptionGroup var lab: LabArguments

  @Option(help: "Where the API server listens: 127.0.0.1 and a port; 0 takes any free one.")
  var listen = "127.0.0.1:0"

  @Option(help: ArgumentHelp("Another file to write the kubeconfig to; it is removed at the end.", valueName: "path"))
  var kubeconfig: String?

  mutating func validate() throws { _ = try port }

  private var port: UInt16 {
    get throws {
      guard listen.hasPrefix("127.0.0.1:"), let port = UInt16(listen.dropFirst("127.0.0.1:".count)) else {
        throw ValidationError("--listen \(listen) is not 127.0.0.1:PORT, the one address that every node's namespace has, too")
      }
      return port
    }
  }

  func run() async throws {
    let options = try configured()
    try await UntilStopped.run {
      try await LabCluster.run(options, logger: Logger(label: "kube-ovn-lab")) { cluster in
        for line in Self.welcome(cluster, kubeconfig: options.kubeconfig) { StandardOutput.print(line) }
        await UntilStopped.wait()
        StandardOutput.print("stopping: pods first, then everything else")
      }
    }
  }

  private func configured() throws -> LabOptions {
    var options = try lab.options()
    options.port = try port
    options.kubeconfig = kubeconfig
    return options
  }

  private static func welcome(_ cluster: LabCluster, kubeconfig: String?) -> [String] {
    let nodes = cluster.nodes.map(\.name).joined(separator: ", ")
    return [
      "lab \(cluster.name) is up: API server at \(cluster.url), nodes \(nodes)",
      "  export KUBECONFIG=\(kubeconfig ?? cluster.kubeconfig)",
      "  kubectl get nodes; kubectl apply -f examples/attachment/; kubectl get ips",
      "a pod's network namespace is one of: ip netns list | grep \(cluster.name)-pod-",
      "logs are in \(cluster.directory.logs); stop with Ctrl-C",
    ]
  }
}
