import IPAM
import KubeAPI
import KubeClient
import KubeRuntime
import Logging
import NetAddress
import PodNetwork
import WireJSON

/// One Subnet: judged, normalised, handed to the allocator; its conditions say what became of it.
struct SubnetReconciler: Sendable {
  let stores: ClusterStores
  let book: AddressBook
  let writer: ClusterWriter
  let events: PodEvents
  let signals: ControllerSignals
  let pools: PoolAdoption
  let options: ControllerOptions
  let lookup: OwnerLookup
  let conflicts: @Sendable (RestoreConflict) -> Void
  let now: @Sendable () -> Timestamp
  let logger: Logger

  func reconcile(_ key: ObjectKey) async throws -> ReconcileResult {
    guard let subnet = stores.subnets[key] else {
      forget(key.name)
      return .done
    }
    guard !subnet.metadata.isDeleting else { return try await leave(subnet) }
    let plan: SubnetPlan
    do throws(SubnetProblem) {
      plan = try SubnetPlan(subnet, enableLB: options.enableLB)
    } catch {
      return try await refuse(subnet, error)
    }
    var warning = plan.warnings.isEmpty ? nil : plan.warnings.joined(separator: "; ")
    if let overlap = plan.overlap(with: book.table.plans.values) {
      // One that already gives addresses goes on: refusing it would hurt pods that run.
      guard stores.areAddressesClaimed(inSubnet: key.name) else { return try await refuse(subnet, overlap) }
      warning = [warning, overlap.description].compactMap { $0 }.joined(separator: "; ")
    }
    if let problem = adopt(plan) { return try await refuse(subnet, problem) }
    try await writeSpec(subnet, plan)
    try await accept(subnet, plan, warning)
    return .done
  }

  /// Hands the plan to the allocator at once: addresses follow the judged text, not the moment of its being written back.
  ///
  /// A subnet that comes or grows while others are served brings in, in the same step, who runs on its addresses already.
  func adopt(_ plan: SubnetPlan) -> SubnetProblem? {
    do throws(DefinitionError) {
      let definition = try SubnetDefinition(
        name: plan.name, cidrs: plan.cidrs, gateways: plan.gateways, excludes: plan.excludes)
      let isLive = book.allocator.isReady && book.allocator.definition(ofSubnet: plan.name)?.cidrs != plan.cidrs
      let claims = isLive ? claims(on: plan) : []
      let outcome = try book.allocator.setSubnet(definition, restoring: claims.map(\.holding))
      for lost in outcome.dropped {
        logger.warning(
          "address no longer in subnet", metadata: ["nic": "\(lost.allocation.nic)", "address": "\(lost.allocation.addresses)"])
      }
      for (claim, outcome) in zip(claims, outcome.restored) { report(claim, outcome) }
      signals.lost(outcome.dropped)
    } catch {
      return .field(name: "cidrBlock", value: plan.cidrs.description, why: error.description)
    }
    // Before anybody sees the subnet: what its pools set apart is nobody else's for a moment either.
    pools.adoptAll(in: plan.name)
    let isNews = book.edit { table in
      let before = table.plans[plan.name]
      table.accept(plan)
      return before != plan
    }
    if isNews {
      signals.edited(in: book)
      pools.retry(in: plan.name)
      signals.judge(stores.records(inSubnet: plan.name).filter { !$0.spec.podType.isEmpty })
      // A subnet that was refused because of this one's old range may be fine now.
      for name in book.table.refused.keys { signals.subnets.add(ObjectKey(name: name), after: ControllerSignals.statusDelay) }
    }
    signals.touched([plan.name])
    return nil
  }

  /// Records and annotated pods on addresses of the subnet that the allocator does not know, the most trustworthy first.
  private func claims(on plan: SubnetPlan) -> [RestoreClaim] {
    let records = RestoreOrder.claims(stores.records(inSubnet: plan.name), pods: { lookup.pod(of: $0) }, now: now())
    let pods = stores.pods.all.flatMap {
      RestoreOrder.claims(of: $0, keepsVMAddress: lookup.keepsVMAddress, on: [plan.name: plan], now: now())
    }
    let vips = RestoreOrder.claims(
      stores.vips(inSubnet: plan.name), on: plan, beside: records + pods, pods: { lookup.pod(of: $0) })
    return (records + pods + vips).filter {
      plan.contains($0.holding.addresses) && book.allocator.held(nic: $0.holding.nic, ofOwner: $0.holding.owner.key) == nil
    }
  }

