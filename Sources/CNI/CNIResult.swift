package import NetAddress

/// The result of ADD in the shape of specification 1.1; `json(version:)` prints it in any, `init(parsing:)` reads any.
package struct CNIResult: Sendable, Hashable {
  package var interfaces: [Interface]
  package var addresses: [Address]
  package var routes: [Route]
  package var dns: DNSConfiguration

  package init(
    interfaces: [Interface] = [], addresses: [Address] = [], routes: [Route] = [], dns: DNSConfiguration = DNSConfiguration()
  ) {
    self.interfaces = interfaces
    self.addresses = addresses
    self.routes = routes
    self.dns = dns
  }

  /// An interface the plugin made. Texts are kept as they came: results of other plugins pass through here, and a hardware
  /// address need not be an Ethernet one.
  package struct Interface: Sendable, Hashable {
    package var name: String
    package var mac: String
    /// Zero: not said.
    package var mtu: Int
    /// Path of the network namespace; empty for the host's.
    package var sandbox: String
    package var socketPath: String
    package var pciID: String

    package init(name: String, mac: String = "", mtu: Int = 0, sandbox: String = "") {
      self.name = name
      self.mac = mac
      self.mtu = mtu
      self.sandbox = sandbox
      socketPath = ""
      pciID = ""
    }
  }

  package struct Address: Sendable, Hashable {
    /// The interface's own address with the prefix length of its network.
    package var address: CIDR
    package var gateway: IPAddress?
    /// Index into `interfaces`.
    package var interface: Int?

    package init(_ address: CIDR, gateway: IPAddress? = nil, interface: Int? = nil) {
      self.address = address
      self.gateway = gateway
      self.interface = interface
    }
  }

  package struct Route: Sendable, Hashable {
    package var destination: CIDR
    package var gateway: IPAddress?
    /// Zero: not said, for these three.
    package var mtu: Int
    package var advertisedMSS: Int
    package var priority: Int
    package var table: Int?
    package var scope: Int?

    package init(_ destination: CIDR, gateway: IPAddress? = nil) {
      self.destination = destination
      self.gateway = gateway
      mtu = 0
      advertisedMSS = 0
      priority = 0
    }
  }

  /// The result's members as texts, shared by printing and parsing.
  enum Key: String {
    case cniVersion
    case interfaces, ips, routes, dns
    /// 0.1.0 and 0.2.0: one object per family, with its own `routes`.
    case ip4, ip6, ip
    case name, mac, mtu, sandbox, socketPath, pciID
    case address, gateway, interface, version
    case destination = "dst"
    case routeGateway = "gw"
    case advertisedMSS = "advmss"
    case priority, table, scope
  }
}
