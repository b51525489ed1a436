import IPAM
package import KubeAPI
package import KubeClient
import KubeRuntime
package import Logging
import NetAddress
package import PodNetwork

/// The controller's parts, wired: stores feed queues, queues feed reconcilers.
package struct AddressController: Sendable {
  package let stores: ClusterStores
  let book: AddressBook
  private let signals: ControllerSignals
  private let ended = EndedPods()
  private let options: ControllerOptions
  private let pods: PodReconciler
  private let records: IPRecordReconciler
  private let subnets: SubnetReconciler
  private let vips: VipReconciler
  private let pools: PoolReconciler
  private let namespaces: NamespaceReconciler
  private let poolStatus: PoolStatusWriter
  private let status: SubnetStatusWriter
  private let restore: AllocatorRestore
  private let claims: EpochClaim
  private let logger: Logger
  private let sleep: @Sendable (Duration) async throws -> Void

  /// What the controller reaches outside itself.
  package struct Environment: Sendable {
    package var client: KubeClient
    package var events: PodEvents
    package var logger: Logger
    /// Wall time, for deadlines that objects carry.
    package var now: @Sendable () -> Timestamp
    package var usageChanged: @Sendable (Subnet, PodNetwork.FamilyUsage, PodNetwork.FamilyUsage) -> Void = { _, _, _ in }
    package var collected: @Sendable (CollectedAddress) -> Void = { _ in }
    package var conflicts: @Sendable (RestoreConflict) -> Void = { _ in }

    package init(client: KubeClient, events: PodEvents, logger: Logger, now: @escaping @Sendable () -> Timestamp) {
      self.client = client
      self.events = events
      self.logger = logger
      self.now = now
    }
  }

  package init<C: Clock<Duration>>(stores: ClusterStores, options: ControllerOptions, environment: Environment, clock: C) {
    self.stores = stores
    self.options = options
    logger = environment.logger
    book = AddressBook(allocator: Allocator())
    signals = ControllerSignals(clock: clock)
    sleep = { try await clock.sleep(for: $0, tolerance: nil) }
    let writer = ClusterWriter(client: environment.client, written: WrittenRecords(watching: stores.records))
    let lookup = OwnerLookup(
      stores: stores, book: book, writer: writer, keepsVMAddress: options.keepsVMAddress, now: environment.now)
    let reservations = ReservationReconciler(
      stores: stores, book: book, writer: writer, lookup: lookup, events: environment.events, signals: signals, logger: environment.logger)
    vips = VipReconciler(
      stores: stores, book: book, writer: writer, events: environment.events, signals: signals, now: environment.now,
      logger: environment.logger)
    let release = PodRelease(
      stores: stores, book: book, writer: writer, lookup: lookup, events: environment.events, signals: signals,
      collected: environment.collected, logger: environment.logger)
    pods = PodReconciler(
      stores: stores, book: book, writer: writer, events: environment.events, signals: signals, release: release, ended: ended,
      keepsVMAddress: options.keepsVMAddress, now: environment.now, logger: environment.logger)
    records = IPRecordReconciler(
      stores: stores, book: book, writer: writer, lookup: lookup, signals: signals, release: release,
      reservations: reservations, logger: environment.logger)
    let adoption = PoolAdoption(stores: stores, book: book, signals: signals)
    subnets = SubnetReconciler(
      stores: stores, book: book, writer: writer, events: environment.events, signals: signals, pools: adoption, options: options,
      lookup: lookup,
      conflicts: environment.conflicts, now: environment.now, logger: environment.logger)
    pools = PoolReconciler(
      stores: stores, book: book, writer: writer, events: environment.events, adoption: adoption, now: environment.now,
      logger: environment.logger)
    namespaces = NamespaceReconciler(
      stores: stores, book: book, writer: writer, signals: signals, defaultSubnet: options.defaultSubnet)
    poolStatus = PoolStatusWriter(stores: stores, book: book, writer: writer)
    status = SubnetStatusWriter(stores: stores, book: book, writer: writer, signals: signals, usageChanged: environment.usageChanged)
    let reserved = ReservationRestore(stores: stores, vips: vips, reservations: reservations, conflicts: environment.conflicts)
    restore = AllocatorRestore(
      stores: stores, book: book, subnets: subnets, reservations: reserved, lookup: lookup, now: environment.now, logger: environment.logger
    )
    claims = EpochClaim(stores: stores, writer: writer, reservations: reserved, now: environment.now)
    connect()
  }

  /// Leads until cancelled: restores, claims the waiting pods for this term, then works (decisions.md §5.2).
  package func lead(term: Int64) async throws {
    try await stores.waitUntilSynced()
    restore.run()
    try await claims.run(term: term)
    for subnet in stores.subnets.all { signals.subnets.add(subnet.key, priority: .low) }
    for pool in stores.pools.all { signals.pools.add(pool.key, priority: .low) }
    signals.rebind()
    for pod in stores.pods.all { signals.pods.add(pod.key, priority: .low) }
    for record in stores.records.all { signals.records.add(record.key, priority: .low) }
    for vip in stores.vips.all { signals.vips.add(vip.key, priority: .low) }
    await withTaskGroup(of: Void.self) { group in
      let workers = options.workers
      group.addTask { await runWorkers(workers, on: signals.pods, logger: logger, reconcile: { try await pods.reconcile($0) }) }
      group.addTask { await runWorkers(workers, on: signals.records, logger: logger, reconcile: { try await records.reconcile($0) }) }
      group.addTask { await runWorkers(workers, on: signals.vips, logger: logger, reconcile: { try await vips.reconcile($0) }) }
      // One at a time: whether a subnet overlaps another depends on what was decided before.
      group.addTask { await runWorkers(1, on: signals.subnets, logger: logger, reconcile: { try await subnets.reconcile($0) }) }
      group.addTask { await runWorkers(1, on: signals.pools, logger: logger, reconcile: { try await pools.reconcile($0) }) }
      group.addTask { await runWorkers(1, on: signals.namespaces, logger: logger, reconcile: { try await namespaces.reconcile($0) }) }
      group.addTask { await runWorkers(1, on: signals.status, logger: logger, reconcile: { try await writeStatus(of: $0) }) }
      group.addTask { await collectPeriodically() }
    }
  }

  /// Whether nothing is in hand: for tests, and for knowing that a start has settled.
  package var isIdle: Bool {
    signals.pods.isIdle && signals.records.isIdle && signals.subnets.isIdle && signals.pools.isIdle && signals.namespaces.isIdle
      && signals.vips.isIdle && signals.status.isIdle
  }

  /// A subnet's status and that of its pools: of what cannot be written the other is written all the same.
  private func writeStatus(of subnet: ObjectKey) async throws -> ReconcileResult {
    let pools: Result<ReconcileResult, any Error>
    do { pools = .success(try await poolStatus.reconcile(subnet)) } catch { pools = .failure(error) }
    _ = try await status.reconcile(subnet)
    return try pools.get()
  }

  private func collectPeriodically() async {
    guard let interval = options.collectionInterval else { return }
    while !Task.isCancelled {
      do { try await sleep(interval) } catch { return }
      for record in stores.records.all { signals.records.add(record.key, priority: .low) }
      for pod in stores.pods.all { signals.pods.add(pod.key, priority: .low) }
      for vip in stores.vips.all { signals.vips.add(vip.key, priority: .low) }
      let owners = Set(book.allocator.subnetNames.flatMap { book.allocator.held(inSubnet: $0) }.map(\.owner))
      for pod in owners.compactMap({ ObjectKey(owner: $0) }) where stores.pods[pod] == nil { signals.pods.add(pod, priority: .low) }
    }
  }

  /// Which change of which kind concerns whom.
  private func connect() {
    // First: what is noted about a pod's end must be there when its key is taken up.
    signals.connectOwners(stores, ended: ended)
    signals.connectReservations(stores)
    stores.pods.onChange { change in signals.pods.add(change.key) }
    stores.records.onChange { change in
      signals.records.add(change.key)
      guard change.new == nil, let old = change.old else { return }
      // A record that is gone may hold up its pod, or the pod that came after it, or its subnet.
      signals.wakeOwner(of: old, in: stores)
      signals.touched([old.spec.subnet])
      if stores.subnets[ObjectKey(name: old.spec.subnet)]?.metadata.isDeleting == true {
        signals.subnets.add(ObjectKey(name: old.spec.subnet))
      }
    }
    stores.subnets.onChange { change in
      // Our own writes of status do not count: they change neither generation nor metadata that we read.
      if let old = change.old, let new = change.new, old.spec == new.spec, old.metadata.isDeleting == new.metadata.isDeleting,
        old.metadata.finalizers == new.metadata.finalizers, old.status.conditions == new.status.conditions
      {
        signals.touched([change.key.name])
        return
      }
      signals.subnets.add(change.key)
    }
    stores.pools.onChange { change in
      // As with subnets: our own writes of counts concern nobody.
      if let old = change.old, let new = change.new, old.spec == new.spec, old.metadata.isDeleting == new.metadata.isDeleting,
        old.metadata.finalizers == new.metadata.finalizers, old.status.conditions == new.status.conditions
      {
        signals.touched([new.spec.subnet])
        return
      }
      signals.pools.add(change.key)
    }
    stores.namespaces.onChange { change in
      guard
        change.new?.metadata.labels != change.old?.metadata.labels || change.new?.metadata.annotations != change.old?.metadata.annotations
      else { return }
      signals.namespaces.add(change.key)
    }
    stores.networks.onChange { change in
      guard change.old?.config != change.new?.config else { return }
      // Those that run may gain or lose a NIC by it, those that wait may be served.
      for pod in stores.pods(naming: change.key) { signals.pods.add(pod.key) }
      signals.edited(in: book)
    }
  }
}
