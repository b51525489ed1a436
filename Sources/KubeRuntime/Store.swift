package import KubeAPI
import Synchronization

/// All objects of one kind as the API server last showed them: a reflector writes it, everybody reads it.
///
/// Handlers run synchronously after each change, in the order of the changes and outside the lock of the table, so they may read the
/// store; they must not block. During a relist readers see the old contents until the new ones replace them at once.
package final class Store<R: Resource>: Sendable {
  /// One change: an addition has no `old`, a removal no `new`.
  package struct Change: Sendable {
    package let key: ObjectKey
    fileprivate let before: Entry?
    fileprivate let after: Entry?

    package var old: R? { before?.object }
    package var new: R? { after?.object }
  }

  /// An object in the table. A reference, so that tables and lists of changes hold eight bytes for each and not the object's own
  /// hundreds.
  fileprivate final class Entry: Sendable {
    let object: R

    init(_ object: R) { self.object = object }
  }

  /// Names the groups that an object belongs to, for lookups by something other than the key.
  package struct Index: Sendable {
    let name: String
    let groups: @Sendable (R) -> [String]

    package init(_ name: String, _ groups: @escaping @Sendable (R) -> [String]) {
      self.name = name
      self.groups = groups
    }
  }

  private struct Waiter {
    let key: ObjectKey?
    let isMet: @Sendable (R?) -> Bool
    let continuation: CheckedContinuation<Bool, Never>
  }

  private struct Table {
    var objects: [ObjectKey: Entry] = [:]
    var isSynced = false
    /// Index name → group → keys.
    var groups: [String: [String: Set<ObjectKey>]] = [:]
    var handlers: [@Sendable (Change) -> Void] = []
    var waiters: [UInt64: Waiter] = [:]
    var nextWaiter: UInt64 = 0
    var cancelledEarly: Set<UInt64> = []
    /// Changes whose handlers have not run yet, and whether somebody is running them.
    var pending: [Change] = []
    var isDelivering = false
  }

  private let table = Mutex(Table())
  private let indexes: [Index]

  package init(indexes: [Index] = []) { self.indexes = indexes }

  // MARK: Reading

  package subscript(key: ObjectKey) -> R? { table.withLock { $0.objects[key] }?.object }

  /// Every object, in no particular order.
  package var all: [R] { table.withLock { $0.objects.values.map(\.object) } }

  package var count: Int { table.withLock { $0.objects.count } }

  /// Whether the first list has arrived.
  package var isSynced: Bool { table.withLock { $0.isSynced } }

  /// Tasks that wait for a change.
  var waiterCount: Int { table.withLock { $0.waiters.count } }

  /// The objects of a group, in key order.
  package func objects(_ index: String, _ group: String) -> [R] {
    table.withLock { table in
      (table.groups[index]?[group] ?? []).sorted().compactMap { table.objects[$0]?.object }
    }
  }

  /// Calls `handler` after every later change. Handlers cannot be taken away: they live as long as the store.
  package func onChange(_ handler: @escaping @Sendable (Change) -> Void) {
    table.withLock { $0.handlers.append(handler) }
  }

  // MARK: Waiting

  /// Returns once `isMet` holds for the object of that key (nil: it does not exist), at once if it does already. Throws
  /// `CancellationError` when the task is cancelled first, so that a deadline is a task group away.
  package func wait(for key: ObjectKey, until isMet: @escaping @Sendable (R?) -> Bool) async throws {
    try await wait(key: key, isMet)
  }

  /// Returns once the first list has arrived.
  package func waitUntilSynced() async throws { try await wait(key: nil) { _ in true } }

  private func wait(key: ObjectKey?, _ isMet: @escaping @Sendable (R?) -> Bool) async throws {
    try Task.checkCancellation()
    let id = table.withLock { table in
      table.nextWaiter += 1
      return table.nextWaiter
    }
    let isDone = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
        let immediate: Bool? = table.withLock { table in
          if table.cancelledEarly.remove(id) != nil { return false }
          let isReady = key.map { isMet(table.objects[$0]?.object) } ?? table.isSynced
          if isReady { return true }
          table.waiters[id] = Waiter(key: key, isMet: isMet, continuation: continuation)
          return nil
        }
        if let immediate { continuation.resume(returning: immediate) }
      }
    } onCancel: {
      let waiter = table.withLock { table in
        let waiter = table.waiters.removeValue(forKey: id)
        if waiter == nil { table.cancelledEarly.insert(id) }
        return waiter
      }
      waiter?.continuation.resume(returning: false)
    }
    table.withLock { _ = $0.cancelledEarly.remove(id) }
    if !isDone { throw CancellationError() }
  }

  // MARK: Writing (the reflector)

  /// The result of a list: what is not in it is gone.
  package func replaceAll(_ objects: [R]) {
    change { table in
      var fresh: [ObjectKey: Entry] = [:]
      fresh.reserveCapacity(objects.count)
      for object in objects { fresh[object.key] = Entry(object) }
      var changes: [Change] = []
      for (key, old) in table.objects where fresh[key] == nil { changes.append(Change(key: key, before: old, after: nil)) }
      table.objects.reserveCapacity(fresh.count)
      for (key, new) in fresh {
        let old = table.objects[key]
        if let old, old.object.metadata.resourceVersion == new.object.metadata.resourceVersion,
          old.object.metadata.uid == new.object.metadata.uid
        {
          continue
        }
        changes.append(Change(key: key, before: old, after: new))
      }
      table.isSynced = true
      return changes.sorted { $0.key < $1.key }
    }
  }

  /// An object that was added or changed.
  package func apply(_ object: R) {
    change { table in [Change(key: object.key, before: table.objects[object.key], after: Entry(object))] }
  }

  /// An object that is gone.
  package func remove(_ key: ObjectKey) {
    change { table in table.objects[key].map { [Change(key: key, before: $0, after: nil)] } ?? [] }
  }

  private func change(_ decide: (inout Table) -> [Change]) {
    let met: [Waiter] = table.withLock { table in
      let changes = decide(&table)
      for change in changes { store(change, in: &table) }
      table.pending += changes
      return takeMetWaiters(changes, &table)
    }
    for waiter in met { waiter.continuation.resume(returning: true) }
    deliver()
  }

  private func store(_ change: Change, in table: inout Table) {
    table.objects[change.key] = change.after
    for index in indexes {
      let before = change.old.map(index.groups) ?? []
      let after = change.new.map(index.groups) ?? []
      if before == after { continue }
      for group in before {
        table.groups[index.name, default: [:]][group]?.remove(change.key)
        if table.groups[index.name]?[group]?.isEmpty == true { table.groups[index.name]?[group] = nil }
      }
      for group in after { table.groups[index.name, default: [:]][group, default: []].insert(change.key) }
    }
  }

  private func takeMetWaiters(_ changes: [Change], _ table: inout Table) -> [Waiter] {
    guard !table.waiters.isEmpty else { return [] }
    var met: [Waiter] = []
    let touched = Set(changes.map(\.key))
    for (id, waiter) in table.waiters {
      if let key = waiter.key {
        guard touched.contains(key), waiter.isMet(table.objects[key]?.object) else { continue }
      } else if !table.isSynced {
        continue
      }
      met.append(waiter)
      table.waiters[id] = nil
    }
    return met
  }

  /// Runs the handlers of pending changes. One caller at a time does it for all, which keeps the order without holding the lock.
  private func deliver() {
    while true {
      let batch: (changes: [Change], handlers: [@Sendable (Change) -> Void])? = table.withLock { table in
        guard !table.isDelivering, !table.pending.isEmpty else { return nil }
        table.isDelivering = true
        defer { table.pending = [] }
        return (table.pending, table.handlers)
      }
      guard let batch else { return }
      for change in batch.changes {
        for handler in batch.handlers { handler(change) }
      }
      table.withLock { $0.isDelivering = false }
    }
  }
}
