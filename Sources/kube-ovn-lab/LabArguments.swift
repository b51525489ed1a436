import ArgumentParser
import LabNodes
import Logging
import Telemetry

/// The options that `up` and `run` share.
struct LabArguments: ParsableArguments {
  @Option(help: "How many nodes.")
  var nodes = 2

  @Option(
    help: ArgumentHelp("Folder of this project's manifests (with crds/ and rbac.yaml); else deploy/ above this program.", valueName: "dir"))
  var manifests: String?

  @Option(help: "Where to keep the lab's files; else a folder of its own, removed at the end.")
  var state: String?

  @Option(name: .customLong("log-level"), help: "What the lab itself logs: trace, debug, info, notice, warning, error or critical.")
  var logLevel = "warning"

  func validate() throws {
    guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("--log-level \(logLevel) is no level") }
    guard (1...NodePlan.limit).contains(nodes) else { throw ValidationError("--nodes must be 1 to \(NodePlan.limit)") }
    if let state, !state.hasPrefix("/") { throw ValidationError("--state \(state) must be an absolute path") }
  }

  /// Sets up logging, once, and says what the lab is to be like.
  func options() throws -> LabOptions {
    LoggingSystem.bootstrap { [logLevel] in LineLogHandler(label: $0, level: Logger.Level(rawValue: logLevel) ?? .warning) }
    let programs = try Prerequisites.ownDirectory()
    guard let folder = manifests ?? LabOptions.findManifests(from: programs) else { throw LabError.noManifests }
    var options = LabOptions(manifests: folder, programs: programs)
    options.nodes = nodes
    options.state = state
    return options
  }
}
