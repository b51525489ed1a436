import Controllers
import Foundation
import HTTPMessage
import HTTPTransport
import KubeAPI
import KubeClient
import KubeRuntime
import Logging
import Testing
import WireJSON

/// The cluster that the tests of this target look at through its API: the embedded API server with the controller in this process, or,
/// when `KUBECONFIG` is set, whatever cluster that names, with the controller that runs there (docs/testing.md).
struct ClusterUnderTest: Sendable {
  let client: KubeClient
  /// What the tests see: watches of their own, not the controller's.
  let seen = ClusterStores()
  let seenEvents = Store<KubernetesEvent>()
  /// Objects of one test live in a namespace of its own, and its cluster-scoped ones carry its name.
  let namespace: String
  private let reflectors: [@Sendable () async throws -> Void]

  init(client: KubeClient, namespace: String) {
    self.client = client
    self.namespace = namespace
    let (seen, events) = (seen, seenEvents)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    reflectors = [
      { try await Reflector(client: client, store: seen.pods, logger: logger, clock: ContinuousClock()).run() },
      { try await Reflector(client: client, store: seen.subnets, logger: logger, clock: ContinuousClock()).run() },
      { try await Reflector(client: client, store: seen.pools, logger: logger, clock: ContinuousClock()).run() },
      { try await Reflector(client: client, store: seen.namespaces, logger: logger, clock: ContinuousClock()).run() },
      { try await Reflector(client: client, store: seen.records, logger: logger, clock: ContinuousClock()).run() },
      { try await Reflector(client: client, store: seen.vips, logger: logger, clock: ContinuousClock()).run() },
      { try await Reflector(client: client, store: events, logger: logger, clock: ContinuousClock()).run() },
    ]
  }

  /// Runs a test's body on the cluster and cleans up behind it, also when it throws.
  static func run(_ body: @escaping @Sendable (ClusterUnderTest) async throws -> Void) async throws {
    let namespace = "t-" + String(UInt32.random(in: 0 ... .max), radix: 16)
    if let path = ProcessInfo.processInfo.environment["KUBECONFIG"], !path.isEmpty {
      let configuration = try ClientConfiguration.forUser(environment: ProcessInfo.processInfo.environment)
      let client = KubeClient(try HTTPPool(configuration.peer), configuration: configuration)
      try await ClusterUnderTest(client: client, namespace: namespace).run(controller: nil, body)
    } else {
      let embedded = try await EmbeddedCluster()
      try await ClusterUnderTest(client: embedded.client, namespace: namespace).run(controller: embedded, body)
    }
  }

  /// Runs a test's body with the embedded controller beside it; nil: with the one that the cluster has.
  private func run(controller: EmbeddedCluster?, _ body: @escaping @Sendable (ClusterUnderTest) async throws -> Void) async throws {
    try await watching {
      try await createNamespace()
      guard let controller else { return try await body(self) }
      try await with(controller, term: 1) { try await body(self) }
    }
  }

