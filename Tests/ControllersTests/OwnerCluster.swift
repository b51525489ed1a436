import Controllers
import KubeAPI
import KubeClient
import KubeRuntime
import Testing
import WireJSON

/// The embedded cluster for tests of owners: NAD `macvlan` with a subnet of five addresses behind it, and objects of owners that no
/// workload controller acts on, so that a test decides what happens when.
struct OwnerCluster: Sendable {
  let cluster: ClusterUnderTest
  let embedded: EmbeddedCluster

  static let fiveAddresses: [String: JSONValue] = ["cidrBlock": "172.17.0.0/29", "gateway": "172.17.0.1"]

  static func run(
    kubeVirt: Bool = false, subnet: [String: JSONValue] = fiveAddresses, _ body: @escaping @Sendable (OwnerCluster) async throws -> Void
  ) async throws {
    let embedded = try await EmbeddedCluster()
    if kubeVirt { try await embedded.install(kubeVirtKinds) }
    let cluster = ClusterUnderTest(client: embedded.client, namespace: "t-owner")
    try await cluster.watching {
      try await cluster.createNamespace()
      try await cluster.createNetwork("macvlan")
      try await cluster.createSubnet("s", network: "macvlan", subnet)
      try await body(OwnerCluster(cluster: cluster, embedded: embedded))
    }
  }

  var namespace: String { cluster.namespace }
  var networks: [String: String] { [AnnotationKey.networks: "macvlan"] }
  var provider: ProviderName { ProviderName("macvlan.\(namespace)") }

  /// Leads for as long as `body` takes.
  func lead(
    _ term: Int64, _ setup: EmbeddedCluster.Setup = .init(), _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await cluster.with(embedded, term: term, setup: setup) { try await body() }
  }

  // MARK: StatefulSets

  @discardableResult
  func createSet(_ name: String, replicas: Int64, start: Int64 = 0, template: [String: String] = [:]) async throws -> StatefulSet {
    let labels: JSONValue = ["app": .string(name)]
    return try await cluster.client.create(
      StatefulSet.self, namespace: namespace,
      body: [
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": ["name": .string(name), "namespace": .string(namespace)],
        "spec": [
          "replicas": .integer(replicas), "ordinals": ["start": .integer(start)], "serviceName": .string(name),
          "selector": ["matchLabels": labels],
          "template": [
            "metadata": ["labels": labels, "annotations": .object(template.mapValues { .string($0) })],
            "spec": ["containers": [["name": "c", "image": "none"]]],
          ],
        ],
      ])
  }

  func patchSet(_ name: String, _ spec: JSONValue) async throws {
    _ = try await cluster.client.patch(StatefulSet.self, key(name), merge: ["spec": spec])
  }

  /// Deletes an owner and leaves its pods alone, so that a test says when they go.
  func delete<R: Resource>(_ type: R.Type, _ name: String) async throws {
    var options = KubeClient.DeleteOptions()
    options.propagationPolicy = "Orphan"
    try await cluster.client.delete(R.self, key(name), options)
  }

  func deleteSet(_ name: String) async throws { try await delete(StatefulSet.self, name) }

  func createPod(_ set: StatefulSet, _ ordinal: Int, _ wishes: [String: String] = [:], spec: [String: JSONValue] = [:]) async throws {
    try await cluster.createPod(
      "\(set.metadata.name)-\(ordinal)", networks.merging(wishes) { $1 }, spec: spec, owner: Self.reference(set, "apps/v1"))
  }

  // MARK: Virtual machines

  @discardableResult
  func createMachine(_ name: String) async throws -> VirtualMachine { try await createKubeVirt(name) }

  @discardableResult
  func createInstance(_ name: String) async throws -> VirtualMachineInstance { try await createKubeVirt(name) }

  /// The pod in which an instance runs.
  func createPod(_ name: String, of instance: VirtualMachineInstance, _ wishes: [String: String] = [:]) async throws {
    try await cluster.createPod(name, networks.merging(wishes) { $1 }, owner: Self.reference(instance, "kubevirt.io/v1"))
  }

  private func createKubeVirt<R: Resource>(_ name: String) async throws -> R {
    try await cluster.client.create(
      R.self, namespace: namespace,
      body: [
        "apiVersion": .string(R.resourceType.apiVersion), "kind": .string(R.resourceType.kind),
        "metadata": ["name": .string(name), "namespace": .string(namespace)],
      ])
  }

  private static func reference<R: Resource>(_ owner: R, _ apiVersion: String) -> JSONValue {
    [
      "apiVersion": .string(apiVersion), "kind": .string(R.resourceType.kind), "name": .string(owner.metadata.name),
      "uid": .string(owner.metadata.uid), "controller": true,
    ]
  }

  // MARK: Looking

  func key(_ name: String) -> ObjectKey { ObjectKey(namespace: namespace, name: name) }

  func recordName(_ owner: String) -> String { "\(owner).\(namespace).macvlan.\(namespace)" }

