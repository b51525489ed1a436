/// The requests of callers: which wait to be sent, which wait for their answer, and until when.
struct RequestTable: Sendable {
  /// How a request ended.
  struct Ending: Equatable, Sendable {
    let id: UInt64
    let outcome: Result<[UInt8], TransactionError>
  }

  private struct Entry {
    /// Let go when they are sent.
    var parameters: [UInt8]
    let deadline: Duration
    var isSent = false
  }

  private let maxWaiting: Int
  private let maxInFlight: Int
  private var entries: [UInt64: Entry] = [:]
  /// Ids in the order of their arrival; some may have been withdrawn since.
  private var queue: [UInt64] = []
  private var head = 0
  private(set) var inFlight = 0
  /// No deadline is earlier. It may be too early itself: then a look finds nothing and it moves.
  private(set) var earliestDeadline: Duration?

  init(maxWaiting: Int, maxInFlight: Int) {
    self.maxWaiting = maxWaiting
    self.maxInFlight = maxInFlight
  }

  var waiting: Int { entries.count - inFlight }
  var isEmpty: Bool { entries.isEmpty }

  /// Takes a request in; an ending if that is refused.
  mutating func add(_ id: UInt64, _ parameters: [UInt8], deadline: Duration) -> Ending? {
    guard waiting < maxWaiting else {
      return Ending(id: id, outcome: .failure(.notSent("\(waiting) requests are waiting to be sent already")))
    }
    entries[id] = Entry(parameters: parameters, deadline: deadline)
    queue.append(id)
    earliestDeadline = min(earliestDeadline ?? deadline, deadline)
    return nil
  }

  /// The next request to send; it counts as sent from now on.
  mutating func send() -> (id: UInt64, parameters: [UInt8])? {
    guard inFlight < maxInFlight else { return nil }
    while head < queue.count {
      let id = queue[head]
      head += 1
      if head == queue.count || head >= 1024 {
        queue.removeFirst(head)
        head = 0
      }
      guard let parameters = entries[id]?.parameters else { continue }
      entries[id]?.isSent = true
      entries[id]?.parameters = []
      inFlight += 1
      return (id, parameters)
    }
    return nil
  }

  /// An answer came. Nil for one that nobody waits for any more.
  mutating func answer(_ id: UInt64, _ outcome: Result<[UInt8], TransactionError>) -> Ending? {
    guard entries[id]?.isSent == true else { return nil }
    remove(id)
    return Ending(id: id, outcome: outcome)
  }

  /// The caller waits no longer. Tells whether the request had been sent; nil if it had ended.
  mutating func withdraw(_ id: UInt64) -> (wasSent: Bool, Ending)? {
    guard let entry = entries[id] else { return nil }
    remove(id)
    let error: TransactionError = entry.isSent ? .outcomeUnknown("the caller was cancelled") : .notSent("the caller was cancelled")
    return (entry.isSent, Ending(id: id, outcome: .failure(error)))
  }

  /// The connection is gone, and with it every answer that was to come on it.
  mutating func connectionLost(_ reason: String) -> [Ending] {
    end(.outcomeUnknown(reason)) { $0.isSent }
  }

  /// Ends all that are still there.
  mutating func stop() -> [Ending] {
    let reason = "the client was stopped"
    return end(.outcomeUnknown(reason)) { $0.isSent } + end(.notSent(reason)) { _ in true }
  }

  /// Ends those whose time is over. `state` says why nothing could be sent. The ids of those that were sent come along: the server is to
  /// forget them.
  mutating func expire(_ now: Duration, _ state: String) -> [(wasSent: Bool, Ending)] {
    guard let earliestDeadline, earliestDeadline <= now else { return [] }
    var ended: [(wasSent: Bool, Ending)] = []
    for (id, entry) in entries where entry.deadline <= now {
      let error: TransactionError = entry.isSent ? .outcomeUnknown("no answer in time") : .notSent("no connection in time: \(state)")
      ended.append((entry.isSent, Ending(id: id, outcome: .failure(error))))
    }
    ended.sort { $0.1.id < $1.1.id }
    for (_, ending) in ended { remove(ending.id) }
    self.earliestDeadline = entries.values.map(\.deadline).min()
    return ended
  }

  private mutating func end(_ error: TransactionError, _ isMeant: (Entry) -> Bool) -> [Ending] {
    let ids = entries.filter { isMeant($0.value) }.keys.sorted()
    for id in ids { remove(id) }
    return ids.map { Ending(id: $0, outcome: .failure(error)) }
  }

  private mutating func remove(_ id: UInt64) {
    if entries.removeValue(forKey: id)?.isSent == true { inFlight -= 1 }
    if entries.isEmpty { earliestDeadline = nil }
  }
}
