import KubeAPI
import PodNetwork

/// Vips and IPs that ask for an address and cannot have it now, so that they are tried again when their subnet gains one or something is
/// edited, and told about once for each reason.
struct ParkedReservations: Sendable {
  enum Kind: Sendable, Hashable { case vip, record }

  struct Key: Sendable, Hashable {
    let kind: Kind
    let name: String
  }

  /// How much had changed when a decision was begun: what changes between that and the parking must not be missed.
  struct Ticket: Sendable, Equatable {
    fileprivate var changes: UInt64 = 0
  }

  /// What parking an object tells.
  struct Outcome: Sendable {
    /// Exactly this has not been said of this object before.
    let isNews: Bool
    /// Something has changed since the decision was begun: it is to be tried again at once.
    let isStale: Bool
  }

  private struct Entry: Sendable {
    let uid: String
    let resourceVersion: String
    let subnet: String
    let problem: ReservationProblem
  }

  private var entries: [Key: Entry] = [:]
  private(set) var ticket = Ticket()

  mutating func park(
    _ key: Key, _ metadata: ObjectMeta, subnet: String, _ problem: ReservationProblem, since ticket: Ticket
  ) -> Outcome {
    let before = entries[key]
    entries[key] = Entry(uid: metadata.uid, resourceVersion: metadata.resourceVersion, subnet: subnet, problem: problem)
    return Outcome(isNews: before?.problem != problem || before?.uid != metadata.uid, isStale: ticket != self.ticket)
  }

  mutating func remove(_ key: Key) { entries[key] = nil }

  /// Whether the object has been judged in the state that it is in.
  func holds(_ key: Key, _ metadata: ObjectMeta) -> Bool {
    guard let entry = entries[key] else { return false }
    return entry.uid == metadata.uid && entry.resourceVersion == metadata.resourceVersion
  }

  /// Something changed in some subnets, or in any: whom to try again, in name order.
  mutating func changed(inSubnets names: Set<String>?) -> [Key] {
    ticket.changes += 1
    guard !entries.isEmpty else { return [] }
    return entries.filter { names?.contains($0.value.subnet) ?? true }.keys.sorted { $0.name < $1.name }
  }
}
