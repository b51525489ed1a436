package import KubeAPI
package import NetAddress
package import WireJSON

/// An IP that a user has made so that the pod of that name gets the address once it comes (allocation.md §8).
package struct ReservationPlan: Sendable, Equatable {
  /// The record's name, which is that of the NIC.
  package let nic: String
  package let owner: PodOwner
  package let subnet: String
  /// Whether the subnet's interfaces have MACs of ours.
  package let isOVN: Bool
  /// At most one a family; none: any free one.
  package let addresses: [IPAddress]
  package let mac: MACAddress?

  package init(_ record: IPRecord, subnets: SubnetTable) throws(ReservationProblem) {
    let spec = record.spec
    guard !spec.podName.isEmpty else { throw .missing(field: "spec.podName") }
    guard !spec.namespace.isEmpty else { throw .missing(field: "spec.namespace") }
    guard let kind = PodOwner.Kind(rawValue: spec.podType) else { throw .podType(spec.podType) }
    let plan = try ReservationFields.subnet(spec.subnet, in: subnets)
    owner = PodOwner(namespace: spec.namespace, name: spec.podName, uid: "", kind: kind)
    nic = record.metadata.name
    let expected = owner.recordName(plan.provider)
    guard Self.isName(nic, of: expected, plan.provider) else { throw .name(nic, expected: expected) }
    subnet = plan.name
    isOVN = plan.provider.isOVN
    addresses = try Self.addresses(spec).values
    mac = try ReservationFields.mac(spec.macAddress)
  }

  /// Whether the record is one that nobody has dealt with yet: made by hand, and not said to be no reservation.
  package static func isPending(_ record: IPRecord) -> Bool {
    !record.metadata.isManaged && !record.metadata.isDeleting && record.isReservation
  }

  /// Whether a NIC has what a record asks for.
  static func isServed(_ record: IPRecord, by grant: Grant) -> Bool {
    guard record.spec.subnet == grant.subnet.name, let wanted = try? addresses(record.spec) else { return false }
    return wanted.values.allSatisfy { grant.addresses[$0.family] == $0 }
      && (record.spec.macAddress.isEmpty || MACAddress(record.spec.macAddress) == grant.mac)
  }

  /// The NIC's name, or with the interface behind it (decisions.md §4 row 3); the primary network has one NIC only.
  private static func isName(_ name: String, of expected: String, _ provider: ProviderName) -> Bool {
    if name == expected { return true }
    guard provider != .primary, name.hasPrefix(expected + ".") else { return false }
    let interface = name.utf8.dropFirst(expected.utf8.count + 1)
    return !interface.isEmpty && !interface.contains(UInt8(ascii: "."))
  }

  /// What the three fields say together.
  package static func addresses(_ spec: IPRecord.Spec) throws(ReservationProblem) -> AddressPair {
    let v4 = try ReservationFields.address(spec.v4IPAddress, "spec.v4IpAddress", .v4)
    let v6 = try ReservationFields.address(spec.v6IPAddress, "spec.v6IpAddress", .v6)
    var joined = AddressPair()
    if !spec.ipAddress.isEmpty {
      do throws(AddressError) { joined = try AddressPair(parsing: spec.ipAddress) } catch {
        throw .address(field: "spec.ipAddress", text: spec.ipAddress, why: "it is not an address, nor one of each family")
      }
    }
    for (field, single, pair) in [("spec.v4IpAddress", v4, joined.v4), ("spec.v6IpAddress", v6, joined.v6)] {
      guard let single, let pair, single != pair else { continue }
      throw .contradiction(
        field: "spec.ipAddress", text: spec.ipAddress, other: field, otherText: single.description)
    }
    return (try? AddressPair([joined.v4 ?? v4, joined.v6 ?? v6].compactMap { $0 })) ?? joined
  }
}

/// What is held for a reservation.
package struct ReservationHolding: Sendable, Equatable {
  package let subnet: String
  package let addresses: AddressPair
  package let mac: MACAddress?

  package init(subnet: String, addresses: AddressPair, mac: MACAddress?) {
    self.subnet = subnet
    self.addresses = addresses
    self.mac = mac
  }

  /// Whether the record names exactly this, in whatever spelling.
  package func isWritten(in spec: IPRecord.Spec) -> Bool {
    guard spec.subnet == subnet, (try? ReservationPlan.addresses(spec)) == addresses else { return false }
    return spec.macAddress.isEmpty ? mac == nil : MACAddress(spec.macAddress) == mac && mac != nil
  }

  /// The patch that fills the record in and marks it as a reservation; the user's labels stay. nil when it says all of it already.
  package func patch(_ record: IPRecord) -> JSONValue? {
    var wanted = record.spec
    wanted.subnet = subnet
    wanted.ipAddress = addresses.description
    wanted.v4IPAddress = addresses.v4?.description ?? ""
    wanted.v6IPAddress = addresses.v6?.description ?? ""
    wanted.macAddress = mac?.description ?? ""
    var metadata = MetadataPatch(of: record.metadata)
    for (key, value) in [LabelKey.subnet: subnet, subnet: "", LabelKey.ipReserved: "true"] where record.metadata.labels[key] != value {
      metadata.labels[key] = value
    }
    if record.metadata.labels[LabelKey.nodeName] == nil { metadata.labels[LabelKey.nodeName] = "" }
    metadata.finalizers = Finalizer.added(to: record.metadata.finalizers)
    guard !metadata.isEmpty || wanted != record.spec else { return nil }
    var json = metadata.json
    if wanted != record.spec { json["spec"] = wanted.json }
    return json
  }
}
