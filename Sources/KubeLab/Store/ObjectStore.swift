import Synchronization
import WireJSON

/// Why a write did not happen.
package enum StoreError: Error, Equatable, CustomStringConvertible {
  case exists(String)
  /// The object is not at the revision that the write was computed from.
  case conflict(String)

  package var description: String {
    switch self {
    case .exists(let key): "\(key) already exists"
    case .conflict(let key): "\(key) has changed since it was read"
    }
  }
}

/// Every object of the lab's cluster, under one revision counter, with the recent history of each resource.
///
/// Writers compute outside the lock and commit against the revision that they read; readers take snapshots that share structure with the
/// live tables. Watches keep no queue: they read the history at their own pace and are told 410 when it has moved on without them.
package final class ObjectStore: Sendable {
  /// Where an object is: its resource (`plural.group`) and key.
  struct Location: Hashable, Sendable {
    var resource: String
    var key: ObjectKey
  }

  /// A resource as it was at one revision.
  struct Snapshot: Sendable {
    var table: SortedTable
    var revision: Int64
  }

  private struct Resource {
    var table = SortedTable()
    var history: EventHistory
    var watchers: [Int: AsyncStream<WatchWake>.Continuation] = [:]
  }

  private struct State {
    var revision: Int64
    /// What a resource's history starts from when its first object arrives.
    var floor: Int64
    var resources: [String: Resource] = [:]
    var locations: [String: Location] = [:]
    var dependents: [String: Set<Location>] = [:]
    var nextWatcher = 0
  }

  /// The counter starts here, so that small versions (`resourceVersion=1`) lie in the compacted past, as on any cluster that has lived a little.
  static let firstRevision: Int64 = 1000
  private let historyLimit: Int
  private let state: Mutex<State>

  init(historyLimit: Int) {
    self.historyLimit = historyLimit
    state = Mutex(State(revision: Self.firstRevision, floor: Self.firstRevision))
  }

  var revision: Int64 { state.withLock { $0.revision } }

  // MARK: Reading

  func object(_ resource: String, _ key: ObjectKey) -> StoredObject? {
    state.withLock { $0.resources[resource]?.table[key] }
  }

  func snapshot(_ resource: String) -> Snapshot {
    state.withLock { Snapshot(table: $0.resources[resource]?.table ?? SortedTable(), revision: $0.revision) }
  }

  /// The resource as it was at a revision, by undoing what came after it; nil when the history no longer reaches back so far.
  func snapshot(_ resource: String, at revision: Int64) -> Snapshot? {
    let found: (SortedTable, ArraySlice<StoreEvent>)? = state.withLock { state in
      guard let entry = state.resources[resource] else { return revision >= state.floor ? (SortedTable(), []) : nil }
      guard revision >= entry.history.floor else { return nil }
      return entry.history.changes(after: revision).map { (entry.table, $0) }
    }
    guard let (live, later) = found else { return nil }
    var table = live
    for event in later.reversed() {
      if let previous = event.previous { table.put(previous) } else { table.remove(event.object.key) }
    }
    return Snapshot(table: table, revision: revision)
  }

  /// Up to 256 changes after a revision; nil when some of them are forgotten.
  func changes(_ resource: String, after revision: Int64) -> ArraySlice<StoreEvent>? {
    state.withLock { state in
      guard let entry = state.resources[resource] else { return [] }
      return entry.history.changes(after: revision, count: 256)
    }
  }

  /// Whether a new watch may start from a revision.
  func canFollow(_ resource: String, after revision: Int64) -> Bool {
    state.withLock { state in revision >= (state.resources[resource]?.history.floor ?? state.floor) }
  }

  func location(uid: String) -> Location? { state.withLock { $0.locations[uid] } }

  /// Objects whose ownerReferences name this uid, in a fixed order.
  func dependents(of uid: String) -> [Location] {
    let found = state.withLock { $0.dependents[uid] ?? [] }
    return found.sorted { ($0.resource, $0.key.text) < ($1.resource, $1.key.text) }
  }

  // MARK: Writing

  func create(_ resource: String, _ key: ObjectKey, _ object: JSONValue) throws(StoreError) -> StoredObject {
    try commit(resource, key, expecting: nil, object, removing: false)
  }

  func replace(_ resource: String, _ current: StoredObject, with object: JSONValue) throws(StoreError) -> StoredObject {
    try commit(resource, current.key, expecting: current.revision, object, removing: false)
  }

  /// Removes the object; the result is its last state, at the revision of the deletion.
  func remove(_ resource: String, _ current: StoredObject, last object: JSONValue) throws(StoreError) -> StoredObject {
    try commit(resource, current.key, expecting: current.revision, object, removing: true)
  }

  private func commit(
    _ resource: String, _ key: ObjectKey, expecting revision: Int64?, _ object: JSONValue, removing: Bool
  ) throws(StoreError) -> StoredObject {
    let outcome: Result<StoredObject, StoreError> = state.withLock { state in
      let previous = state.resources[resource]?.table[key]
      guard previous?.revision == revision else { return .failure(revision == nil ? .exists(key.text) : .conflict(key.text)) }
      state.revision += 1
      var stamped = object
      stamped["metadata"]?["resourceVersion"] = .string(String(state.revision))
      let stored = StoredObject(key: key, object: stamped, revision: state.revision)
      Self.index(&state, Location(resource: resource, key: key), from: previous, to: removing ? nil : stored)
      let empty = Resource(history: EventHistory(floor: state.floor, limit: historyLimit))
      let kind: StoreEvent.Kind = removing ? .deleted : previous == nil ? .added : .modified
      Self.apply(StoreEvent(kind: kind, object: stored, previous: previous), to: &state.resources[resource, default: empty])
      return .success(stored)
    }
    return try outcome.get()
  }

  private static func apply(_ event: StoreEvent, to resource: inout Resource) {
    if event.kind == .deleted { resource.table.remove(event.object.key) } else { resource.table.put(event.object) }
    resource.history.append(event)
    for watcher in resource.watchers.values { watcher.yield(.changed) }
  }

  private static func index(_ state: inout State, _ location: Location, from old: StoredObject?, to new: StoredObject?) {
    let (before, after) = (old.map(owners) ?? [], new.map(owners) ?? [])
    if before != after {
      for uid in before where !after.contains(uid) {
        state.dependents[uid]?.remove(location)
        if state.dependents[uid]?.isEmpty == true { state.dependents[uid] = nil }
      }
      for uid in after { state.dependents[uid, default: []].insert(location) }
    }
    if old?.uid != new?.uid {
      if let old { state.locations[old.uid] = nil }
      if let new { state.locations[new.uid] = location }
    }
  }

  private static func owners(_ stored: StoredObject) -> [String] {
    stored.object[path: ["metadata", "ownerReferences"]]?.array?.compactMap { $0["uid"]?.string } ?? []
  }

  // MARK: Watching

  /// Registers for wake-ups; the watcher then reads `changes(_:after:)`.
  func addWatcher(_ resource: String, _ wake: AsyncStream<WatchWake>.Continuation) -> Int {
    state.withLock { state in
      state.nextWatcher += 1
      let empty = Resource(history: EventHistory(floor: state.floor, limit: historyLimit))
      state.resources[resource, default: empty].watchers[state.nextWatcher] = wake
      return state.nextWatcher
    }
  }

  func removeWatcher(_ resource: String, _ id: Int) {
    state.withLock { _ = $0.resources[resource]?.watchers.removeValue(forKey: id) }
  }

  /// Ends every watch of a resource, or of all.
  func closeWatches(of resource: String? = nil) {
    let closing = state.withLock { state in
      state.resources.filter { resource == nil || $0.key == resource }.flatMap { $0.value.watchers.values }
    }
    for watcher in closing { watcher.finish() }
  }

  /// Forgets all history: what asks for an older version is answered 410 from now on.
  func compact() {
    state.withLock { state in
      // One revision further, so that versions handed out before this call are really in the past.
      state.revision += 1
      state.floor = state.revision
      for name in state.resources.keys { state.resources[name]?.history.compact(to: state.revision) }
    }
  }
}

/// Why a watch looks at the history again.
enum WatchWake: Sendable {
  case changed
  case bookmark
}
