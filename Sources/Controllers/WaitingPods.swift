import KubeAPI

/// Pods that asked for addresses and could not have them, so that they are served the moment something changes (decisions.md §4
/// row 18): one for each address that comes back, the oldest of those that wait for its pool or for that very address; all of them
/// after an edit.
///
/// A wake-up is a chance, not a promise: whoever got one passes it on when it is done, to the next in line, if what came back is still
/// there. So one pod that cannot be served never keeps it from the others, and since the line is walked one way the walk ends.
struct WaitingPods: Sendable {
  /// A place in every line: by age, then by name.
  struct Waiter: Sendable, Hashable, Comparable {
    let created: Timestamp
    let pod: ObjectKey

    static func < (a: Waiter, b: Waiter) -> Bool { a.created != b.created ? a.created < b.created : a.pod < b.pod }
  }

  /// How much had changed when a decision was begun: what changes between that and the parking must not be missed.
  struct Ticket: Sendable, Equatable {
    fileprivate var edits: UInt64 = 0
    fileprivate var returns: UInt64 = 0
  }

  /// Something came back, and it is this pod's turn to try.
  struct WakeUp: Sendable, Hashable {
    let returned: Returned
    let waiter: Waiter
  }

  private struct Entry: Sendable {
    let waiter: Waiter
    let awaited: Set<Awaited>
  }

  private var entries: [ObjectKey: Entry] = [:]
  /// Who waits for what, each line in order.
  private var lines: [Awaited: [Waiter]] = [:]
  /// Wake-ups that their pods have not taken yet.
  private var wakeUps: [ObjectKey: [WakeUp]] = [:]
  private(set) var ticket = Ticket()

  var count: Int { entries.count }

  /// Parks a pod that was refused. `awaited` is what would help it; empty when only an edit can. True when something has changed since
  /// the decision was begun, so that it has to be tried again at once.
  mutating func park(_ pod: ObjectKey, created: Timestamp, awaiting awaited: Set<Awaited>, since ticket: Ticket) -> Bool {
    remove(pod)
    let waiter = Waiter(created: created, pod: pod)
    entries[pod] = Entry(waiter: waiter, awaited: awaited)
    for one in awaited {
      let place = Self.place(of: waiter, in: lines[one, default: []])
      lines[one, default: []].insert(waiter, at: place)
    }
    return ticket.edits != self.ticket.edits || (!awaited.isEmpty && ticket.returns != self.ticket.returns)
  }

  /// The pod is served or gone. Wake-ups that it has are passed on all the same.
  mutating func remove(_ pod: ObjectKey) {
    guard let entry = entries.removeValue(forKey: pod) else { return }
    for one in entry.awaited {
      let line = lines[one, default: []]
      let place = Self.place(of: entry.waiter, in: line)
      guard place < line.count, line[place] == entry.waiter else { continue }
      lines[one]?.remove(at: place)
      if lines[one]?.isEmpty == true { lines[one] = nil }
    }
  }

  /// The pod that is to try now that something came back; nil when nobody waits for it.
  mutating func wake(for returned: Returned) -> ObjectKey? {
    ticket.returns += 1
    return wake(for: returned, behind: nil) { _ in true }
  }

  /// The next one behind a pod that has had its turn, among those that wait for what is still to be had.
  mutating func passOn(_ wakeUp: WakeUp, isOpen: (Awaited) -> Bool) -> ObjectKey? {
    wake(for: wakeUp.returned, behind: wakeUp.waiter, isOpen)
  }

  /// The pod begins its turn.
  mutating func takeWakeUps(of pod: ObjectKey) -> [WakeUp] { wakeUps.removeValue(forKey: pod) ?? [] }

  /// Every parked pod, the oldest first: some object was edited.
  mutating func edit() -> [ObjectKey] {
    ticket.edits += 1
    return entries.values.map(\.waiter).sorted().map(\.pod)
  }

  private mutating func wake(for returned: Returned, behind: Waiter?, _ isOpen: (Awaited) -> Bool) -> ObjectKey? {
    let heads = returned.awaited.filter(isOpen).compactMap { head(of: $0, behind: behind, for: returned) }
    guard let waiter = heads.min() else { return nil }
    wakeUps[waiter.pod, default: []].append(WakeUp(returned: returned, waiter: waiter))
    return waiter.pod
  }

  /// The first of a line that has not had its turn, passing over those who will try for the same anyhow.
  private func head(of awaited: Awaited, behind: Waiter?, for returned: Returned) -> Waiter? {
    guard let line = lines[awaited] else { return nil }
    var place = 0
    if let behind {
      place = Self.place(of: behind, in: line)
      if place < line.count, line[place] == behind { place += 1 }
    }
    return line[place...].first { waiter in
      !(wakeUps[waiter.pod]?.contains { $0.returned == returned || $0.returned.awaited.contains(awaited) } ?? false)
    }
  }

  /// Where a waiter stands or would stand.
  private static func place(of waiter: Waiter, in line: [Waiter]) -> Int {
    var low = 0
    var high = line.count
    while low < high {
      let middle = (low + high) / 2
      if line[middle] < waiter { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
