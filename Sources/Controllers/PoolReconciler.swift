import IPAM
import KubeAPI
import KubeClient
import KubeRuntime
import Logging
import PodNetwork

/// One IPPool: judged and put in force; its conditions say what became of it.
struct PoolReconciler: Sendable {
  let stores: ClusterStores
  let book: AddressBook
  let writer: ClusterWriter
  let events: PodEvents
  let adoption: PoolAdoption
  let now: @Sendable () -> Timestamp
  let logger: Logger

  func reconcile(_ key: ObjectKey) async throws -> ReconcileResult {
    let verdict = adoption.adopt(key.name)
    guard let pool = stores.pools[key] else { return .done }
    guard !pool.metadata.isDeleting else {
      // Nothing is asked of a pool that goes: who holds one of its addresses keeps it.
      adoption.withdraw(key.name)
      if pool.metadata.finalizers.contains(where: Self.isOurs) { try await writer.removeFinalizer(of: pool) }
      return .done
    }
    switch verdict {
    case .accepted(let plan): try await accept(pool, plan)
    case .refused(let problem): try await refuse(pool, problem)
    // It came between the two looks: its change brings it here again.
    case nil: break
    }
    return .done
  }

  private func accept(_ pool: IPPool, _ plan: PoolPlan) async throws {
    let present = pool.metadata.finalizers
    if !present.contains(Finalizer.controller) || present.contains(Finalizer.legacyController) {
      var metadata = MetadataPatch(of: pool.metadata)
      metadata.finalizers = present.filter { !Self.isOurs($0) } + [Finalizer.controller]
      try await writer.patch(IPPool.self, pool.key, metadata.json)
    }
    let warnings = book.table.plans[plan.subnet].map { plan.warnings(in: $0) } ?? []
    let warning = warnings.isEmpty ? nil : warnings.joined(separator: "; ")
    guard let patch = PoolStatus.accepted(pool, warning: warning, now: now()) else { return }
    try await writer.patch(IPPool.self, pool.key, patch, status: true)
    events.pool(pool, warning: warning, problem: nil)
    logger.info("ippool accepted", metadata: ["ippool": "\(plan.name)", "subnet": "\(plan.subnet)"])
  }

  private func refuse(_ pool: IPPool, _ problem: PoolProblem) async throws {
    guard let patch = PoolStatus.refused(pool, problem: problem, now: now()) else { return }
    try await writer.patch(IPPool.self, pool.key, patch, status: true)
    events.pool(pool, warning: nil, problem: problem)
    logger.warning("ippool refused", metadata: ["ippool": "\(pool.metadata.name)", "reason": "\(problem)"])
  }

  private static func isOurs(_ finalizer: String) -> Bool { finalizer == Finalizer.controller || finalizer == Finalizer.legacyController }
}
