import LabNodes
import Testing

@Suite struct SandboxMachineTests {
  /// Feeds events one after the other and returns what each one asked for.
  private func run(_ machine: inout SandboxMachine, _ events: [SandboxMachine.Event]) -> [[SandboxMachine.Action]] {
    events.map { machine.handle($0) }
  }

  private static let run = SandboxMachine.Event.wished(.run(exit: nil))

  @Test("a pod is set up, published, and on deletion torn down before its object goes")
  func life() {
    var machine = SandboxMachine()
    let actions = run(
      &machine, [Self.run, .setUpDone, Self.run, .wished(.deleting), .wished(.deleting), .tornDown, .podRemoved, .wished(.gone)])
    #expect(actions == [[.setUp], [.publishRunning], [], [.cancelTimer, .tearDown], [], [.removePod], [], [.forget]])
    #expect(machine.state == .forgotten)
  }

  @Test("a failed set-up is torn down, then tried with a new sandbox after growing pauses that end at 16 s")
  func backsOff() {
    var machine = SandboxMachine()
    #expect(machine.handle(Self.run) == [.setUp])
    for seconds in [1, 2, 4, 8, 16, 16] {
      #expect(machine.handle(.setUpFailed("no address")) == [.report(.sandboxFailed("no address")), .tearDown])
      #expect(machine.handle(.tornDown) == [.startTimer(.seconds(seconds))])
      #expect(machine.handle(Self.run) == [])
      #expect(machine.handle(.timerFired) == [.setUp])
    }
    #expect(machine.handle(.setUpDone) == [.publishRunning])
  }

  @Test("deletion during a set-up cancels it, waits for its end and says nothing about the failure")
  func cancels() {
    var machine = SandboxMachine()
    let actions = run(&machine, [Self.run, .wished(.deleting), .wished(.deleting), .setUpFailed("killed"), .tornDown, .podRemoved])
    #expect(actions == [[.setUp], [.cancelSetUp], [], [.tearDown], [.removePod], []])
    var late = SandboxMachine()
    #expect(run(&late, [Self.run, .wished(.deleting), .setUpDone, .tornDown]) == [[.setUp], [.cancelSetUp], [.tearDown], [.removePod]])
  }

