import Glibc
import LabNodes
import Logging
import Testing

@Suite(.timeLimit(.minutes(10))) struct SupervisorTests {
  private func withLog<Value>(_ body: (String) async throws -> Value) async rethrows -> Value {
    let path = "/tmp/labtest-supervisor-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).log"
    defer { unlink(path) }
    return try await body(path)
  }

  @Test("a program that dies is started again, and how it died is told")
  func restarts() async throws {
    await withLog { log in
      let (lives, continuation) = AsyncStream.makeStream(of: ProgramEnd.self)
      let supervisor = Supervisor(
        "test", ProgramCall("/bin/sh", ["-c", "echo alive; exit 7"]), logFile: log, logger: Logger(label: "test"))
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await supervisor.run(onEnd: { continuation.yield($0) }) }
        var seen: [ProgramEnd] = []
        for await status in lives.prefix(2) { seen.append(status) }
        #expect(seen == [.exited(7), .exited(7)])
        group.cancelAll()
      }
      #expect(TextFile.read(log)?.hasPrefix("alive\nalive\n") == true)
    }
  }

  @Test("cancelling asks the program to end, and waits until it has")
  func stops() async {
    await withLog { log in
      let (starts, continuation) = AsyncStream.makeStream(of: Int32.self)
      let script = "trap 'echo bye; exit 0' TERM; echo ready; while true; do sleep 0.05; done"
      let supervisor = Supervisor(
        "test", ProgramCall("/bin/sh", ["-c", script]), logFile: log, grace: .seconds(300), logger: Logger(label: "test"))
      var pid: Int32 = 0
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await supervisor.run(onStart: { continuation.yield($0) }) }
        for await started in starts.prefix(1) { pid = started }
        while TextFile.read(log)?.contains("ready") != true, !Task.isCancelled { await Task.yield() }
        group.cancelAll()
      }
      #expect(supervisor.processID == nil && kill(pid, 0) == -1)
      #expect(TextFile.read(log)?.contains("bye") == true)
    }
  }

  @Test("a program that will not end is killed after the grace period")
  func kills() async {
    await withLog { log in
      let (starts, continuation) = AsyncStream.makeStream(of: Int32.self)
      let script = "trap '' TERM; echo ready; while true; do sleep 0.05; done"
      let supervisor = Supervisor(
        "test", ProgramCall("/bin/sh", ["-c", script]), logFile: log, grace: .seconds(1), logger: Logger(label: "test"))
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await supervisor.run(onStart: { continuation.yield($0) }) }
        for await _ in starts.prefix(1) {}
        while TextFile.read(log)?.contains("ready") != true, !Task.isCancelled { await Task.yield() }
        group.cancelAll()
      }
      #expect(supervisor.processID == nil)
    }
  }
}
