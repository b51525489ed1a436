/// Notices a peer that says nothing: after `interval` of silence it is to be sent an echo, and after as long again it is given up.
struct InactivityProbe: Sendable {
  enum Verdict: Equatable { case quiet, sendEcho, giveUp }

  /// Nil never probes.
  let interval: Duration?
  private var lastHeard: Duration
  private var sentAt: Duration?

  init(interval: Duration?, now: Duration) {
    self.interval = interval
    lastHeard = now
  }

  /// Any bytes are a sign of life.
  mutating func heard(at now: Duration) {
    lastHeard = now
    sentAt = nil
  }

  /// When to look again.
  var deadline: Duration? { interval.map { (sentAt ?? lastHeard) + $0 } }

  mutating func check(at now: Duration) -> Verdict {
    guard let deadline, now >= deadline else { return .quiet }
    guard sentAt == nil else { return .giveUp }
    sentAt = now
    return .sendEcho
  }
}
