import KubeAPI
import NetAddress

/// From subnets to pools, for one NIC of a pod of one namespace (decisions.md §4 row 17): a pool that is bound to namespaces serves
/// their pods and nobody else, and they are served by nothing else unless they ask for an address.
struct PoolChooser {
  let table: SubnetTable
  let namespace: String
  let attachment: Attachment
  let held: HeldAddresses?

  func places(_ wish: AttachmentWish, in subnets: [String]) throws(NetworkRefusal) -> [AddressPlace] {
    switch wish.address {
    case .any: return try own(in: subnets, wish.family)
    case .pool(let name): return [try named(name, in: subnets)]
    case .fixed(let addresses):
      for address in addresses {
        for subnet in subnets { if let reason = isolation(of: address.address, in: subnet) { throw refusal(reason) } }
      }
      return subnets.map { AddressPlace(subnet: $0, wish: wish.address) }
    case .oneOf(let items): return try listed(items, in: subnets)
    }
  }

  // MARK: Without a wish

  /// The namespace's pools in these subnets, in name order; where it has none, the subnets' own.
  private func own(in subnets: [String], _ family: AddressFamily?) throws(NetworkRefusal) -> [AddressPlace] {
    var places = table.pools.plans(boundTo: namespace).filter { subnets.contains($0.subnet) }
      .map { AddressPlace(subnet: $0.subnet, wish: .pool($0.name)) }
    if places.isEmpty {
      try requireNoneRefused(in: subnets)
      return subnets.map { AddressPlace(subnet: $0, wish: .any) }
    }
    // The allocator leaves a NIC where it is if that is one of the places.
    if let held, subnets.contains(held.subnet), !places.contains(where: { $0.subnet == held.subnet }), isComplete(held, family) {
      places.append(AddressPlace(subnet: held.subnet, wish: .any))
    }
    return places
  }

  /// A namespace whose pool is refused waits for it to be mended: addresses outside its pools are not meant for it.
  private func requireNoneRefused(in subnets: [String]) throws(NetworkRefusal) {
    for name in table.pools.refusedNames(boundTo: namespace) {
      guard let pool = table.pools.refused[name], subnets.contains(pool.subnet), held?.subnet != pool.subnet else { continue }
      throw refusal("ippool \(name), which namespace \(namespace) is bound to in subnet \(pool.subnet), is refused: \(pool.reason)")
    }
  }

  /// Whether the NIC lacks nothing that it wants of its subnet.
  private func isComplete(_ held: HeldAddresses, _ family: AddressFamily?) -> Bool {
    guard let served = table.plans[held.subnet]?.cidrs else { return false }
    return AddressFamily.allCases.allSatisfy { one in
      (family != nil && family != one) || served[one] == nil || held.addresses[one] != nil
    }
  }

  // MARK: A pool by name

  private func named(_ name: String, in subnets: [String]) throws(NetworkRefusal) -> AddressPlace {
    guard let plan = table.pools.plans[name] else {
      if let refused = table.pools.refused[name] {
        throw refusal("ippool \(name), which annotation ip_pool names, is refused: \(refused.reason)")
      }
      // It may only be on its way, as a NAD may.
      throw refusal("ippool \(name), which annotation ip_pool names, does not exist", isFinal: false)
    }
    guard subnets.contains(plan.subnet) else {
      throw refusal(
        "ippool \(name), which annotation ip_pool names, belongs to subnet \(plan.subnet), but this network is served by "
          + "\(subnets.count == 1 ? "subnet" : "subnets") \(subnets.joined(separator: ", "))")
    }
    let holdsSome = held.map { held in held.subnet == plan.subnet && held.addresses.values.contains { plan.contains($0) } } ?? false
    guard plan.admits(namespace) || holdsSome else { throw refusal("ippool \(name) \(boundary(of: plan)) may not use it") }
    return AddressPlace(subnet: plan.subnet, wish: .pool(name))
  }

  // MARK: Addresses by name

  /// What of the list pods of this namespace may have, subnet by subnet.
  private func listed(_ items: [[IPAddress]], in subnets: [String]) throws(NetworkRefusal) -> [AddressPlace] {
    var first: String?
    let places = subnets.compactMap { subnet -> AddressPlace? in
      let allowed = items.filter { item in
        let reason = item.lazy.compactMap { isolation(of: $0, in: subnet) }.first
        first = first ?? reason
        return reason == nil
      }
      return allowed.isEmpty ? nil : AddressPlace(subnet: subnet, wish: .oneOf(allowed))
    }
    if places.isEmpty, let first { throw refusal("annotation ip_pool lists no address that this pod may have: \(first)") }
    return places
  }

  /// Why a pod of this namespace may not have the address; nil when it may.
  private func isolation(of address: IPAddress, in subnet: String) -> String? {
    guard table.plans[subnet]?.cidrs.containing(address) != nil, let plan = table.pools.plan(holding: address, inSubnet: subnet),
      !plan.admits(namespace)
    else { return nil }
    if let held, held.subnet == subnet, held.addresses[address.family] == address { return nil }
    return "\(address) of subnet \(subnet) belongs to ippool \(plan.name), which \(boundary(of: plan)) may not have it"
  }

  private func boundary(of plan: PoolPlan) -> String {
    "is bound to \(plan.namespaces.count == 1 ? "namespace" : "namespaces") \(plan.namespaces.joined(separator: ", ")): "
      + "pods of namespace \(namespace)"
  }

  private func refusal(_ reason: String, isFinal: Bool = true) -> NetworkRefusal {
    NetworkRefusal(subject: attachment.provider.text, reason: reason, isFinal: isFinal)
  }
}
