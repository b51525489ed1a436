/// What one invocation of the plugin comes to, decided from its environment and stdin alone.
package enum PluginPlan: Sendable, Hashable {
  /// No CNI_COMMAND: a person started the plugin. Say what it is on stderr.
  case about
  /// Print the supported versions.
  case version
  /// Nothing to do: succeed without output.
  case succeed
  /// Ask the daemon for addresses (and an interface), print the result.
  case add(DaemonCall)
  /// Have the daemon take the interface away; an error is the runtime's to retry.
  case delete(DaemonCall)
  /// Tell the daemon that an interface which another plugin made goes away. Its addresses follow the pod and nothing of it is
  /// ours on the node, so whatever becomes of the call, the verb succeeds (decisions row 14, cases B17 and G2).
  case notifyDelete(DaemonCall)

  /// Decides as the reference library's skeleton would, check by check in its order (wire.md §2). `stdin` is read at most
  /// once, and not for VERSION.
  package init(environment variables: [String: String], stdin: () throws(CNIError) -> [UInt8]) throws(CNIError) {
    guard let verb = variables[CNIEnvironment.Variable.command.rawValue], !verb.isEmpty else {
      self = .about
      return
    }
    let environment = try CNIEnvironment(variables)
    if environment.command == .version {
      self = .version
      return
    }
    let configuration = try NetworkConfiguration(parsing: try stdin())
    if environment.command != .delete || !configuration.name.isEmpty { try Self.check(networkName: configuration.name) }
    switch environment.command {
    case .add: self = .add(try DaemonCall.add(environment, configuration))
    case .delete: self = try Self.delete(environment, configuration)
    // Kube-OVN answers these with success once the versions agree; issue 6 gives them calls of their own.
    case .check, .status, .garbageCollect:
      try Self.checkVersion(of: configuration, for: environment)
      self = .succeed
    case .version: self = .version
    case nil: throw CNIError(.invalidEnvironment, "unknown \(CNIEnvironment.Variable.command.rawValue): \(verb)")
    }
  }

  /// DEL works with whatever is there: it may come twice, before ADD, without namespace, with half a configuration.
  private static func delete(
    _ environment: CNIEnvironment, _ configuration: NetworkConfiguration
  ) throws(CNIError) -> PluginPlan {
    let call = try DaemonCall.delete(environment, configuration)
    guard configuration.isDelegated else { return .delete(call) }
    // Without the pod's name there is nobody to tell about.
    return call.request.podName.isEmpty || call.request.podNamespace.isEmpty ? .succeed : .notifyDelete(call)
  }

  private static func check(networkName name: String) throws(CNIError) {
    guard !name.isEmpty else { throw CNIError(.invalidConfiguration, "missing network name") }
    guard CNIEnvironment.isIdentifier(name) else {
      throw CNIError(.invalidConfiguration, "invalid characters found in network name", details: name)
    }
  }

  /// Whether the configuration's version has the verb at all, and is one of ours.
  private static func checkVersion(of configuration: NetworkConfiguration, for environment: CNIEnvironment) throws(CNIError) {
    let text = configuration.cniVersion.isEmpty ? CNIVersion.assumed.description : configuration.cniVersion
    guard let version = CNIVersion(text) else {
      throw CNIError(.decodingFailure, "invalid cniVersion \"\(text)\" in network config")
    }
    if let minimum = environment.command?.minimumVersion, version < minimum {
      throw CNIError(.incompatibleVersion, "config version does not allow \(environment.verb)")
    }
    guard version <= .current else {
      throw CNIError(.incompatibleVersion, "plugin version does not allow \(environment.verb)")
    }
    _ = try configuration.version
  }
}

/// One call of the node daemon and what is needed to use its answer.
package struct DaemonCall: Sendable, Hashable {
  package let path: DaemonEndpoint.Path
  package let socket: String
  package let request: DaemonRequest
  /// The version to print the result in.
  package let version: CNIVersion
  /// Whether the plugin may find itself in the pod's namespace.
  package let allowsOwnNamespace: Bool

  private init(
    _ path: DaemonEndpoint.Path, _ environment: CNIEnvironment, _ configuration: NetworkConfiguration, _ request: DaemonRequest
  ) throws(CNIError) {
    self.path = path
    socket = configuration.serverSocket
    self.request = request
    version = try configuration.version
    allowsOwnNamespace = environment.allowsOwnNamespace
  }

  /// ADD needs to know the pod.
  fileprivate static func add(
    _ environment: CNIEnvironment, _ configuration: NetworkConfiguration
  ) throws(CNIError) -> DaemonCall {
    var request = DaemonRequest(environment, configuration)
    let arguments = CNIArguments(environment.arguments)
    // The version comes before the pod's name, as in the reference library, whose skeleton checks it before it calls the plugin.
    _ = try configuration.version
    request.podName = try arguments.require(.podName)
    request.podNamespace = try arguments.require(.podNamespace)
    request.routes = configuration.routes
    request.dns = configuration.dns
    request.device = configuration.device
    return try DaemonCall(.add, environment, configuration, request)
  }

  /// DEL takes the pod's name where it is given.
  fileprivate static func delete(
    _ environment: CNIEnvironment, _ configuration: NetworkConfiguration
  ) throws(CNIError) -> DaemonCall {
    var request = DaemonRequest(environment, configuration)
    let arguments = CNIArguments(environment.arguments)
    request.podName = arguments[.podName] ?? ""
    request.podNamespace = arguments[.podNamespace] ?? ""
    request.device = configuration.device.forDelete
    return try DaemonCall(.delete, environment, configuration, request)
  }
}

extension DaemonRequest {
  fileprivate init(_ environment: CNIEnvironment, _ configuration: NetworkConfiguration) {
    self.init(
      cniType: configuration.type, containerID: environment.containerID, networkNamespace: environment.networkNamespace,
      interfaceName: environment.interfaceName, provider: configuration.provider)
    networkName = configuration.name
  }
}
