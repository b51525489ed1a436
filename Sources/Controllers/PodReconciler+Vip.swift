import IPAM
import KubeAPI
import KubeRuntime
import NetAddress
import PodNetwork

/// A pod's dealings with addresses that are held for it: by a reservation, or by a Vip that it names.
extension PodReconciler {
  /// Whether one of the NICs that the pod lacks has a reservation that is not decided yet. It brings the pod back when it is.
  func awaitsReservation(_ missing: [Attachment], _ owner: PodOwner) -> Bool {
    let pending = missing.compactMap { stores.records[ObjectKey(name: owner.recordName($0.provider))] }.filter { record in
      ReservationPlan.isPending(record)
        && !book.park { $0.holds(.init(kind: .record, name: record.metadata.name), record.metadata) }
    }
    for record in pending { signals.records.add(record.key) }
    return !pending.isEmpty
  }
}

extension VipUse {
  /// What the allocator is asked for the NIC that has the Vip's addresses.
  func request(nic: String, _ binding: AttachmentBinding) -> AllocationRequest {
    AllocationRequest(
      nic: nic, candidates: [Candidate(subnet: subnet, source: .fixed(addresses))], family: binding.wish.family,
      mac: mac.map { .fixed($0) } ?? (binding.attachment.isOVN ? .random : .none), sharing: .with(name))
  }
}

extension Pod {
  /// With whom the pod may share an address that it has already.
  var sharing: Sharing { VipUse.name(of: self).map { .with($0) } ?? .none }
}

extension AttachmentBinding {
  /// The allocator's reason in the words of what was asked for.
  func reason(of error: AllocationError) -> String {
    guard let vip else { return error.description }
    switch error {
    case .held(_, _, let holder), .macHeld(_, _, let holder):
      return "\(error.word.rawValue): vip '\(vip.name)' is in use by "
        + (ObjectKey(owner: holder.owner).map { "pod \($0)" } ?? "\(holder)")
    default: return "vip '\(vip.name)' cannot be used: \(error)"
    }
  }
}
