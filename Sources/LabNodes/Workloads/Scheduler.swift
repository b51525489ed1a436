package import KubeAPI
package import KubeClient
import KubeRuntime
package import Logging
import Synchronization
import WireJSON

/// Binds unbound pods to ready nodes in turn.
package final class Scheduler: Sendable {
  private let client: KubeClient
  private let logger: Logger
  private let now: @Sendable () -> Timestamp
  private let events: EventRecorder
  private let plan = Mutex(SchedulerPlan())
  private let pods = Store<PodObject>()
  private let nodes = Store<NodeObject>()
  private let queue = WorkQueue<ObjectKey>(clock: ContinuousClock())

  package init(client: KubeClient, logger: Logger, now: @escaping @Sendable () -> Timestamp = WallClock.now) {
    self.client = client
    self.logger = logger
    self.now = now
    events = EventRecorder(client: client, component: "default-scheduler", logger: logger, now: now)
  }

  /// Runs until cancelled.
  package func run() async {
    pods.onChange { [queue] change in
      if let pod = change.new, SchedulerPlan.isWaiting(pod) { queue.add(change.key) }
    }
    nodes.onChange { [pods, queue] _ in
      for pod in pods.all.sorted(by: { $0.key < $1.key }) where SchedulerPlan.isWaiting(pod) { queue.add(pod.key) }
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.events.run() }
      group.addTask { await follow(self.nodes, client: self.client, logger: self.logger) }
      group.addTask { await follow(self.pods, client: self.client, logger: self.logger) }
      // One worker: whose turn it is must not depend on who is faster.
      group.addTask { await runWorkers(1, on: self.queue, logger: self.logger) { try await self.schedule($0) } }
    }
  }

  private func schedule(_ key: ObjectKey) async throws -> ReconcileResult {
    try await nodes.waitUntilSynced()
    guard let pod = pods[key], SchedulerPlan.isWaiting(pod) else { return .done }
    let candidates = nodes.all.map(NodeFacts.init)
    guard let node = plan.withLock({ $0.node(for: pod, among: candidates) }) else {
      try await refuse(pod, candidates)
      return .done
    }
    let path = Pod.resourceType.path(namespace: key.namespace, name: key.name, subresource: "binding")
    do {
      _ = try await client.raw("POST", path, body: SchedulerPlan.binding(of: pod, to: node).bytes, contentType: "application/json")
    } catch let error as APIError where error.isNotFound || error.isConflict {
      logger.debug("pod is gone or bound already", metadata: ["pod": "\(key)", "error": "\(error)"])
    }
    return .done
  }

  /// Says once why a pod fits nowhere; a change of the nodes brings it here again.
  private func refuse(_ pod: PodObject, _ candidates: [NodeFacts]) async throws {
    let reason = SchedulerPlan.refusal(of: pod, among: candidates)
    let known = pod.status["conditions"]?.array?.first { $0["type"] == "PodScheduled" }
    guard known?["message"]?.string != reason else { return }
    var conditions = ConditionList(pod.status)
    conditions.set("PodScheduled", false, reason: "Unschedulable", message: reason, now: now())
    let patch: JSONValue = ["metadata": ["uid": .string(pod.metadata.uid)], "status": ["conditions": conditions.json]]
    do {
      try await client.patch(Pod.resourceType, pod.key, merge: patch, subresource: "status")
    } catch let error as APIError where error.isNotFound || error.isConflict {
      return
    }
    events.record(
      EventDraft(
        type: Pod.resourceType, object: pod.key, uid: pod.metadata.uid, level: .warning, reason: "FailedScheduling", message: reason))
  }
}
