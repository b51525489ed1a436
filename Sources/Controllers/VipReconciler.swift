import IPAM
import KubeAPI
import KubeClient
import KubeRuntime
import Logging
import NetAddress
import PodNetwork
import WireJSON

/// One Vip: an address held under its own name, for a pod to use later (allocation.md §9). The allocator is the truth while the
/// controller runs; the Vip's status is the record that a restart is built from.
struct VipReconciler: Sendable {
  let stores: ClusterStores
  let book: AddressBook
  let writer: ClusterWriter
  let events: PodEvents
  let signals: ControllerSignals
  let now: @Sendable () -> Timestamp
  let logger: Logger

  func reconcile(_ key: ObjectKey) async throws -> ReconcileResult {
    guard let vip = stores.vips[key] else {
      release(key.name, uid: nil)
      return .done
    }
    if vip.metadata.isDeleting { return try await leave(vip) }
    // A Vip of this name that is gone may have left something behind.
    for held in book.allocator.held(byOwner: key.name) where held.owner.uid != vip.metadata.uid && held.owner.uid != nil {
      release(key.name, uid: held.owner.uid)
    }
    let ticket = book.park { $0.ticket }
    do throws(ReservationProblem) {
      try hold(vip)
    } catch {
      return try await refuse(vip, error, since: ticket)
    }
    return try await write(vip)
  }

  // MARK: Deciding

  /// Makes the allocator hold what the Vip asks for or has been given; nothing is written. What it holds already stays.
  func hold(_ vip: Vip) throws(ReservationProblem) {
    if vip.isAssigned { try keep(vip) } else { try assign(vip) }
  }

  private func assign(_ vip: Vip) throws(ReservationProblem) {
    let plan = try VipPlan(vip, subnets: book.table)
    // An edit of the namespace before the address was written makes it another NIC.
    for held in book.allocator.held(byOwner: vip.metadata.name) where held.allocation.nic != plan.nic {
      if let released = book.allocator.release(nic: held.allocation.nic, of: held.owner) { signals.freed(released, in: book, stores) }
    }
    let before = book.allocator.held(nic: plan.nic, ofOwner: vip.metadata.name)?.allocation
    let request = AllocationRequest(
      nic: plan.nic,
      candidates: [Candidate(subnet: plan.subnet, source: plan.addresses.isEmpty ? .random() : .fixed(plan.addresses))],
      mac: plan.mac.map { .fixed($0) } ?? (plan.isOVN ? .random : .none),
      sharing: partner(of: vip, plan.addresses, in: plan.subnet))
    do throws(AllocationFailure) {
      let allocations = try book.allocator.allocate([request], owner: vip.allocatorOwner)
      for given in allocations { signals.changed(from: before, to: given, in: book) }
    } catch {
      throw error.problem
    }
  }

  /// An address that the Vip was given is its own unless somebody else turns out to have it.
  private func keep(_ vip: Vip) throws(ReservationProblem) {
    let stored = try VipPlan.stored(vip)
    let held = book.allocator.held(byOwner: vip.metadata.name).first?.allocation
    guard held?.addresses != stored else { return }
    switch restore(vip, stored) {
    case .granted: signals.touched([vip.subnetName])
    case .held(let address, let holder):
      throw AllocationError.held(subnet: vip.subnetName, address, by: holder).problem
    // Somebody edited the status: it is written anew from what is held.
    case .refused(.nicHolds): return
    case .refused(let error): throw error.problem
    }
  }

  /// Enters what the Vip's status says, beside the pod that uses it and nobody else.
  private func restore(_ vip: Vip, _ stored: AddressPair) -> RestoreOutcome {
    let subnet = vip.subnetName
    let provider = book.table.plans[subnet]?.provider ?? .primary
    let held = book.allocator.held(byOwner: vip.metadata.name).first?.allocation.nic
    return book.allocator.restore(
      HoldingRecord(
        nic: held ?? VipPlan.portName(vip, provider), owner: vip.allocatorOwner, subnet: subnet, addresses: stored,
        mac: MACAddress(vip.status.mac), sharing: partner(of: vip, stored.values, in: subnet)))
  }

  /// The pod that uses the Vip, by its annotation or by the Vip's label, shares the address: it may have come first.
  private func partner(of vip: Vip, _ addresses: [IPAddress], in subnet: String) -> Sharing {
    let holders = addresses.flatMap { book.allocator.holders(of: $0, in: subnet) }
    let user = holders.first { holder in
      guard let pod = ObjectKey(owner: holder.owner) else { return false }
      return vip.isUsed(byNIC: holder.nic, pod: stores.pods[pod])
    }
    return user.map { .with($0.owner.key) } ?? .none
  }

