import IPAM
import KubeAPI
import KubeClient
import KubeRuntime
import Logging
import NetAddress
import PodNetwork

/// One pod from its annotations to its addresses: read the wishes, decide in one step, write the records, then the annotations
/// (docs/pod-path.md).
struct PodReconciler: Sendable {
  let stores: ClusterStores
  let book: AddressBook
  let writer: ClusterWriter
  let events: PodEvents
  let signals: ControllerSignals
  let release: PodRelease
  let ended: EndedPods
  let keepsVMAddress: Bool
  let now: @Sendable () -> Timestamp
  let logger: Logger

  func reconcile(_ key: ObjectKey) async throws -> ReconcileResult {
    let wakeUps = book.wait { $0.takeWakeUps(of: key) }
    // However this ends: what the pod was woken for and did not take is the next one's.
    defer { signals.passOn(wakeUps, in: book) }
    let before = ended.take(key)
    guard let pod = stores.pods[key] else {
      _ = book.notice(key, [])
      book.wait { $0.remove(key) }
      return try await release.review(key, ended: before)
    }
    switch PodPhase(pod, now: now()) {
    case .hostNetwork: return try await release.review(key, ended: before)
    case .finished: return try await end(pod)
    case .leaving(let deadline):
      book.wait { $0.remove(key) }
      return .again(after: .seconds(max(1, deadline.seconds - now().seconds)))
    case .alive: return try await serve(pod)
    }
  }

  /// Gives the pod what it still lacks: all of it or nothing.
  private func serve(_ pod: Pod) async throws -> ReconcileResult {
    let ticket = book.wait { $0.ticket }
    let owner = PodOwner(pod, keepsVMAddress: keepsVMAddress)
    let networks = PodNetworks(of: pod, definitions: { stores.networks[$0] })
    try await release.unplugged(pod, networks, owner)

    var missing: [Attachment] = []
    var kept: [Grant] = []
    for attachment in networks.attachments {
      switch standing(attachment, pod, owner) {
      case .granted(let grant): kept.append(grant)
      case .unlisted: continue
      case .none: missing.append(attachment)
      }
    }
    try await ensureRecords(kept, owner, pod)
    var notices = networks.notices
    defer { tell(notices, pod) }
    guard !missing.isEmpty || !networks.refusals.isEmpty else { return try await settle(pod) }

    // What somebody reserved for one of these NICs is decided before the pod is.
    if awaitsReservation(missing, owner) { return .done }

    let table = book.table
    var refusals = networks.refusals
    var bindings: [AttachmentBinding] = []
    for attachment in missing {
      do throws(NetworkRefusal) {
        bindings.append(try bind(attachment, pod, owner, SubnetSelector(table, namespace: pod.metadata.namespace), &notices))
      } catch {
        refusals.append(error)
      }
    }
    guard refusals.isEmpty else {
      park(pod, awaiting: [], since: ticket)
      return try await refuse(pod, refusals)
    }
    do throws(NetworkRefusal) {
      try VipUse.bind(pod, networks.attachments, kept: kept, vips: { stores.vips[ObjectKey(name: $0)] }, to: &bindings)
    } catch {
      park(pod, awaiting: [], since: ticket)
      return try await refuse(pod, [error])
    }

    let grants: [Grant]
    do throws(AllocationFailure) {
      grants = try allocate(bindings, owner)
    } catch {
      park(pod, awaiting: error.awaited(bindings, owner), since: ticket)
      return try await refuse(pod, Self.refusals(error, bindings, owner))
    }
    try await write(grants, owner, pod)
    return .done
  }

  /// The pod's NICs are not needed any more; whether its addresses are, its owner decides.
  private func end(_ pod: Pod) async throws -> ReconcileResult {
    book.wait { $0.remove(pod.key) }
    let owner = PodOwner(pod, keepsVMAddress: keepsVMAddress)
    guard owner.kind == .virtualMachine else { return try await release.review(pod.key, ended: [pod.metadata.uid]) }
    signals.judge(stores.records(ofPod: owner.objectKey))
    return .done
  }

  // MARK: Deciding

