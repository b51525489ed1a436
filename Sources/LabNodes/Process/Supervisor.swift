import Glibc
package import Logging
import Netlink
import Synchronization

/// Keeps a long-lived program running: started again when it dies, stopped when the task is cancelled, its output in a log file.
package final class Supervisor: Sendable {
  private let name: String
  private let call: ProgramCall
  private let logFile: String
  private let grace: Duration
  private let logger: Logger
  private let running = Mutex<Int32?>(nil)

  /// `grace` is the time between SIGTERM and SIGKILL at the end.
  package init(_ name: String, _ call: ProgramCall, logFile: String, grace: Duration = .seconds(10), logger: Logger) {
    self.name = name
    self.call = call
    self.logFile = logFile
    self.grace = grace
    self.logger = logger
  }

  /// The process as it is now; nil between a death and the next start.
  package var processID: Int32? { running.withLock { $0 } }

  /// Runs until the task is cancelled; returns when the program has ended. `onStart` and `onEnd` hear of every life.
  package func run(
    onStart: @escaping @Sendable (Int32) -> Void = { _ in }, onEnd: @escaping @Sendable (ProgramEnd) async -> Void = { _ in }
  ) async {
    var backoff = RestartBackoff()
    let clock = ContinuousClock()
    while !Task.isCancelled {
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

  /// One life, on a thread that exists for it: where the child asked for a signal at its parent's death, that thread is the parent.
  private func live(_ onStart: @escaping @Sendable (Int32) -> Void) async throws -> ProgramEnd {
    let stop = try StopSignal()
    let (call, logFile, grace) = (call, logFile, grace)
    let place = try NetworkNamespace.current()
    return try await withTaskCancellationHandler {
      try await place.performAsync { [self] in
        let log = open(logFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard log >= 0 else { throw ProcessError.system("open \(logFile)", errno) }
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer {
          close(log)
          close(null)
        }
        let child = try ChildProcess(call, streams: [null, log, log])
        running.withLock { $0 = child.pid }
        defer { running.withLock { $0 = nil } }
        onStart(child.pid)
        Self.waitForEnd(of: child, stop: stop.descriptor, grace: grace)
        return child.wait()
      }
    } onCancel: {
      stop.fire()
    }
  }

  /// Returns when the child has ended, asking it to when the signal fires.
  private static func waitForEnd(of child: ChildProcess, stop: Int32, grace: Duration) {
    var polls = [pollfd(fd: child.descriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: stop, events: Int16(POLLIN), revents: 0)]
    while poll(&polls, 2, -1) <= 0 {}
    if polls[0].revents != 0 { return }
    child.signal(SIGTERM)
    let milliseconds = Int32(clamping: grace.components.seconds * 1000)
    var end = [pollfd(fd: child.descriptor, events: Int16(POLLIN), revents: 0)]
    if poll(&end, 1, milliseconds) <= 0 { child.killGroup() }
  }
}
