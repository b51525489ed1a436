import KubeAPI
import KubeClient
import KubeTesting
import Logging
import Synchronization
import Testing
import WireJSON

@testable import KubeRuntime

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Something that happens once and that tasks wait for.
final class Latch: Sendable {
  private let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream(of: Void.self) }

  func open() { continuation.finish() }

  /// Returns when it is open, or at cancellation.
  func wait() async { for await _ in stream {} }
}

@Suite("leader election", .timeLimit(.minutes(10))) struct LeaderElectorTests {
  private let clock = ManualClock()
  private let server = LeaseServer()

  private func elector(_ identity: String) -> LeaderElector {
    LeaderElector(
      client: server.client, lease: ObjectKey(namespace: "kube-system", name: "l"), identity: identity, logger: quiet,
      surroundings: LeaderElector.Surroundings(
        time: TimeSource(clock), wallClock: { [clock] in Timestamp(seconds: clock.now.offset.components.seconds) }, random: { 0 }))
  }

  /// Waits until so many tasks sleep for no longer than this (a renewal's own deadline is further away), then lets the time pass.
  private func pass(_ seconds: Int, sleepers: Int = 1) async {
    await clock.waitForSleepers(sleepers, within: .seconds(seconds))
    clock.advance(by: .seconds(seconds))
  }

  /// Leads until cancelled; tells its term when it begins.
  private func lead(_ elector: LeaderElector, _ begun: Latch, _ term: @escaping @Sendable (Int64) -> Void = { _ in }) -> Task<
    Void, any Error
  > {
    Task {
      try await elector.run { number in
        term(number)
        begun.open()
        await Latch().wait()
        try Task.checkCancellation()
      }
    }
  }

  @Test("the first takes the lease, keeps it by renewing, and gives it back on a clean stop; the second takes over at once")
  func handover() async throws {
    let (first, second) = (Latch(), Latch())
    let one = lead(elector("one"), first)
    await first.wait()
    let two = lead(elector("two"), second) { #expect($0 == 1) }
    // The leader between renewals, and the candidate between looks.
    for _ in 0..<20 { await pass(2, sleepers: 2) }
    await clock.waitForSleepers(2, within: .seconds(2))
    #expect(server.writes.count >= 20 && Set(server.writes) == ["one/0"])
    one.cancel()
    await #expect(throws: CancellationError.self) { try await one.value }
    #expect(server.writes.last == "/0")
    await pass(2)
    await second.wait()
    #expect(server.writes.last == "two/1")
    two.cancel()
    _ = await two.result
  }

  @Test(
    "a leader that cannot renew stops at its deadline, before another can begin",
    arguments: [(LeaseServer.Fault.refused, [2, 2, 2, 2, 2]), (.hangs, [2, 5, 2, 1])])
  func lostByFailure(fault: LeaseServer.Fault, waits: [Int]) async throws {
    let begun = Latch()
    let stoppedAt = Mutex(Duration.zero)
    let elector = elector("one")
    let run = Task { [clock] in
      try await elector.run { _ in
        begun.open()
        await Latch().wait()
        stoppedAt.withLock { $0 = clock.now.offset }
      }
    }
    await begun.wait()
    server.setFault(fault)
    for seconds in waits { await pass(seconds) }
    await #expect(throws: LeadershipLost.self) { try await run.value }
    #expect(stoppedAt.withLock { $0 } == .seconds(10))
    // Nothing is given back: whether we still hold it is unknown.
    #expect(server.writes == ["one/0"])
  }

  @Test("a leader whose lease was taken, or deleted, stops at its next renewal", arguments: [false, true])
  func taken(isDeleted: Bool) async throws {
    let begun = Latch()
    let run = lead(elector("one"), begun)
    await begun.wait()
    await clock.waitForSleepers(within: .seconds(2))
    if isDeleted {
      server.delete()
    } else {
      server.edit { lease in
        lease["spec"]?["holderIdentity"] = "two"
        lease["spec"]?["leaseTransitions"] = 1
      }
    }
    await pass(2)
    let error = await #expect(throws: LeadershipLost.self) { try await run.value }
    #expect(error?.description.contains(isDeleted ? "deleted" : "two, term 1") == true)
  }

  @Test("another process with the same name is another leader: the earlier one stops")
  func sameName() async throws {
    let (first, second) = (Latch(), Latch())
    let one = lead(elector("me"), first)
    await first.wait()
    await clock.waitForSleepers()
    let two = lead(elector("me"), second)
    await second.wait()
    await pass(2, sleepers: 2)
    await #expect(throws: LeadershipLost.self) { try await one.value }
    two.cancel()
    _ = await two.result
  }

  @Test("a renewal whose answer was lost is found again; a foreign label on the lease harms nothing")
  func lostAnswer() async throws {
    let begun = Latch()
    let run = lead(elector("one"), begun)
    await begun.wait()
    await clock.waitForSleepers()
    server.setFault(.answerLost)
    await pass(2)
    await clock.waitForSleepers(within: .seconds(2))
    server.setFault(nil)
    server.edit { $0["metadata"]?["labels"] = ["a": "b"] }
    await pass(2)
    await clock.waitForSleepers(within: .seconds(2))
    #expect(server.writes.last == "one/0")
    run.cancel()
    await #expect(throws: CancellationError.self) { try await run.value }
    #expect(server.writes.last == "/0")
  }

  @Test("a leader that was stopped for too long finds its time over before it does anything")
  func paused() async throws {
    let begun = Latch()
    let run = lead(elector("one"), begun)
    await begun.wait()
    await clock.waitForSleepers()
    let before = server.writes.count
    clock.advance(by: .seconds(60))
    await #expect(throws: LeadershipLost.self) { try await run.value }
    #expect(server.writes.count == before)
  }

  @Test("when the work ends by itself, the lease is given back and its outcome passed on")
  func workEnds() async throws {
    struct Failure: Error {}
    try await elector("one").run { term in #expect(term == 0) }
    #expect(server.writes == ["one/0", "/0"])
    await #expect(throws: Failure.self) { try await elector("one").run { _ in throw Failure() } }
    #expect(server.writes == ["one/0", "/0", "one/1", "/1"])
  }

  @Test("a candidate that is cancelled leaves nothing behind")
  func cancelledCandidate() async throws {
    let begun = Latch()
    let one = lead(elector("one"), begun)
    await begun.wait()
    await clock.waitForSleepers()
    let two = lead(elector("two"), Latch())
    await clock.waitForSleepers(2)
    two.cancel()
    await #expect(throws: CancellationError.self) { try await two.value }
    #expect(server.writes == ["one/0"])
    one.cancel()
    _ = await one.result
  }

  @Test("a server that is out of order is asked again until it answers")
  func retries() async throws {
    server.setFault(.refused)
    let begun = Latch()
    let run = lead(elector("one"), begun)
    for _ in 0..<3 { await clock.advanceToNextSleeper() }
    await clock.waitForSleepers()
    server.setFault(nil)
    await clock.advanceToNextSleeper()
    await begun.wait()
    #expect(server.writes == ["one/0"])
    run.cancel()
    _ = await run.result
  }
}