  /// What the pod wants on a NIC, and where. What its owner holds already may count for more (decisions.md §4 row 31).
  private func bind(
    _ attachment: Attachment, _ pod: Pod, _ owner: PodOwner, _ selector: SubnetSelector, _ notices: inout [String]
  ) throws(NetworkRefusal) -> AttachmentBinding {
    let nic = owner.recordName(attachment.provider)
    if let record = stores.records[ObjectKey(name: nic)], !owner.mayTake(record) {
      let taken = RecordTaken(name: nic, holder: record.ownerKey)
      throw NetworkRefusal(subject: attachment.provider.text, reason: taken.description, isFinal: false)
    }
    let asking = withoutOwnWriting(pod, attachment)
    let held = book.held(nic: nic, owner: owner)
    if let held, let kept = try AttachmentWish.keeping(held.addresses, of: asking, for: attachment, keepsVMAddress: keepsVMAddress) {
      let binding = try selector.bind(attachment, kept, held: held)
      if binding.subnets.contains(held.subnet) {
        notices += kept.notices
        return binding
      }
    }
    let wish = try AttachmentWish(of: asking, for: attachment, keepsVMAddress: keepsVMAddress)
    notices += wish.notices
    return try selector.bind(attachment, wish, held: held)
  }

  private func allocate(_ bindings: [AttachmentBinding], _ owner: PodOwner) throws(AllocationFailure) -> [Grant] {
    let requests = bindings.map { $0.request(owner: owner) }
    let before = requests.map { book.allocator.held(nic: $0.nic, ofOwner: owner.key)?.allocation }
    let allocations = try book.allocator.allocate(requests, owner: owner.allocatorOwner)
    let table = book.table
    for (old, new) in zip(before, allocations) {
      guard let old else { continue }
      signals.returned(Returned.changes(from: old, to: new, freed: new.freed, in: book.allocator), in: book)
      signals.touched([old.subnet])
    }
    signals.touched(allocations.map(\.subnet))
    for vip in bindings.compactMap(\.vip) { signals.vips.add(ObjectKey(name: vip.name)) }
    return zip(bindings, allocations).compactMap { binding, allocation in
      table.plans[allocation.subnet].map {
        Grant(attachment: binding.attachment, subnet: $0, addresses: allocation.addresses, mac: allocation.mac)
      }
    }
  }

  /// What a NIC has already.
  private enum Standing {
    case granted(Grant)
    /// Annotated and recorded, but not in the allocator: its subnet was shrunk, is broken or gone, or, with a pod that runs, another
    /// claim was stronger. Whoever runs on an address keeps it (allocation.md §10, decisions.md §5.3).
    case unlisted
  }

  /// What the pod has: annotated, and held by it. An annotation that the allocator knows nothing of is believed if nobody else holds
  /// the address: a pod that ran before the record was lost, or that Kube-OVN served.
  private func standing(_ attachment: Attachment, _ pod: Pod, _ owner: PodOwner) -> Standing? {
    guard let annotated = AnnotatedAddress(pod, attachment.provider) else { return nil }
    let nic = owner.recordName(attachment.provider)
    if let held = book.allocator.held(nic: nic, ofOwner: owner.key) {
      guard let grant = book.grant(of: attachment, nic: nic, owner: owner), grant.addresses == annotated.addresses else { return nil }
      // The record is about to say for whom it is: who frees it later is known by that.
      if held.owner.uid != owner.uid { _ = book.allocator.restore(grant.holding(of: owner)) }
      return .granted(grant)
    }
    var isTaken = false
    let plans = book.table.plans
    let candidates = annotated.subnet.map { [$0] } ?? book.table.names(of: attachment.subnetProvider)
    for name in candidates where plans[name]?.contains(annotated.addresses) == true {
      let outcome = book.allocator.restore(
        HoldingRecord(
          nic: nic, owner: owner.allocatorOwner, subnet: name, addresses: annotated.addresses, mac: annotated.mac,
          sharing: pod.sharing))
      if case .held = outcome { isTaken = true }
      guard case .granted = outcome else { continue }
      signals.touched([name])
      return book.grant(of: attachment, nic: nic, owner: owner).map { .granted($0) }
    }
    guard let record = stores.records[ObjectKey(name: nic)], !record.metadata.isDeleting, record.addresses == annotated.addresses,
      record.ownerKey == owner.objectKey
    else { return nil }
    return isTaken && pod.phase != "Running" ? nil : .unlisted
  }

