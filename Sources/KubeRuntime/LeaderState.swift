package import KubeAPI

/// What one candidate for a Lease knows, and what follows from it.
///
/// Whether another's lease has run out is judged by our own clock, from the moment at which we first saw its latest renewal: the clocks
/// of two machines need not agree. Every leadership has a term of its own, `leaseTransitions`, which rises by one when it begins, also
/// when the last holder had our name (an earlier run of this process): the term is what fences that run's late writes
/// (decisions.md §5.2).
package struct LeaderState: Sendable {
  package enum Claim: Equatable, Sendable {
    case create(Lease)
    case replace(Lease)
    /// Another holds it.
    case wait
  }

  /// How long a lease counts, how long a leader tries to renew before it gives up, and how often either tries.
  package struct Times: Sendable, Equatable {
    package var duration: Duration
    package var renewDeadline: Duration
    package var retryPeriod: Duration

    package init(
      duration: Duration = .seconds(15), renewDeadline: Duration = .seconds(10), retryPeriod: Duration = .seconds(2)
    ) {
      self.duration = duration
      self.renewDeadline = renewDeadline
      self.retryPeriod = retryPeriod
    }

    /// What is wrong with them; nil when a leader surely stops before another can begin.
    package var fault: String? {
      if retryPeriod <= .zero { return "the retry period must be above zero" }
      if renewDeadline <= retryPeriod * 6 / 5 { return "the renew deadline must be more than 1.2 times the retry period" }
      if duration <= renewDeadline { return "the lease duration must be longer than the renew deadline" }
      return nil
    }

    /// Leases count in whole seconds.
    var seconds: Int64 {
      let (seconds, attoseconds) = duration.components
      return max(1, attoseconds > 0 ? seconds + 1 : seconds)
    }
  }

  /// What changes with every renewal.
  private struct Renewal: Equatable {
    let uid: String
    let holder: String
    let transitions: Int64
    let time: Timestamp?

    init(_ lease: Lease) {
      uid = lease.metadata.uid
      holder = lease.holderIdentity
      transitions = lease.leaseTransitions
      time = lease.renewTime
    }
  }

  private let key: ObjectKey
  private let identity: String
  private let times: Times

  /// The Lease as last seen; nil when it did not exist, or was never looked at.
  private var seen: Lease?
  /// When this state of it was first seen.
  private var seenAt = Duration.zero
  /// The Lease as we wrote it, while we lead.
  private var held: Lease?
  /// When the latest renewal that succeeded was begun.
  private var renewedAt = Duration.zero

  package init(key: ObjectKey, identity: String, times: Times) {
    self.key = key
    self.identity = identity
    self.times = times
  }

  /// The term of our leadership; nil while we do not lead.
  package var term: Int64? { held?.leaseTransitions }

  /// Who holds the lease, as far as we know; empty for nobody.
  package var holder: String { seen?.holderIdentity ?? "" }

  // MARK: As a candidate

  /// The Lease was read; nil when there is none.
  package mutating func observed(_ lease: Lease?, at now: Duration) {
    // By what the holder writes: labels that somebody else changes keep no lease alive.
    if lease.map(Renewal.init) != seen.map(Renewal.init) { seenAt = now }
    seen = lease
  }

  /// What to do for getting the lease.
  package func claim(now: Duration, wall: Timestamp) -> Claim {
    guard var lease = seen else {
      var lease = Lease(metadata: ObjectMeta(name: key.name, namespace: key.namespace))
      begin(&lease, wall)
      return .create(lease)
    }
    let isTaken = !lease.holderIdentity.isEmpty && lease.holderIdentity != identity
    if isTaken, now < seenAt + .seconds(max(0, lease.leaseDurationSeconds)) { return .wait }
    lease.leaseTransitions += 1
    begin(&lease, wall)
    return .replace(lease)
  }

  private func begin(_ lease: inout Lease, _ wall: Timestamp) {
    lease.holderIdentity = identity
    lease.leaseDurationSeconds = times.seconds
    lease.acquireTime = wall
    lease.renewTime = wall
  }

  /// A claim, begun at `start`, succeeded: `lease` is what the server answered.
  package mutating func acquired(_ lease: Lease, startedAt start: Duration) {
    seen = lease
    held = lease
    renewedAt = start
  }

  // MARK: As the leader

  /// How long we may still lead without another renewal: zero or less when no more.
  package func remaining(now: Duration) -> Duration { renewedAt + times.renewDeadline - now }

  package func renewal(wall: Timestamp) -> Lease? {
    guard var lease = held else { return nil }
    lease.renewTime = wall
    return lease
  }

  package mutating func renewed(_ lease: Lease, startedAt start: Duration) {
    seen = lease
    held = lease
    renewedAt = start
  }

  /// After a conflict: whether the Lease as it is now is still ours. It is when one of our renewals was carried out and its answer lost,
  /// or when somebody changed its labels. That is no renewal: our time goes on from the last one that we know of.
  package mutating func reconciled(_ lease: Lease?) -> Bool {
    seen = lease
    guard let lease, let before = held, lease.holderIdentity == identity, lease.leaseTransitions == before.leaseTransitions,
      lease.metadata.uid == before.metadata.uid
    else {
      held = nil
      return false
    }
    held = lease
    return true
  }

  /// The Lease as it is to be when we leave it to others at once.
  package func release(wall: Timestamp) -> Lease? {
    guard var lease = held else { return nil }
    lease.holderIdentity = ""
    lease.leaseDurationSeconds = 1
    lease.renewTime = wall
    return lease
  }
}
