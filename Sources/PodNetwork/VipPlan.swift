package import KubeAPI
package import NetAddress

/// What a Vip that has no address yet asks for (allocation.md §9).
package struct VipPlan: Sendable, Equatable {
  /// The name of the port that it would be, under which the allocator knows it: `<vip>.<namespace>[.<provider>]`.
  package let nic: String
  package let subnet: String
  /// Whether the subnet's interfaces have MACs of ours.
  package let isOVN: Bool
  /// At most one a family; none: any free one.
  package let addresses: [IPAddress]
  package let mac: MACAddress?

  package init(_ vip: Vip, subnets: SubnetTable) throws(ReservationProblem) {
    let plan = try ReservationFields.subnet(vip.spec.subnet, in: subnets)
    let v4 = try ReservationFields.address(vip.spec.v4IP, "spec.v4ip", .v4)
    let v6 = try ReservationFields.address(vip.spec.v6IP, "spec.v6ip", .v6)
    addresses = [v4, v6].compactMap { $0 }
    mac = try ReservationFields.mac(vip.spec.macAddress)
    if let mac, addresses.isEmpty { throw .macWithoutAddress(mac.description) }
    subnet = plan.name
    isOVN = plan.provider.isOVN
    nic = Self.portName(vip, plan.provider)
  }

  /// Like a pod's port; a Vip without a namespace does without that part.
  package static func portName(_ vip: Vip, _ provider: ProviderName) -> String {
    let parts = [vip.metadata.name, vip.spec.namespace, provider == .primary ? "" : provider.text]
    return parts.filter { !$0.isEmpty }.joined(separator: ".")
  }

  /// The addresses that the Vip's status says it was given.
  package static func stored(_ vip: Vip) throws(ReservationProblem) -> AddressPair {
    let v4 = try ReservationFields.address(vip.status.v4IP, "status.v4ip", .v4)
    let v6 = try ReservationFields.address(vip.status.v6IP, "status.v6ip", .v6)
    return (try? AddressPair([v4, v6].compactMap { $0 })) ?? AddressPair()
  }

  /// The label value that names the port of the pod that uses the Vip. A label is shorter than a name of a port may be.
  package static func label(ofUser port: String) -> String {
    guard port.utf8.count > labelLimit else { return port }
    var text = Substring(decoding: port.utf8.prefix(labelLimit), as: UTF8.self)
    while let last = text.utf8.last, last == 0x2D || last == 0x2E || last == 0x5F { text = text.dropLast() }
    return String(text)
  }

  /// The longest value of a Kubernetes label.
  private static let labelLimit = 63
}
