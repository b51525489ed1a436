package import KubeAPI
import NetAddress
import PodNetwork
package import WireJSON

/// Which NICs a pod gets, decided as Multus decides it: the default network as eth0, then each network of the annotation in order.
package enum NetworkPlan {
  /// `definitions` answers with a NAD or nil; `defaultNetwork` is the node's own configuration of eth0 (a list of plugins).
  package static func attachments(
    for pod: PodObject, defaultNetwork: JSONValue, definitions: (ObjectKey) -> NetworkAttachmentDefinition?
  ) throws(NetworkPlanError) -> [NetworkAttachment] {
    if pod.spec["hostNetwork"]?.bool == true { return [] }
    var attachments = [try primary(for: pod, defaultNetwork, definitions)]
    if let text = pod.metadata.annotations[AnnotationKey.networks], !text.isEmpty {
      for (index, selection) in try selections(text, pod).enumerated() {
        let name = selection.interface.isEmpty ? "net\(index + 1)" : selection.interface
        attachments.append(try attachment(selection, interface: name, isDefault: false, definitions))
      }
    }
    return attachments
  }

  private static func primary(
    for pod: PodObject, _ defaultNetwork: JSONValue, _ definitions: (ObjectKey) -> NetworkAttachmentDefinition?
  ) throws(NetworkPlanError) -> NetworkAttachment {
    if let text = pod.metadata.annotations[AnnotationKey.defaultNetwork], !text.isEmpty {
      let chosen = try selections(text, pod)
      guard chosen.count == 1 else { throw .selection("more than one default network: \(text)") }
      return try attachment(chosen[0], interface: "eth0", isDefault: true, definitions)
    }
    let list = try PluginList(defaultNetwork, network: "the node's default network")
    return NetworkAttachment(
      network: list.name, configurationName: list.name, interface: "eth0", isDefault: true, plugins: list.plugins, version: list.version)
  }

  private static func selections(_ text: String, _ pod: PodObject) throws(NetworkPlanError) -> [NetworkSelection] {
    do throws(NetworkSelectionError) {
      return try NetworkSelection.parse(text, podNamespace: pod.metadata.namespace)
    } catch {
      throw .selection(error.description)
    }
  }

  private static func attachment(
    _ selection: NetworkSelection, interface: String, isDefault: Bool, _ definitions: (ObjectKey) -> NetworkAttachmentDefinition?
  ) throws(NetworkPlanError) -> NetworkAttachment {
    let key = selection.network
    guard let definition = definitions(key) else { throw .noDefinition(key) }
    guard !definition.config.isEmpty else { throw .configuration(key.description, "spec.config is empty and the node has no file for it") }
    let value: JSONValue
    do throws(JSONError) { value = try JSONValue(parsing: definition.config) } catch {
      throw .configuration(key.description, error.description)
    }
    var list = try PluginList(value, network: key.description, defaultName: key.name)
    for index in list.plugins.indices { list.plugins[index] = equip(list.plugins[index], selection) }
    var attachment = NetworkAttachment(
      network: key.description, configurationName: list.name, interface: interface, isDefault: isDefault, plugins: list.plugins,
      version: list.version)
    if !selection.mac.isEmpty { attachment.arguments["MAC"] = selection.mac }
    if !selection.ips.isEmpty { attachment.arguments["IP"] = selection.ips.joined(separator: ",") }
    attachment.gateways = selection.defaultRoute.compactMap { IPAddress($0) }
    return attachment
  }

  /// Adds to a plugin's configuration what the pod asks for: `args.cni` always, `runtimeConfig` for the capabilities it declares.
  private static func equip(_ plugin: JSONValue, _ selection: NetworkSelection) -> JSONValue {
    var plugin = plugin
    if let wished = selection.cniArguments?.object {
      var arguments = plugin["args"] ?? [:]
      arguments["cni"] = .object((arguments["cni"]?.object ?? [:]).merging(wished) { _, new in new })
      plugin["args"] = arguments
    }
    var offered: [String: JSONValue] = [:]
    if !selection.mac.isEmpty { offered["mac"] = .string(selection.mac) }
    if !selection.ips.isEmpty { offered["ips"] = .array(selection.ips.map { .string($0) }) }
    if !selection.infinibandGUID.isEmpty { offered["infinibandGUID"] = .string(selection.infinibandGUID) }
    if !selection.deviceID.isEmpty { offered["deviceID"] = .string(selection.deviceID) }
    if let mappings = selection.portMappings { offered["portMappings"] = mappings }
    if let bandwidth = selection.bandwidth { offered["bandwidth"] = bandwidth }
    let declared = plugin["capabilities"]?.object ?? [:]
    let granted = offered.filter { declared[$0.key]?.bool == true }
    if !granted.isEmpty {
      plugin["runtimeConfig"] = .object((plugin["runtimeConfig"]?.object ?? [:]).merging(granted) { _, new in new })
    }
    return plugin
  }

  /// A configuration, single or list, as the plugins it consists of, each with the name and version of the whole.
  private struct PluginList {
    let name: String
    let version: String
    var plugins: [JSONValue]

    init(_ value: JSONValue, network: String, defaultName: String = "") throws(NetworkPlanError) {
      guard value.object != nil else { throw .configuration(network, "it must be a JSON object") }
      let own = value["name"]?.string ?? ""
      name = own.isEmpty ? defaultName : own
      guard !name.isEmpty else { throw .configuration(network, "it has no name") }
      version = value["cniVersion"]?.string ?? ""
      let raw: [JSONValue]
      if let type = value["type"]?.string, !type.isEmpty {
        raw = [value]
      } else if let list = value["plugins"]?.array, !list.isEmpty {
        raw = list
      } else {
        throw .configuration(network, "it has neither a type nor plugins")
      }
      plugins = []
      for (index, plugin) in raw.enumerated() {
        guard let type = plugin["type"]?.string, !type.isEmpty else { throw .configuration(network, "plugin \(index + 1) has no type") }
        guard !type.contains("/") else { throw .configuration(network, "plugin type '\(type)' must be a file name, not a path") }
        var plugin = plugin
        plugin["name"] = .string(name)
        if !version.isEmpty { plugin["cniVersion"] = .string(version) }
        plugins.append(plugin)
      }
    }
  }
}

/// Why a pod's NICs cannot even be tried, in the words that end up in the pod's event.
package enum NetworkPlanError: Error, Equatable, CustomStringConvertible {
  case selection(String)
  case noDefinition(ObjectKey)
  case configuration(String, String)

  package var description: String {
    switch self {
    case .selection(let why): "networks annotation: \(why)"
    case .noDefinition(let key):
      "cannot find a network-attachment-definition (\(key.name)) in namespace (\(key.namespace))"
    case .configuration(let network, let why): "network \(network): its CNI configuration cannot be used: \(why)"
    }
  }
}
