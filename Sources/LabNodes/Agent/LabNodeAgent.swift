import KubeAPI
package import KubeClient
import KubeRuntime
package import Logging
import NetAddress

/// kubelet and Multus of one lab node, in a process of its own inside the node's namespaces: runs the unchanged daemon, and gives every
/// pod of the node its sandbox.
package struct LabNodeAgent: Sendable {
  /// Which node, and where things are.
  package struct Place: Sendable {
    package var lab: LabName
    package var node: NodePlan
    package var directory: LabDirectory
    /// The folder of this project's programs.
    package var programs: String

    package init(lab: LabName, node: NodePlan, directory: LabDirectory, programs: String) {
      self.lab = lab
      self.node = node
      self.directory = directory
      self.programs = programs
    }
  }

  private let place: Place
  private let client: KubeClient
  private let logger: Logger
  /// This process, whose death takes the daemon along.
  private let processID: Int32

  package init(_ place: Place, client: KubeClient, processID: Int32, logger: Logger) {
    self.place = place
    self.client = client
    self.processID = processID
    self.logger = logger
  }

  /// Runs until `stopped` returns; then every sandbox is torn down, with the daemon still there to be asked, and only then the rest ends.
  package func run(until stopped: @escaping @Sendable () async -> Void) async throws {
    let store = try SandboxStore(directory: place.directory.sandboxes(place.node.name))
    let events = EventRecorder(client: client, component: "kubelet", host: place.node.name, logger: logger, now: { WallClock.now() })
    let pods = Store<PodObject>()
    var dispatcher = PodDispatcher(tools(store, events), adopting: store.load())
    let sender = dispatcher.sender
    pods.onChange { sender.yield(.changed(old: $0.old, new: $0.new)) }
    let daemon = daemonSupervisor()
    await withTaskGroup(of: Void.self) { background in
      background.addTask { await daemon.run(onStart: { writeProcessID($0) }) }
      background.addTask { await events.run() }
      background.addTask {
        await follow(pods, Selection(fieldSelector: "spec.nodeName=" + place.node.name), client: client, logger: logger)
      }
      background.addTask { await becomeReady(pods, sender) }
      background.addTask {
        await stopped()
        sender.yield(.stop)
      }
      await dispatcher.run()
      background.cancelAll()
    }
  }

  private func tools(_ store: SandboxStore, _ events: EventRecorder) -> PodWorkerTools {
    let api = KubeletAPI(client: client, node: place.node)
    let runner = SandboxRunner(
      lab: place.lab, defaultNetwork: place.node.defaultNetwork(dataDirectory: place.directory.hostLocal(place.node.name)),
      plugins: PluginRunner(directories: [place.programs, Prerequisites.referencePlugins]), store: store,
      definition: { try await api.definition($0) })
    let clock = ContinuousClock()
    return PodWorkerTools(
      runner: runner, api: api, events: events, hostAddresses: place.node.addresses.map(\.address.description), now: WallClock.now,
      sleep: { try await clock.sleep(for: $0) }, logger: logger)
  }

  // MARK: The daemon

  private func daemonSupervisor() -> Supervisor {
    var entry = NamespaceEntry([
      place.programs + "/kube-ovn-daemon", "--kubeconfig", place.directory.daemonKubeconfig, "--node-name", place.node.name,
      "--http-port", "0", "--non-primary-cni-mode",
    ])
    entry.parent = processID
    return Supervisor(
      "kube-ovn-daemon", ProgramCall(place.programs + "/kube-ovn-lab", ["enter"] + entry.arguments),
      logFile: place.directory.daemonLog(place.node.name), logger: logger)
  }

  /// For whoever wants to see what happens when the daemon dies.
  private func writeProcessID(_ pid: Int32) {
    do {
      try TextFile.replace(place.directory.daemonProcess(place.node.name), "\(pid)\n".utf8)
    } catch {
      logger.warning("cannot write the daemon's process id", metadata: ["error": "\(error)"])
    }
  }

  // MARK: Readiness

  /// As with a real kubelet, a node is ready once its network is: here, once the plugins' socket is there.
  private func becomeReady(_ pods: Store<PodObject>, _ sender: AsyncStream<PodDispatcher.Event>.Continuation) async {
    do {
      try await pods.waitUntilSynced()
      // The store's handlers may not have run yet; told twice does no harm, and nobody seen now is taken for gone.
      for pod in pods.all { sender.yield(.changed(old: nil, new: pod)) }
      sender.yield(.synced)
      // A file of this machine, not of the API: looked for, not watched.
      while !TextFile.exists(HostPlaces.daemonSocket) { try await Task.sleep(for: .milliseconds(10)) }
      var delay = Duration.milliseconds(50)
      while true {
        do {
          return try await KubeletAPI.reportNode(place.node, isReady: true, client: client, now: WallClock.now())
        } catch let error where !(error is CancellationError) {
          logger.warning("cannot report the node as ready yet", metadata: ["error": "\(error)"])
          try await Task.sleep(for: delay)
          delay = min(delay * 2, .seconds(5))
        }
      }
    } catch {
      // Cancelled: the agent stops.
    }
  }
}
