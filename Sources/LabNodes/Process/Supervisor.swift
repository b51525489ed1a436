import Glibc
package import Logging
import Netlink
import Synchronization

/// Keeps a long-lived program running: started again when it dies, stopped when the task is cancelled, its output in a log file.
package final class Supervisor: Sendable {
  private struct State {
    /// The living process; nil between a death and the next start.
    var pid: Int32?
    var isHeld = false
    var isCancelled = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let name: String
  private let call: ProgramCall
  private let logFile: String
  private let grace: Duration
  private let logger: Logger
  private let state = Mutex(State())

  /// `grace` is the time between SIGTERM and SIGKILL at the end. The daemons give their open requests ten seconds.
  package init(_ name: String, _ call: ProgramCall, logFile: String, grace: Duration = .seconds(30), logger: Logger) {
    self.name = name
    self.call = call
    self.logFile = logFile
    self.grace = grace
    self.logger = logger
  }

  package var processID: Int32? { state.withLock { $0.pid } }

  /// Kills the process as a crash or a power cut would; it is started again after a pause.
  package func kill() {
    // Under the lock the number is our child's for certain: it is reaped only after it was taken out of here.
    state.withLock { if let pid = $0.pid { _ = Glibc.kill(pid, SIGKILL) } }
  }

  /// Kills the process and starts none until `release`.
  package func hold() {
    state.withLock { $0.isHeld = true }
    kill()
  }

  package func release() {
    let waiter = state.withLock { state in
      state.isHeld = false
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  /// Runs until the task is cancelled, once; returns when the program has ended. `onStart` and `onEnd` hear of every life.
  package func run(
    onStart: @escaping @Sendable (Int32) -> Void = { _ in }, onEnd: @escaping @Sendable (ProgramEnd) async -> Void = { _ in }
  ) async {
    var backoff = RestartBackoff()
    let clock = ContinuousClock()
    while !Task.isCancelled {
      await waitUntilReleased()
      if Task.isCancelled { return }
      let start = clock.now
      let status: ProgramEnd
      do {
        status = try await live(onStart)
      } catch {
        logger.error("cannot start", metadata: ["program": "\(name)", "error": "\(error)"])
        status = .exited(-1)
      }
      if Task.isCancelled { return }
      await onEnd(status)
      let pause = backoff.pause(afterLiving: start.duration(to: clock.now))
      logger.warning("ended and will be started again", metadata: ["program": "\(name)", "status": "\(status)", "pause": "\(pause)"])
      try? await Task.sleep(for: pause)
    }
  }

  private func waitUntilReleased() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isFree = state.withLock { state in
          if !state.isHeld || state.isCancelled { return true }
          state.waiter = continuation
          return false
        }
        if isFree { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.isCancelled = true
        defer { state.waiter = nil }
        return state.waiter
      }
      waiter?.resume()
    }
  }

  /// One life, on a thread that exists for it: where the child asked for a signal at its parent's death, that thread is the parent.
  private func live(_ onStart: @escaping @Sendable (Int32) -> Void) async throws -> ProgramEnd {
    let stop = try StopSignal()
    let place = try NetworkNamespace.current()
    return try await withTaskCancellationHandler {
      try await place.performAsync { try self.runOnce(stop: stop.descriptor, onStart) }
    } onCancel: {
      stop.fire()
    }
  }

  private func runOnce(stop: Int32, _ onStart: @Sendable (Int32) -> Void) throws(ProcessError) -> ProgramEnd {
    let log = open(logFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard log >= 0 else { throw .system("open \(logFile)", errno) }
    let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
    defer {
      close(log)
      close(null)
    }
    let child = try ChildProcess(call, streams: [null, log, log])
    let isHeld = state.withLock { state in
      state.pid = child.pid
      return state.isHeld
    }
    if isHeld { child.signal(SIGKILL) }
    onStart(child.pid)
    waitForEnd(of: child, stop: stop)
    state.withLock { $0.pid = nil }
    return child.wait()
  }

  /// Returns when the child has ended, asking it to when the signal fires.
  private func waitForEnd(of child: ChildProcess, stop: Int32) {
    var polls = [pollfd(fd: child.descriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: stop, events: Int16(POLLIN), revents: 0)]
    while poll(&polls, 2, -1) <= 0 {}
    if polls[0].revents != 0 { return }
    child.signal(SIGTERM)
    var end = [pollfd(fd: child.descriptor, events: Int16(POLLIN), revents: 0)]
    guard poll(&end, 1, Int32(clamping: grace.components.seconds * 1000)) <= 0 else { return }
    logger.warning("killed, since it did not end", metadata: ["program": "\(name)", "grace": "\(grace)"])
    child.killGroup()
    while poll(&end, 1, -1) <= 0 {}
  }
}