  /// What the user should know, once and not at every look.
  private func tell(_ notices: [String], _ pod: Pod) {
    let news = book.notice(pod.key, Set(notices))
    if !news.isEmpty { events.notices(notices.filter(news.contains), pod) }
  }

  /// A NIC whose address was not believed is allocated anew: what the controller itself wrote there is no wish of the user.
  private func withoutOwnWriting(_ pod: Pod, _ attachment: Attachment) -> Pod {
    guard pod.metadata.annotations[attachment.provider.key(.allocated)] == "true" else { return pod }
    var copy = pod
    copy.metadata.annotations[attachment.provider.key(.ipAddress)] = nil
    copy.metadata.annotations[attachment.provider.key(.macAddress)] = nil
    return copy
  }

  /// One reason a NIC, with pod, provider, subnet and who is in the way.
  static func refusals(_ failure: AllocationFailure, _ bindings: [AttachmentBinding], _ owner: PodOwner) -> [NetworkRefusal] {
    bindings.compactMap { binding in
      guard let nic = failure[owner.recordName(binding.attachment.provider)] else { return nil }
      return NetworkRefusal(subject: binding.attachment.provider.text, reason: binding.reason(of: nic.error), isFinal: nic.isFinal)
    }
  }

  // MARK: Writing

  /// Record before annotation: a node must never see an address that no record holds (decisions.md §5.1).
  private func write(_ grants: [Grant], _ owner: PodOwner, _ pod: Pod) async throws {
    try await ensureRecords(grants, owner, pod)
    do {
      let machine = owner.kind == .virtualMachine ? owner.name : nil
      try await writer.patch(pod.key, AllocationPatch.grant(grants, to: pod, machine: machine))
    } catch let error as APIError where error.isNotFound {
      _ = try await end(pod)
      return
    }
    book.wait { $0.remove(pod.key) }
    events.allocated(grants, pod)
    logger.info(
      "allocated", metadata: ["pod": "\(pod.key)", "networks": "\(grants.map(\.summary).joined(separator: "; "))"])
  }

  private func ensureRecords(_ grants: [Grant], _ owner: PodOwner, _ pod: Pod) async throws {
    for grant in grants {
      let known = stores.records[ObjectKey(name: owner.recordName(grant.attachment.provider))]
      try await writer.write(grant, owner: owner, nodeName: pod.nodeName, known: known)
    }
  }

  /// Nothing is lacking: an old reason must not stay.
  private func settle(_ pod: Pod) async throws -> ReconcileResult {
    book.wait { $0.remove(pod.key) }
    let patch = AllocationPatch.refuse(AllocationErrors(), pod: pod)
    if !patch.isEmpty { try await writer.patch(pod.key, patch) }
    return .done
  }

  /// The pod waits for what would help it. What has changed since its case was looked at is not missed: then it is looked at again.
  private func park(_ pod: Pod, awaiting awaited: Set<Awaited>, since ticket: WaitingPods.Ticket) {
    let created = pod.metadata.creationTimestamp ?? Timestamp(seconds: 0)
    if book.wait({ $0.park(pod.key, created: created, awaiting: awaited, since: ticket) }) { signals.pods.add(pod.key) }
  }

  /// Everybody who asks can read why the pod has to wait.
  private func refuse(_ pod: Pod, _ refusals: [NetworkRefusal]) async throws -> ReconcileResult {
    let patch = AllocationPatch.refuse(AllocationErrors(refusals), pod: pod)
    if !patch.isEmpty {
      events.refused(refusals, pod)
      for refusal in refusals {
        logger.warning("no address", metadata: ["pod": "\(pod.key)", "network": "\(refusal.subject)", "reason": "\(refusal.reason)"])
      }
      do {
        try await writer.patch(pod.key, patch)
      } catch let error as APIError where error.isNotFound {
        return try await end(pod)
      }
    }
    return .done
  }
}
