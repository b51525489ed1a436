import NIOCore

/// One deadline of a connection that moves with every request, at the price of a timer only now and then: the timer is left
/// running when the deadline moves away, and looks again when it fires. Confined to the connection's event loop.
final class ConnectionDeadline {
  private let eventLoop: any EventLoop
  private let expired: () -> Void
  private var deadline: NIODeadline?
  private var timer: Scheduled<Void>?
  private var timerTime = NIODeadline.distantFuture

  /// `expired` runs on the event loop.
  init(eventLoop: any EventLoop, expired: @escaping () -> Void) {
    self.eventLoop = eventLoop
    self.expired = expired
  }

  func set(in time: TimeAmount) { set(at: .now() + time) }

  func set(at deadline: NIODeadline) {
    self.deadline = deadline
    if timer == nil || timerTime > deadline { arm(deadline) }
  }

  /// No deadline for now.
  func clear() { deadline = nil }

  /// Ends the timer, too: to be called when the channel closes.
  func cancel() {
    deadline = nil
    timer?.cancel()
    timer = nil
  }

  private func arm(_ time: NIODeadline) {
    timer?.cancel()
    timerTime = time
    timer = eventLoop.assumeIsolated().scheduleTask(deadline: time) { [weak self] in self?.fire() }
  }

  private func fire() {
    timer = nil
    guard let deadline else { return }
    if deadline <= .now() {
      self.deadline = nil
      expired()
    } else {
      arm(deadline)
    }
  }
}
