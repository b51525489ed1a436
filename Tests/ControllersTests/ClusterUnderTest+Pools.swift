import Controllers
import KubeAPI
import KubeClient
import KubeRuntime
import Testing
import WireJSON

/// IPPools, namespaces, and pods of other namespaces than the test's own.
extension ClusterUnderTest {
  // MARK: Making

  /// An IPPool named after the test, of its subnet `subnet`.
  func createPool(_ suffix: String, subnet: String, _ ips: [String], namespaces: [String] = []) async throws {
    _ = try await client.create(
      IPPool.self,
      body: [
        "apiVersion": "kubeovn.io/v1", "kind": "IPPool", "metadata": ["name": .string(name(suffix))],
        "spec": [
          "subnet": .string(name(subnet)), "ips": .array(ips.map { .string($0) }), "namespaces": .array(namespaces.map { .string($0) }),
        ],
      ])
  }

  /// The same, once the controller has put it in force.
  func createReadyPool(_ suffix: String, subnet: String, _ ips: [String], namespaces: [String] = []) async throws {
    try await createPool(suffix, subnet: subnet, ips, namespaces: namespaces)
    _ = try await pool(suffix, until: { $0.isReady == true })
  }

  func editPool(_ suffix: String, _ spec: [String: JSONValue]) async throws {
    _ = try await client.patch(IPPool.self, ObjectKey(name: name(suffix)), merge: ["spec": .object(spec)])
  }

  func editPool(_ suffix: String, ips: [String]) async throws {
    try await editPool(suffix, ["ips": .array(ips.map { .string($0) })])
  }

  func deletePool(_ suffix: String) async throws { try await client.delete(IPPool.self, ObjectKey(name: name(suffix))) }

  func editSubnet(_ suffix: String, _ spec: [String: JSONValue]) async throws {
    _ = try await client.patch(Subnet.self, ObjectKey(name: name(suffix)), merge: ["spec": .object(spec)])
  }

  /// A further namespace named after the test; its whole name.
  @discardableResult
  func createNamespace(_ suffix: String, labels: [String: String] = [:]) async throws -> String {
    _ = try await client.create(
      Namespace.self,
      body: [
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": ["name": .string(name(suffix)), "labels": .object(labels.mapValues { .string($0) })],
      ])
    return name(suffix)
  }

  /// A pod in one of them, on the test's NAD `network`.
  func createPod(_ key: ObjectKey, on network: String, _ wishes: [String: String] = [:]) async throws {
    var annotations = [AnnotationKey.networks: "\(namespace)/\(network)"]
    for (field, value) in wishes { annotations[field.contains("/") ? field : "\(network).\(namespace).kubernetes.io/\(field)"] = value }
    _ = try await client.create(
      Pod.self, namespace: key.namespace,
      body: [
        "apiVersion": "v1", "kind": "Pod",
        "metadata": [
          "name": .string(key.name), "namespace": .string(key.namespace), "annotations": .object(annotations.mapValues { .string($0) }),
        ],
        "spec": ["containers": [["name": "c", "image": "none"]], "terminationGracePeriodSeconds": 0],
      ])
  }

  /// A pod of the test's own namespace with one network and wishes for it by field.
  func createPod(_ name: String, on network: String, _ wishes: [String: String] = [:]) async throws {
    try await createPod(ObjectKey(namespace: namespace, name: name), on: network, wishes)
  }

  // MARK: Waiting

  func pool(
    _ suffix: String, until condition: @escaping @Sendable (IPPool) -> Bool, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> IPPool {
    let key = ObjectKey(name: name(suffix))
    try await within(sourceLocation, "ippool \(key): \(String(describing: seen.pools[key]))") {
      try await seen.pools.wait(for: key) { $0.map(condition) ?? false }
    }
    return try #require(seen.pools[key], sourceLocation: sourceLocation)
  }

  /// The message of the pool's Ready condition, once it is false and says `text`.
  func poolRefusal(_ suffix: String, containing text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
    let refused = try await pool(
      suffix, until: { $0.isReady == false && $0.readyMessage.contains(text) }, sourceLocation: sourceLocation)
    return refused.readyMessage
  }

  /// The pool once its status shows these ranges.
  @discardableResult
  func pool(
    _ suffix: String, using: String, available: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> IPPool {
    try await pool(
      suffix,
      until: { pool in
        pool.status.hasCounts && pool.usingRanges == using && pool.availableRanges == available
      }, sourceLocation: sourceLocation)
  }

  func poolIsGone(_ suffix: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let key = ObjectKey(name: name(suffix))
    try await within(sourceLocation, "ippool \(key) gone") { try await seen.pools.wait(for: key) { $0 == nil } }
  }

  func namespace(
    _ name: String, until condition: @escaping @Sendable ([String: String]) -> Bool, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> [String: String] {
    let key = ObjectKey(name: name)
    try await within(sourceLocation, "namespace \(name): \(seen.namespaces[key]?.metadata.annotations ?? [:])") {
      try await seen.namespaces.wait(for: key) { $0.map { condition($0.metadata.annotations) } ?? false }
    }
    return try #require(seen.namespaces[key], sourceLocation: sourceLocation).metadata.annotations
  }

  /// The address of a pod of any namespace.
  func address(_ key: ObjectKey, _ network: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
    let provider = ProviderName("\(network).\(namespace)")
    let key = key
    try await within(sourceLocation, "pod \(key): \(seen.pods[key]?.metadata.annotations ?? [:])") {
      try await seen.pods.wait(for: key) { $0?.metadata.annotations[provider.key(.allocated)] == "true" }
    }
    return seen.pods[key]?.metadata.annotations[provider.key(.ipAddress)] ?? ""
  }

  /// Why a pod of any namespace has none.
  func refusal(_ key: ObjectKey, containing text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
    try await within(sourceLocation, "pod \(key): \(seen.pods[key]?.metadata.annotations ?? [:])") {
      try await seen.pods.wait(for: key) { $0?.metadata.annotations[AnnotationKey.allocationError]?.contains(text) ?? false }
    }
    return seen.pods[key]?.metadata.annotations[AnnotationKey.allocationError] ?? ""
  }

  /// The message of the first event about a cluster-scoped object of the test that has this reason and says `text`.
  func event(
    aboutObject suffix: String, reason: String, containing text: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> String {
    let name = name(suffix)
    let isMeant: @Sendable (KubernetesEvent) -> Bool = { $0.objectName == name && $0.reason == reason && $0.message.contains(text) }
    let found = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingOldest(1))
    seenEvents.onChange { change in
      if let event = change.new, isMeant(event) { found.continuation.yield(event.message) }
    }
    if let event = seenEvents.all.first(where: isMeant) { return event.message }
    try await within(sourceLocation, "event \(reason) about \(name)") {
      for await _ in found.stream { return }
    }
    return try #require(seenEvents.all.first(where: isMeant)?.message, sourceLocation: sourceLocation)
  }
}

extension IPPool {
  private var ready: Condition? { status.conditions.first { $0.type == SubnetCondition.ready } }

  /// nil while nothing has been said.
  var isReady: Bool? { ready.map { $0.status == "True" } }

  var readyMessage: String { ready?.message ?? "" }

  /// Both families', the IPv6 ones behind a semicolon where there are any.
  var usingRanges: String { [status.v4UsingRange, status.v6UsingRange].filter { !$0.isEmpty }.joined(separator: ";") }
  var availableRanges: String { [status.v4AvailableRange, status.v6AvailableRange].filter { !$0.isEmpty }.joined(separator: ";") }
}
