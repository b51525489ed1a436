/// Which keys wait, run, or are put off: the decisions of a work queue as a value (the semantics of Kubernetes' controllers).
///
/// A key waits at most once. A key that is added while it runs waits again when it is done, so no change is missed and no key ever
/// runs on two workers.
package struct WorkQueueState<Key: Hashable & Sendable>: Sendable {
  /// Order of service: fresh work goes before the backlog of a first list.
  package enum Priority: Int, Sendable, Comparable {
    case high = 0
    case low = 1

    package static func < (a: Priority, b: Priority) -> Bool { a.rawValue < b.rawValue }
  }

  private var ready: [Priority: RingQueue<Key>] = [.high: RingQueue(), .low: RingQueue()]
  private var waiting: [Key: Priority] = [:]
  private var running: Set<Key> = []
  /// Added while running.
  private var dirty: [Key: Priority] = [:]
  /// Put off until an instant, in nanoseconds on the queue's own clock.
  private var delayed: [Key: UInt64] = [:]
  private var failures: [Key: Int] = [:]

  package init() {}

  /// Adds a key now; a delay that it had is over.
  package mutating func add(_ key: Key, priority: Priority = .high) {
    delayed[key] = nil
    if running.contains(key) {
      dirty[key] = min(dirty[key] ?? priority, priority)
      return
    }
    if let present = waiting[key] {
      guard priority < present else { return }
      // The entry in the slower line stays behind and is passed over when its turn comes.
      waiting[key] = priority
      ready[priority]?.append(key)
      return
    }
    waiting[key] = priority
    ready[priority]?.append(key)
  }

  /// Puts a key off; the earlier of two instants counts, and a key that waits already is not put off.
  package mutating func add(_ key: Key, at instant: UInt64) {
    guard waiting[key] == nil else { return }
    delayed[key] = min(delayed[key] ?? instant, instant)
  }

  /// The next key to work on, which is then running until `finish`.
  package mutating func next() -> Key? {
    for priority in [Priority.high, .low] {
      while let key = ready[priority]?.popFirst() {
        guard waiting[key] == priority else { continue }
        waiting[key] = nil
        running.insert(key)
        return key
      }
    }
    return nil
  }

  /// The work on a key is over. Forgets its failures unless it failed.
  package mutating func finish(_ key: Key, failed: Bool = false) {
    running.remove(key)
    if failed { failures[key, default: 0] += 1 } else { failures[key] = nil }
    if let priority = dirty.removeValue(forKey: key) { add(key, priority: priority) }
  }

  /// Failures in a row.
  package func failures(of key: Key) -> Int { failures[key] ?? 0 }

  /// Moves the keys whose time has come to the ready line and tells the next instant at which to call again.
  package mutating func advance(to now: UInt64) -> UInt64? {
    var due: [(key: Key, instant: UInt64)] = []
    for (key, instant) in delayed where instant <= now { due.append((key, instant)) }
    for entry in due.sorted(by: { $0.instant < $1.instant }) {
      delayed[entry.key] = nil
      add(entry.key)
    }
    return delayed.values.min()
  }

  package var isIdle: Bool { waiting.isEmpty && running.isEmpty }
  package var depth: Int { waiting.count }
}

/// A first-in first-out line whose both ends cost amortised constant time.
struct RingQueue<Element: Sendable>: Sendable {
  private var elements: [Element] = []
  private var head = 0

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func popFirst() -> Element? {
    guard head < elements.count else { return nil }
    let element = elements[head]
    head += 1
    if head > 64, head * 2 > elements.count {
      elements.removeFirst(head)
      head = 0
    }
    return element
  }
}
