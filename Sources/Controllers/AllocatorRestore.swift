import IPAM
import KubeAPI
import KubeRuntime
import Logging
import NetAddress
import PodNetwork

/// Fills the allocator from what the cluster says, once a leadership, before anything is allocated (decisions.md §5.1–5.3).
struct AllocatorRestore: Sendable {
  let stores: ClusterStores
  let book: AddressBook
  let subnets: SubnetReconciler
  let reservations: ReservationRestore
  let lookup: OwnerLookup
  let now: @Sendable () -> Timestamp
  let logger: Logger

  /// Subnets, then records, then annotated pods, then Vips; after that the allocator gives addresses.
  func run() {
    for subnet in RestoreOrder.subnets(stores.subnets.all, holding: isHolding) { adopt(subnet) }
    let claims = RestoreOrder.claims(stores.records.all, pods: { lookup.pod(of: $0) }, now: now())
    var restored = 0
    for claim in claims where subnets.report(claim, book.allocator.restore(claim.holding)) { restored += 1 }
    let plans = book.table.plans
    for pod in stores.pods.all {
      for claim in RestoreOrder.claims(of: pod, keepsVMAddress: lookup.keepsVMAddress, on: plans, now: now())
      where book.allocator.held(nic: claim.holding.nic, ofOwner: claim.holding.owner.key) == nil {
        subnets.report(claim, book.allocator.restore(claim.holding))
      }
    }
    restored += reservations.restore()
    book.allocator.restoreFinished()
    reservations.holdAhead()
    logger.info("restored", metadata: ["subnets": "\(book.table.plans.count)", "addresses": "\(restored)"])
  }

  private func isHolding(_ subnet: String) -> Bool { stores.areAddressesClaimed(inSubnet: subnet) }

  /// A subnet that is refused now is told so by its reconciler, which runs next. One that holds addresses is taken as far as it can be
  /// read, so that its pods keep what they have; one on its way out gives no more from the start.
  private func adopt(_ subnet: Subnet) {
    let isHolding = isHolding(subnet.metadata.name)
    guard !subnet.metadata.isDeleting || isHolding else { return }
    let enableLB = subnets.options.enableLB
    let salvaged = isHolding ? SubnetPlan.salvaging(subnet, enableLB: enableLB) : nil
    guard let plan = (try? SubnetPlan(subnet, enableLB: enableLB)) ?? salvaged,
      isHolding || plan.overlap(with: book.table.plans.values) == nil
    else { return }
    _ = subnets.adopt(plan)
    if subnet.metadata.isDeleting { subnets.close(subnet) }
  }
}
