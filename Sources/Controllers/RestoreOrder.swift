import IPAM
package import KubeAPI
import NetAddress
import PodNetwork

/// A record or Vip that could not be restored because another claim stands against it.
package struct RestoreConflict: Sendable {
  package let type: ResourceType
  package let key: ObjectKey
  package let uid: String
  package let reason: String

  init(record: IPRecord, reason: String) {
    (type, key, uid, self.reason) = (IPRecord.resourceType, record.key, record.metadata.uid, reason)
  }

  init(vip: Vip, reason: String) {
    (type, key, uid, self.reason) = (Vip.resourceType, vip.key, vip.metadata.uid, reason)
  }
}

/// Somebody's claim on an address, from a record or from a pod's annotations.
struct RestoreClaim: Sendable {
  /// nil for a claim that stands in annotations alone.
  var record: IPRecord?
  let holding: HoldingRecord
  /// Whether a living pod runs on exactly this address: such a claim beats any other (decisions.md §5.3).
  var isLive = false
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
      .sorted { a, b in a.isLive != b.isLive ? a.isLive : a.holding.nic < b.holding.nic }
  }

  private static func claim(_ record: IPRecord, pods: (ObjectKey) -> Pod?, now: Timestamp) -> RestoreClaim? {
    guard !record.metadata.isDeleting, let addresses = record.addresses else { return nil }
    let key = ObjectKey(namespace: record.spec.namespace, name: record.spec.podName)
    let pod = pods(key)
    let outlivesPods = record.metadata.labels[LabelKey.ipReserved] == "true" || !record.spec.podType.isEmpty
    // A record without an owner is nobody's, and one that says something else than its living pod runs on is mended by that pod.
    if key.name.isEmpty || key.namespace.isEmpty || isContradicted(record, addresses, pod, now) { return nil }
    guard outlivesPods || (pod.map { PodPhase($0, now: now) != .finished } ?? false) else { return nil }
    let isLive = pod.map { pod in
      pod.metadata.annotations.contains { ProviderName.split($0.key, .ipAddress) != nil && AddressPair($0.value) == addresses }
    }
    // What was asked for by hand and never decided is no claim.
    if ReservationPlan.isPending(record), isLive != true { return nil }
    return RestoreClaim(
      record: record,
      holding: HoldingRecord(
        nic: record.metadata.name, owner: Owner(key: key.description, uid: record.metadata.annotations[AnnotationKey.podUID]),
        subnet: record.spec.subnet, addresses: addresses, mac: MACAddress(record.spec.macAddress)),
      isLive: isLive ?? false)
  }

  private static func isContradicted(_ record: IPRecord, _ addresses: AddressPair, _ pod: Pod?, _ now: Timestamp) -> Bool {
    guard let pod, PodPhase(pod, now: now) != .finished, let provider = PodOwner.provider(ofRecord: record),
      let annotated = AnnotatedAddress(pod, provider)
    else { return false }
    return annotated.addresses != addresses
  }

  /// What the annotations of a living pod say that it was given from the subnets. A pod whose record was lost still runs on its
  /// address: nobody else may get it.
  static func claims(of pod: Pod, keepsVMAddress: Bool, on plans: [String: SubnetPlan], now: Timestamp) -> [RestoreClaim] {
    guard pod.needsNetwork(now: now) else { return [] }
    let owner = PodOwner(pod, keepsVMAddress: keepsVMAddress)
    return pod.metadata.annotations.compactMap { key, value -> RestoreClaim? in
      guard value == "true", let provider = ProviderName.split(key, .allocated), let annotated = AnnotatedAddress(pod, provider) else {
        return nil
      }
      let names = annotated.subnet.map { [$0] } ?? plans.keys.sorted()
      guard let name = names.first(where: { serves(plans[$0], provider, annotated) }) else { return nil }
      return RestoreClaim(
        holding: HoldingRecord(
          nic: owner.recordName(provider), owner: owner.allocatorOwner, subnet: name, addresses: annotated.addresses, mac: annotated.mac),
        isLive: true)
    }
  }

  /// What Vips say that they were given from a subnet, each beside the pod that uses it, if that is among the `others`.
  static func claims(
    _ vips: [Vip], on plan: SubnetPlan, beside others: [RestoreClaim], pods: (ObjectKey) -> Pod?
  ) -> [RestoreClaim] {
    guard !vips.isEmpty else { return [] }
    return vips.compactMap { vip in
      guard vip.isAssigned, let stored = try? VipPlan.stored(vip) else { return nil }
      let user = others.map(\.holding).first { other in
        let addresses = [other.v4.map(IPAddress.v4), other.v6.map(IPAddress.v6)].compactMap { $0 }
        return addresses.contains { stored[$0.family] == $0 }
          && vip.isUsed(byNIC: other.nic, pod: ObjectKey(owner: other.owner).flatMap(pods))
      }
      return RestoreClaim(
        holding: HoldingRecord(
          nic: VipPlan.portName(vip, plan.provider), owner: vip.allocatorOwner, subnet: plan.name, addresses: stored,
          mac: MACAddress(vip.status.mac), sharing: user.map { .with($0.owner.key) } ?? .none))
    }
  }

  /// A provider with an interface behind it belongs to the subnet of the provider without; what an annotation names belongs to anybody.
  private static func serves(_ plan: SubnetPlan?, _ provider: ProviderName, _ annotated: AnnotatedAddress) -> Bool {
    guard let plan, plan.contains(annotated.addresses) else { return false }
    return annotated.subnet != nil || provider == plan.provider || provider.text.hasPrefix(plan.provider.text + ".")
  }
}
