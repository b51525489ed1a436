import IPAM
import KubeAPI
import KubeRuntime
import NetAddress
import PodNetwork

/// The part of Vips and reservations in what a new leader does before anything is allocated (decisions.md §5.2, §4 row 16).
struct ReservationRestore: Sendable {
  let stores: ClusterStores
  let vips: VipReconciler
  let reservations: ReservationReconciler
  let conflicts: @Sendable (RestoreConflict) -> Void

  /// Assigned Vips, after records and annotated pods: whoever runs on an address comes first. Those on their way out hold theirs until
  /// they are gone. Returns how many hold what their status says.
  func restore() -> Int {
    var restored = 0
    for vip in stores.vips.all.filter(\.isAssigned).sorted(by: { $0.key < $1.key }) {
      do throws(ReservationProblem) {
        try vips.hold(vip)
        restored += 1
      } catch {
        guard !vip.metadata.isDeleting else { continue }
        conflicts(RestoreConflict(vip: vip, reason: error.description))
      }
    }
    return restored
  }

  /// What was asked for by address while no controller ran goes before pods that will take any. Only memory changes: each is written, or
  /// told why not, in its own turn.
  func holdAhead() {
    for record in stores.records.all.filter(\.isPendingWithAddress).sorted(by: { $0.key < $1.key }) {
      _ = try? reservations.hold(record)
    }
    for vip in stores.vips.all.filter(\.isPendingWithAddress).sorted(by: { $0.key < $1.key }) { try? vips.hold(vip) }
  }

  /// Gives every object that waits for an address a new version, so that what the leader before decided about it is refused. One that was
  /// written after all in the meantime is believed before anything is given away.
  func claim(term: Int64, writer: ClusterWriter) async throws {
    let epoch = String(term)
    for vip in stores.vips.all where !vip.isAssigned && !vip.metadata.isDeleting {
      guard let bumped = try await writer.bump(vip, epoch: epoch) else { continue }
      stores.vips.apply(bumped)
      if bumped.isAssigned { try? vips.hold(bumped) }
    }
    for record in stores.records.all where ReservationPlan.isPending(record) {
      guard let bumped = try await writer.bump(record, epoch: epoch) else { continue }
      stores.records.apply(bumped)
      if !ReservationPlan.isPending(bumped) { _ = try? reservations.hold(bumped) }
    }
  }
}

extension IPRecord {
  fileprivate var isPendingWithAddress: Bool {
    ReservationPlan.isPending(self) && !(spec.ipAddress + spec.v4IPAddress + spec.v6IPAddress).isEmpty
  }
}

extension Vip {
  fileprivate var isPendingWithAddress: Bool { !isAssigned && !metadata.isDeleting && !(spec.v4IP + spec.v6IP).isEmpty }
}
