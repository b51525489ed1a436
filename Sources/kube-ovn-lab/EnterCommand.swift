import ArgumentParser
import LabNodes

/// `kube-ovn-lab enter`: becomes another program inside a node's namespaces. Started by the lab, never by people.
struct EnterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enter", abstract: "Become a program inside a lab node.", shouldDisplay: false)

  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

  func run() throws {
    guard let entry = NamespaceEntry(parsing: arguments) else { throw ValidationError("enter is for the lab's own use") }
    try entry.execute()
  }
}
