import NetAddress
import WireJSON

extension CNIResult {
  /// The result as the reference library prints it in this version: members, order and four spaces of indent alike, no line end.
  ///
  /// Before 0.3.0 there is room for one address per family only, and a result without any cannot be told.
  package func json(version: CNIVersion) throws(CNIError) -> [UInt8] {
    var writer = JSONWriter(indentation: 4)
    if version < .v0_3_0 {
      try writeObjectPerFamily(version, to: &writer)
    } else if version < .v1_0_0 {
      writeLists(version, to: &writer)
    } else {
      writeSorted(version, to: &writer)
    }
    return writer.bytes
  }

  /// The same for a configuration's version text; an unknown one is the reference library's error.
  package func json(versionText text: String) throws(CNIError) -> [UInt8] {
    let version = text.isEmpty ? CNIVersion.assumed : CNIVersion.supported.first { $0.description == text }
    guard let version else {
      throw CNIError(.internal, "no converter for CNI result version \(CNIVersion.current) to \(text)")
    }
    return try json(version: version)
  }

  // MARK: 0.1.0 and 0.2.0

  private func writeObjectPerFamily(_ version: CNIVersion, to writer: inout JSONWriter) throws(CNIError) {
    let first4 = addresses.first { $0.address.family == .v4 }
    let first6 = addresses.first { $0.address.family == .v6 }
    guard first4 != nil || first6 != nil else { throw CNIError(.internal, "cannot convert: no valid IP addresses") }
    writer.beginObject()
    writer.field(Key.cniVersion.rawValue, version.description)
    if let first4 { write(familyObject: .ip4, first4, to: &writer) }
    if let first6 { write(familyObject: .ip6, first6, to: &writer) }
    writer.key(Key.dns.rawValue)
    dns.write(to: &writer)
    writer.endObject()
  }

  private func write(familyObject key: Key, _ address: Address, to writer: inout JSONWriter) {
    writer.key(key.rawValue)
    writer.beginObject()
    writer.field(Key.ip.rawValue, address.address.description)
    if let gateway = address.gateway { writer.field(Key.gateway.rawValue, gateway.description) }
    let routes = routes.filter { $0.destination.family == address.address.family }
    writer.list(.routes, routes) { route, writer in
      writer.beginObject()
      writer.field(Key.destination.rawValue, route.destination.description)
      if let gateway = route.gateway { writer.field(Key.routeGateway.rawValue, gateway.description) }
      writer.endObject()
    }
    writer.endObject()
  }

  // MARK: 0.3.0 to 0.4.0

  private func writeLists(_ version: CNIVersion, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.field(Key.cniVersion.rawValue, version.description)
    writer.list(.interfaces, interfaces) { interface, writer in
      writer.beginObject()
      writer.field(Key.name.rawValue, interface.name)
      writer.field(.mac, unlessEmpty: interface.mac)
      writer.field(.sandbox, unlessEmpty: interface.sandbox)
      writer.endObject()
    }
    writer.list(.ips, addresses) { address, writer in
      writer.beginObject()
      writer.field(Key.version.rawValue, address.address.family == .v4 ? "4" : "6")
      if let interface = address.interface { writer.field(Key.interface.rawValue, interface) }
      writer.field(Key.address.rawValue, address.address.description)
      if let gateway = address.gateway { writer.field(Key.gateway.rawValue, gateway.description) }
      writer.endObject()
    }
    writer.list(.routes, routes) { route, writer in
      writer.beginObject()
      for key in [Key.destination, .routeGateway, .mtu, .advertisedMSS, .priority, .table, .scope] { route.write(key, to: &writer) }
      writer.endObject()
    }
    writer.key(Key.dns.rawValue)
    dns.write(to: &writer)
    writer.endObject()
  }

  // MARK: 1.0.0 and later

  /// The reference library passes these through a map, so every object's members are sorted by name.
  private func writeSorted(_ version: CNIVersion, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.field(Key.cniVersion.rawValue, version.description)
    if !dns.isEmpty {
      writer.key(Key.dns.rawValue)
      dns.write(to: &writer, sorted: true)
    }
    writer.list(.interfaces, interfaces) { interface, writer in
      writer.beginObject()
      writer.field(.mac, unlessEmpty: interface.mac)
      if interface.mtu != 0 { writer.field(Key.mtu.rawValue, interface.mtu) }
      writer.field(Key.name.rawValue, interface.name)
      writer.field(.pciID, unlessEmpty: interface.pciID)
      writer.field(.sandbox, unlessEmpty: interface.sandbox)
      writer.field(.socketPath, unlessEmpty: interface.socketPath)
      writer.endObject()
    }
    writer.list(.ips, addresses) { address, writer in
      writer.beginObject()
      writer.field(Key.address.rawValue, address.address.description)
      if let gateway = address.gateway { writer.field(Key.gateway.rawValue, gateway.description) }
      if let interface = address.interface { writer.field(Key.interface.rawValue, interface) }
      writer.endObject()
    }
    writer.list(.routes, routes) { route, writer in
      writer.beginObject()
      for key in [Key.advertisedMSS, .destination, .routeGateway, .mtu, .priority, .scope, .table] { route.write(key, to: &writer) }
      writer.endObject()
    }
    writer.endObject()
  }
}

extension CNIResult.Route {
  fileprivate func write(_ key: CNIResult.Key, to writer: inout JSONWriter) {
    switch key {
    case .destination: writer.field(key.rawValue, destination.description)
    case .routeGateway: if let gateway { writer.field(key.rawValue, gateway.description) }
    case .mtu: if mtu != 0 { writer.field(key.rawValue, mtu) }
    case .advertisedMSS: if advertisedMSS != 0 { writer.field(key.rawValue, advertisedMSS) }
    case .priority: if priority != 0 { writer.field(key.rawValue, priority) }
    case .table: if let table { writer.field(key.rawValue, table) }
    case .scope: if let scope { writer.field(key.rawValue, scope) }
    default: break
    }
  }
}

extension JSONWriter {
  fileprivate mutating func list<Element>(_ key: CNIResult.Key, _ elements: [Element], _ write: (Element, inout JSONWriter) -> Void) {
    guard !elements.isEmpty else { return }
    self.key(key.rawValue)
    beginArray()
    for element in elements { write(element, &self) }
    endArray()
  }

  fileprivate mutating func field(_ key: CNIResult.Key, unlessEmpty text: String) {
    if !text.isEmpty { field(key.rawValue, text) }
  }
}
