import IPAM
import KubeAPI
import KubeClient
import KubeRuntime
import PodNetwork

/// Writes counts and ranges of a subnet's IPPools when they changed, together with the subnet's own.
struct PoolStatusWriter: Sendable {
  let stores: ClusterStores
  let book: AddressBook
  let writer: ClusterWriter

  /// All pools that are in the subnet or want to be; a fault of one does not keep the others from being written.
  func reconcile(_ subnet: ObjectKey) async throws -> ReconcileResult {
    let pools = book.table.pools
    let names = Set(stores.pools(inSubnet: subnet.name).map(\.metadata.name)).union(pools.names(inSubnet: subnet.name))
    var fault: (any Error)?
    for name in names.sorted() where pools.isJudged(name) {
      do { try await write(name, pools.plans[name]) } catch { fault = error }
    }
    if let fault { throw fault }
    return .done
  }

  /// A pool that is not in force has nothing.
  private func write(_ name: String, _ plan: PoolPlan?) async throws {
    guard let pool = stores.pools[ObjectKey(name: name)], !pool.metadata.isDeleting else { return }
    let usage = plan.flatMap { book.allocator.usage(ofPool: PoolKey(subnet: $0.subnet, pool: name)) } ?? Usage()
    guard let patch = PoolStatus.counts(pool, v4: PodNetwork.FamilyUsage(usage.v4), v6: PodNetwork.FamilyUsage(usage.v6)) else { return }
    do { try await writer.patch(IPPool.self, pool.key, patch, status: true) } catch let error as APIError where error.isNotFound {}
  }
}
