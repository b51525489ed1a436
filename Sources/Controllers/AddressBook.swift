import IPAM
import KubeAPI
import PodNetwork
import Synchronization

/// What the leader decides from: the allocator, the subnets as judged, and who waits. No I/O is ever done while one of its locks is
/// held: the closures of `withLock` cannot await.
final class AddressBook: Sendable {
  let allocator: Allocator
  private let subnets = Mutex(SubnetTable())
  private let waiting = Mutex(WaitingPods())
  private let parked = Mutex(ParkedReservations())
  private let notices = Mutex<[ObjectKey: Set<String>]>([:])

  init(allocator: Allocator) { self.allocator = allocator }

  /// The subnets as they stand now.
  var table: SubnetTable { subnets.withLock { $0 } }

  func edit<Result: Sendable>(_ change: (inout SubnetTable) -> Result) -> Result { subnets.withLock { change(&$0) } }

  func wait<Result: Sendable>(_ change: (inout WaitingPods) -> Result) -> Result { waiting.withLock { change(&$0) } }

  func park<Result: Sendable>(_ change: (inout ParkedReservations) -> Result) -> Result { parked.withLock { change(&$0) } }

  /// Remembers what a pod's user is told of, and returns what of it is new.
  func notice(_ pod: ObjectKey, _ texts: Set<String>) -> Set<String> {
    notices.withLock { notices in
      let known = notices[pod] ?? []
      if known != texts { notices[pod] = texts.isEmpty ? nil : texts }
      return texts.subtracting(known)
    }
  }

  /// What a NIC holds, as a grant; nil when it holds nothing or its subnet is no longer known.
  func grant(of attachment: Attachment, nic: String, owner: PodOwner) -> Grant? {
    guard let held = allocator.held(nic: nic, ofOwner: owner.key)?.allocation, let plan = table.plans[held.subnet] else { return nil }
    return Grant(attachment: attachment, subnet: plan, addresses: held.addresses, mac: held.mac)
  }

  /// What a NIC holds, as the choice of subnets needs to know it.
  func held(nic: String, owner: PodOwner) -> HeldAddresses? {
    allocator.held(nic: nic, ofOwner: owner.key).map { HeldAddresses(subnet: $0.allocation.subnet, addresses: $0.allocation.addresses) }
  }
}

extension Grant {
  /// The same as the allocator enters it.
  func holding(of owner: PodOwner) -> HoldingRecord {
    HoldingRecord(
      nic: owner.recordName(attachment.provider), owner: owner.allocatorOwner, subnet: subnet.name, addresses: addresses, mac: mac)
  }
}

extension PodOwner {
  /// The allocator's view of the owner.
  var allocatorOwner: Owner { Owner(key: key, uid: uid.isEmpty ? nil : uid) }
}

extension AttachmentBinding {
  /// What the allocator is asked for this NIC.
  func request(owner: PodOwner) -> AllocationRequest {
    if let vip { return vip.request(nic: owner.recordName(attachment.provider), self) }
    // An OVN port always has a MAC of ours; the interface of another plugin keeps its own unless one was asked for.
    let mac: MACChoice = wish.mac.map { .fixed($0) } ?? (attachment.isOVN ? .random : .none)
    return AllocationRequest(
      nic: owner.recordName(attachment.provider), candidates: places.map { Candidate(subnet: $0.subnet, source: $0.wish.source) },
      family: wish.family, mac: mac)
  }
}

extension AddressWish {
  fileprivate var source: AddressSource {
    switch self {
    case .any: .random()
    case .pool(let name): .random(pool: name)
    case .fixed(let addresses): .fixed(addresses.map(\.address))
    case .oneOf(let items): .firstFree(items)
    }
  }
}
