import ArgumentParser
import Dispatch
import Foundation
import Synchronization

/// SIGINT and SIGTERM for commands that must clean up: the first one is an orderly wish to stop, which any part may wait for; from the
/// second on they are ignored, because half a clean-up helps nobody.
enum UntilStopped {
  private static let stopped = Flag()

  /// Listens to the signals while `body` runs. When one came, the command ends with the status that shells give to it.
  static func run<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
    listen()
    do {
      return try await body()
    } catch is CancellationError where stopped.isSet {
      throw ExitCode(130)
    }
  }

  /// Returns at the first signal.
  static func wait() async {
    listen()
    await stopped.wait()
  }

  /// Runs `body`, and cancels it at the first signal.
  static func unlessStopped<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { race in
      race.addTask { try await body() }
      race.addTask {
        await stopped.wait()
        return nil
      }
      defer { race.cancelAll() }
      guard let first = try await race.next(), let result = first else { throw CancellationError() }
      return result
    }
  }

  private static let sources = Mutex<[any DispatchSourceSignal]>([])

  private static func listen() {
    sources.withLock { sources in
      guard sources.isEmpty else { return }
      sources = [SIGINT, SIGTERM].map { number in
        // The default action would end the process before anything is cleaned up.
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { stopped.set() }
        source.activate()
        return source
      }
    }
  }

  /// Set once, awaited by any number of tasks.
  private final class Flag: Sendable {
    private struct State {
      var isSet = false
      var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
      var next = 0
    }

    private let state = Mutex(State())

    var isSet: Bool { state.withLock { $0.isSet } }

    func set() {
      let waiters = state.withLock { state in
        state.isSet = true
        defer { state.waiters = [:] }
        return Array(state.waiters.values)
      }
      for waiter in waiters { waiter.resume() }
    }

    /// Returns when the flag is set or the task cancelled.
    func wait() async {
      let id = state.withLock { state in
        state.next += 1
        return state.next
      }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let isOver = state.withLock { state in
            if state.isSet || Task.isCancelled { return true }
            state.waiters[id] = continuation
            return false
          }
          if isOver { continuation.resume() }
        }
      } onCancel: {
        state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
      }
    }
  }
}

/// Lines to standard output, at once: `print` would keep them back when a pipe reads them.
enum StandardOutput {
  static func print(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
