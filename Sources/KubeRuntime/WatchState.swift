import KubeClient

/// Where a reflector is with its collection: what it does next, as a value.
package struct WatchState: Sendable, Equatable {
  package enum Step: Sendable, Equatable {
    /// Read the whole collection.
    case list
    /// Follow it from this version on.
    case watch(from: String)
  }

  package private(set) var next = Step.list
  /// Failures in a row, for the back-off.
  package private(set) var failures = 0
  /// Whether the server says that there is no such kind.
  package private(set) var isAbsent = false

  package init() {}

  package mutating func listed(resourceVersion: String) {
    next = .watch(from: resourceVersion)
    failures = 0
    isAbsent = false
  }

  /// An event or a bookmark: a broken watch goes on from here.
  package mutating func advanced(to resourceVersion: String) {
    guard !resourceVersion.isEmpty else { return }
    next = .watch(from: resourceVersion)
    failures = 0
  }

  /// The server ended the watch in good order. One that does so at once, without an event, must not be asked again at full speed.
  package mutating func ended(after duration: Duration, from version: String) {
    if duration < .seconds(1), next == .watch(from: version) { failures += 1 }
  }

  /// A list or watch failed. A version that is too old, an event that cannot be read and a kind that is not there mean a new list;
  /// anything else is tried again where it was.
  package mutating func failed(_ error: any Error) {
    failures += 1
    let refusal = error as? APIError
    isAbsent = refusal?.isNotFound ?? false
    if isAbsent || refusal?.isExpired == true || error is WatchError { next = .list }
  }

  /// How long to wait before the next step: nothing after a success or the first expiry, then doubling, 30 s at most. `spread`, 0 to 1,
  /// keeps a whole cluster's reflectors from coming back at one moment.
  package func delay(spread: Double) -> Duration {
    guard failures > 0 else { return .zero }
    if isAbsent { return .seconds(10) }
    let base = min(30_000, 50 << min(failures - 1, 10))
    return .milliseconds(base / 2 + Int(Double(base / 2) * spread))
  }
}
