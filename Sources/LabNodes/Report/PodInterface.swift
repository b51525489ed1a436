package import NetAddress

/// An interface as it really is inside a pod's network namespace.
package struct PodInterface: Sendable, Equatable {
  package var name: String
  package var mac: MACAddress?
  package var isUp: Bool
  /// Without the link-local ones that the kernel gives every IPv6 interface.
  package var addresses: [CIDR]
  /// Main table, unicast.
  package var routes: [PodRoute]

  package init(name: String, mac: MACAddress? = nil, isUp: Bool = true, addresses: [CIDR] = [], routes: [PodRoute] = []) {
    self.name = name
    self.mac = mac
    self.isUp = isUp
    self.addresses = addresses
    self.routes = routes
  }
}

/// A route through one interface of a pod.
package struct PodRoute: Sendable, Equatable {
  package var destination: CIDR
  package var gateway: IPAddress?

  package init(_ destination: CIDR, gateway: IPAddress? = nil) {
    self.destination = destination
    self.gateway = gateway
  }

  package var isDefault: Bool { destination.prefixLength == 0 }
}
