import HTTPMessage
import WireJSON

/// Watches: streams of changes, read from the store's history at the client's pace.
extension APIServer {
  private static let contentType = "application/json;stream=watch"
  private static let annotationEnd = "k8s.io/initial-events-end"
  /// How long a watch lasts when the client names no time.
  private static let defaultTimeout: Int64 = 1800
  /// Objects written at once at the beginning of a watch.
  private static let initialBatch = 256

  /// How one watch begins and what it sends.
  private struct WatchPlan: Sendable {
    var call: APICall
    var filter: ObjectFilter
    /// Objects to announce first; nil when the watch starts from a version.
    var initial: ObjectStore.Snapshot?
    var revision: Int64
    var sendsBookmarks: Bool
    /// Whether a bookmark marks the end of the initial objects.
    var marksInitialEnd: Bool
    var timeout: Duration
  }

  func watch(_ call: APICall) throws -> HTTPResponse {
    let plan = try plan(call)
    return HTTPResponse(
      status: 200, headers: ["Content-Type": Self.contentType],
      body: .stream { [self] writer in try await run(plan, writer) })
  }

  private func plan(_ call: APICall) throws -> WatchPlan {
    let filter = try ObjectFilter(call)
    let wanted = try call.number("resourceVersion")
    let sendsInitial = call.query["sendInitialEvents"].map { $0 == "true" || $0 == "1" }
    let match = call.query["resourceVersionMatch"]
    guard match == nil || (match == "NotOlderThan" && sendsInitial != nil), sendsInitial == nil || match != nil else {
      throw APIStatus(
        code: 422, reason: "Invalid",
        message: "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents and "
          + "resourceVersionMatch=NotOlderThan belong together in a watch")
    }
    let seconds = try call.number("timeoutSeconds") ?? 0
    var plan = WatchPlan(
      call: call, filter: filter, revision: wanted ?? 0, sendsBookmarks: call.flag("allowWatchBookmarks"),
      marksInitialEnd: sendsInitial == true, timeout: .seconds(seconds > 0 ? seconds : Self.defaultTimeout))
    if sendsInitial ?? (plan.revision == 0) {
      try checkNotFuture(plan.revision)
      let snapshot = store.snapshot(call.definition.storage)
      plan.initial = snapshot
      plan.revision = snapshot.revision
    } else if plan.revision == 0 {
      plan.revision = store.revision
    } else if !store.canFollow(call.definition.storage, after: plan.revision) {
      throw APIStatus.expired("too old resource version: \(plan.revision) (\(store.revision))")
    }
    return plan
  }

