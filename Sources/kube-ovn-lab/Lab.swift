import ArgumentParser

/// A small cluster on one machine, to try and to test kube-ovn-swift.
@main
struct Lab: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kube-ovn-lab", abstract: "A small cluster on one machine, with nothing to fetch.",
    subcommands: [UpCommand.self, RunCommand.self, ApiserverCommand.self, NodeCommand.self, EnterCommand.self])
}
