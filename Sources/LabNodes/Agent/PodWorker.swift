import KubeAPI
import KubeClient
import KubeRuntime
import Logging

/// Looks after one pod from its first sight to its end: owns its `SandboxMachine`, its sandbox and its timers.
struct PodWorker {
  /// What arrives for the pod.
  enum Input: Sendable {
    case seen(PodObject)
    /// The object is gone, or the agent stops.
    case gone
    case machine(SandboxMachine.Event)
    /// Only the newest timer counts.
    case timer(generation: Int)
    /// The sandbox as far as the set-up has come.
    case prepared(Sandbox)
  }

  private let runner: SandboxRunner
  private let api: KubeletAPI
  private let events: EventRecorder
  private let hostAddresses: [String]
  private let now: @Sendable () -> Timestamp
  private let sleep: @Sendable (Duration) async throws -> Void
  private let logger: Logger
  private let inputs: AsyncStream<Input>
  private let send: AsyncStream<Input>.Continuation

  private var machine: SandboxMachine
  private var pod: PodObject?
  private var sandbox: Sandbox?
  private var timer = 0
  private var cancelSetUp: AsyncStream<Void>.Continuation?
  private var hasAnnounced = false

  init(_ tools: PodWorkerTools, adopting sandbox: Sandbox?, inputs: AsyncStream<Input>, send: AsyncStream<Input>.Continuation) {
    runner = tools.runner
    api = tools.api
    events = tools.events
    hostAddresses = tools.hostAddresses
    now = tools.now
    sleep = tools.sleep
    logger = tools.logger
    self.inputs = inputs
    self.send = send
    self.sandbox = sandbox
    machine = sandbox.map { SandboxMachine(adoptingReadySandbox: $0.isReady) } ?? SandboxMachine()
  }

  /// Runs until the machine says that the pod may be forgotten.
  mutating func run() async {
    await withDiscardingTaskGroup { group in
      for await input in inputs {
        for action in take(input) { await perform(action, &group) }
        if machine.state == .forgotten { break }
      }
      // Timers that nobody waits for any more.
      group.cancelAll()
    }
  }

  private mutating func take(_ input: Input) -> [SandboxMachine.Action] {
    switch input {
    case .seen(let pod):
      self.pod = pod
      return machine.handle(.wished(SandboxMachine.Wish(pod)))
    case .gone: return machine.handle(.wished(.gone))
    case .timer(let generation): return generation == timer ? machine.handle(.timerFired) : []
    case .prepared(let sandbox):
      self.sandbox = sandbox
      return []
    case .machine(let event):
      if event == .tornDown { sandbox = nil }
      return machine.handle(event)
    }
  }

  // MARK: Actions

  private mutating func perform(_ action: SandboxMachine.Action, _ group: inout DiscardingTaskGroup) async {
    switch action {
    case .setUp: await startSetUp(&group)
    case .cancelSetUp: cancelSetUp?.finish()
    case .tearDown: startTearDown(&group)
    case .startTimer(let duration):
      timer += 1
      let (generation, send, sleep) = (timer, send, sleep)
      group.addTask {
        do { try await sleep(duration) } catch { return }
        send.yield(.timer(generation: generation))
      }
    case .cancelTimer: timer += 1
    case .publishRunning: await publishRunning()
    case .publishExit(let code):
      guard let pod else { return }
      await insist("report the pod's end", pod) { [api, now] in
        try await api.patchStatus(of: pod, PodStatusPatch.exited(pod, code: code, now: now()))
      }
    case .report(let report): tell(report)
    case .removePod: await removePod()
    case .forget: break
    }
  }

  /// The set-up runs beside this loop, so that a deletion can cancel it.
  private mutating func startSetUp(_ group: inout DiscardingTaskGroup) async {
    guard let pod else { return }
    if !hasAnnounced {
      hasAnnounced = true
      try? await api.patchStatus(of: pod, PodStatusPatch.creating(pod, hostAddresses: hostAddresses, now: now()))
    }
    let (signal, cancel) = AsyncStream.makeStream(of: Void.self)
    cancelSetUp = cancel
    let (runner, send) = (runner, send)
    group.addTask {
      let failure = await withTaskGroup(of: String??.self) { race in
        race.addTask { .some(await Self.setUp(pod, runner, send)) }
        race.addTask {
          for await _ in signal {}
          return nil
        }
        var outcome: String?
        for await ended in race {
          // Whichever ends first ends the other; what counts is how the set-up ended.
          race.cancelAll()
          if let ended { outcome = ended }
        }
        return outcome
      }
      send.yield(.machine(failure.map { .setUpFailed($0) } ?? .setUpDone))
    }
  }

