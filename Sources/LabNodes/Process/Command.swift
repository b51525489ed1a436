import CLinux
import Glibc
package import Netlink

/// Runs short-lived programs: bounded in time and in what they may say. Everything blocking happens on a thread of its own.
package enum Command {
  /// Output beyond this many bytes is read and dropped.
  package static let outputLimit = 1 << 20

  /// Runs a program to its end, in a network namespace where one is given. At `deadline`, and when the task is cancelled, it and what it
  /// started are killed. Throws only when it could not be started.
  package static func run(
    _ call: ProgramCall, input: [UInt8] = [], deadline: Duration, in namespace: NetworkNamespace? = nil
  ) async throws -> CommandOutput {
    let stop = try StopSignal()
    let place = try namespace ?? NetworkNamespace.current()
    return try await withTaskCancellationHandler {
      try await place.performAsync {
        var run = try PipedRun(call, input: input, deadline: deadline, stop: stop.descriptor)
        return run.finish()
      }
    } onCancel: {
      stop.fire()
    }
  }
}

/// One running program with its three pipes, driven by `poll`.
private struct PipedRun {
  private let child: ChildProcess
  private var input: ArraySlice<UInt8>
  private var standardInput: Int32
  private var standardOutput: Int32
  private var standardError: Int32
  private var outputs: [Int32: [UInt8]] = [:]
  private var isTruncated = false
  private let stop: Int32
  private let deadline: UInt64

  init(_ call: ProgramCall, input: [UInt8], deadline: Duration, stop: Int32) throws(ProcessError) {
    // Writing to a program that has closed its input must fail, not kill us: the signal stays pending on this thread and dies with it.
    var pipeSignal = sigset_t()
    sigemptyset(&pipeSignal)
    sigaddset(&pipeSignal, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &pipeSignal, nil)
    self.stop = stop
    self.deadline =
      Self.now() &+ UInt64(clamping: deadline.components.seconds) &* 1000
      &+ UInt64(clamping: deadline.components.attoseconds / 1_000_000_000_000_000)
    self.input = input[...]
    var pipes: [Int32] = []
    for _ in 0..<3 {
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else {
        let code = errno
        for end in pipes { close(end) }
        throw .system("make a pipe", code)
      }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      pipes += ends
    }
    let theirs = [pipes[0], pipes[3], pipes[5]]
    let ours = [pipes[1], pipes[2], pipes[4]]
    defer { for end in theirs { close(end) } }
    do {
      child = try ChildProcess(call, streams: theirs)
    } catch {
      for end in ours { close(end) }
      throw error
    }
    (standardInput, standardOutput, standardError) = (ours[0], ours[1], ours[2])
    for end in ours { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
  }

  /// Feeds, reads and waits until the program has ended.
  mutating func finish() -> CommandOutput {
    let standard = (output: standardOutput, error: standardError)
    var isTimedOut = false
    var isKilled = false
    if input.isEmpty { closeInput() }
    while true {
      let events = waitForEvents(onlyEnd: isKilled)
      if events.contains(standardInput) { feed() }
      for stream in [standardOutput, standardError] where events.contains(stream) { drain(stream) }
      let hasEnded = events.contains(child.descriptor)
      if hasEnded { break }
      if !isKilled, events.contains(stop) || Self.now() >= deadline {
        isTimedOut = !events.contains(stop)
        child.killGroup()
        isKilled = true
      }
    }
    // What it left in the pipes; a descendant that still holds them open says no more to us.
    for stream in [standardOutput, standardError] where stream >= 0 { drain(stream) }
    closeInput()
    for stream in [standardOutput, standardError] where stream >= 0 { close(stream) }
    return CommandOutput(
      status: child.wait(), standardOutput: outputs[standard.output] ?? [], standardError: outputs[standard.error] ?? [],
      isTimedOut: isTimedOut, isTruncated: isTruncated)
  }

  /// The descriptors with something to do. After a kill only the end is awaited.
  private func waitForEvents(onlyEnd: Bool) -> Set<Int32> {
    var polls = [pollfd(fd: child.descriptor, events: Int16(POLLIN), revents: 0)]
    if standardInput >= 0, !onlyEnd { polls.append(pollfd(fd: standardInput, events: Int16(POLLOUT), revents: 0)) }
    for stream in [standardOutput, standardError, stop] where stream >= 0 && !onlyEnd {
      polls.append(pollfd(fd: stream, events: Int16(POLLIN), revents: 0))
    }
    let left = deadline > Self.now() ? deadline - Self.now() : 0
    // A minute at most, and at least a millisecond once the time is up, so that the wait for a killed child does not spin.
    let count = poll(&polls, nfds_t(polls.count), Int32(max(1, min(left, 60_000))))
    guard count > 0 else { return [] }
    return Set(polls.filter { $0.revents != 0 }.map(\.fd))
  }

  private mutating func feed() {
    while !input.isEmpty {
      let written = input.withUnsafeBytes { write(standardInput, $0.baseAddress, $0.count) }
      if written > 0 {
        input = input.dropFirst(written)
      } else if errno == EINTR {
        continue
      } else if errno == EAGAIN {
        return
      } else {
        break
      }
    }
    closeInput()
  }

  private mutating func closeInput() {
    if standardInput >= 0 { close(standardInput) }
    standardInput = -1
  }

  private mutating func drain(_ stream: Int32) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(stream, &buffer, buffer.count)
      if count > 0 {
        let room = max(0, Command.outputLimit - (outputs[stream]?.count ?? 0))
        if room < count { isTruncated = true }
        outputs[stream, default: []] += buffer.prefix(min(count, room))
      } else if count < 0, errno == EINTR {
        continue
      } else if count < 0, errno == EAGAIN {
        return
      } else {
        break
      }
    }
    close(stream)
    if stream == standardOutput { standardOutput = -1 } else { standardError = -1 }
  }

  /// Milliseconds on the monotonic clock.
  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
  }
}
