package import WireJSON

/// The network configuration a runtime writes to the plugin's stdin (wire.md §3).
///
/// Two callers give us one: a runtime that calls `kube-ovn` itself, and a plugin that delegates its addresses to us
/// (`ipam.type: kube-ovn`). The second passes on its own whole configuration, and our members then stand in `ipam`.
package struct NetworkConfiguration: Sendable, Hashable {
  /// Text as given; `version` is what it means.
  package let cniVersion: String
  /// Name of the network.
  package let name: String
  /// Type of the plugin that the runtime called.
  package let type: String
  package let serverSocket: String
  /// Empty when a delegating configuration names none (decisions row 27); `ovn` when our own names none.
  package let provider: String
  package let routes: [DaemonRoute]
  package let dns: DNSConfiguration
  package let device: DeviceAttachment
  package let runtime: RuntimeConfiguration
  /// `args`: what Multus hands over from `cni-args`, unread.
  package let arguments: JSONValue?
  /// `prevResult`: ADD and DEL do not look at it, CHECK needs it.
  package let previousResult: JSONValue?
  /// `cni.dev/valid-attachments`: what GC keeps.
  package let validAttachments: JSONValue?

  /// What a runtime adds for capabilities. Kube-OVN ignores it, and so do ADD and DEL; a malformed member is an absent one.
  package struct RuntimeConfiguration: Sendable, Hashable {
    package let mac: String
    package let addresses: [String]

    init(_ object: JSONValue?) {
      mac = object?[Key.mac.rawValue]?.string ?? ""
      addresses = object?[Key.addresses.rawValue]?.array?.compactMap(\.string) ?? []
    }

    private enum Key: String {
      case mac
      case addresses = "ips"
    }
  }

  /// The version to answer in.
  package var version: CNIVersion {
    get throws(CNIError) { try CNIVersion.requested(by: cniVersion) }
  }

  /// Whether another plugin makes the interface and we only name its addresses.
  package var isDelegated: Bool { type != DaemonRequest.ownType }

  /// Reads a configuration. Only the JSON is judged here; what a verb demands of it is `PluginPlan`'s business.
  package init(parsing bytes: [UInt8]) throws(CNIError) {
    let top = try Self.topLevel(bytes)
    cniVersion = try top.text(Key.cniVersion.rawValue)
    name = try top.text(Key.name.rawValue)
    type = try top.text(Key.type.rawValue)
    let ipam = try top.object(Key.ipam.rawValue)
    // With a foreign type the members in `ipam` count even where they are empty, as in Kube-OVN.
    let source = (type != DaemonRequest.ownType ? ipam : nil) ?? top
    let socket = try source.text(Key.serverSocket.rawValue)
    serverSocket = socket.isEmpty ? DaemonEndpoint.defaultSocket : socket
    let provider = try source.text(Key.provider.rawValue)
    self.provider = provider.isEmpty && type == DaemonRequest.ownType ? Self.primaryProvider : provider
    routes = try source.value(Key.routes.rawValue, default: []) { (reader) throws(JSONError) in
      try DaemonRoute.readList(from: &reader)
    }
    dns = try top.value(Key.dns.rawValue, default: DNSConfiguration()) { (reader) throws(JSONError) in
      try DNSConfiguration(from: &reader)
    }
    device = DeviceAttachment(
      deviceID: try top.text(Key.deviceID.rawValue),
      vfDriver: try top.text(Key.vfDriver.rawValue),
      vhostUserVolume: try top.text(Key.vhostUserVolume.rawValue),
      vhostUserSocket: try top.text(Key.vhostUserSocket.rawValue),
      vhostUserConsumption: try top.text(Key.vhostUserConsumption.rawValue))
    runtime = RuntimeConfiguration(top[Key.runtime.rawValue])
    arguments = top[Key.arguments.rawValue]
    previousResult = top[Key.previousResult.rawValue]
    validAttachments = top[Key.validAttachments.rawValue]
  }

  /// The provider of the primary network.
  package static let primaryProvider = "ovn"

  private static func topLevel(_ bytes: [UInt8]) throws(CNIError) -> ConfigurationObject {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: bytes)
    } catch {
      throw CNIError(.decodingFailure, "error unmarshall network config: \(error)")
    }
    guard let members = value.object else {
      throw CNIError(.decodingFailure, "error unmarshall network config: an object is expected")
    }
    return ConfigurationObject(members)
  }

  private enum Key: String {
    case cniVersion
    case name
    case type
    case ipam
    case serverSocket = "server_socket"
    case provider
    case routes
    case dns
    case deviceID
    case vfDriver = "vf_driver"
    case vhostUserVolume = "vhost_user_socket_volume_name"
    case vhostUserSocket = "vhost_user_socket_name"
    case vhostUserConsumption = "vhost_user_socket_consumption"
    case runtime = "runtimeConfig"
    case arguments = "args"
    case previousResult = "prevResult"
    case validAttachments = "cni.dev/valid-attachments"
  }
}
