/// The client as a pure machine: what happens goes in with its time, what is to be done comes out, in order.
///
/// It decides which server to talk to and when, follows the conversation, keeps callers' requests, probes silent servers and gives up
/// useless ones. It holds neither the replica, which its owner shares with readers, nor a clock: `now` is any time that only rises.
package struct ConnectionState: Sendable {
  package enum Action: Sendable {
    /// Open a connection. Its events carry its number, so that those of an older one are told apart.
    case connect(Endpoint, connection: Int)
    /// Close the connection, or give the attempt up. Its events are of no interest any more.
    case disconnect
    case send([UInt8])
    /// A new replica takes the place of the old one, as a whole.
    case replace(DatabaseCache)
    /// The replica moves on. If the update does not fit, `cacheIsInconsistent` is to be called.
    case update(DatabaseUpdate)
    /// What is wanted and the server's schema does not have.
    case report(absent: [String])
    case finish(UInt64, Result<[UInt8], TransactionError>)
    case changeStatus(ConnectionStatus)
  }

  private enum Phase {
    case idle
    case pausing(until: Duration)
    case connecting(Endpoint, deadline: Duration)
    case talking(Talk)
    case stopped
  }

  private struct Talk {
    let endpoint: Endpoint
    var session: Session
    var probe: InactivityProbe
    let deadline: Duration
    /// When the database had arrived.
    var readySince: Duration?
  }

  private let options: ConnectionOptions
  private var phase = Phase.idle
  private var rotation: EndpointRotation
  private var requests: RequestTable
  private var connection = 0
  private var wanted: ServerDatabase.Wanted
  private var resume: Session.ResumePoint?
  private var lastReason: DisconnectReason?

  package init(_ options: ConnectionOptions) {
    self.options = options
    rotation = EndpointRotation(options.servers.endpoints, options.backoff)
    requests = RequestTable(maxWaiting: options.maxWaiting, maxInFlight: options.maxInFlight)
    wanted = ServerDatabase.Wanted(cluster: options.servers.cluster, isLeaderOnly: options.isLeaderOnly)
  }

  package var status: ConnectionStatus {
    switch phase {
    case .idle: .idle
    case .pausing: .disconnected(lastReason)
    case .connecting(let endpoint, _): .connecting(endpoint, after: lastReason)
    case .talking(let talk): talk.session.isReady ? .connected(talk.endpoint) : .connecting(talk.endpoint, after: lastReason)
    case .stopped: .stopped
    }
  }

  /// When `tick` has something to do at the earliest; nil if only an event can change anything.
  package var deadline: Duration? {
    let own: Duration? =
      switch phase {
      case .idle, .stopped: nil
      case .pausing(let until): until
      case .connecting(_, let deadline): deadline
      case .talking(let talk):
        [talk.probe.deadline, talk.session.isReady ? nil : talk.deadline].compactMap(\.self).min()
      }
    return [own, requests.earliestDeadline].compactMap(\.self).min()
  }

  // MARK: Life

  package mutating func start(now: Duration) -> [Action] {
    guard case .idle = phase else { return [] }
    return connect(now)
  }

  package mutating func stop() -> [Action] {
    if case .stopped = phase { return [] }
    var actions: [Action] = isOpen ? [.disconnect] : []
    phase = .stopped
    actions += requests.stop().map { .finish($0.id, $0.outcome) }
    return actions + [.changeStatus(.stopped)]
  }

  package mutating func tick(now: Duration) -> [Action] {
    var actions: [Action] = []
    let state = status.description
    for (wasSent, ending) in requests.expire(now, state) {
      if wasSent { actions += cancelAtServer(ending.id) }
      actions.append(.finish(ending.id, ending.outcome))
    }
    switch phase {
    case .pausing(let until) where now >= until: actions += connect(now)
    case .connecting(_, let deadline) where now >= deadline:
      actions += lose(.unreachable("no connection within \(options.connectTimeout)"), now)
    case .talking(let talk) where !talk.session.isReady && now >= talk.deadline:
      actions += lose(.handshakeTimedOut(options.handshakeTimeout), now)
    case .talking: actions += probe(now)
    case .idle, .pausing, .connecting, .stopped: break
    }
    return actions + drain()
  }

  private mutating func probe(_ now: Duration) -> [Action] {
    guard case .talking(var talk) = phase else { return [] }
    let verdict = talk.probe.check(at: now)
    phase = .talking(talk)
    switch verdict {
    case .quiet: return []
    case .sendEcho: return actions(of: talk.session.echo())
    case .giveUp: return lose(.silent((talk.probe.interval ?? .zero) * 2), now)
    }
  }

  // MARK: The connection's events

  package mutating func connected(_ connection: Int, now: Duration) -> [Action] {
    guard connection == self.connection, case .connecting(let endpoint, _) = phase else { return [] }
    let session = Session(options, wanted: wanted, resume: resume)
    let talk = Talk(
      endpoint: endpoint, session: session, probe: InactivityProbe(interval: options.probeInterval, now: now),
      deadline: now + options.handshakeTimeout)
    phase = .talking(talk)
    return session.open().flatMap { actions(of: $0) }
  }

  package mutating func received(_ bytes: some Sequence<UInt8>, _ connection: Int, now: Duration) -> [Action] {
    guard connection == self.connection, case .talking(var talk) = phase else { return [] }
    // One owner at a time: the session is changed in place.
    phase = .idle
    talk.probe.heard(at: now)
    let outputs = talk.session.receive(bytes)
    wanted.newest = talk.session.wanted.newest
    phase = .talking(talk)
    var actions: [Action] = []
    for output in outputs { actions += takeIn(output, now) }
    return actions + drain()
  }

  /// The connection has ended, or could not be made.
  package mutating func closed(_ reason: DisconnectReason, _ connection: Int, now: Duration) -> [Action] {
    guard connection == self.connection, isOpen else { return [] }
    return lose(reason, now)
  }

  /// The replica cannot follow: everything is read anew.
  package mutating func cacheIsInconsistent(_ error: CacheInconsistency, now: Duration) -> [Action] {
    guard isOpen else { return [] }
    let actions = lose(.inconsistent("\(error)"), now)
    resume = nil
    return actions
  }

  private mutating func takeIn(_ output: Session.Output, _ now: Duration) -> [Action] {
    switch output {
    case .send, .update: return actions(of: output)
    case .answer(let id, let outcome):
      return requests.answer(id, outcome).map { [.finish($0.id, $0.outcome)] } ?? []
    case .end(let reason): return lose(reason, now)
    case .synchronized(let update, let isResumed): return synchronized(update, isResumed, now)
    }
  }

  private mutating func synchronized(_ update: DatabaseUpdate, _ isResumed: Bool, _ now: Duration) -> [Action] {
    guard case .talking(var talk) = phase, let schema = talk.session.schema else { return [] }
    talk.readySince = now
    phase = .talking(talk)
    lastReason = nil
    var actions: [Action] = []
    let absent = options.tables.flatMap { $0.absent(from: schema) }
    if !absent.isEmpty { actions.append(.report(absent: absent)) }
    if isResumed {
      actions.append(.update(update))
    } else {
      var cache = DatabaseCache(schema: schema, tables: options.tables)
      do throws(CacheInconsistency) {
        _ = try cache.apply(update)
      } catch {
        return lose(.inconsistent("\(error)"), now)
      }
      actions.append(.replace(cache))
    }
    actions.append(.changeStatus(status))
    return actions
  }

  private func actions(of output: Session.Output) -> [Action] {
    switch output {
    case .send(let bytes): [.send(bytes)]
    case .update(let update): [.update(update)]
    case .answer, .synchronized, .end: []
    }
  }

  // MARK: Coming and going

  private var isOpen: Bool {
    switch phase {
    case .connecting, .talking: true
    case .idle, .pausing, .stopped: false
    }
  }

  private mutating func connect(_ now: Duration) -> [Action] {
    connection += 1
    let endpoint = rotation.take()
    phase = .connecting(endpoint, deadline: now + options.connectTimeout)
    return [.connect(endpoint, connection: connection), .changeStatus(status)]
  }

  private mutating func lose(_ reason: DisconnectReason, _ now: Duration) -> [Action] {
    var pause = Duration.zero
    if case .talking(let talk) = phase, let since = talk.readySince, now - since >= options.stableAfter {
      resume = talk.session.resumePoint
      rotation.succeeded()
    } else {
      if case .talking(let talk) = phase, talk.session.isReady { resume = talk.session.resumePoint }
      pause = rotation.failed()
    }
    lastReason = reason
    phase = .pausing(until: now + pause)
    let lost = requests.connectionLost(reason.description)
    var actions: [Action] = [.disconnect]
    actions += lost.map { .finish($0.id, $0.outcome) }
    actions.append(.changeStatus(status))
    if pause == .zero { actions += connect(now) }
    return actions
  }

  // MARK: Requests

  /// Takes a request in. It is sent when there is a connection, or ended at `deadline`.
  package mutating func submit(_ id: UInt64, _ parameters: [UInt8], deadline: Duration) -> [Action] {
    if case .stopped = phase { return [.finish(id, .failure(.notSent("the client was stopped")))] }
    if let refusal = requests.add(id, parameters, deadline: deadline) { return [.finish(refusal.id, refusal.outcome)] }
    return drain()
  }

  /// The caller waits no longer.
  package mutating func cancel(_ id: UInt64) -> [Action] {
    guard let (wasSent, ending) = requests.withdraw(id) else { return [] }
    return (wasSent ? cancelAtServer(id) : []) + [.finish(ending.id, ending.outcome)] + drain()
  }

  private func cancelAtServer(_ id: UInt64) -> [Action] {
    guard case .talking(let talk) = phase else { return [] }
    return actions(of: talk.session.cancel(id))
  }

  private mutating func drain() -> [Action] {
    guard case .talking(let talk) = phase, talk.session.isReady else { return [] }
    var sends: [Action] = []
    while let (id, parameters) = requests.send() { sends += actions(of: talk.session.transact(id, parameters)) }
    return sends
  }
}
