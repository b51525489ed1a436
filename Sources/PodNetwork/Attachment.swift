package import KubeAPI

/// One NIC of a pod for which we give the address.
package struct Attachment: Sendable, Equatable {
  /// The NAD it comes from.
  package var network: ObjectKey
  /// Prefix of the pod's annotations and tail of the IP CR's name: `<nad>.<ns>`, with the interface behind it where the NAD stands
  /// more than once in the pod (annotations.md §1, decisions.md §4 row 3).
  package var provider: ProviderName
  /// What `spec.provider` of its subnets is: the provider without the interface.
  package var subnetProvider: ProviderName
  /// The name that the interface will have: as asked for, else Multus' numbering; `eth0` for the default network.
  package var interface: String
  /// Whether the pod asks for the interface by name, which is what per-interface annotations need.
  package var namesInterface: Bool
  /// Whether the NAD stands in for the pod's primary network.
  package var isDefaultNetwork = false
  /// Whether Kube-OVN itself makes the NIC.
  package var isOVN = false
  /// `ips` of the networks annotation, as written.
  package var requestedAddresses: [String] = []
  /// `mac` of the networks annotation, as written; empty where there is none.
  package var requestedMAC = ""
  /// The type of the plugin that makes the NIC.
  package var pluginType = ""
  /// Whether Multus hands that plugin the MAC.
  package var pluginTakesMAC = false

  package init(network: ObjectKey, provider: ProviderName, subnetProvider: ProviderName, interface: String, namesInterface: Bool) {
    self.network = network
    self.provider = provider
    self.subnetProvider = subnetProvider
    self.interface = interface
    self.namesInterface = namesInterface
  }
}

/// Why one network of a pod gets no address.
package struct NetworkRefusal: Error, Sendable, Equatable {
  /// The provider, or the network's name where no provider can be told.
  package let subject: String
  /// A sentence for the operator.
  package let reason: String
  /// Whether only an edit of some object can help; otherwise time may (decisions.md §4 row 2).
  package let isFinal: Bool

  package init(subject: String, reason: String, isFinal: Bool) {
    self.subject = subject
    self.reason = reason
    self.isFinal = isFinal
  }
}