  /// Keeps `seen` up to date while `body` runs, and cleans up behind it, also when it throws.
  func watching(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for reflector in reflectors { group.addTask { try await reflector() } }
      defer { group.cancelAll() }
      let outcome: Result<Void, any Error>
      do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
      await cleanUp()
      try outcome.get()
    }
  }

  /// Runs the embedded controller for as long as `body` takes.
  func with(
    _ controller: EmbeddedCluster, term: Int64, setup: EmbeddedCluster.Setup = .init(), _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await controller.runController(term: term, setup: setup) }
      defer { group.cancelAll() }
      try await body()
    }
  }

  func createNamespace() async throws {
    _ = try await client.create(
      Namespace.self, body: ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(namespace)]])
  }

  private func cleanUp() async {
    for pod in seen.pods.all where pod.metadata.namespace.hasPrefix(namespace) {
      var options = KubeClient.DeleteOptions()
      options.gracePeriodSeconds = 0
      try? await client.delete(Pod.self, pod.key, options)
    }
    for vip in seen.vips.all where vip.metadata.name.hasPrefix(namespace) { try? await client.delete(Vip.self, vip.key) }
    for record in seen.records.all where record.metadata.name.contains(namespace) { try? await client.delete(IPRecord.self, record.key) }
    for pool in seen.pools.all where pool.metadata.name.hasPrefix(namespace) { try? await client.delete(IPPool.self, pool.key) }
    for subnet in seen.subnets.all where subnet.metadata.name.hasPrefix(namespace) { try? await client.delete(Subnet.self, subnet.key) }
    for own in seen.namespaces.all where own.metadata.name.hasPrefix(namespace) { try? await client.delete(Namespace.self, own.key) }
  }

  // MARK: Making objects

  func name(_ suffix: String) -> String { namespace + "-" + suffix }

  /// A macvlan NAD with our IPAM; `config` replaces the configuration's text.
  func createNetwork(_ name: String, config: String? = nil) async throws {
    let usual =
      #"{"cniVersion":"0.3.1","type":"macvlan","master":"eth0","mode":"bridge","ipam":{"type":"kube-ovn","provider":"\#(name).\#(namespace)"}}"#
    _ = try await client.create(
      NetworkAttachmentDefinition.self, namespace: namespace,
      body: [
        "apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition",
        "metadata": ["name": .string(name), "namespace": .string(namespace)], "spec": ["config": .string(config ?? usual)],
      ])
  }

  /// A Subnet named after the test, for the NAD `network`.
  func createSubnet(_ suffix: String, network: String, _ spec: [String: JSONValue]) async throws {
    var whole = spec
    if whole["provider"] == nil { whole["provider"] = .string("\(network).\(namespace)") }
    _ = try await client.create(
      Subnet.self,
      body: ["apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": ["name": .string(name(suffix))], "spec": .object(whole)])
  }

  func createPod(_ name: String, _ annotations: [String: String], spec: [String: JSONValue] = [:], owner: JSONValue? = nil) async throws {
    var metadata: JSONValue = [
      "name": .string(name), "namespace": .string(namespace), "annotations": .object(annotations.mapValues { .string($0) }),
    ]
    if let owner { metadata["ownerReferences"] = [owner] }
    var whole: [String: JSONValue] = ["containers": [["name": "c", "image": "none"]], "terminationGracePeriodSeconds": 0]
    whole.merge(spec) { _, own in own }
    let created = try await client.create(
      Pod.self, namespace: namespace, body: ["apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": .object(whole)])
    // What is asked about the pod from now on is not to be answered by an earlier one of its name.
    try await seen.pods.wait(for: created.key) { $0?.metadata.uid == created.metadata.uid }
  }

  func deletePod(_ name: String) async throws {
    var options = KubeClient.DeleteOptions()
    options.gracePeriodSeconds = 0
    try await client.delete(Pod.self, ObjectKey(namespace: namespace, name: name), options)
  }

  // MARK: Waiting

  /// The pod once `condition` holds for it; fails the test with what it looked like when that takes too long.
  func pod(_ name: String, until condition: @escaping @Sendable (Pod) -> Bool, sourceLocation: SourceLocation = #_sourceLocation)
    async throws -> Pod
  {
    let key = ObjectKey(namespace: namespace, name: name)
    try await within(sourceLocation, "pod \(name): \(seen.pods[key]?.metadata.annotations ?? [:])") {
      try await seen.pods.wait(for: key) { $0.map(condition) ?? false }
    }
    return try #require(seen.pods[key], sourceLocation: sourceLocation)
  }

  /// The pod with an address on a network, and that address.
  func address(_ name: String, _ network: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
    let provider = ProviderName("\(network).\(namespace)")
    let pod = try await pod(name, until: { $0.metadata.annotations[provider.key(.allocated)] == "true" }, sourceLocation: sourceLocation)
    return pod.metadata.annotations[provider.key(.ipAddress)] ?? ""
  }

  /// The reasons that stand at a pod, once they contain `text`: watches of different kinds run apart, so that a pod may be judged before
  /// its NAD has been seen, and again after.
  func refusal(_ name: String, containing text: String = "", sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
    let pod = try await pod(
      name, until: { $0.metadata.annotations[AnnotationKey.allocationError].map { text.isEmpty || $0.contains(text) } ?? false },
      sourceLocation: sourceLocation)
    return pod.metadata.annotations[AnnotationKey.allocationError] ?? ""
  }

  func subnet(
    _ suffix: String, until condition: @escaping @Sendable (Subnet) -> Bool, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> Subnet {
    let key = ObjectKey(name: name(suffix))
    try await within(sourceLocation, "subnet \(key)") {
      try await seen.subnets.wait(for: key) { $0.map(condition) ?? false }
    }
    return try #require(seen.subnets[key], sourceLocation: sourceLocation)
  }

  /// The IP object of a pod's NIC, once it is there (or gone).
  func record(_ pod: String, _ network: String, exists: Bool = true, sourceLocation: SourceLocation = #_sourceLocation) async throws
    -> IPRecord?
  {
    let key = ObjectKey(name: "\(pod).\(namespace).\(network).\(namespace)")
    try await within(sourceLocation, "IP \(key) \(exists ? "there" : "gone")") {
      try await seen.records.wait(for: key) { ($0 != nil) == exists }
    }
    return seen.records[key]
  }

  func subnetIsGone(_ suffix: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let key = ObjectKey(name: name(suffix))
    try await within(sourceLocation, "subnet \(key) gone") { try await seen.subnets.wait(for: key) { $0 == nil } }
  }

  /// The message of the first event of a reason about a pod, once it is there.
  func event(
    about pod: String, reason: String, inNamespace space: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> String {
    let space = space ?? namespace
    let isOurs: @Sendable (KubernetesEvent) -> Bool = { event in
      event.objectName == pod && event.reason == reason && event.metadata.namespace == space
    }
    let found = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingOldest(1))
    seenEvents.onChange { change in
      if let event = change.new, isOurs(event) { found.continuation.yield(event.message) }
    }
    if let event = seenEvents.all.first(where: isOurs) { return event.message }
    try await within(sourceLocation, "event \(reason) about \(pod)") {
      for await message in found.stream {
        found.continuation.yield(message)
        return
      }
    }
    return try #require(seenEvents.all.first(where: isOurs)?.message, sourceLocation: sourceLocation)
  }

  /// Generous: it only ends a test that hangs.
  private static let patience = Duration.seconds(180)

  func within(
    _ sourceLocation: SourceLocation, _ what: @autoclosure () -> String, _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    let isDone = try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        try await body()
        return true
      }
      group.addTask {
        try await ContinuousClock().sleep(for: Self.patience)
        return false
      }
      defer { group.cancelAll() }
      return try await group.next() ?? false
    }
    try #require(isDone, "not within \(Self.patience): \(what())", sourceLocation: sourceLocation)
  }
}
