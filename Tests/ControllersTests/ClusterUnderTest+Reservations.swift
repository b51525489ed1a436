import Controllers
import KubeAPI
import KubeClient
import KubeRuntime
import Testing
import WireJSON

/// Vips and IPs that tests make by hand.
extension ClusterUnderTest {
  /// Runs `first` with a controller, `between` with none, `second` with a new one; NAD `net`, subnet `s` for it.
  static func acrossRestart(
    _ subnet: [String: JSONValue], _ first: @escaping @Sendable (ClusterUnderTest) async throws -> Void,
    between: @escaping @Sendable (ClusterUnderTest) async throws -> Void = { _ in },
    _ second: @escaping @Sendable (ClusterUnderTest) async throws -> Void
  ) async throws {
    let embedded = try await EmbeddedCluster()
    let cluster = ClusterUnderTest(client: embedded.client, namespace: "t-restart")
    try await cluster.watching {
      try await cluster.createNamespace()
      try await cluster.createNetwork("net")
      try await cluster.createSubnet("s", network: "net", subnet)
      try await cluster.with(embedded, term: 1) { try await first(cluster) }
      try await between(cluster)
      try await cluster.with(embedded, term: 2) { try await second(cluster) }
    }
  }

  // MARK: Vips

  /// A Vip named after the test, of subnet `s` unless `spec` says another.
  func createVip(_ suffix: String, _ spec: [String: JSONValue] = [:], labels: [String: JSONValue] = [:]) async throws {
    var whole: [String: JSONValue] = ["namespace": .string(namespace), "subnet": .string(name("s"))]
    whole.merge(spec) { _, own in own }
    _ = try await client.create(
      Vip.self,
      body: [
        "apiVersion": "kubeovn.io/v1", "kind": "Vip", "metadata": ["name": .string(name(suffix)), "labels": .object(labels)],
        "spec": .object(whole),
      ])
  }

  func editVip(_ suffix: String, _ patch: JSONValue) async throws {
    _ = try await client.patch(Vip.self, ObjectKey(name: name(suffix)), merge: patch)
  }

  func deleteVip(_ suffix: String) async throws { try await client.delete(Vip.self, ObjectKey(name: name(suffix))) }

  func vip(
    _ suffix: String, until condition: @escaping @Sendable (Vip) -> Bool, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> Vip {
    let key = ObjectKey(name: name(suffix))
    try await within(sourceLocation, "vip \(key): \(String(describing: seen.vips[key]))") {
      try await seen.vips.wait(for: key) { $0.map(condition) ?? false }
    }
    return try #require(seen.vips[key], sourceLocation: sourceLocation)
  }

  /// The Vip's addresses once it has some.
  func vipAddress(_ suffix: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
    let vip = try await vip(suffix, until: \.isAssigned, sourceLocation: sourceLocation)
    return [vip.status.v4IP, vip.status.v6IP].filter { !$0.isEmpty }.joined(separator: ",")
  }

  /// The message of a Vip's condition `Ready` that says no, once it contains `text`.
  func vipRefusal(_ suffix: String, containing text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Condition {
    let vip = try await vip(
      suffix, until: { $0.status.conditions.contains { $0.type == "Ready" && $0.status == "False" && $0.message.contains(text) } },
      sourceLocation: sourceLocation)
    return try #require(vip.status.conditions.first { $0.type == "Ready" }, sourceLocation: sourceLocation)
  }

  func vipIsGone(_ suffix: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let key = ObjectKey(name: name(suffix))
    try await within(sourceLocation, "vip \(key) gone") { try await seen.vips.wait(for: key) { $0 == nil } }
  }

  // MARK: IPs

  /// The name of the record of a pod's NIC.
  func recordName(_ pod: String, _ network: String = "net") -> String { "\(pod).\(namespace).\(network).\(namespace)" }

  /// An IP made by hand for a pod's NIC on NAD `net`, of subnet `s` unless `spec` says another.
  func createRecord(
    _ pod: String, named name: String? = nil, _ spec: [String: JSONValue] = [:], labels: [String: JSONValue] = [:]
  ) async throws {
    var whole: [String: JSONValue] = [
      "podName": .string(pod), "namespace": .string(namespace), "subnet": .string(self.name("s")),
    ]
    whole.merge(spec) { _, own in own }
    _ = try await client.create(
      IPRecord.self,
      body: [
        "apiVersion": "kubeovn.io/v1", "kind": "IP",
        "metadata": ["name": .string(name ?? recordName(pod)), "labels": .object(labels)], "spec": .object(whole),
      ])
  }

  func editRecord(_ name: String, _ patch: JSONValue) async throws {
    _ = try await client.patch(IPRecord.self, ObjectKey(name: name), merge: patch)
  }

  func deleteRecord(_ name: String) async throws { try await client.delete(IPRecord.self, ObjectKey(name: name)) }

  func record(
    named name: String, until condition: @escaping @Sendable (IPRecord) -> Bool, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> IPRecord {
    let key = ObjectKey(name: name)
    try await within(sourceLocation, "IP \(key): \(String(describing: seen.records[key]))") {
      try await seen.records.wait(for: key) { $0.map(condition) ?? false }
    }
    return try #require(seen.records[key], sourceLocation: sourceLocation)
  }

  /// The record once it is accepted as a reservation.
  func reservation(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> IPRecord {
    try await record(
      named: name, until: { $0.metadata.isManaged && $0.metadata.labels[LabelKey.ipReserved] == "true" }, sourceLocation: sourceLocation)
  }

  func recordIsGone(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let key = ObjectKey(name: name)
    try await within(sourceLocation, "IP \(key) gone") { try await seen.records.wait(for: key) { $0 == nil } }
  }

  // MARK: Events

  /// The message of an event about a cluster-scoped object, once there is one with that reason and text.
  @discardableResult
  func clusterEvent(
    about name: String, reason: String, containing text: String = "", sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> String {
    let isMeant: @Sendable (KubernetesEvent) -> Bool = { event in
      event.objectName == name && event.reason == reason && (text.isEmpty || event.message.contains(text))
    }
    let found = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingOldest(1))
    seenEvents.onChange { change in
      if let event = change.new, isMeant(event) { found.continuation.yield(event.message) }
    }
    if let event = seenEvents.all.first(where: isMeant) { return event.message }
    try await within(
      sourceLocation, "event \(reason) about \(name): \(seenEvents.all.filter { $0.objectName == name }.map(\.message))"
    ) {
      for await message in found.stream {
        found.continuation.yield(message)
        return
      }
    }
    return try #require(seenEvents.all.first(where: isMeant)?.message, sourceLocation: sourceLocation)
  }
}