  // MARK: Writing

  private func write(_ vip: Vip) async throws -> ReconcileResult {
    guard let held = book.allocator.held(byOwner: vip.metadata.name).first?.allocation else { return .done }
    book.park { $0.remove(.init(kind: .vip, name: vip.metadata.name)) }
    let holding = VipHolding(
      subnet: held.subnet, addresses: held.addresses, mac: held.mac, user: user(of: held, vip.metadata.name)?.nic)
    // Whoever waited for its former user to go may have it now.
    if holding.user == nil { signals.wakeUsers(ofVip: vip.metadata.name, stores) }
    guard let patch = VipPatch.held(vip, holding, now: now()), try await send(patch, of: vip) else { return .done }
    if let edit = VipPatch.edit(of: vip, holding), !Self.says(edit, vip) {
      events.note(vip, .warning, edit.reason, edit.description)
    } else if !vip.isAssigned {
      let mac = held.mac.map { " with MAC \($0)" } ?? ""
      events.note(vip, .normal, EventReason.addressReserved, "\(held.addresses)\(mac) of subnet \(held.subnet) is held for this Vip")
      logger.info("vip assigned", metadata: ["vip": "\(vip.metadata.name)", "address": "\(held.addresses)", "subnet": "\(held.subnet)"])
    }
    return .done
  }

  /// The pod's NIC that has the Vip's address.
  private func user(of held: Allocation, _ name: String) -> Holder? {
    held.addresses.values.flatMap { book.allocator.holders(of: $0, in: held.subnet) }.first { $0.owner.key != name }
  }

  private func refuse(
    _ vip: Vip, _ problem: ReservationProblem, since ticket: ParkedReservations.Ticket
  ) async throws -> ReconcileResult {
    let parked = book.park {
      $0.park(.init(kind: .vip, name: vip.metadata.name), vip.metadata, subnet: vip.subnetName, problem, since: ticket)
    }
    if parked.isStale { signals.vips.add(vip.key) }
    guard let patch = VipPatch.refused(vip, problem, now: now()), try await send(patch, of: vip) else { return .done }
    events.note(vip, .warning, problem.reason, problem.description)
    logger.warning("vip refused", metadata: ["vip": "\(vip.metadata.name)", "reason": "\(problem)"])
    return .done
  }

  /// Whether the Vip says so already.
  private static func says(_ edit: ReservationProblem, _ vip: Vip) -> Bool {
    vip.status.conditions.contains { $0.type == SubnetCondition.error && $0.status == "True" && $0.message == edit.description }
  }

  /// False when the Vip is gone.
  private func send(_ patch: JSONValue, of vip: Vip) async throws -> Bool {
    do {
      try await writer.patch(Vip.self, vip.key, patch)
      return true
    } catch let error as APIError where error.isNotFound {
      return false
    }
  }

  // MARK: Leaving

  /// Finalizer first: while the Vip stands, its address is its own. A pod that uses it keeps it.
  private func leave(_ vip: Vip) async throws -> ReconcileResult {
    if vip.metadata.isManaged { try await writer.removeFinalizer(of: vip) }
    release(vip.metadata.name, uid: vip.metadata.uid)
    return .done
  }

  private func release(_ name: String, uid: String?) {
    book.park { $0.remove(.init(kind: .vip, name: name)) }
    for released in book.allocator.release(Owner(key: name, uid: uid)) { signals.freed(released, in: book, stores) }
  }
}

extension Vip {
  /// Whether a NIC that has the Vip's address has it as the Vip's user: its pod names the Vip, or the Vip names its port.
  func isUsed(byNIC nic: String, pod: Pod?) -> Bool {
    if let pod, VipUse.name(of: pod) == metadata.name { return true }
    return metadata.labels[LabelKey.ipReserved].map { !$0.isEmpty && $0 == VipPlan.label(ofUser: nic) } ?? false
  }

  /// The allocator's view of the Vip: its name has no slash, so it is never a pod's.
  var allocatorOwner: Owner { Owner(key: metadata.name, uid: metadata.uid.isEmpty ? nil : metadata.uid) }
}

extension AllocationError {
  /// The same in the terms of whoever asked by an object of its own.
  var problem: ReservationProblem { .refused(word: word.rawValue, text: description) }
}

extension AllocationFailure {
  /// The same for the one NIC of a Vip or reservation.
  var problem: ReservationProblem { nics.first?.error.problem ?? .refused(word: word.rawValue, text: description) }
}
