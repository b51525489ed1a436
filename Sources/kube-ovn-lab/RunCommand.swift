import ArgumentParser
import KubeLab
import LabNodes
import Logging

/// `kube-ovn-lab run`: a lab for some manifests, a look at every NIC, and down again.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Apply manifests in a lab, wait for every NIC, print them, ping between them, and take the lab down.",
    discussion: "The exit status is 0 only if every pod has every NIC that it asked for, as it asked for it, and every ping is answered.")

  @OptionGroup var lab: LabArguments

  @Option(help: "Seconds that the pods have to get their NICs.")
  var timeout = 180

  @Argument(help: "Manifests; a folder stands for its .yaml files in order of their names.")
  var files: [String]

  mutating func validate() throws {
    guard timeout > 0 else { throw ValidationError("--timeout must be above 0") }
  }

  func run() async throws {
    let options = try lab.options()
    let logger = Logger(label: "kube-ovn-lab")
    // Before anything is built: a file that cannot be read costs nobody a lab.
    let objects = try files.flatMap(APIServer.manifests(at:))
    let outcome = try await UntilStopped.run {
      try await LabCluster.run(options, logger: logger) { cluster in
        try await UntilStopped.unlessStopped { try await LabRun(cluster, deadline: .seconds(timeout), logger: logger).run(objects) }
      }
    }
    for line in outcome.lines { StandardOutput.print(line) }
    if !outcome.isGood { throw ExitCode.failure }
  }
}