  private func run(_ plan: WatchPlan, _ writer: any HTTPBodyWriter) async throws {
    let (wakes, wake) = AsyncStream<WatchWake>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let resource = plan.call.definition.storage
    let id = store.addWatcher(resource, wake)
    defer { store.removeWatcher(resource, id) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [self] in try await tick(plan, wake) }
      defer { group.cancelAll() }
      var revision = plan.revision
      if let initial = plan.initial { try await announce(initial, plan, writer) }
      // Something may have been written between the snapshot and the registration.
      guard try await forward(&revision, plan, writer) else { return }
      for await reason in wakes {
        guard try await forward(&revision, plan, writer) else { return }
        if case .bookmark = reason, plan.sendsBookmarks { try await writer.write(bookmark(revision, plan)) }
      }
      guard !Task.isCancelled, try await forward(&revision, plan, writer) else { return }
      if plan.sendsBookmarks { try await writer.write(bookmark(revision, plan)) }
    }
  }

  /// Wakes the watch for its bookmarks, and ends it in time.
  private func tick(_ plan: WatchPlan, _ wake: AsyncStream<WatchWake>.Continuation) async throws {
    var left = plan.timeout
    while left > configuration.bookmarkInterval {
      try await configuration.clock.sleep(for: configuration.bookmarkInterval)
      left -= configuration.bookmarkInterval
      wake.yield(.bookmark)
    }
    try await configuration.clock.sleep(for: left)
    wake.finish()
  }

  private func announce(_ initial: ObjectStore.Snapshot, _ plan: WatchPlan, _ writer: any HTTPBodyWriter) async throws {
    var found: [StoredObject] = []
    let prefix = plan.filter.namespace.map { $0 + "/" } ?? ""
    initial.table.forEach(from: prefix) { stored in
      guard prefix.isEmpty || stored.key.namespace == plan.filter.namespace else { return false }
      if plan.filter.matchesWithin(stored) { found.append(stored) }
      return true
    }
    for start in stride(from: 0, to: found.count, by: Self.initialBatch) {
      var bytes: [UInt8] = []
      for stored in found[start..<min(start + Self.initialBatch, found.count)] { append(.added, stored, plan, to: &bytes) }
      try await writer.write(bytes)
    }
    if plan.marksInitialEnd, plan.sendsBookmarks { try await writer.write(bookmark(initial.revision, plan, isInitialEnd: true)) }
  }

  /// Sends what has changed since `revision`; false when the watch is over because the history has moved on without it.
  private func forward(_ revision: inout Int64, _ plan: WatchPlan, _ writer: any HTTPBodyWriter) async throws -> Bool {
    // Everything up to here is in the history by now; once it is sent the watch stands at this version, whatever it selects.
    let seen = store.revision
    while true {
      guard let changes = store.changes(plan.call.definition.storage, after: revision) else {
        let status = APIStatus.expired("too old resource version: \(revision) (\(store.revision))")
        let event: JSONValue = ["type": "ERROR", "object": status.json]
        try await writer.write(event.bytes + [0x0A])
        return false
      }
      guard let last = changes.last else {
        revision = max(revision, seen)
        return true
      }
      revision = last.revision
      var bytes: [UInt8] = []
      for change in changes { append(change, plan, to: &bytes) }
      if !bytes.isEmpty { try await writer.write(bytes) }
    }
  }

  /// A change as this watch sees it: an object that begins to match is added, one that no longer matches is deleted.
  private func append(_ change: StoreEvent, _ plan: WatchPlan, to bytes: inout [UInt8]) {
    let matches = change.kind != .deleted && plan.filter.matches(change.object)
    let matched = change.previous.map(plan.filter.matches) ?? false
    switch (matched, matches) {
    case (false, false): return
    case (false, true): append(.added, change.object, plan, to: &bytes)
    case (true, true): append(.modified, change.object, plan, to: &bytes)
    case (true, false):
      // An object that left the selection is shown as it last matched, at the version of the change.
      append(.deleted, change.kind == .deleted ? change.object : lastMatching(change), plan, to: &bytes)
    }
  }

  private func lastMatching(_ change: StoreEvent) -> StoredObject {
    guard let previous = change.previous else { return change.object }
    var object = previous.object
    object["metadata"]?["resourceVersion"] = .string(String(change.revision))
    return StoredObject(key: previous.key, object: object, revision: change.revision)
  }

  private func append(_ kind: StoreEvent.Kind, _ stored: StoredObject, _ plan: WatchPlan, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: "{\"type\":\"\(kind.rawValue)\",\"object\":".utf8)
    switch plan.call.form {
    case .table:
      let metadata: JSONValue = ["resourceVersion": .string(String(stored.revision))]
      bytes.append(contentsOf: table([stored], plan.call, metadata: metadata).bytes)
    case .partial: bytes.append(contentsOf: Self.partial(stored).bytes)
    default:
      bytes.append(contentsOf: plan.call.definition.typePrefix.utf8)
      bytes.append(contentsOf: stored.bytes.dropFirst())
    }
    bytes.append(contentsOf: [0x7D, 0x0A])
  }

  private func bookmark(_ revision: Int64, _ plan: WatchPlan, isInitialEnd: Bool = false) -> [UInt8] {
    var metadata: JSONValue = ["resourceVersion": .string(String(revision)), "creationTimestamp": .null]
    if isInitialEnd { metadata["annotations"] = [Self.annotationEnd: "true"] }
    let definition = plan.call.definition
    var object: JSONValue = ["apiVersion": .string(definition.apiVersion), "kind": .string(definition.kind), "metadata": metadata]
    switch plan.call.form {
    case .partial:
      object["apiVersion"] = "meta.k8s.io/v1"
      object["kind"] = "PartialObjectMetadata"
    case .table:
      let row: JSONValue = ["cells": [], "object": object]
      object = ["apiVersion": "meta.k8s.io/v1", "kind": "Table", "metadata": metadata, "columnDefinitions": [], "rows": [row]]
    default: break
    }
    let event: JSONValue = ["type": "BOOKMARK", "object": object]
    return event.bytes + [0x0A]
  }
}
