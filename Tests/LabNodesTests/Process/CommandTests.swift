import Glibc
import LabNodes
import Netlink
import Testing

@Suite(.timeLimit(.minutes(10))) struct CommandTests {
  private func shell(_ script: String, input: [UInt8] = [], deadline: Duration = .seconds(300), environment: [String: String]? = nil)
    async throws
    -> CommandOutput
  {
    try await Command.run(ProgramCall("/bin/sh", ["-c", script], environment: environment), input: input, deadline: deadline)
  }

  @Test("both outputs and the exit status come back; the environment is the one given")
  func outputs() async throws {
    let output = try await shell("echo $WORD; echo bad >&2; exit 3", environment: ["WORD": "hello"])
    #expect(output.text == "hello\n" && output.errorText == "bad\n" && output.status == .exited(3))
    #expect(!output.isSuccess && !output.isTimedOut && !output.isTruncated)
  }

  @Test("a large input is fed while the output is read, so neither side blocks")
  func feeds() async throws {
    let input = [UInt8](repeating: 0x61, count: 900_000)
    let output = try await shell("cat", input: input)
    #expect(output.isSuccess && output.standardOutput == input)
  }

  @Test("a program that does not read its input ends nevertheless")
  func ignoresInput() async throws {
    #expect(try await shell("exit 0", input: [UInt8](repeating: 0, count: 1_000_000)).isSuccess)
  }

  @Test("at the deadline it is killed together with what it started")
  func killsGroup() async throws {
    // The shell needs a while to say what it has started; how long is the machine's business.
    var deadline = Duration.milliseconds(300)
    var output: CommandOutput
    repeat {
      output = try await shell("sleep 600 & echo $!; wait", deadline: deadline)
      #expect(output.isTimedOut && output.status == .signalled(SIGKILL))
      deadline = deadline * 2
    } while !output.text.hasSuffix("\n") && deadline < .seconds(300)
    let descendant = try #require(Int32(output.text.filter(\.isNumber)))
    #expect(try await ends(process: descendant))
  }

  @Test("a descendant that keeps the pipes open does not keep us waiting")
  func daemonised() async throws {
    let output = try await shell("sleep 100000 & echo $!")
    #expect(output.isSuccess)
    let descendant = try #require(Int32(output.text.filter(\.isNumber)))
    #expect(kill(descendant, SIGKILL) == 0)
  }

  @Test("what is said beyond the limit is dropped, not kept")
  func bounded() async throws {
    let output = try await shell("head -c 3000000 /dev/zero")
    #expect(output.isSuccess && output.isTruncated && output.standardOutput.count == Command.outputLimit)
  }

  @Test("a program that is not there is an error that names it")
  func missing() async throws {
    let error = await #expect(throws: ProcessError.self) { try await Command.run(ProgramCall("/nonexistent/tool"), deadline: .seconds(1)) }
    #expect(error == .missing("/nonexistent/tool"))
  }

  @Test("cancelling the task kills the program")
  func cancelled() async throws {
    let output = await withTaskGroup(of: CommandOutput?.self) { group in
      group.addTask { try? await shell("exec sleep 100000", deadline: .seconds(100_000)) }
      group.cancelAll()
      return await group.next() ?? nil
    }
    #expect(output?.status == .signalled(SIGKILL) && output?.isTimedOut == false)
  }

  @Test("a child inherits none of our descriptors and no blocked signal")
  func cleanChild() async throws {
    let descriptor = open("/dev/null", O_RDONLY)
    defer { close(descriptor) }
    let output = try await shell("ls /proc/$$/fd; grep SigBlk /proc/self/status")
    let lines = output.text.split(separator: "\n").map(String.init)
    #expect(lines.filter { $0.allSatisfy(\.isNumber) } == ["0", "1", "2"])
    #expect(lines.last == "SigBlk:\t0000000000000000")
  }

  @Test("runs inside a network namespace", .enabled(if: getuid() == 0, "needs root to make a namespace"))
  func inNamespace() async throws {
    let name = "labtest-command-\(getpid())"
    let namespace = try NetworkNamespace.create(named: name)
    defer { _ = try? NetworkNamespace.delete(named: name) }
    let output = try await Command.run(
      ProgramCall("/bin/sh", ["-c", "stat -L -c %i /proc/self/ns/net"]), deadline: .seconds(300), in: namespace)
    #expect(output.text == "\(namespace.identity.inode)\n")
  }
}

@Suite struct RestartBackoffTests {
  @Test("dying young doubles the pause up to half a minute; a long life starts over")
  func pauses() {
    var backoff = RestartBackoff()
    let pauses = (0..<9).map { _ in backoff.pause(afterLiving: .seconds(1)) }
    #expect(pauses.prefix(4) == [.milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1600)])
    #expect(pauses.last == .seconds(30))
    #expect(backoff.pause(afterLiving: .seconds(31)) == .milliseconds(200))
  }
}
