import KubeAPI
package import NetAddress

/// Somewhere to take an address from.
package struct AddressPlace: Sendable, Equatable {
  /// Name of an accepted subnet.
  package let subnet: String
  /// What to take there: `any` is the subnet's own pool, and a list holds only what this pod may have.
  package let wish: AddressWish

  package init(subnet: String, wish: AddressWish) {
    self.subnet = subnet
    self.wish = wish
  }
}

/// One NIC with all that the allocator needs: where to look in which order, and for what.
package struct AttachmentBinding: Sendable, Equatable {
  package var attachment: Attachment
  package var wish: AttachmentWish
  /// In the order in which they are tried; never empty.
  package var places: [AddressPlace]
  /// The Vip whose addresses the NIC is to have, in place of what it wishes.
  package var vip: VipUse?

  package init(attachment: Attachment, wish: AttachmentWish, places: [AddressPlace]) {
    self.attachment = attachment
    self.wish = wish
    self.places = places
  }

  /// The subnets of the places, each once.
  package var subnets: [String] {
    var names: [String] = []
    for place in places where !names.contains(place.subnet) { names.append(place.subnet) }
    return names
  }
}

/// What a NIC has already.
package struct HeldAddresses: Sendable, Equatable {
  package let subnet: String
  package let addresses: AddressPair

  package init(subnet: String, addresses: AddressPair) {
    self.subnet = subnet
    self.addresses = addresses
  }
}

/// Chooses the subnets and pools that may serve an attachment (annotations.md §7, decisions.md §4 rows 5, 6 and 17).
package struct SubnetSelector {
  private let table: SubnetTable
  private let namespace: String

  /// `namespace` is the pod's.
  package init(_ table: SubnetTable, namespace: String) {
    self.table = table
    self.namespace = namespace
  }

  /// Where the NIC may get what it wishes for. What it holds already, `held`, it keeps, whatever has become of the pools meanwhile.
  package func bind(
    _ attachment: Attachment, _ wish: AttachmentWish, held: HeldAddresses? = nil
  ) throws(NetworkRefusal) -> AttachmentBinding {
    var names = try candidates(attachment, wish)
    names = try matchingFamily(names, attachment, wish)
    if case .fixed(let addresses) = wish.address { names = try matchingPrefix(names, addresses, attachment) }
    let chooser = PoolChooser(table: table, namespace: namespace, attachment: attachment, held: held)
    return AttachmentBinding(attachment: attachment, wish: wish, places: try chooser.places(wish, in: names))
  }

  private func candidates(_ attachment: Attachment, _ wish: AttachmentWish) throws(NetworkRefusal) -> [String] {
    if let named = wish.subnet { return [try explicit(named, attachment)] }
    let names = table.names(of: attachment.subnetProvider)
    guard names.isEmpty else { return names }
    let refused = table.refusedNames(of: attachment.subnetProvider).compactMap { name in
      table.refused[name].map { "subnet \(name) is refused: \($0.reason)" }
    }
    let reason = "provider \(attachment.subnetProvider) is not bound to any subnet"
    throw refusal(attachment, refused.isEmpty ? reason : reason + " that can be used (" + refused.joined(separator: "; ") + ")")
  }

  /// The subnet that `logical_switch` names. An IPAM NIC may also use one of the primary network's provider; what another NAD owns
  /// stays with that NAD.
  private func explicit(_ name: String, _ attachment: Attachment) throws(NetworkRefusal) -> String {
    guard let plan = table.plans[name], !table.closed.contains(name) else {
      let why = table.refused[name].map { "is refused: \($0.reason)" } ?? "does not exist"
      throw refusal(attachment, "subnet \(name), which annotation logical_switch names, \(why)")
    }
    guard plan.provider == attachment.subnetProvider || plan.provider == .primary else {
      throw refusal(
        attachment,
        "subnet \(name), which annotation logical_switch names, serves provider \(plan.provider), not \(attachment.subnetProvider)")
    }
    return name
  }

  private func matchingFamily(_ names: [String], _ attachment: Attachment, _ wish: AttachmentWish) throws(NetworkRefusal) -> [String] {
    guard let family = wish.family else { return names }
    let matching = names.filter { table.plans[$0]?.cidrs[family] != nil }
    guard matching.isEmpty, let first = names.first, let plan = table.plans[first] else { return matching }
    throw refusal(attachment, "requested ip family \(family) does not match subnet \(first) protocol \(plan.cidrs.protocol)")
  }

  private func matchingPrefix(
    _ names: [String], _ addresses: [RequestedAddress], _ attachment: Attachment
  ) throws(NetworkRefusal) -> [String] {
    for requested in addresses {
      guard let length = requested.prefixLength else { continue }
      let holders = names.filter { table.plans[$0]?.cidrs.containing(requested.address) != nil }
      for name in holders {
        guard let cidr = table.plans[name]?.cidrs.containing(requested.address), cidr.prefixLength != length else { continue }
        throw refusal(
          attachment,
          "ips asks for \(requested.address)/\(length), but subnet \(name) has prefix length \(cidr.prefixLength) (\(cidr))")
      }
    }
    return names
  }

  private func refusal(_ attachment: Attachment, _ reason: String) -> NetworkRefusal {
    NetworkRefusal(subject: attachment.provider.text, reason: reason, isFinal: true)
  }
}
