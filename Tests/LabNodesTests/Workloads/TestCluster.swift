import KubeAPI
import KubeClient
import KubeLab
import KubeRuntime
import LabNodes
import Logging
import Synchronization
import Testing
import WireJSON

/// An API server in this process with the lab's controllers, and nodes that only pretend: a bound pod runs at once, one that is to end
/// by itself ends at once, one that is deleted goes at once.
struct Cluster: Sendable {
  let server: APIServer
  let client: KubeClient
  let nodes: PretendedNodes
  private let store = Store<PodObject>()
  private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  static func run(_ body: @escaping @Sendable (Cluster) async throws -> Void) async throws {
    let server = APIServer()
    let cluster = Cluster(server: server)
    for name in ["node1", "node2"] { try await cluster.addNode(name) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        await WorkloadControllers(client: cluster.client, logger: cluster.logger, jobBackoff: .milliseconds(1)).run()
      }
      group.addTask { await Scheduler(client: cluster.client, logger: cluster.logger).run() }
      group.addTask { await cluster.nodes.run() }
      group.addTask { await follow(cluster.store, client: cluster.client, logger: cluster.logger) }
      defer { group.cancelAll() }
      try await body(cluster)
    }
  }

  private init(server: APIServer) {
    self.server = server
    client = KubeClient(server.exchange, limiter: nil)
    nodes = PretendedNodes(client: client)
  }

  func apply(_ object: JSONValue) async throws { try await server.install([object]) }

  func addNode(_ name: String) async throws {
    try await apply(["apiVersion": "v1", "kind": "Node", "metadata": ["name": .string(name)]])
    try await setReady(name, "True")
  }

  func setReady(_ name: String, _ status: String) async throws {
    let patch: JSONValue = ["status": ["conditions": [["type": "Ready", "status": .string(status)]]]]
    try await client.patch(Node.resourceType, KubeAPI.ObjectKey(name: name), merge: patch, subresource: "status")
  }

  func pods() async throws -> [PodFacts] { try await client.listAll(PodObject.self).items.map(PodFacts.init) }

  /// Waits on a watch of its own until the object is as wanted. The test's time limit is the deadline.
  func wait<Kind: RawKind>(
    for type: RawObject<Kind>.Type, _ name: String, until isMet: @escaping @Sendable (RawObject<Kind>?) -> Bool
  ) async throws -> RawObject<Kind> {
    let watched = Store<RawObject<Kind>>()
    let key = KubeAPI.ObjectKey(namespace: "default", name: name)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await follow(watched, client: client, logger: logger) }
      defer { group.cancelAll() }
      try await watched.wait(for: key, until: isMet)
      return try #require(watched[key])
    }
  }

  /// Waits until the pods, all of them, are as wanted.
  func settled(_ isMet: @escaping @Sendable ([PodFacts]) -> Bool) async throws -> [PodFacts] {
    let (changes, changed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    store.onChange { _ in changed.yield() }
    changed.yield()
    for await _ in changes {
      let pods = store.all.map(PodFacts.init).sorted { $0.key < $1.key }
      if isMet(pods) { return pods }
    }
    throw CancellationError()
  }

  static func deployment(replicas: Int, image: String = "i") -> JSONValue {
    [
      "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web"],
      "spec": [
        "replicas": .integer(replicas), "selector": ["matchLabels": ["app": "a"]],
        "template": ["metadata": ["labels": ["app": "a"]], "spec": ["containers": [["name": "c", "image": .string(image)]]]],
      ],
    ]
  }

  static func statefulSet(replicas: Int) -> JSONValue {
    [
      "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": ["name": "db"],
      "spec": [
        "replicas": .integer(replicas), "selector": ["matchLabels": ["app": "a"]], "serviceName": "db", "ordinals": ["start": 5],
        "template": Fixture.template,
      ],
    ]
  }
}

/// Plays every node's agent with nothing behind it.
final class PretendedNodes: Sendable {
  private let client: KubeClient
  private let lost = Mutex<Set<String>>([])
  /// Uids of pods that run or have run. No agent starts a pod twice, also when its watch is behind what it has written.
  private let started = Mutex<Set<String>>([])
  private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  init(client: KubeClient) { self.client = client }

  /// A lost node does nothing any more.
  func lose(_ name: String) async { lost.withLock { _ = $0.insert(name) } }

  func run() async {
    let pods = Store<PodObject>()
    let queue = WorkQueue<KubeAPI.ObjectKey>(clock: ContinuousClock())
    pods.onChange { queue.add($0.key) }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await follow(pods, client: self.client, logger: self.logger) }
      group.addTask {
        await runWorkers(1, on: queue, logger: self.logger) { key in
          if let pod = pods[key] { try await self.act(pod) }
          return .done
        }
      }
    }
  }

  private func act(_ pod: PodObject) async throws {
    let facts = PodFacts(pod)
    guard !facts.nodeName.isEmpty, !lost.withLock({ $0.contains(facts.nodeName) }) else { return }
    let api = KubeletAPI(client: client, node: NodePlan(number: 1))
    do {
      if facts.isDeleting {
        try await api.remove(pod)
      } else if facts.phase != "Running", !facts.isTerminal {
        guard !started.withLock({ $0.contains(facts.uid) }) else { return }
        try await api.patchStatus(of: pod, PodStatusPatch.running(pod, addresses: [], hostAddresses: [], now: Fixture.now))
        started.withLock { _ = $0.insert(facts.uid) }
      } else if facts.phase == "Running", case .run(let exit?) = SandboxMachine.Wish(pod) {
        try await api.patchStatus(of: pod, PodStatusPatch.exited(pod, code: exit.code, now: Fixture.now))
      }
    } catch let error as APIError where error.isNotFound || error.isConflict {
      return
    }
  }
}
