/// One change of one object.
package struct StoreEvent: Sendable {
  package enum Kind: String, Sendable {
    case added = "ADDED"
    case modified = "MODIFIED"
    case deleted = "DELETED"
  }

  package let kind: Kind
  /// The object after the change; for a deletion its last state, at the revision of the deletion.
  package let object: StoredObject
  /// The object before the change.
  package let previous: StoredObject?

  package var revision: Int64 { object.revision }
}

/// The latest changes of one resource: what watches replay and pages undo. Older ones are forgotten, and asking for them is 410.
struct EventHistory: Sendable {
  private var events: [StoreEvent] = []
  /// A request that names a revision below this one is refused.
  private(set) var floor: Int64
  /// The revision of the last change that was forgotten. A watch that is further than this has missed nothing, even below the floor.
  private var lost: Int64
  private let limit: Int

  init(floor: Int64, limit: Int) {
    self.floor = floor
    lost = floor
    self.limit = max(1, limit)
  }

  mutating func append(_ event: StoreEvent) {
    events.append(event)
    // Dropping half at a time keeps an append cheap on average.
    if events.count >= 2 * limit { forget(events.count - limit) }
  }

  /// Forgets everything up to a revision.
  mutating func compact(to revision: Int64) {
    forget(firstIndex(after: revision))
    floor = max(floor, revision)
  }

  /// Up to `count` changes after a revision, oldest first; nil when some of them are forgotten.
  func changes(after revision: Int64, count: Int = .max) -> ArraySlice<StoreEvent>? {
    guard revision >= lost else { return nil }
    let start = firstIndex(after: revision)
    return events[start..<min(events.count, start + min(count, events.count))]
  }

  private mutating func forget(_ count: Int) {
    guard count > 0 else { return }
    lost = events[count - 1].revision
    floor = max(floor, lost)
    events.removeFirst(count)
  }

  private func firstIndex(after revision: Int64) -> Int {
    var low = 0
    var high = events.count
    while low < high {
      let middle = (low + high) / 2
      if events[middle].revision <= revision { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
