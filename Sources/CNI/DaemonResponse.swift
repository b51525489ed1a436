package import NetAddress
package import WireJSON

/// One address of a response: `{"protocol":"IPv4","ip":"10.16.0.5","cidr":"10.16.0.0/16","gateway":"10.16.0.1"}`.
package struct DaemonAddress: Sendable, Hashable {
  /// `IPv4` or `IPv6`.
  package var family: String
  /// Without prefix length.
  package var address: String
  /// The subnet's block of this family.
  package var cidr: String
  /// Empty unless the interface carries the default route.
  package var gateway: String

  package init(family: String = "", address: String = "", cidr: String = "", gateway: String = "") {
    self.family = family
    self.address = address
    self.cidr = cidr
    self.gateway = gateway
  }

  package init(_ address: IPAddress, in block: CIDR, gateway: IPAddress?) {
    self.init(
      family: address.family.description, address: address.description, cidr: block.description, gateway: gateway?.description ?? "")
  }

  fileprivate func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.field(Key.family.rawValue, family)
    writer.field(Key.address.rawValue, address)
    writer.field(Key.cidr.rawValue, cidr)
    if !gateway.isEmpty { writer.field(Key.gateway.rawValue, gateway) }
    writer.endObject()
  }

  fileprivate init(from reader: inout JSONReader) throws(JSONError) {
    self.init()
    guard try !reader.readNull() else { return }
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch Key(rawValue: key.string) {
      case .family: family = try reader.readText()
      case .address: address = try reader.readText()
      case .cidr: cidr = try reader.readText()
      case .gateway: gateway = try reader.readText()
      case nil: try reader.skipValue()
      }
    }
  }

  private enum Key: String {
    case family = "protocol"
    case address = "ip"
    case cidr
    case gateway
  }
}

/// The daemon's answer (wire.md §1), Kube-OVN's `CniResponse` key for key: a good one to ADD, or `error` and nothing else.
package struct DaemonResponse: Sendable, Hashable {
  /// One per family, IPv4 first.
  package var addresses: [DaemonAddress]
  /// Empty when we only hand out addresses.
  package var macAddress: String
  package var routes: [DaemonRoute]
  /// Zero when we only hand out addresses.
  package var mtu: Int
  /// Name of the interface in the pod; empty when we only hand out addresses.
  package var interfaceName: String
  package var dns: DNSConfiguration
  /// Empty on success.
  package var error: String

  package init(addresses: [DaemonAddress] = [], routes: [DaemonRoute] = []) {
    self.addresses = addresses
    macAddress = ""
    self.routes = routes
    mtu = 0
    interfaceName = ""
    dns = DNSConfiguration()
    error = ""
  }

  /// The body of a failed call.
  package init(error: String) {
    self.init()
    self.error = error
  }

  /// Compact JSON, every key always there, in the order of Kube-OVN's struct; empty lists are null as nil slices in Go.
  package var json: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    for key in Key.allCases {
      writer.key(key.rawValue)
      switch key {
      case .addresses: writeAddresses(to: &writer)
      case .macAddress: writer.string(macAddress)
      case .routes: DaemonRoute.writeList(routes, to: &writer)
      case .mtu: writer.integer(mtu)
      case .interfaceName: writer.string(interfaceName)
      case .dns: dns.write(to: &writer)
      case .error: writer.string(error)
      }
    }
    writer.endObject()
    return writer.bytes
  }

  private func writeAddresses(to writer: inout JSONWriter) {
    guard !addresses.isEmpty else { return writer.null() }
    writer.beginArray()
    for address in addresses { address.write(to: &writer) }
    writer.endArray()
  }

  /// Reads a response body. Unknown keys are passed over; a missing or null member is its empty value, as in Go.
  package init(parsing bytes: [UInt8]) throws(JSONError) {
    self = try JSONReader.parse(bytes) { (reader) throws(JSONError) in
      var response = DaemonResponse()
      try reader.beginObject()
      while let key = try reader.nextKey() {
        guard let known = Key(rawValue: key.string) else {
          try reader.skipValue()
          continue
        }
        try response.read(known, from: &reader)
      }
      return response
    }
  }

  private mutating func read(_ key: Key, from reader: inout JSONReader) throws(JSONError) {
    switch key {
    case .addresses:
      addresses = []
      guard try !reader.readNull() else { return }
      try reader.beginArray()
      while try reader.nextElement() { addresses.append(try DaemonAddress(from: &reader)) }
    case .macAddress: macAddress = try reader.readText()
    case .routes: routes = try DaemonRoute.readList(from: &reader)
    case .mtu:
      guard try !reader.readNull() else { return }
      let number = try reader.readInt64()
      guard let value = Int(exactly: number) else { throw reader.error(.numberOutOfRange(String(number))) }
      mtu = value
    case .interfaceName: interfaceName = try reader.readText()
    case .dns: dns = try DNSConfiguration(from: &reader)
    case .error: error = try reader.readText()
    }
  }

  /// The keys in the order in which they are written.
  private enum Key: String, CaseIterable {
    case addresses = "ips"
    case macAddress = "mac_address"
    case routes
    case mtu
    case interfaceName = "nicname"
    case dns
    case error
  }
}
