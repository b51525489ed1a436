package import KubeAPI
package import KubeClient
package import Logging
import Synchronization

/// Why somebody who led leads no longer.
package struct LeadershipLost: Error, Equatable, CustomStringConvertible {
  package let lease: ObjectKey
  package let reason: String

  package var description: String { "leadership lost (lease \(lease)): \(reason)" }
}

/// Makes one of several processes the leader, by a coordination.k8s.io Lease.
///
/// The client should be one of its own, so that no queue of other requests delays a renewal. The clock must go on while the machine
/// sleeps or the process is stopped (`ContinuousClock` does): a leader that wakes up late then finds its time over.
package struct LeaderElector: Sendable {
  package typealias Times = LeaderState.Times

  /// What the elector takes from the world around it.
  package struct Surroundings: Sendable {
    package var time: TimeSource
    package var wallClock: @Sendable () -> Timestamp
    /// 0..<1, to keep candidates from asking all at once.
    package var random: @Sendable () -> Double

    package init(
      time: TimeSource = .continuous, wallClock: @escaping @Sendable () -> Timestamp = WallClock.now,
      random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
      self.time = time
      self.wallClock = wallClock
      self.random = random
    }
  }

  package let identity: String
  private let client: KubeClient
  private let lease: ObjectKey
  private let times: Times
  private let logger: Logger
  private let surroundings: Surroundings

  /// `times` must have no `fault`.
  package init(
    client: KubeClient, lease: ObjectKey, identity: String, times: Times = Times(), logger: Logger,
    surroundings: Surroundings = Surroundings()
  ) {
    precondition(times.fault == nil, "leader election times: \(times.fault ?? "")")
    self.client = client
    self.lease = lease
    self.identity = identity
    self.times = times
    self.logger = logger
    self.surroundings = surroundings
  }

  private var time: TimeSource { surroundings.time }

  /// Waits until this process leads, then runs `lead` with its term. When the lease is lost, `lead` is cancelled, and once it has ended
  /// `LeadershipLost` is thrown. When `lead` ends by itself, or the task is cancelled, the lease is released, so that another need
  /// not wait for it to run out.
  package func run(_ lead: @escaping @Sendable (_ term: Int64) async throws -> Void) async throws {
    let tenure = Tenure(LeaderState(key: lease, identity: identity, times: times))
    let term = try await acquire(tenure)
    logger.notice("leading", metadata: ["lease": "\(lease)", "identity": "\(identity)", "term": "\(term)"])
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await lead(term) }
        group.addTask { try await keepRenewing(tenure) }
        defer { group.cancelAll() }
        try await group.next()
      }
    } catch let error as LeadershipLost {
      logger.error("no longer leading", metadata: ["lease": "\(lease)", "reason": "\(error.reason)"])
      throw error
    } catch {
      await release(tenure)
      throw error
    }
    await release(tenure)
  }

  /// One run's state, between the tasks that renew and that wait.
  private final class Tenure: Sendable {
    let state: Mutex<LeaderState>

    init(_ state: LeaderState) { self.state = Mutex(state) }
  }

  // MARK: Acquiring

  private func acquire(_ tenure: Tenure) async throws -> Int64 {
    var lastHolder: String?
    while true {
      do {
        if let term = try await tryToAcquire(tenure) { return term }
      } catch let error as CancellationError {
        throw error
      } catch let error as APIError where error.isConflict || error.isAlreadyExists {
        logger.debug("another was faster", metadata: ["lease": "\(lease)"])
      } catch {
        logger.warning("lease cannot be read or written", metadata: ["lease": "\(lease)", "error": "\(error)"])
      }
      let holder = tenure.state.withLock { $0.holder }
      if holder != lastHolder {
        logger.info("waiting for leadership", metadata: ["lease": "\(lease)", "holder": "\(holder)"])
        lastHolder = holder
      }
      try await time.sleep(for: times.retryPeriod + times.retryPeriod * (0.2 * surroundings.random()))
    }
  }

  /// One look at the lease, and one attempt to take it if it is free. Nil when it is not.
  private func tryToAcquire(_ tenure: Tenure) async throws -> Int64? {
    let seen = try await read()
    let start = time.now
    let claim = tenure.state.withLock { state in
      state.observed(seen, at: start)
      return state.claim(now: start, wall: surroundings.wallClock())
    }
    let answer: Lease
    switch claim {
    case .wait: return nil
    case .create(let lease): answer = try await client.create(Lease.self, namespace: self.lease.namespace, body: lease.body)
    case .replace(let lease): answer = try await client.replace(Lease.self, self.lease, body: lease.body)
    }
    return tenure.state.withLock { state in
      state.acquired(answer, startedAt: start)
      return state.term
    }
  }

  private func read() async throws -> Lease? {
    do {
      return try await client.get(Lease.self, lease)
    } catch let error as APIError where error.isNotFound {
      return nil
    }
  }

  // MARK: Leading

  /// Renews every retry period. Throws `LeadershipLost` when another has the lease, or when nothing succeeded until the deadline.
  private func keepRenewing(_ tenure: Tenure) async throws {
    while true {
      let remaining = tenure.state.withLock { $0.remaining(now: time.now) }
      guard remaining > .zero else { throw LeadershipLost(lease: lease, reason: "not renewed within \(times.renewDeadline)") }
      try await time.sleep(for: min(times.retryPeriod, remaining))
      do {
        try await renewInTime(tenure)
      } catch let error as LeadershipLost {
        throw error
      } catch let error as CancellationError {
        throw error
      } catch {
        logger.warning("lease not renewed", metadata: ["lease": "\(lease)", "error": "\(error)"])
      }
    }
  }

  /// One renewal, and another at once when the first met a Lease that had changed but is ours.
  private func renewInTime(_ tenure: Tenure) async throws {
    for _ in 0..<2 {
      let start = time.now
      guard let renewal = tenure.state.withLock({ $0.renewal(wall: surroundings.wallClock()) }) else { return }
      let patience = min(tenure.state.withLock { $0.remaining(now: start) }, times.renewDeadline / 2)
      switch try await renew(renewal, within: patience) {
      case .done(let lease): return tenure.state.withLock { $0.renewed(lease, startedAt: start) }
      case .conflict(let lease):
        guard tenure.state.withLock({ $0.reconciled(lease) }) else {
          let holder = lease.map { "\($0.holderIdentity), term \($0.leaseTransitions)" } ?? "nobody: the lease was deleted"
          throw LeadershipLost(lease: self.lease, reason: "it is held by \(holder)")
        }
      case .late: return logger.warning("lease not renewed", metadata: ["lease": "\(lease)", "error": "no answer within \(patience)"])
      }
    }
  }

  /// What a renewal came to.
  private enum Renewal: Sendable {
    case done(Lease)
    /// The Lease is another than the one that we wrote last: this one.
    case conflict(Lease?)
    /// No answer came; whether it was carried out is unknown.
    case late
  }

  private func renew(_ renewal: Lease, within patience: Duration) async throws -> Renewal {
    guard patience > .zero else { return .late }
    return try await withThrowingTaskGroup(of: Renewal.self) { group in
      group.addTask { try await renew(renewal) }
      group.addTask {
        try await time.sleep(for: patience)
        return .late
      }
      defer { group.cancelAll() }
      return try await group.next() ?? .late
    }
  }

  private func renew(_ renewal: Lease) async throws -> Renewal {
    do {
      return .done(try await client.replace(Lease.self, lease, body: renewal.body))
    } catch let error as APIError where error.isConflict || error.isNotFound {
      return .conflict(try await read())
    }
  }

  // MARK: Leaving

  /// How long a process that stops may wait for its lease to be given back.
  private static let releasePatience = Duration.seconds(3)

  private func release(_ tenure: Tenure) async {
    guard let free = tenure.state.withLock({ $0.release(wall: surroundings.wallClock()) }) else { return }
    // Not a child task: ours is cancelled, and every request in it would fail at once. `run` waits for it, and its time is bounded.
    await Task { [client, lease, logger, time] in
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          do {
            _ = try await client.replace(Lease.self, lease, body: free.body)
            logger.info("lease released", metadata: ["lease": "\(lease)"])
          } catch {
            // It runs out by itself.
            logger.info("lease not released", metadata: ["lease": "\(lease)", "error": "\(error)"])
          }
        }
        group.addTask { try? await time.sleep(for: Self.releasePatience) }
        await group.next()
        group.cancelAll()
      }
    }.value
  }
}
