import IPAM
import KubeAPI
import KubeClient
import KubeRuntime
import Logging
import NetAddress
import PodNetwork
import WireJSON

/// Reservations by IP objects that users make (allocation.md §8), and whatever else a record says that the allocator does not.
struct ReservationReconciler: Sendable {
  let stores: ClusterStores
  let book: AddressBook
  let writer: ClusterWriter
  let lookup: OwnerLookup
  let events: PodEvents
  let signals: ControllerSignals
  let logger: Logger

  /// nil: the record is no reservation, or one that its pod looks after.
  func reconcile(_ record: IPRecord) async throws -> ReconcileResult? {
    if ReservationPlan.isPending(record) { return try await reserve(record) }
    let isLiving = !lookup.livingPods(of: record.ownerKey).isEmpty
    guard record.metadata.isManaged, record.metadata.labels[LabelKey.ipReserved] == "true" || isLiving else {
      forget(record.metadata.name)
      return nil
    }
    let held = book.allocator.held(nic: record.metadata.name, ofOwner: record.ownerKey.description)?.allocation
    guard !isLiving else {
      forget(record.metadata.name)
      // Edited by hand, or a deposed leader's late write: the pod's reconcile writes what was granted (decisions.md §5.2).
      if let held, !ReservationHolding(held).isWritten(in: record.spec) { signals.wakeOwner(of: record, in: stores) }
      return nil
    }
    return try await keep(record, held)
  }

  func forget(_ name: String) { book.park { $0.remove(.init(kind: .record, name: name)) } }

  // MARK: Deciding

  /// Makes the allocator hold what a record asks for that nobody has dealt with yet; nothing is written.
  func hold(_ record: IPRecord) throws(ReservationProblem) -> ReservationHolding {
    let plan = try ReservationPlan(record, subnets: book.table)
    let held = book.allocator.held(nic: plan.nic, ofOwner: plan.owner.key)?.allocation
    if let held, plan.agrees(with: held) { return ReservationHolding(held) }
    let request = AllocationRequest(
      nic: plan.nic,
      candidates: [Candidate(subnet: plan.subnet, source: plan.addresses.isEmpty ? .random() : .fixed(plan.addresses))],
      mac: plan.mac.map { .fixed($0) } ?? (plan.isOVN ? .random : .none),
      // What a living pod runs on is not taken from it by a record. Nobody else's address is shared.
      mayMove: lookup.livingPods(of: record.ownerKey).isEmpty)
    let allocations: [Allocation]
    do throws(AllocationFailure) {
      allocations = try book.allocator.allocate([request], owner: Owner(key: plan.owner.key))
    } catch {
      throw error.problem
    }
    signals.changed(from: held, to: allocations[0], in: book)
    // One request, one answer.
    return ReservationHolding(allocations[0])
  }

  private func reserve(_ record: IPRecord) async throws -> ReconcileResult {
    let ticket = book.park { $0.ticket }
    let holding: ReservationHolding
    do throws(ReservationProblem) { holding = try hold(record) } catch { return refuse(record, error, since: ticket) }
    return try await write(holding, record)
  }

  /// A reservation whose pod is not there: its record has nobody else to keep it true.
  private func keep(_ record: IPRecord, _ held: Allocation?) async throws -> ReconcileResult {
    guard let held else { return try await reserve(record) }
    let holding = ReservationHolding(held)
    guard !holding.isWritten(in: record.spec) else {
      forget(record.metadata.name)
      return .done
    }
    events.note(
      record, .warning, EventReason.changeRefused,
      "\(holding.addresses) of subnet \(holding.subnet) is reserved already and cannot be changed: make another IP, or delete this one first"
    )
    return try await write(holding, record)
  }

  // MARK: Writing

  private func write(_ holding: ReservationHolding, _ record: IPRecord) async throws -> ReconcileResult {
    forget(record.metadata.name)
    guard let patch = holding.patch(record) else { return .done }
    do {
      try await writer.patch(IPRecord.self, record.key, patch)
    } catch let error as APIError where error.isNotFound {
      // Nobody asks for it any more: the pod's end, or its absence, frees the NIC.
      signals.wakeOwner(of: record, in: stores)
      return .done
    } catch let error as APIError where error.isInvalid {
      let problem = ReservationProblem.refused(word: EventReason.invalidReservation, text: error.message)
      return refuse(record, problem, since: book.park { $0.ticket })
    }
    guard !record.metadata.isManaged else { return .done }
    events.note(
      record, .normal, EventReason.addressReserved,
      "\(holding.addresses) of subnet \(holding.subnet) is reserved for pod \(record.ownerKey)")
    logger.info(
      "reserved", metadata: ["ip": "\(record.metadata.name)", "address": "\(holding.addresses)", "pod": "\(record.ownerKey)"])
    return .done
  }

  /// Isolated: told, and tried again when it is edited, when its subnet gains an address, or when a subnet is edited. The pod goes on
  /// without it.
  private func refuse(
    _ record: IPRecord, _ problem: ReservationProblem, since ticket: ParkedReservations.Ticket
  ) -> ReconcileResult {
    let parked = book.park {
      $0.park(
        .init(kind: .record, name: record.metadata.name), record.metadata, subnet: record.spec.subnet, problem, since: ticket)
    }
    if parked.isStale { signals.records.add(record.key) }
    if !record.spec.podName.isEmpty { signals.wakeOwner(of: record, in: stores) }
    guard parked.isNews else { return .done }
    events.note(record, .warning, problem.reason, problem.description)
    logger.warning("not reserved", metadata: ["ip": "\(record.metadata.name)", "reason": "\(problem)"])
    return .done
  }
}

extension ReservationHolding {
  init(_ allocation: Allocation) { self.init(subnet: allocation.subnet, addresses: allocation.addresses, mac: allocation.mac) }
}

extension ReservationPlan {
  /// Whether this is what the NIC holds already.
  func agrees(with held: Allocation) -> Bool {
    subnet == held.subnet && (mac == nil || mac == held.mac)
      && (addresses.isEmpty || addresses.allSatisfy { held.addresses[$0.family] == $0 })
  }
}