  @Test("a pod that vanished without deletion is cleaned up and its name left alone")
  func gone() {
    var running = SandboxMachine()
    #expect(
      run(&running, [Self.run, .setUpDone, .wished(.gone), .tornDown]) == [
        [.setUp], [.publishRunning], [.cancelTimer, .tearDown], [.forget],
      ])
    var pausing = SandboxMachine()
    #expect(
      run(&pausing, [Self.run, .setUpFailed("x"), .tornDown, .wished(.gone)])
        == [[.setUp], [.report(.sandboxFailed("x")), .tearDown], [.startTimer(.seconds(1))], [.cancelTimer, .forget]])
  }

  @Test("deletion of a pod that has nothing yet removes it at once; one that is gone is forgotten")
  func early() {
    var deleting = SandboxMachine()
    #expect(run(&deleting, [.wished(.deleting), .podRemoved, .wished(.gone)]) == [[.removePod], [], [.forget]])
    var gone = SandboxMachine()
    #expect(run(&gone, [.wished(.gone)]) == [[.forget]])
    var finished = SandboxMachine()
    #expect(run(&finished, [.wished(.finished), .wished(.deleting), .podRemoved]) == [[], [.removePod], []])
  }

  @Test("a failed tear-down is tried again until it works; a stopping agent does not wait for it")
  func tearDownFails() {
    var machine = SandboxMachine()
    let actions = run(
      &machine,
      [Self.run, .setUpDone, .wished(.deleting), .tearDownFailed("busy"), .timerFired, .tearDownFailed("busy"), .timerFired, .tornDown])
    #expect(
      actions == [
        [.setUp], [.publishRunning], [.cancelTimer, .tearDown], [.report(.tearDownFailed("busy")), .startTimer(.seconds(1))], [.tearDown],
        [.report(.tearDownFailed("busy")), .startTimer(.seconds(2))], [.tearDown], [.removePod],
      ])
    var stopping = SandboxMachine()
    _ = run(&stopping, [Self.run, .setUpDone, .wished(.gone)])
    #expect(stopping.handle(.tearDownFailed("busy")) == [.forget])
  }

  @Test("a deletion that the server did not take is sent again")
  func removalFails() {
    var machine = SandboxMachine()
    let actions = run(&machine, [.wished(.deleting), .removalFailed, .timerFired, .podRemoved])
    #expect(actions == [[.removePod], [.startTimer(.seconds(1))], [.removePod], []])
  }

  @Test("containers that end are published, then the network goes, and a late watch event does not start them again")
  func exits() {
    let exiting = SandboxMachine.Event.wished(.run(exit: ContainerExit(code: 3, after: .seconds(5))))
    var machine = SandboxMachine()
    let actions = run(&machine, [exiting, .setUpDone, exiting, .timerFired, exiting, .tornDown, .wished(.finished), .wished(.deleting)])
    #expect(
      actions == [
        [.setUp], [.publishRunning, .startTimer(.seconds(5))], [], [.publishExit(code: 3), .tearDown], [], [], [], [.removePod],
      ])
  }

  @Test("eviction takes the network away and leaves the object")
  func evicted() {
    var machine = SandboxMachine()
    #expect(
      run(&machine, [Self.run, .setUpDone, .wished(.finished), .tornDown]) == [[.setUp], [.publishRunning], [.cancelTimer, .tearDown], []])
    #expect(machine.state == .ended)
  }

  @Test("a whole sandbox of an earlier run is kept, a half-made one is torn down and made anew")
  func adopts() {
    var whole = SandboxMachine(adoptingReadySandbox: true)
    let exit = ContainerExit(code: 0, after: .seconds(2))
    #expect(run(&whole, [.wished(.run(exit: exit)), .timerFired]) == [[.startTimer(.seconds(2))], [.publishExit(code: 0), .tearDown]])
    var orphan = SandboxMachine(adoptingReadySandbox: true)
    #expect(run(&orphan, [.wished(.gone), .tornDown]) == [[.cancelTimer, .tearDown], [.forget]])
    var half = SandboxMachine(adoptingReadySandbox: false)
    #expect(run(&half, [Self.run, .tornDown, .timerFired]) == [[.cancelTimer, .tearDown], [.startTimer(.seconds(1))], [.setUp]])
  }

  @Test("no order of events makes two sandboxes, or forgets one that stands", arguments: 0..<200)
  func anyOrder(seed: UInt64) {
    var generator = SplitMix(state: seed)
    var machine = SandboxMachine()
    var sandboxes = 0
    let events: [SandboxMachine.Event] = [
      Self.run, .wished(.finished), .wished(.deleting), .wished(.gone), .setUpDone, .setUpFailed("x"), .tornDown, .tearDownFailed("x"),
      .timerFired, .podRemoved, .removalFailed,
    ]
    for step in 0..<60 {
      // Results arrive only for what is under way; everything else may come at any time.
      let event = events.randomElement(using: &generator) ?? Self.run
      let isSettingUp = if case .settingUp = machine.state { true } else { false }
      switch event {
      case .setUpDone, .setUpFailed: if !isSettingUp { continue }
      case .tornDown: if machine.state == .tearingDown { sandboxes = 0 } else { continue }
      case .tearDownFailed: if machine.state != .tearingDown { continue }
      default: break
      }
      let stoppedTrying = if case .tearDownFailed = event { true } else { false }
      for action in machine.handle(event) {
        switch action {
        case .setUp:
          sandboxes += 1
          #expect(sandboxes == 1, "seed \(seed) step \(step): second sandbox")
        case .forget: #expect(sandboxes == 0 || stoppedTrying, "seed \(seed) step \(step): forgotten with its sandbox")
        case .removePod: #expect(sandboxes == 0, "seed \(seed) step \(step): removed with its sandbox")
        default: break
        }
      }
    }
  }
}

/// A small seeded generator, so that a failure names the run that showed it.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
