package import KubeAPI
package import KubeClient
package import KubeRuntime
package import Logging
import WireJSON

/// The controllers that a cluster's kube-controller-manager runs for workloads, and its eviction from lost nodes: each watch event
/// brings a key into line, and for each key a plan is made from fresh lists and carried out.
///
/// Fresh lists instead of the watch's view: a plan never counts pods that it has just made as missing. At the lab's size they cost nothing.
package struct WorkloadControllers: Sendable {
  private let client: KubeClient
  private let logger: Logger
  private let now: @Sendable () -> Timestamp
  private let jobBackoff: Duration

  /// `jobBackoff` is a Job's pause after its first failed pod.
  package init(
    client: KubeClient, logger: Logger, jobBackoff: Duration = .seconds(10), now: @escaping @Sendable () -> Timestamp = WallClock.now
  ) {
    self.client = client
    self.logger = logger
    self.jobBackoff = jobBackoff
    self.now = now
  }

  /// What is brought into line.
  package enum Key: Hashable, Sendable, CustomStringConvertible {
    case deployment(ObjectKey)
    case replicaSet(ObjectKey)
    case statefulSet(ObjectKey)
    case daemonSet(ObjectKey)
    case job(ObjectKey)
    /// All nodes: whether one is lost.
    case nodes

    package var description: String {
      switch self {
      case .deployment(let key): "Deployment \(key)"
      case .replicaSet(let key): "ReplicaSet \(key)"
      case .statefulSet(let key): "StatefulSet \(key)"
      case .daemonSet(let key): "DaemonSet \(key)"
      case .job(let key): "Job \(key)"
      case .nodes: "nodes"
      }
    }

    /// The workload that manages a pod or a ReplicaSet; nil for owners of other kinds.
    init?(owner: OwnerReference?, namespace: String) {
      guard let owner else { return nil }
      let key = ObjectKey(namespace: namespace, name: owner.name)
      switch owner.kind {
      case "Deployment": self = .deployment(key)
      case "ReplicaSet": self = .replicaSet(key)
      case "StatefulSet": self = .statefulSet(key)
      case "DaemonSet": self = .daemonSet(key)
      case "Job": self = .job(key)
      default: return nil
      }
    }
  }

  /// Runs until cancelled.
  package func run() async {
    let queue = WorkQueue<Key>(clock: ContinuousClock())
    let daemonSets = Store<DaemonSet>()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await runWorkers(4, on: queue, logger: logger) { try await reconcile($0) } }
      group.addTask { await watch(Store<Deployment>()) { queue.add(.deployment($0.key)) } }
      group.addTask { await watch(Store<StatefulSetObject>()) { queue.add(.statefulSet($0.key)) } }
      group.addTask { await watch(Store<Job>()) { queue.add(.job($0.key)) } }
      group.addTask { await watch(daemonSets) { queue.add(.daemonSet($0.key)) } }
      group.addTask {
        await watch(Store<ReplicaSet>()) { change in
          queue.add(.replicaSet(change.key))
          Self.addOwner(of: change.new?.metadata ?? change.old?.metadata, to: queue)
        }
      }
      group.addTask {
        await watch(Store<PodObject>()) { change in
          Self.addOwner(of: change.new?.metadata ?? change.old?.metadata, to: queue)
          // A pod that came to a lost node after its loss: the scheduler may hear of that later than we do.
          if change.new?.spec["nodeName"] != change.old?.spec["nodeName"] { queue.add(.nodes) }
        }
      }
      group.addTask {
        await watch(Store<NodeObject>()) { _ in
          queue.add(.nodes)
          for set in daemonSets.all { queue.add(.daemonSet(set.key)) }
        }
      }
    }
  }

  private static func addOwner(of metadata: ObjectMeta?, to queue: WorkQueue<Key>) {
    guard let metadata, let key = Key(owner: metadata.controller, namespace: metadata.namespace) else { return }
    queue.add(key)
  }

  private func watch<R: Resource>(_ store: Store<R>, _ onChange: @escaping @Sendable (Store<R>.Change) -> Void) async {
    store.onChange(onChange)
    await follow(store, client: client, logger: logger)
  }

  // MARK: One key

  /// Brings one workload a step nearer to what it says. Returns when to look again although nothing changes.
  package func reconcile(_ key: Key) async throws -> ReconcileResult {
    switch key {
    case .deployment(let key):
      return try await carryOut(key) { (deployment: Deployment) in
        let sets = try await client.listAll(ReplicaSet.self, Selection(namespace: key.namespace)).items
        return DeploymentPlan.make(deployment, sets: sets, pods: try await pods(in: key.namespace), now: now())
      }
    case .replicaSet(let key):
      return try await carryOut(key) { (set: ReplicaSet) in ReplicaSetPlan.make(set, pods: try await pods(in: key.namespace)) }
    case .statefulSet(let key):
      return try await carryOut(key) { (set: StatefulSetObject) in StatefulSetPlan.make(set, pods: try await pods(in: key.namespace)) }
    case .daemonSet(let key):
      return try await carryOut(key) { (set: DaemonSet) in
        DaemonSetPlan.make(set, nodes: try await nodes(), pods: try await pods(in: key.namespace))
      }
    case .job(let key):
      return try await carryOut(key) { (job: Job) in
        JobPlan.make(job, pods: try await pods(in: key.namespace), now: now(), backoff: jobBackoff)
      }
    case .nodes:
      for pod in NodeLossPlan.evictions(nodes: try await nodes(), pods: try await pods(in: "")) {
        try await delete(Pod.resourceType, pod.key, uid: pod.uid)
      }
      return .done
    }
  }

  private func pods(in namespace: String) async throws -> [PodFacts] {
    try await client.listAll(PodObject.self, Selection(namespace: namespace)).items.map(PodFacts.init)
  }

  private func nodes() async throws -> [NodeFacts] { try await client.listAll(NodeObject.self).items.map(NodeFacts.init) }

  private func carryOut<Kind: RawKind>(
    _ key: ObjectKey, _ plan: (RawObject<Kind>) async throws -> WorkloadPlan
  ) async throws -> ReconcileResult {
    let object: RawObject<Kind>
    do {
      object = try await client.get(RawObject<Kind>.self, key)
    } catch let error as APIError where error.isNotFound {
      return .done
    }
    let plan = try await plan(object)
    for action in plan.actions { try await carryOut(action, in: key.namespace) }
    return plan.again.map { .again(after: $0) } ?? .done
  }

  /// Refusals that only say that somebody was faster are no errors: the change that made it so brings the key into line again.
  private func carryOut(_ action: WorkloadAction, in namespace: String) async throws {
    do {
      switch action {
      case .create(let type, let body): try await client.create(type, namespace: namespace, body: body)
      case .delete(let type, let name, let uid): try await delete(type, ObjectKey(namespace: namespace, name: name), uid: uid)
      case .patch(let type, let name, let patch):
        try await client.patch(type, ObjectKey(namespace: namespace, name: name), merge: patch)
      case .patchStatus(let type, let name, let patch):
        try await client.patch(type, ObjectKey(namespace: namespace, name: name), merge: patch, subresource: "status")
      }
    } catch let error as APIError where error.isNotFound || error.isConflict || error.isAlreadyExists {
      logger.debug("overtaken", metadata: ["error": "\(error)"])
    }
  }

  private func delete(_ type: ResourceType, _ key: ObjectKey, uid: String) async throws {
    var options = KubeClient.DeleteOptions()
    options.uid = uid
    options.propagationPolicy = "Background"
    do {
      try await client.delete(type, key, options)
    } catch let error as APIError where error.isNotFound || error.isConflict {
      logger.debug("gone already", metadata: ["error": "\(error)"])
    }
  }
}
