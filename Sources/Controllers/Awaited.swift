import IPAM
import NetAddress
import PodNetwork

/// What a refused pod waits for.
enum Awaited: Sendable, Hashable {
  /// Any address of a pool in the family that it has none of.
  case pool(PoolKey, AddressFamily)
  /// This very address.
  case address(IPAddress, subnet: String)
  case mac(MACAddress, subnet: String)
}

/// What somebody gave back.
enum Returned: Sendable, Hashable {
  /// `pool` is nil for an excluded address: only who asks for it by name can have it.
  case address(IPAddress, subnet: String, pool: PoolKey?)
  case mac(MACAddress, subnet: String)

  /// Whom it can help.
  var awaited: [Awaited] {
    switch self {
    case .address(let address, let subnet, let pool):
      [.address(address, subnet: subnet)] + (pool.map { [.pool($0, address.family)] } ?? [])
    case .mac(let mac, let subnet): [.mac(mac, subnet: subnet)]
    }
  }
}

extension Returned {
  /// What became free when a NIC gave up everything. Excluded addresses and MACs are among it, for those who wait for just these; what
  /// another NIC shares is not.
  static func all(of released: ReleasedNIC, in allocator: Allocator) -> [Returned] {
    changes(from: released.held.allocation, to: nil, freed: released.freed, in: allocator)
  }

  /// What became free when a NIC came to hold something else.
  static func changes(from old: Allocation, to new: Allocation?, freed: [FreedAddress], in allocator: Allocator) -> [Returned] {
    var returned: [Returned] = []
    for address in old.addresses.values where new?.subnet != old.subnet || new?.addresses[address.family] != address {
      guard allocator.holders(of: address, in: old.subnet).isEmpty else { continue }
      returned.append(.address(address, subnet: old.subnet, pool: freed.first { $0.address == address }?.pool))
    }
    if let mac = old.mac, new?.subnet != old.subnet || new?.mac != mac, allocator.holders(of: mac, in: old.subnet).isEmpty {
      returned.append(.mac(mac, subnet: old.subnet))
    }
    return returned
  }
}

extension Allocator {
  /// Whether there is something of what is waited for.
  func has(_ awaited: Awaited) -> Bool {
    switch awaited {
    case .pool(let pool, let family): availableCount(family, in: pool).map { $0 > 0 } ?? false
    case .address(let address, let subnet): holders(of: address, in: subnet).isEmpty
    case .mac(let mac, let subnet): holders(of: mac, in: subnet).isEmpty
    }
  }
}

extension AllocationFailure {
  /// What would help the NICs that failed: what each place they tried lacks, and every address of a list.
  func awaited(_ bindings: [AttachmentBinding], _ owner: PodOwner) -> Set<Awaited> {
    var awaited: Set<Awaited> = []
    for binding in bindings {
      guard let failure = self[owner.recordName(binding.attachment.provider)] else { continue }
      awaited.formUnion(failure.attempts.compactMap(\.awaited))
      for place in binding.places {
        guard case .oneOf(let items) = place.wish else { continue }
        for address in items.joined() { awaited.insert(.address(address, subnet: place.subnet)) }
      }
    }
    return awaited
  }
}

extension AllocationError {
  /// nil where only an edit helps.
  fileprivate var awaited: Awaited? {
    switch self {
    case .exhausted(let pool, let family, _), .allSkipped(let pool, let family, _): .pool(pool, family)
    case .held(let subnet, let address, _), .unavailable(let subnet, let address): .address(address, subnet: subnet)
    case .macHeld(let subnet, let mac, _): .mac(mac, subnet: subnet)
    default: nil
    }
  }
}
