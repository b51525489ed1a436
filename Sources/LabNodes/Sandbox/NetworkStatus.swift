package import CNI
import NetAddress
import WireJSON

/// One element of `k8s.v1.cni.cncf.io/network-status`: what Multus reports of a NIC.
package struct NetworkStatus: Sendable, Equatable {
  package var name = ""
  package var interface = ""
  package var ips: [String] = []
  package var mac = ""
  package var isDefault = false
  package var dns = DNSConfiguration()
  package var gateways: [String] = []

  /// Read out of a plugin's result. Only interfaces inside the sandbox count; a plugin that names none (results before 0.3.0) made the
  /// one it was asked for.
  package init(_ result: CNIResult, of attachment: NetworkAttachment) {
    name = attachment.network
    isDefault = attachment.isDefault
    let inside = result.interfaces.last { !$0.sandbox.isEmpty }
    interface = inside.map(\.name) ?? attachment.interface
    mac = inside?.mac ?? ""
    ips = result.addresses.map { $0.address.address.description }
    dns = result.dns
    if attachment.gateways.isEmpty {
      gateways = result.routes.filter { $0.destination.prefixLength == 0 }.compactMap { $0.gateway?.description }
      // The bridge plugin installs a default route through the gateway without listing it.
      if gateways.isEmpty, attachment.isDefault { gateways = result.addresses.compactMap { $0.gateway?.description } }
    } else {
      gateways = attachment.gateways.map(\.description)
    }
  }

  /// The annotation's text: objects indented by four spaces, joined without line breaks, as Multus leaves it.
  package static func annotation(_ statuses: [NetworkStatus]) -> String {
    let objects = statuses.map { status in
      var writer = JSONWriter(indentation: 4)
      status.write(to: &writer)
      return String(decoding: writer.bytes, as: UTF8.self)
    }
    return "[" + objects.joined(separator: ",") + "]"
  }

  private func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.field("name", name)
    if !interface.isEmpty { writer.field("interface", interface) }
    write(ips, "ips", to: &writer)
    if !mac.isEmpty { writer.field("mac", mac) }
    if isDefault { writer.field("default", true) }
    writer.key("dns")
    dns.write(to: &writer)
    write(gateways, "gateway", to: &writer)
    writer.endObject()
  }

  private func write(_ texts: [String], _ name: String, to writer: inout JSONWriter) {
    guard !texts.isEmpty else { return }
    writer.key(name)
    writer.beginArray()
    for text in texts { writer.string(text) }
    writer.endArray()
  }

  /// The statuses in an annotation; empty where it is missing or malformed.
  package static func read(_ annotation: String?) -> [NetworkStatus] {
    guard let annotation, let elements = (try? JSONValue(parsing: annotation))?.array else { return [] }
    return elements.map { element in
      var status = NetworkStatus()
      status.name = element["name"]?.string ?? ""
      status.interface = element["interface"]?.string ?? ""
      status.ips = (element["ips"]?.array ?? []).compactMap(\.string)
      status.mac = element["mac"]?.string ?? ""
      status.isDefault = element["default"]?.bool ?? false
      status.gateways = (element["gateway"]?.array ?? []).compactMap(\.string)
      return status
    }
  }

  private init() {}
}
