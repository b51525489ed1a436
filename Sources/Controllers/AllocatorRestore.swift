import IPAM
package import KubeAPI
import KubeRuntime
import Logging
import NetAddress
import PodNetwork

/// Fills the allocator from what the cluster says, once a leadership, before anything is allocated (decisions.md §5.1–5.3).
struct AllocatorRestore: Sendable {
  let stores: ClusterStores
  let book: AddressBook
  let subnets: SubnetReconciler
  let conflicts: @Sendable (RestoreConflict) -> Void
  let now: @Sendable () -> Timestamp
  let logger: Logger

  /// Subnets, then records, then annotated pods; after that the allocator gives addresses.
  func run() {
    for subnet in RestoreOrder.subnets(stores.subnets.all, holding: { !stores.records(inSubnet: $0).isEmpty }) { adopt(subnet) }
    let claims = RestoreOrder.claims(stores.records.all, pods: { stores.pods[$0] }, now: now())
    var restored = 0
    for claim in claims where restore(claim) { restored += 1 }
    for pod in stores.pods.all { restoreAnnotated(pod) }
    book.allocator.restoreFinished()
    logger.info("restored", metadata: ["subnets": "\(book.table.plans.count)", "addresses": "\(restored)"])
  }

  /// A subnet that is refused now is told so by its reconciler, which runs next.
  private func adopt(_ subnet: Subnet) {
    guard !subnet.metadata.isDeleting || !stores.records(inSubnet: subnet.metadata.name).isEmpty,
      let plan = try? SubnetPlan(subnet, enableLB: subnets.options.enableLB)
    else { return }
    let isHolding = !stores.records(inSubnet: subnet.metadata.name).isEmpty
    guard isHolding || plan.overlap(with: book.table.plans.values) == nil else { return }
    _ = subnets.adopt(plan)
  }

  private func restore(_ claim: RestoreClaim) -> Bool {
    let record = claim.record
    let owner = Owner(
      key: ObjectKey(namespace: record.spec.namespace, name: record.spec.podName).description,
      uid: claim.uid)
    let outcome = book.allocator.restore(
      HoldingRecord(
        nic: record.metadata.name, owner: owner, subnet: record.spec.subnet, addresses: claim.addresses, mac: claim.mac))
    let reason: String
    switch outcome {
    case .granted: return true
    case .held(let address, let holder): reason = "\(address) is held by \(holder)"
    case .refused(let error): reason = error.description
    }
    conflicts(RestoreConflict(record: record, reason: reason))
    logger.error(
      "record not restored", metadata: ["ip": "\(record.metadata.name)", "address": "\(record.spec.ipAddress)", "reason": "\(reason)"])
    return false
  }

  /// A pod whose record was lost still runs on its address: nobody else may get it.
  private func restoreAnnotated(_ pod: Pod) {
    guard case .alive = PodPhase(pod, now: now()) else { return }
    let owner = PodOwner(pod)
    for (key, value) in pod.metadata.annotations where value == "true" {
      guard let provider = ProviderName.split(key, .allocated), let annotated = AnnotatedAddress(pod, provider) else { continue }
      let nic = owner.recordName(provider)
      guard book.allocator.held(nic: nic, ofOwner: owner.key) == nil else { continue }
      let table = book.table
      let names = [annotated.subnet].compactMap { $0 } + table.plans.keys.sorted()
      guard let name = names.first(where: { table.plans[$0]?.cidrs == annotated.cidrs && serves(table.plans[$0], provider) }) else {
        continue
      }
      _ = book.allocator.restore(
        HoldingRecord(
          nic: nic, owner: owner.allocatorOwner, subnet: name, addresses: annotated.addresses, mac: annotated.mac))
    }
  }

  /// A provider with an interface behind it belongs to the subnet of the provider without.
  private func serves(_ plan: SubnetPlan?, _ provider: ProviderName) -> Bool {
    guard let plan else { return false }
    return provider == plan.provider || provider.text.hasPrefix(plan.provider.text + ".")
  }
}

/// A record that could not be restored because another claim stands against it.
package struct RestoreConflict: Sendable {
  package let record: IPRecord
  package let reason: String
}

/// A record that is to be restored, with its texts parsed.
struct RestoreClaim: Sendable {
  let record: IPRecord
  let addresses: AddressPair
  let mac: MACAddress?
  let uid: String?
  /// Whether a living pod runs on exactly this address: such a claim beats any other (decisions.md §5.3).
  let isLive: Bool
}

/// In which order what is stored is believed.
enum RestoreOrder {
  /// Subnets that hold addresses first, then the older ones: so of two that overlap the one in use stays.
  static func subnets(_ all: [Subnet], holding: (String) -> Bool) -> [Subnet] {
    let holds = Dictionary(uniqueKeysWithValues: all.map { ($0.metadata.name, holding($0.metadata.name)) })
    return all.sorted { a, b in
      let (x, y) = (holds[a.metadata.name] ?? false, holds[b.metadata.name] ?? false)
      if x != y { return x }
      let (s, t) = (a.metadata.creationTimestamp, b.metadata.creationTimestamp)
      if let s, let t, s != t { return s < t }
      return a.metadata.name < b.metadata.name
    }
  }

  /// Records whose pod lives and is annotated with their address first; records of finished pods and records on their way out not at
  /// all; those of pods that are not there only where they outlive pods by design.
  static func claims(_ records: [IPRecord], pods: (ObjectKey) -> Pod?, now: Timestamp) -> [RestoreClaim] {
    records.compactMap { claim($0, pods: pods, now: now) }
      .sorted { a, b in a.isLive != b.isLive ? a.isLive : a.record.metadata.name < b.record.metadata.name }
  }

  private static func claim(_ record: IPRecord, pods: (ObjectKey) -> Pod?, now: Timestamp) -> RestoreClaim? {
    guard !record.metadata.isDeleting else { return nil }
    let text =
      record.spec.ipAddress.isEmpty
      ? [record.spec.v4IPAddress, record.spec.v6IPAddress].filter { !$0.isEmpty }.joined(separator: ",") : record.spec.ipAddress
    guard let addresses = AddressPair(text) else { return nil }
    let pod = pods(ObjectKey(namespace: record.spec.namespace, name: record.spec.podName))
    let outlivesPods = record.metadata.labels[LabelKey.ipReserved] == "true" || !record.spec.podType.isEmpty
    guard outlivesPods || (pod.map { PodPhase($0, now: now) != .finished } ?? false) else { return nil }
    let isLive = pod.map { pod in
      pod.metadata.annotations.contains { ProviderName.split($0.key, .ipAddress) != nil && AddressPair($0.value) == addresses }
    }
    return RestoreClaim(
      record: record, addresses: addresses, mac: MACAddress(record.spec.macAddress),
      uid: record.metadata.annotations[AnnotationKey.podUID], isLive: isLive ?? false)
  }
}