  /// The record as the API server has it now; nil when there is none or when it is being deleted.
  func standing(_ owner: String) async throws -> IPRecord? {
    do {
      let record = try await cluster.client.get(IPRecord.self, ObjectKey(name: recordName(owner)))
      return record.metadata.isDeleting ? nil : record
    } catch let error as APIError where error.isNotFound {
      return nil
    }
  }

  func phase(_ pod: String, _ phase: String, reason: String = "") async throws {
    var status: JSONValue = ["phase": .string(phase)]
    if !reason.isEmpty { status["reason"] = .string(reason) }
    _ = try await cluster.client.patch(Pod.self, key(pod), merge: ["status": status], subresource: "status")
  }

  /// Plain pods on every address that is left, so that a freed one can go to one waiting pod only.
  func fill(_ count: Int) async throws {
    for index in 0..<count {
      try await cluster.createPod("fill-\(index)", networks)
      _ = try await cluster.address("fill-\(index)", "macvlan")
    }
  }

  /// A pod that finds every address taken.
  func createRival() async throws {
    try await cluster.createPod("rival", networks)
    _ = try await cluster.refusal("rival", containing: "NoAvailableAddress")
  }

  func rivalWaits() async throws {
    let rival = try await cluster.client.get(Pod.self, key("rival"))
    #expect(rival.metadata.annotations[provider.key(.allocated)] == nil)
    #expect(rival.metadata.annotations[AnnotationKey.allocationError] != nil)
  }

  // MARK: Settling

  /// Returns once the controller has seen everything that was written before, and has nothing in hand. What its own writes lead to is
  /// seen in the second round.
  func settle(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    try await cluster.within(sourceLocation, "the controller has settled") {
      while embedded.running.controller == nil {
        try Task.checkCancellation()
        await Task.yield()
      }
      guard let controller = embedded.running.controller else { return }
      for _ in 0..<2 {
        try await pass(controller)
        while !controller.isIdle {
          try Task.checkCancellation()
          await Task.yield()
        }
      }
    }
  }

  /// Sends a mark through each watch that owners matter to.
  private func pass(_ controller: AddressController) async throws {
    let name = "mark-" + String(UInt32.random(in: 0 ... .max), radix: 16)
    let stores = controller.stores
    let labels: JSONValue = [LabelKey.ipReserved: "true"]
    try await cluster.createPod(name, [:])
    try await createSet(name, replicas: 0)
    _ = try await cluster.client.create(
      IPRecord.self,
      body: [
        "apiVersion": "kubeovn.io/v1", "kind": "IP",
        "metadata": ["name": .string(name), "labels": labels, "finalizers": [.string(Finalizer.controller)]], "spec": IPRecord.Spec().json,
      ])
    try await stores.pods.wait(for: key(name)) { $0 != nil }
    try await stores.sets.wait(for: key(name)) { $0 != nil }
    try await stores.records.wait(for: ObjectKey(name: name)) { $0 != nil }
    if let _: CustomKind = try? await cluster.client.get(CustomKind.self, ObjectKey(name: "virtualmachines.kubevirt.io")) {
      try await createMachine(name)
      try await createInstance(name)
      try await stores.machines.wait(for: key(name)) { $0 != nil }
      try await stores.instances.wait(for: key(name)) { $0 != nil }
      try await delete(VirtualMachine.self, name)
      try await delete(VirtualMachineInstance.self, name)
    }
    try await cluster.deletePod(name)
    try await deleteSet(name)
    try await cluster.client.delete(IPRecord.self, ObjectKey(name: name))
    try await stores.records.wait(for: ObjectKey(name: name)) { $0 == nil }
  }

  /// KubeVirt's two kinds, as far as the tests need them.
  private static let kubeVirtKinds: [JSONValue] = [
    kind("virtualmachines", "VirtualMachine"), kind("virtualmachineinstances", "VirtualMachineInstance"),
  ]

  private static func kind(_ plural: String, _ kind: String) -> JSONValue {
    [
      "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": ["name": .string(plural + ".kubevirt.io")],
      "spec": [
        "group": "kubevirt.io", "scope": "Namespaced",
        "names": ["plural": .string(plural), "singular": .string(kind.lowercased()), "kind": .string(kind)],
        "versions": [
          [
            "name": "v1", "served": true, "storage": true,
            "schema": ["openAPIV3Schema": ["type": "object", "x-kubernetes-preserve-unknown-fields": true]],
          ]
        ],
      ],
    ]
  }
}

/// A CustomResourceDefinition, of which only the presence matters.
private struct CustomKind: Resource {
  static let resourceType = ResourceType(
    group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions", kind: "CustomResourceDefinition",
    isNamespaced: false)
  var metadata = ObjectMeta()

  init(from reader: inout JSONReader) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "metadata": metadata = try ObjectMeta(from: &reader)
      default: try reader.skipValue()
      }
    }
  }
}
