package import KubeAPI
import KubeClient
import KubeLab
import KubeRuntime
package import Logging
import NetAddress
import Netlink
package import WireJSON

/// `kube-ovn-lab run`: applies manifests, waits for the pods' NICs, and looks at them.
package struct LabRun: Sendable {
  /// What came out, as text and as a verdict.
  package struct Outcome: Sendable {
    package var lines: [String]
    package var isGood: Bool
  }

  private let cluster: LabCluster
  private let deadline: Duration
  private let logger: Logger

  /// `deadline` is the time that all pods together have to get their NICs.
  package init(_ cluster: LabCluster, deadline: Duration, logger: Logger) {
    self.cluster = cluster
    self.deadline = deadline
    self.logger = logger
  }

  package func run(_ objects: [JSONValue]) async throws -> Outcome {
    try await cluster.server.install(objects)
    let isComplete = try await waitForNICs(expecting: objects)
    let (rows, pods) = (try await rows(), try await pods())
    let targets = PingPlan.targets(rows)
    let failures = try await ping(targets)
    var lines = NICTable.lines(rows)
    lines.append("")
    lines += PingPlan.summary(targets, failures: failures)
    let good = rows.count(where: \.isGood)
    lines.append("NICs: \(good) of \(rows.count) as asked for, \(pods.count) pods")
    if !isComplete { lines.append("not everything came up within \(deadline)") }
    return Outcome(lines: lines, isGood: isComplete && good == rows.count && failures.isEmpty)
  }

  // MARK: Waiting

  /// True once every workload has its pods and every pod every NIC; false at the deadline.
  private func waitForNICs(expecting objects: [JSONValue]) async throws -> Bool {
    let pods = Store<PodObject>()
    let workloads = WorkloadStores()
    let (changes, changed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    pods.onChange { _ in changed.yield() }
    workloads.onChange { changed.yield() }
    let report = NICReport()
    return try await finishes(within: deadline) { [cluster, logger] in
      var jobs: [@Sendable () async -> Void] = workloads.jobs(client: cluster.client, logger: logger)
      jobs.append { await follow(pods, client: cluster.client, logger: logger) }
      await withBackgroundTasks(jobs) {
        try? await pods.waitUntilSynced()
        changed.yield()
        for await _ in changes {
          if workloads.haveAllPods(of: objects), pods.all.allSatisfy({ report.isSettled($0) }) { return }
        }
      }
    }
  }

  // MARK: Looking

  private func pods() async throws -> [PodObject] { try await cluster.client.listAll(PodObject.self).items }

  private func rows() async throws -> [NICRow] {
    var report = NICReport()
    for definition in try await cluster.client.listAll(NetworkAttachmentDefinition.self).items {
      report.definitions[definition.key] = definition
    }
    for record in try await cluster.client.listAll(IPRecord.self).items { report.records[record.metadata.name] = record }
    let pods = try await pods()
    for pod in pods {
      guard let sandbox = cluster.probe.sandbox(uid: pod.metadata.uid), let namespace = try? NetworkNamespace.open(named: sandbox.namespace)
      else { continue }
      report.interfaces[pod.metadata.uid] = LabPodProbe.interfaces(in: namespace)
    }
    report.warnings = try await warnings()
    return report.rows(pods)
  }

  /// The latest warning about each pod.
  private func warnings() async throws -> [String: String] {
    var latest: [String: RawObject<EventKind>] = [:]
    for event in try await cluster.client.listAll(RawObject<EventKind>.self).items where event.value["type"] == "Warning" {
      guard let uid = event.value["involvedObject"]?["uid"]?.string else { continue }
      func time(_ event: RawObject<EventKind>) -> String { event.value["lastTimestamp"]?.string ?? "" }
      if let known = latest[uid], time(known) > time(event) { continue }
      latest[uid] = event
    }
    return latest.compactMapValues { $0.value["message"]?.string }
  }

  /// Those that were not answered. A few at a time: each is a process.
  private func ping(_ targets: [PingTarget]) async throws -> [PingTarget] {
    let probe = cluster.probe
    var answers: [Int: Bool] = [:]
    try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
      var next = targets.indices.makeIterator()
      func start(_ index: Int, _ group: inout ThrowingTaskGroup<(Int, Bool), any Error>) {
        let target = targets[index]
        group.addTask {
          let parts = target.pod.split(separator: "/", maxSplits: 1).map(String.init)
          let pod = KubeAPI.ObjectKey(namespace: parts[0], name: parts.count > 1 ? parts[1] : "")
          return (index, try await probe.ping(target.address, from: pod, interface: target.interface))
        }
      }
      for _ in 0..<8 { if let index = next.next() { start(index, &group) } }
      while let (index, isAnswered) = try await group.next() {
        answers[index] = isAnswered
        if let index = next.next() { start(index, &group) }
      }
    }
    return targets.indices.filter { answers[$0] != true }.map { targets[$0] }
  }
}

