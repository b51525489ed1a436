/// What a lab is to be like.
package struct LabOptions: Sendable {
  /// 1 to `NodePlan.limit`.
  package var nodes = 2
  /// 0 takes any free port. The address is always 127.0.0.1: that is what every node's namespace has, too.
  package var port: UInt16 = 0
  /// Where the user wants a kubeconfig beside the lab's own.
  package var kubeconfig: String?
  /// Where the lab keeps its files; nil for a folder of its own, which is removed whole at the end.
  package var state: String?
  /// The folder with this project's manifests (`crds/`, `rbac.yaml`).
  package var manifests: String
  /// The folder with this project's programs.
  package var programs: String
  /// Level of what the lab itself and its node agents log.
  package var logLevel = "info"
  /// Extra arguments of the controller.
  package var controllerArguments: [String] = []
  /// A Job's pause after its first failed pod.
  package var jobBackoff: Duration = .seconds(10)

  package init(manifests: String, programs: String) {
    self.manifests = manifests
    self.programs = programs
  }

  /// The manifests of the source tree that a program was built in, or that lie beside an installed one: the nearest `deploy` with CRDs
  /// above the program.
  package static func findManifests(from directory: String) -> String? {
    var place = directory[...]
    while true {
      let candidate = place + "/deploy"
      if TextFile.exists(candidate + "/crds") { return String(candidate) }
      guard let slash = place.lastIndex(of: "/") else { return nil }
      place = place[..<slash]
    }
  }
}

/// Why a lab cannot be had.
package enum LabError: Error, Equatable, CustomStringConvertible {
  /// Sentences, each with what to do.
  case prerequisites([String])
  case nodeCount(Int)
  case noManifests
  /// The machine's part was there, but somebody did not get ready in time.
  case notReady(String)
  case unknownNode(String)
  /// The lab has no sandbox of such a pod.
  case noSandbox(String)

  package var description: String {
    switch self {
    case .prerequisites(let faults): faults.joined(separator: "\n")
    case .nodeCount(let count): "a lab has 1 to \(NodePlan.limit) nodes, not \(count)"
    case .noManifests: "the CRDs (deploy/crds) are not found above this program: name their folder with --manifests"
    case .notReady(let what): "the lab did not get ready: \(what)"
    case .unknownNode(let name): "the lab has no node \(name)"
    case .noSandbox(let pod): "pod \(pod) has no network namespace"
    }
  }
}
