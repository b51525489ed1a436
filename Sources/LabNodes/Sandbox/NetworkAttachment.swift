package import CNI
package import NetAddress
package import WireJSON

/// One NIC that a sandbox is to get: the configurations of its plugins, ready to be handed over, and what goes beside them.
package struct NetworkAttachment: Sendable, Equatable {
  /// As `network-status` names it: `namespace/nad`, or the default network's own name.
  package var network: String
  /// The name inside the configuration, which messages of plugins use.
  package var configurationName: String
  package var interface: String
  package var isDefault: Bool
  /// What each plugin reads from stdin, in order, less `prevResult`.
  package var plugins: [JSONValue]
  /// As the configuration spells it; empty where it does not.
  package var version: String
  /// CNI_ARGS beside those that every plugin gets.
  package var arguments: [String: String] = [:]
  /// Multus' `default-route`: the gateways that become the pod's only default route of their family.
  package var gateways: [IPAddress] = []

  package init(network: String, configurationName: String, interface: String, isDefault: Bool, plugins: [JSONValue], version: String) {
    self.network = network
    self.configurationName = configurationName
    self.interface = interface
    self.isDefault = isDefault
    self.plugins = plugins
    self.version = version
  }

  /// The version in which results without one are to be read.
  package var resultVersion: CNIVersion { CNIVersion.supported.first { $0.description == version } ?? .assumed }

  /// A plugin's configuration with the result so far, where the specification hands one over: along the chain on ADD, and the whole
  /// result on DEL from 0.4.0 on.
  package func configuration(of plugin: Int, previous: JSONValue?) -> [UInt8] {
    var configuration = plugins[plugin]
    if let previous { configuration["prevResult"] = previous }
    return configuration.bytes
  }

  package var passesResultOnDelete: Bool { resultVersion >= .v0_4_0 }
}

/// The state file's form.
extension NetworkAttachment {
  package var json: JSONValue {
    [
      "network": .string(network), "configurationName": .string(configurationName), "interface": .string(interface),
      "isDefault": .bool(isDefault), "plugins": .array(plugins), "version": .string(version),
      "arguments": .object(arguments.mapValues { .string($0) }), "gateways": .array(gateways.map { .string($0.description) }),
    ]
  }

  /// nil for anything that `json` did not write.
  package init?(json: JSONValue) {
    guard let network = json["network"]?.string, let configurationName = json["configurationName"]?.string,
      let interface = json["interface"]?.string, let isDefault = json["isDefault"]?.bool, let plugins = json["plugins"]?.array,
      let version = json["version"]?.string
    else { return nil }
    self.init(
      network: network, configurationName: configurationName, interface: interface, isDefault: isDefault, plugins: plugins,
      version: version)
    arguments = (json["arguments"]?.object ?? [:]).compactMapValues(\.string)
    gateways = (json["gateways"]?.array ?? []).compactMap { $0.string.flatMap { IPAddress($0) } }
  }
}