  /// nil, or why it failed.
  private static func setUp(_ pod: PodObject, _ runner: SandboxRunner, _ send: AsyncStream<Input>.Continuation) async -> String? {
    do {
      var sandbox = try await runner.prepare(pod)
      send.yield(.prepared(sandbox))
      defer { send.yield(.prepared(sandbox)) }
      try await runner.setUp(&sandbox)
      return nil
    } catch {
      return "\(error)"
    }
  }

  private func startTearDown(_ group: inout DiscardingTaskGroup) {
    let (runner, send, sandbox) = (runner, send, sandbox)
    group.addTask {
      do {
        if let sandbox { try await runner.tearDown(sandbox) }
        send.yield(.machine(.tornDown))
      } catch {
        send.yield(.machine(.tearDownFailed("\(error)")))
      }
    }
  }

  private func publishRunning() async {
    guard let pod, let sandbox else { return }
    let statuses = sandbox.statuses
    let addresses = statuses.first { $0.isDefault }?.ips ?? (sandbox.attachments.isEmpty ? hostAddresses : [])
    await insist("report the pod's networks and addresses", pod) { [api, now, hostAddresses] in
      if !statuses.isEmpty { try await api.writeNetworkStatus(of: pod, statuses) }
      try await api.patchStatus(of: pod, PodStatusPatch.running(pod, addresses: addresses, hostAddresses: hostAddresses, now: now()))
    }
  }

  private func tell(_ report: SandboxMachine.Report) {
    guard let pod else { return }
    switch report {
    case .sandboxFailed(let reason):
      logger.warning("sandbox failed", metadata: ["pod": "\(pod.key)", "reason": "\(reason)"])
      record(pod, "FailedCreatePodSandBox", reason)
    case .tearDownFailed(let reason):
      logger.warning("sandbox cannot be removed", metadata: ["pod": "\(pod.key)", "reason": "\(reason)"])
      record(pod, "FailedKillPod", "error killing pod: \(reason)")
    }
  }

  private func record(_ pod: PodObject, _ reason: String, _ message: String) {
    events.record(
      EventDraft(type: Pod.resourceType, object: pod.key, uid: pod.metadata.uid, level: .warning, reason: reason, message: message))
  }

  private func removePod() async {
    guard let pod else { return }
    do {
      try await api.remove(pod)
      send.yield(.machine(.podRemoved))
    } catch {
      logger.warning("pod cannot be removed yet", metadata: ["pod": "\(pod.key)", "error": "\(error)"])
      send.yield(.machine(.removalFailed))
    }
  }

  /// Tries a write until it is done, or there is no such pod any more; for half a minute, which covers a restart of the server.
  private func insist(_ what: String, _ pod: PodObject, _ write: @Sendable () async throws -> Void) async {
    for attempt in 0..<8 {
      do {
        return try await write()
      } catch let error as APIError where error.isNotFound || error.isConflict || error.isInvalid {
        logger.info("cannot \(what)", metadata: ["pod": "\(pod.key)", "error": "\(error)"])
        return
      } catch {
        logger.warning("cannot \(what) yet", metadata: ["pod": "\(pod.key)", "error": "\(error)"])
        do { try await sleep(.milliseconds(100) * (1 << attempt)) } catch { return }
      }
    }
  }
}

/// What all workers of a node share.
struct PodWorkerTools: Sendable {
  let runner: SandboxRunner
  let api: KubeletAPI
  let events: EventRecorder
  let hostAddresses: [String]
  let now: @Sendable () -> Timestamp
  let sleep: @Sendable (Duration) async throws -> Void
  let logger: Logger
}
