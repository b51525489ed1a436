import FoundationEssentials
import Glibc
import HTTPMessage
import KubeLab
import Logging
import Netlink
import WireJSON

/// What a lab is made of before it runs: names, files, tokens, and the calls of its processes.
struct LabParts: Sendable {
  let name: LabName
  let nodes: [NodePlan]
  let options: LabOptions
  let directory: LabDirectory
  let server: APIServer
  let logger: Logger
  private let tokens: Tokens

  /// One secret a role. They live as long as the lab, in files that only root can read.
  private struct Tokens: Sendable {
    let admin = Self.random()
    let controller = Self.random()
    let daemon = Self.random()

    private static func random() -> String {
      var generator = SystemRandomNumberGenerator()
      return String(Sandbox.randomID(using: &generator).prefix(40))
    }
  }

  init(name: LabName, options: LabOptions, logger: Logger) {
    self.name = name
    self.options = options
    self.logger = logger
    nodes = (1...options.nodes).map(NodePlan.init(number:))
    directory = options.state.map(LabDirectory.init) ?? .standard(of: name)
    tokens = Tokens()
    var configuration = APIServer.Configuration()
    configuration.accounts = [
      StaticAccount(token: tokens.admin, name: "kube-ovn-lab", groups: ["system:masters"]),
      StaticAccount(token: tokens.controller, serviceAccount: "kube-ovn-controller", namespace: "kube-system"),
      StaticAccount(token: tokens.daemon, serviceAccount: "kube-ovn-cni", namespace: "kube-system"),
    ]
    server = APIServer(configuration)
  }

  var adminToken: String { tokens.admin }

  /// The API server for people. kubectl sends no token without TLS; what it does send is the user and secret that stand in the URL of
  /// the kubeconfig, and here they mean the same.
  var handlerForUsers: HTTPHandler {
    let secret = "Basic " + Data("\(Self.user):\(tokens.admin)".utf8).base64EncodedString()
    let (handler, token) = (server.handler, tokens.admin)
    return { request in
      guard request.headers["Authorization"] == secret else { return await handler(request) }
      var request = request
      request.headers["Authorization"] = "Bearer " + token
      return await handler(request)
    }
  }

  private static let user = "lab"

  /// Folders, kubeconfigs, and what the API server starts with: this project's manifests, the fixtures, the nodes.
  func prepare(url: String) async throws {
    try TextFile.makeDirectory(directory.path, mode: 0o755)
    try TextFile.makeDirectory(directory.logs)
    for node in nodes {
      for path in [directory.openvswitch(node.name), directory.sandboxes(node.name), directory.hostLocal(node.name)] {
        try TextFile.makeDirectory(path)
      }
    }
    try writeKubeconfig(directory.controllerKubeconfig, url: url, token: tokens.controller)
    try writeKubeconfig(directory.daemonKubeconfig, url: url, token: tokens.daemon)
    let withUser = url.replacing("://", with: "://\(Self.user):\(tokens.admin)@")
    for path in [directory.adminKubeconfig, options.kubeconfig].compactMap({ $0 }) {
      try writeKubeconfig(path, url: withUser, token: tokens.admin)
    }
    try await server.install(APIServer.manifests(at: options.manifests + "/crds"))
    try await server.install(LabFixtures.customResources)
    try await server.install(APIServer.manifests(at: options.manifests + "/rbac.yaml"))
    try await server.install(nodes.map(LabFixtures.node))
  }

  private func writeKubeconfig(_ path: String, url: String, token: String) throws {
    try TextFile.replace(path, Kubeconfig(server: url, token: token, contextName: name.text).yaml.utf8, mode: 0o600)
  }

  /// Everything that the lab has put on the machine, as far as it is still there. The caller holds the lab's lock.
  func cleanUp() {
    LabSweep.clean(name)
    if let path = options.kubeconfig { unlink(path) }
    guard options.state != nil else { return }
    for path in directory.contents(nodes: nodes.map(\.name)) { TextFile.removeTree(path) }
  }

  // MARK: Processes

  func controllerSupervisor() -> Supervisor {
    var entry = NamespaceEntry(
      [
        options.programs + "/kube-ovn-controller", "--kubeconfig", directory.controllerKubeconfig, "--non-primary-cni-mode", "--http-port",
        "0",
      ] + options.controllerArguments)
    entry.parent = getpid()
    return Supervisor(
      "kube-ovn-controller", ProgramCall(options.programs + "/kube-ovn-lab", ["enter"] + entry.arguments),
      logFile: directory.controllerLog, logger: logger)
  }

  func agentSupervisor(_ node: NodePlan) -> Supervisor {
    let program = options.programs + "/kube-ovn-lab"
    var entry = NamespaceEntry([
      program, "node", "--lab", name.text, "--number", String(node.number), "--state", directory.path, "--programs", options.programs,
      "--log-level", options.logLevel,
    ])
    entry.networkNamespace = NetworkNamespace.directory + "/" + name.node(node.name)
    entry.bind = NamespaceEntry.Bind(source: directory.openvswitch(node.name), target: HostPlaces.socketDirectory)
    entry.parent = getpid()
    // Taking many pods down lasts a while, and every one of them is worth it.
    return Supervisor(
      "agent of \(node.name)", ProgramCall(program, ["enter"] + entry.arguments), logFile: directory.agentLog(node.name),
      grace: .seconds(300), logger: logger)
  }
}
