/// What is to become of one pod on this node, in the order kubelet and containerd would do it: a sandbox with its network, again and
/// again with growing pauses while that fails; then the pod's life; then the network away and the pod object removed.
///
/// The owner feeds events and carries out actions, one pod one machine. It holds at most one sandbox: `setUp` makes a new one,
/// `tearDown` is always about the one it has.
package struct SandboxMachine: Sendable, Equatable {
  package enum State: Sendable, Equatable {
    /// No sandbox, nothing under way.
    case idle
    /// The set-up runs; when cancelled, its end is awaited nevertheless, since plugins may have done half their work.
    case settingUp(isCancelled: Bool)
    case tearingDown
    /// The tear-down failed; it is tried again when the timer fires.
    case tearDownPaused
    /// The set-up failed and everything was torn down; a new sandbox is tried when the timer fires.
    case backingOff
    case running
    /// The containers ended and the network is gone; the pod object stays for whoever counts it.
    case ended
    /// The pod object is being deleted for good.
    case removing
    /// The deletion failed; it is tried again when the timer fires.
    case removalPaused
    /// Deleted as far as we are concerned; finalizers of others may keep the object for a while.
    case removed
    /// The owner may drop the machine.
    case forgotten
  }

  /// What the API server wants of the pod, from its latest state.
  package enum Wish: Sendable, Equatable {
    /// To run; `exit` when its containers are to end by themselves.
    case run(exit: ContainerExit?)
    /// Its phase is terminal: ended by us before, evicted, or failed by somebody else.
    case finished
    case deleting
    /// Not there any more, or the node agent stops: clean up and touch the object no more.
    case gone
  }

  package enum Event: Sendable, Equatable {
    case wished(Wish)
    case setUpDone
    case setUpFailed(String)
    case tornDown
    case tearDownFailed(String)
    case timerFired
    case podRemoved
    case removalFailed
  }

  package enum Action: Sendable, Equatable {
    case setUp
    case cancelSetUp
    case tearDown
    case startTimer(Duration)
    case cancelTimer
    case publishRunning
    case publishExit(code: Int)
    case report(Report)
    case removePod
    case forget
  }

  /// What an event on the pod is to say.
  package enum Report: Sendable, Equatable {
    case sandboxFailed(String)
    case tearDownFailed(String)
  }

  package private(set) var state: State
  private var wish: Wish = .run(exit: nil)
  /// Failures in a row, of whatever is being tried.
  private var failures = 0

  /// A pod that this node has nothing of yet.
  package init() { state = .idle }

  /// A pod whose sandbox an earlier run of the agent left behind: whole, or perhaps only half made. The first wish decides.
  package init(adoptingReadySandbox isReady: Bool) { state = isReady ? .running : .tearDownPaused }

  package mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .wished(let wish): return pursue(wish)
    case .setUpDone: return setUpEnded(failure: nil)
    case .setUpFailed(let reason): return setUpEnded(failure: reason)
    case .tornDown:
      guard state == .tearingDown else { return [] }
      return afterTearDown()
    case .tearDownFailed(let reason):
      guard state == .tearingDown else { return [] }
      // A stopping agent has one attempt; what is left is swept with the node's namespaces.
      if wish == .gone { return forget() }
      state = .tearDownPaused
      return [.report(.tearDownFailed(reason)), .startTimer(pause())]
    case .timerFired: return timerFired()
    case .podRemoved:
      guard state == .removing else { return [] }
      state = .removed
      return []
    case .removalFailed:
      guard state == .removing else { return [] }
      state = .removalPaused
      return [.startTimer(pause())]
    }
  }

  // MARK: Wishes

  private mutating func pursue(_ new: Wish) -> [Action] {
    let old = wish
    // What was asked to go never comes back under this uid.
    if old == .gone || (old == .deleting && new != .gone) { return [] }
    // Nor does a pod whose containers ended run again, whatever a late watch event shows.
    if old == .finished, case .run(_) = new { return [] }
    wish = new
    switch (state, new) {
    case (.idle, .run), (.backingOff, .run), (.settingUp, .run), (.tearingDown, .run): return state == .idle ? startSetUp() : []
    case (.running, .run(let exit)):
      // The first wish after an adoption brings the exit along; later ones repeat it.
      guard let exit, old != new else { return [] }
      return [.startTimer(exit.after)]
    case (.tearDownPaused, .run): return retryTearDown()
    case (.settingUp(isCancelled: false), _):
      state = .settingUp(isCancelled: true)
      return [.cancelSetUp]
    case (.settingUp, _), (.tearingDown, _): return []
    case (.running, _):
      state = .tearingDown
      return [.cancelTimer, .tearDown]
    case (.tearDownPaused, _): return retryTearDown()
    case (.idle, _), (.ended, .deleting), (.ended, .gone): return afterTearDown()
    case (.backingOff, _): return [.cancelTimer] + afterTearDown()
    case (.removing, .gone), (.removed, .gone): return forget()
    case (.removalPaused, .gone): return [.cancelTimer] + forget()
    case (.ended, _), (.removing, _), (.removalPaused, _), (.removed, _), (.forgotten, _): return []
    }
  }

  private mutating func startSetUp() -> [Action] {
    state = .settingUp(isCancelled: false)
    return [.setUp]
  }

  private mutating func retryTearDown() -> [Action] {
    state = .tearingDown
    return [.cancelTimer, .tearDown]
  }

  // MARK: Results

  private mutating func setUpEnded(failure: String?) -> [Action] {
    guard case .settingUp = state else { return [] }
    if let failure {
      state = .tearingDown
      // A cancelled set-up fails because we stopped it: nobody needs to hear of that.
      if case .run(_) = wish { return [.report(.sandboxFailed(failure)), .tearDown] }
      return [.tearDown]
    }
    guard case .run(let exit) = wish else {
      state = .tearingDown
      return [.tearDown]
    }
    state = .running
    failures = 0
    return [.publishRunning] + (exit.map { [.startTimer($0.after)] } ?? [])
  }

  /// The sandbox is gone: what now?
  private mutating func afterTearDown() -> [Action] {
    switch wish {
    case .run:
      state = .backingOff
      return [.startTimer(pause())]
    case .finished:
      state = .ended
      failures = 0
      return []
    case .deleting:
      state = .removing
      failures = 0
      return [.removePod]
    case .gone: return forget()
    }
  }

  private mutating func timerFired() -> [Action] {
    switch state {
    case .backingOff: return startSetUp()
    case .tearDownPaused:
      state = .tearingDown
      return [.tearDown]
    case .removalPaused:
      state = .removing
      return [.removePod]
    case .running:
      guard case .run(let exit?) = wish else { return [] }
      wish = .finished
      state = .tearingDown
      return [.publishExit(code: exit.code), .tearDown]
    case .idle, .settingUp, .tearingDown, .ended, .removing, .removed, .forgotten: return []
    }
  }

  private mutating func forget() -> [Action] {
    state = .forgotten
    return [.forget]
  }

  /// One second, doubled with every failure in a row, at most 16.
  private mutating func pause() -> Duration {
    failures += 1
    return .seconds(1 << min(failures - 1, 4))
  }
}

/// When and how a pod's containers end by themselves: the lab runs no containers, so the pod says it in an annotation.
package struct ContainerExit: Sendable, Equatable {
  package let code: Int
  package let after: Duration

  package init(code: Int, after: Duration) {
    self.code = code
    self.after = after
  }
}
