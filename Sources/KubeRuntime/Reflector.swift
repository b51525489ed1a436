package import KubeAPI
package import KubeClient
package import Logging
import Synchronization

/// Keeps a store equal to a collection of the API server: lists once, then follows the watch, and lists again when it has lost its place.
package final class Reflector<R: Resource>: Sendable {
  package struct Options: Sendable {
    package var selection = Selection.everything
    /// A kind that the cluster may not have (a CRD of somebody else): without it the store counts as synced and empty, and the server
    /// is asked again every ten seconds.
    package var isOptional = false
    /// After which time the server is asked to end a watch, so that a dead connection is noticed.
    package var watchSeconds = 300
    /// Called for each object that cannot be read.
    package var undecodable: @Sendable (UndecodableObject) -> Void = { _ in }
    /// Called after each list with its size and duration, and after each event with its version.
    package var observe: @Sendable (ReflectorEvent) -> Void = { _ in }

    package init() {}
  }

  private let client: KubeClient
  private let store: Store<R>
  private let options: Options
  private let logger: Logger
  private let sleep: @Sendable (Duration) async throws -> Void
  private let elapsed: @Sendable () -> Duration
  private let connected = Mutex(false)

  package init<C: Clock<Duration>>(
    client: KubeClient, store: Store<R>, options: Options = Options(), logger: Logger, clock: C
  ) {
    self.client = client
    self.store = store
    self.options = options
    self.logger = logger
    let start = clock.now
    elapsed = { start.duration(to: clock.now) }
    sleep = { try await clock.sleep(for: $0, tolerance: nil) }
  }

  /// Whether a watch stands right now.
  package var isConnected: Bool { connected.withLock { $0 } }

  /// Runs until cancelled; every failure is retried.
  package func run() async throws {
    var state = WatchState()
    while !Task.isCancelled {
      do {
        switch state.next {
        case .list: state.listed(resourceVersion: try await list())
        case .watch(let version): try await watch(from: version, &state)
        }
      } catch is CancellationError {
        return
      } catch {
        state.failed(error)
        report(error, state)
        if state.isAbsent, options.isOptional { store.replaceAll([]) }
      }
      connected.withLock { $0 = false }
      try await sleep(state.delay(spread: Double.random(in: 0...1)))
    }
  }

  /// A consistent list: it shows every write that was answered before it. Returns its version.
  private func list() async throws -> String {
    let start = elapsed()
    let page = try await client.listAll(R.self, options.selection)
    for object in page.undecodable { options.undecodable(object) }
    store.replaceAll(page.items)
    options.observe(.listed(count: page.items.count, took: elapsed() - start))
    return page.resourceVersion
  }

  private func watch(from version: String, _ state: inout WatchState) async throws {
    let start = elapsed()
    // `handle` may not capture the state itself: it runs inside the client's stream.
    let progress = Mutex(state)
    defer {
      state = progress.withLock { $0 }
      options.observe(.watched(took: elapsed() - start))
    }
    try await client.watch(
      R.self, options.selection, from: version, timeoutSeconds: options.watchSeconds,
      connected: { connected.withLock { $0 = true } },
      handle: { (event: WatchEvent<R>) in
        let reached = try apply(event)
        progress.withLock { $0.advanced(to: reached) }
        options.observe(.advanced(resourceVersion: reached))
      })
    progress.withLock { $0.ended(after: elapsed() - start, from: version) }
  }

  /// Takes an event into the store and returns the version that it reaches.
  private func apply(_ event: WatchEvent<R>) throws -> String {
    switch event {
    case .added(let object), .modified(let object):
      store.apply(object)
      return object.metadata.resourceVersion
    case .deleted(let object):
      store.remove(object.key)
      return object.metadata.resourceVersion
    case .bookmark(let version): return version
    case .failed(let error): throw error
    case .undecodable(let object, let version, let isDeletion):
      options.undecodable(object)
      if isDeletion, let key = object.key { store.remove(key) }
      return version
    }
  }

  private func report(_ error: any Error, _ state: WatchState) {
    let level: Logger.Level = state.isAbsent && options.isOptional ? .debug : state.failures > 2 ? .warning : .info
    logger.log(
      level: level, "watch interrupted",
      metadata: ["kind": "\(R.resourceType)", "error": "\(error)", "failures": "\(state.failures)"])
  }
}

/// What a reflector has done, for the metrics.
package enum ReflectorEvent: Sendable {
  case listed(count: Int, took: Duration)
  case watched(took: Duration)
  case advanced(resourceVersion: String)
}
