import NetAddress

extension CNIResult {
  /// What ADD prints for the daemon's answer (wire.md §4.4).
  ///
  /// There is always exactly one interface, also when another plugin makes it and the answer says nothing about it: such
  /// plugins look at addresses, routes and DNS only. Without any route of the daemon's, each address with a gateway makes a
  /// default route.
  package init(_ response: DaemonResponse, to request: DaemonRequest) throws(CNIError) {
    self.init(
      interfaces: [
        Interface(
          name: response.interfaceName, mac: response.macAddress, mtu: response.mtu, sandbox: request.networkNamespace)
      ],
      dns: response.dns)
    addresses = try response.addresses.map { (address) throws(CNIError) in try Address(address) }
    routes = try response.routes.map { (route) throws(CNIError) in try Route(route) }
    guard response.routes.isEmpty else { return }
    routes = addresses.compactMap { address in
      address.gateway.flatMap { gateway in CIDR.everything(address.address.family).map { Route($0, gateway: gateway) } }
    }
  }
}

extension CNIResult.Address {
  fileprivate init(_ daemon: DaemonAddress) throws(CNIError) {
    guard let address = IPAddress(daemon.address) else { throw .unusableAnswer("invalid IP address \"\(daemon.address)\"") }
    guard let block = CIDR(daemon.cidr) else {
      throw .unusableAnswer("invalid CIDR \"\(daemon.cidr)\" of address \(address)")
    }
    guard block.family == address.family, let own = CIDR(address: address, prefixLength: block.prefixLength) else {
      throw .unusableAnswer("address \(address) and CIDR \(block) are of different families")
    }
    self.init(own, gateway: IPAddress(daemon.gateway), interface: 0)
  }
}

extension CNIResult.Route {
  fileprivate init(_ daemon: DaemonRoute) throws(CNIError) {
    let gateway = IPAddress(daemon.gateway)
    if daemon.destination.isEmpty {
      guard let gateway, let everything = CIDR.everything(gateway.family) else {
        throw .unusableAnswer("a default route without a gateway (\"\(daemon.gateway)\")")
      }
      self.init(everything, gateway: gateway)
    } else {
      guard let destination = CIDR(daemon.destination) else {
        throw .unusableAnswer("invalid route destination \"\(daemon.destination)\"")
      }
      self.init(destination.masked, gateway: gateway)
    }
  }
}

extension CIDR {
  /// 0.0.0.0/0 or ::/0.
  fileprivate static func everything(_ family: AddressFamily) -> CIDR? {
    CIDR(address: family == .v4 ? .v4(IPv4Address(rawValue: 0)) : .v6(IPv6Address(rawValue: 0)), prefixLength: 0)
  }
}

extension CNIError {
  fileprivate static func unusableAnswer(_ what: String) -> CNIError {
    CNIError(.internal, "the node daemon's answer cannot be used: \(what)")
  }
}