  /// Tells of a claim that another one stood against. True when it was granted.
  @discardableResult
  func report(_ claim: RestoreClaim, _ outcome: RestoreOutcome) -> Bool {
    let reason: String
    switch outcome {
    case .granted: return true
    case .held(let address, let holder): reason = "\(address) is held by \(holder)"
    case .refused(let error): reason = error.description
    }
    logger.error(
      "not restored", metadata: ["nic": "\(claim.holding.nic)", "address": "\(claim.holding.addresses)", "reason": "\(reason)"])
    if let record = claim.record { conflicts(RestoreConflict(record: record, reason: reason)) }
    return false
  }

  private func writeSpec(_ subnet: Subnet, _ plan: SubnetPlan) async throws {
    var patch = plan.specPatch(of: subnet)
    if !subnet.metadata.finalizers.contains(Finalizer.controller) {
      let others = subnet.metadata.finalizers.filter { $0 != Finalizer.legacyController }
      var metadata = MetadataPatch(of: subnet.metadata)
      metadata.finalizers = others + [Finalizer.controller]
      var json = metadata.json
      if let spec = patch?["spec"] { json["spec"] = spec }
      patch = json
    }
    if let patch { try await writer.patchSubnet(subnet.metadata.name, patch) }
  }

  private func accept(_ subnet: Subnet, _ plan: SubnetPlan, _ warning: String?) async throws {
    var normalised = subnet
    normalised.spec = plan.spec
    guard let patch = SubnetStatus.accepted(normalised, warning: warning, now: now()) else { return }
    try await writer.patchSubnet(subnet.metadata.name, patch, status: true)
    events.subnet(subnet, warning: warning, problem: nil)
    logger.info("subnet accepted", metadata: ["subnet": "\(plan.name)", "cidr": "\(plan.cidrs)", "provider": "\(plan.provider)"])
  }

  private func refuse(_ subnet: Subnet, _ problem: SubnetProblem) async throws -> ReconcileResult {
    let isNews = book.edit { table in
      let before = table.refused[subnet.metadata.name]?.reason
      table.refuse(subnet.metadata.name, provider: Self.provider(of: subnet), reason: problem.description)
      return before != problem.description
    }
    // Who waits on this provider is told the new reason.
    if isNews {
      signals.edited(in: book)
      pools.retry(in: subnet.metadata.name)
    }
    guard let patch = SubnetStatus.refused(subnet, problem: problem, now: now()) else { return .done }
    try await writer.patchSubnet(subnet.metadata.name, patch, status: true)
    events.subnet(subnet, warning: nil, problem: problem)
    logger.warning("subnet refused", metadata: ["subnet": "\(subnet.metadata.name)", "reason": "\(problem)"])
    return .done
  }

  /// Gives no more addresses, and goes when the last one is back.
  private func leave(_ subnet: Subnet) async throws -> ReconcileResult {
    let name = subnet.metadata.name
    close(subnet)
    signals.rebind()
    guard !stores.areAddressesClaimed(inSubnet: name), book.allocator.held(inSubnet: name).isEmpty else { return .done }
    try await writer.removeFinalizer(of: subnet)
    return .done
  }

  /// From now on it gives nothing.
  func close(_ subnet: Subnet) {
    book.edit { $0.close(subnet.metadata.name, provider: Self.provider(of: subnet), reason: "it is being deleted") }
  }

  private static func provider(of subnet: Subnet) -> ProviderName {
    subnet.spec.provider.isEmpty ? .primary : ProviderName(subnet.spec.provider)
  }

  private func forget(_ name: String) {
    book.allocator.removeSubnet(name)
    let wasKnown = book.edit { table in
      let known = table.plans[name] != nil || table.refused[name] != nil
      table.remove(name)
      return known
    }
    pools.subnetIsGone(name)
    guard wasKnown else { return }
    signals.edited(in: book)
    for refused in book.table.refused.keys { signals.subnets.add(ObjectKey(name: refused)) }
  }
}
