import IPAM
import KubeAPI
import KubeRuntime
import PodNetwork
import Synchronization

/// Puts IPPools in force and takes them out of it, in allocator and table alike.
///
/// Two come here: the pools' own reconciler, and that of a subnet, which brings its pools along so that no pod ever sees the subnet
/// without them. They take turns, and each looks at the stored pool in its own turn, so the newest text is the one that stays.
final class PoolAdoption: Sendable {
  enum Verdict: Sendable, Equatable {
    case accepted(PoolPlan)
    /// A pool that was in force stays so with its last good text.
    case refused(PoolProblem)
  }

  private let stores: ClusterStores
  private let book: AddressBook
  private let signals: ControllerSignals
  private let turn = Mutex(())

  init(stores: ClusterStores, book: AddressBook, signals: ControllerSignals) {
    self.stores = stores
    self.book = book
    self.signals = signals
  }

  /// What is stored under the name now is judged and put in force; nil where there is no such pool, or it is on its way out.
  @discardableResult
  func adopt(_ name: String) -> Verdict? {
    turn.withLock { _ in
      guard let pool = stores.pools[ObjectKey(name: name)], !pool.metadata.isDeleting else {
        withdrawNow(name)
        return nil
      }
      return judge(pool)
    }
  }

  /// The pools of a subnet that the allocator has just come to know or that was edited.
  func adoptAll(in subnet: String) {
    for pool in Self.ordered(stores.pools(inSubnet: subnet)) { adopt(pool.metadata.name) }
  }

  /// The pool's addresses go back to the subnet's own pool; who holds one keeps it.
  func withdraw(_ name: String) { turn.withLock { _ in withdrawNow(name) } }

  /// A subnet is gone and its pools with it.
  func subnetIsGone(_ subnet: String) {
    turn.withLock { _ in
      book.edit { table in
        for name in table.pools.names(inSubnet: subnet) { table.pools.withdraw(name) }
      }
    }
    retry(in: subnet)
  }

  /// Whatever pools want to be in the subnet are looked at again: it has changed, or become usable, or gone.
  func retry(in subnet: String) {
    for pool in stores.pools(inSubnet: subnet) { signals.pools.add(pool.key) }
  }

  /// Of pools that overlap the one that was accepted before stays, then the older one.
  static func ordered(_ pools: [IPPool]) -> [IPPool] {
    func isReady(_ pool: IPPool) -> Bool { pool.status.conditions.contains { $0.type == SubnetCondition.ready && $0.status == "True" } }
    return pools.sorted { a, b in
      if isReady(a) != isReady(b) { return isReady(a) }
      if let s = a.metadata.creationTimestamp, let t = b.metadata.creationTimestamp, s != t { return s < t }
      return a.metadata.name < b.metadata.name
    }
  }

  // MARK: In turn

  private func judge(_ pool: IPPool) -> Verdict {
    let plan: PoolPlan
    do throws(PoolProblem) {
      plan = try PoolPlan(pool)
      try put(plan)
    } catch {
      refuse(pool, error)
      return .refused(error)
    }
    let before = book.table.pools
    book.edit { $0.pools.accept(plan) }
    guard before.plans[plan.name] != plan || before.refused[plan.name] != nil else { return .accepted(plan) }
    var subnets = [plan.subnet]
    if let old = before.plans[plan.name], old.subnet != plan.subnet {
      book.allocator.removePool(plan.name, in: old.subnet)
      subnets.append(old.subnet)
    }
    announce(plan.name, subnets)
    return .accepted(plan)
  }

  /// Hands the pool to the allocator, unless it has it so already: handing it over anew would change the order of what it gives.
  private func put(_ plan: PoolPlan) throws(PoolProblem) {
    let table = book.table
    if table.closed.contains(plan.subnet), table.pools.plans[plan.name]?.subnet != plan.subnet {
      throw .subnetRefused(pool: plan.name, subnet: plan.subnet, why: table.refused[plan.subnet]?.reason ?? "it is being deleted")
    }
    do throws(DefinitionError) {
      let definition = try PoolDefinition(name: plan.name, ranges: plan.ranges)
      guard !book.allocator.pools(of: plan.subnet).contains(definition) else { return }
      try book.allocator.setPool(definition, in: plan.subnet)
    } catch {
      guard case .noSubnet = error else { throw .overlap(error.description) }
      guard let refused = table.refused[plan.subnet] else { throw .subnetMissing(pool: plan.name, subnet: plan.subnet) }
      throw .subnetRefused(pool: plan.name, subnet: plan.subnet, why: refused.reason)
    }
  }

  private func refuse(_ pool: IPPool, _ problem: PoolProblem) {
    let refused = PoolTable.RefusedPool(subnet: pool.spec.subnet, namespaces: pool.spec.namespaces, reason: problem.description)
    let isNews = book.edit { table in
      let before = table.pools.refused[pool.metadata.name]
      table.pools.refuse(pool.metadata.name, refused)
      return before != refused
    }
    // Who waits for this pool is told the new reason.
    if isNews { signals.edited(in: book) }
    signals.touched([pool.spec.subnet])
  }

  private func withdrawNow(_ name: String) {
    let before = book.edit { table in
      let before = table.pools
      table.pools.remove(name)
      return before
    }
    guard before.isJudged(name) else { return }
    if let plan = before.plans[name] { book.allocator.removePool(name, in: plan.subnet) }
    announce(name, [before.plans[name]?.subnet, before.refused[name]?.subnet].compactMap { $0 })
  }

  /// Waiting pods may be served now, and pools of the same subnets that were refused may be in nobody's way any more.
  private func announce(_ name: String, _ subnets: [String]) {
    signals.edited(in: book)
    signals.touched(subnets)
    for (other, refused) in book.table.pools.refused where other != name && subnets.contains(refused.subnet) {
      signals.pools.add(ObjectKey(name: other))
    }
  }
}