/// Events, read whole for their messages.
package enum EventKind: RawKind {
  package static let resourceType = ResourceType(group: "", version: "v1", plural: "events", kind: "Event", isNamespaced: true)
}

/// The workloads that `run` applied, watched until each has made the pods it is to have.
private struct WorkloadStores: Sendable {
  private let deployments = Store<Deployment>()
  private let replicaSets = Store<ReplicaSet>()
  private let statefulSets = Store<StatefulSetObject>()
  private let daemonSets = Store<DaemonSet>()
  private let workJobs = Store<Job>()

  func onChange(_ handler: @escaping @Sendable () -> Void) {
    deployments.onChange { _ in handler() }
    replicaSets.onChange { _ in handler() }
    statefulSets.onChange { _ in handler() }
    daemonSets.onChange { _ in handler() }
    workJobs.onChange { _ in handler() }
  }

  func jobs(client: KubeClient, logger: Logger) -> [@Sendable () async -> Void] {
    [
      { await follow(self.deployments, client: client, logger: logger) },
      { await follow(self.replicaSets, client: client, logger: logger) },
      { await follow(self.statefulSets, client: client, logger: logger) },
      { await follow(self.daemonSets, client: client, logger: logger) },
      { await follow(self.workJobs, client: client, logger: logger) },
    ]
  }

  /// Whether the status of each workload among the objects counts as many pods as it is to have, and is about its present spec.
  func haveAllPods(of objects: [JSONValue]) -> Bool {
    objects.allSatisfy { object in
      let key = KubeAPI.ObjectKey(
        namespace: object["metadata"]?["namespace"]?.string ?? "default", name: object["metadata"]?["name"]?.string ?? "")
      switch object["kind"]?.string {
      case "Deployment": return has(deployments, key, "replicas")
      case "ReplicaSet": return has(replicaSets, key, "replicas")
      case "StatefulSet": return has(statefulSets, key, "replicas")
      case "DaemonSet":
        guard let set = daemonSets[key] else { return false }
        return Self.isObserved(set) && set.status["currentNumberScheduled"] == set.status["desiredNumberScheduled"]
      case "Job":
        // Over, or with all that it runs at a time running.
        guard let status = workJobs[key]?.status else { return false }
        if ["Complete", "Failed"].contains(where: { PodFacts.condition($0, of: status) == "True" }) { return true }
        return status["active"]?.int ?? 0 > 0 && status["ready"] == status["active"]
      default: return true
      }
    }
  }

  private func has<Kind: RawKind>(_ store: Store<RawObject<Kind>>, _ key: KubeAPI.ObjectKey, _ field: String) -> Bool {
    guard let object = store[key], Self.isObserved(object) else { return false }
    return object.status[field]?.int ?? 0 >= object.spec["replicas"]?.int ?? 1
  }

  private static func isObserved<Kind: RawKind>(_ object: RawObject<Kind>) -> Bool {
    Int64(object.status["observedGeneration"]?.int ?? 0) >= object.metadata.generation
  }
}
