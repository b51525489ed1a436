import WireJSON

/// What of a NAD's CNI configuration decides whether and how we serve its NICs (annotations.md §7).
package struct AttachmentConfig: Sendable, Equatable {
  package enum Role: Sendable, Equatable {
    /// A plugin of type kube-ovn makes the NIC.
    case ovn
    /// Another plugin makes it and asks us for the address.
    case ipam
    /// None of our business: `host-local`, `static`, no IPAM at all.
    case foreign
  }

  package let role: Role
  /// The `type` of the plugin that makes the NIC: the one with our IPAM, or kube-ovn itself, else the first.
  package let pluginType: String
  /// The `provider` that our plugin will send, nil where the configuration names none.
  package let provider: String?
  /// Whether Multus hands the requested MAC to that plugin (`capabilities: {"mac": true}`).
  package let takesMAC: Bool

  /// The plugin type that is ours, in `type` and in `ipam.type`.
  package static let ourType = "kube-ovn"

  /// Parses `spec.config`: a single plugin (an object with `type`) or a list (`plugins`).
  package init(parsing text: String) throws(AttachmentConfigError) {
    let value: JSONValue
    do throws(JSONError) { value = try JSONValue(parsing: text) } catch { throw .malformed(error.description) }
    guard value.object != nil else { throw .malformed("it must be a JSON object") }
    let plugins: [JSONValue]
    if let type = value["type"], !type.isNull, type.string != "" {
      guard type.string != nil else { throw .malformed("type must be a string") }
      plugins = [value]
    } else if let list = value["plugins"]?.array, !list.isEmpty {
      plugins = list
    } else {
      throw .malformed("it has neither a type nor plugins")
    }
    for (index, plugin) in plugins.enumerated() where (plugin["type"]?.string ?? "").isEmpty {
      throw .malformed("plugin \(index + 1) of its list has no type")
    }
    if let ours = plugins.first(where: { $0["type"]?.string == Self.ourType }) {
      self.init(role: .ovn, plugin: ours, provider: ours["provider"])
    } else if let outer = plugins.first(where: { $0["ipam"]?["type"]?.string == Self.ourType }) {
      self.init(role: .ipam, plugin: outer, provider: outer["ipam"]?["provider"])
    } else {
      self.init(role: .foreign, plugin: plugins[0], provider: nil)
    }
  }

  private init(role: Role, plugin: JSONValue, provider: JSONValue?) {
    self.role = role
    pluginType = plugin["type"]?.string ?? ""
    self.provider = provider?.string.flatMap { $0.isEmpty ? nil : $0 }
    takesMAC = plugin["capabilities"]?["mac"]?.bool ?? false
  }
}

/// Why a NAD's configuration cannot be used.
package enum AttachmentConfigError: Error, Equatable, CustomStringConvertible {
  case malformed(String)

  package var description: String {
    switch self {
    case .malformed(let why): "its CNI configuration is malformed: \(why)"
    }
  }
}
