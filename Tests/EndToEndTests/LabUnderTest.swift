import Foundation
import KubeAPI
import KubeClient
import KubeLab
import KubeRuntime
import LabNodes
import Logging
import NetAddress
import Testing
import WireJSON

typealias ObjectKey = KubeAPI.ObjectKey

/// A lab for one test: real namespaces, plugins, daemon and controller. Needs root and Debian's CNI plugins.
struct LabUnderTest: Sendable {
  let cluster: LabCluster
  let pods: Store<Pod>
  let events: Store<KubernetesEvent>

  /// Why these tests cannot run here; nil where they can.
  static var obstacle: String? {
    let faults = Prerequisites.missing(programs: programs)
    return faults.isEmpty ? nil : faults.joined(separator: "; ")
  }

  private static var root: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  }

  /// The build that the tests belong to has the programs, too.
  private static var programs: String {
    URL(filePath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent().path
  }

  static func manifests(_ path: String) throws -> [JSONValue] { try APIServer.manifests(at: root.appending(path: path).path) }

  /// Runs `body` in a lab and checks that nothing of it is left on the machine.
  static func run(nodes: Int = 2, _ body: @escaping @Sendable (LabUnderTest) async throws -> Void) async throws {
    var options = LabOptions(manifests: root.appending(path: "deploy").path, programs: programs)
    options.nodes = nodes
    let logger = Logger(label: "lab") { _ in SwiftLogNoOpLogHandler() }
    let name = try await LabCluster.run(options, logger: logger) { cluster in
      let lab = LabUnderTest(cluster: cluster, pods: Store(), events: Store())
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await Reflector(client: cluster.client, store: lab.pods, logger: logger, clock: ContinuousClock()).run() }
        group.addTask { try await Reflector(client: cluster.client, store: lab.events, logger: logger, clock: ContinuousClock()).run() }
        defer { group.cancelAll() }
        try await body(lab)
      }
      return cluster.name
    }
    // Another lab may have the name by now: what carries it then is that lab's.
    guard let lock = try LabLock.take(name) else { return }
    defer { lock.remove() }
    let left = (try? FileManager.default.contentsOfDirectory(atPath: "/run/netns"))?.filter { LabName(owning: $0) == name } ?? []
    #expect(left.isEmpty, "network namespaces left behind: \(left)")
  }

  func apply(_ objects: [JSONValue]) async throws { try await cluster.server.install(objects) }

  func logic(_ objects: [JSONValue]) async throws -> LabRun.Outcome {
    try await LabRun(cluster, deadline: Self.patience, logger: Logger(label: "run") { _ in SwiftLogNoOpLogHandler() }).run(objects)
  }

  /// Waits until a pod runs; fails with its events when it does not.
  func running(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let key = ObjectKey(namespace: "default", name: name)
    let isRunning = try await within { try await pods.wait(for: key) { $0?.phase == "Running" } }
    let told = events.all.filter { $0.objectName == name }.map(\.message)
    try #require(isRunning, "pod \(name) does not run: \(told)\n\(lastLogs)", sourceLocation: sourceLocation)
  }

  /// The ends of the lab's logs, for the message of a failure: the lab takes them along.
  private var lastLogs: String {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: cluster.directory.logs)) ?? []
    return names.sorted().map { name in
      let text = FileManager.default.contents(atPath: cluster.directory.logs + "/" + name).map { String(decoding: $0, as: UTF8.self) } ?? ""
      return "--- \(name)\n" + text.split(separator: "\n").suffix(12).joined(separator: "\n")
    }.joined(separator: "\n")
  }

  /// The message of the first event of a reason about a pod that contains `text`.
  func event(about pod: String, containing text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let isMeant: @Sendable (KubernetesEvent) -> Bool = { $0.objectName == pod && $0.message.contains(text) }
    let (found, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
    events.onChange { change in if let event = change.new, isMeant(event) { continuation.yield() } }
    if events.all.contains(where: isMeant) { return }
    let isFound = try await within { for await _ in found { return } }
    let told = events.all.filter { $0.objectName == pod }.map(\.message)
    try #require(isFound, "no event about \(pod) says \"\(text)\": \(told)", sourceLocation: sourceLocation)
  }

  /// Generous: it only ends a test that hangs.
  private static let patience = Duration.seconds(240)

  /// False when `body` takes so long that it hangs.
  private func within(_ body: @escaping @Sendable () async throws -> Void) async throws -> Bool {
    try await withThrowingTaskGroup(of: Bool.self) { group in
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
  }

  func interface(_ name: String, of pod: String) async throws -> PodInterface {
    let interfaces = try await cluster.probe.interfaces(of: ObjectKey(namespace: "default", name: pod))
    return try #require(interfaces.first { $0.name == name }, "pod \(pod) has no \(name)")
  }

  // MARK: Objects

  static func network(_ name: String, _ config: JSONValue) -> JSONValue {
    [
      "apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition",
      "metadata": ["name": .string(name), "namespace": "default"], "spec": ["config": .string(config.text)],
    ]
  }

  static func subnet(_ name: String, cidr: String, provider: String? = nil) -> JSONValue {
    [
      "apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": ["name": .string(name)],
      "spec": ["cidrBlock": .string(cidr), "provider": .string(provider ?? name + ".default")],
    ]
  }

  static func ipam(_ provider: String) -> JSONValue { ["type": "kube-ovn", "provider": .string(provider)] }

  static func pod(_ name: String, _ annotations: [String: JSONValue], node: String? = nil) -> JSONValue {
    var spec: JSONValue = ["containers": [["name": "c", "image": "none"]], "terminationGracePeriodSeconds": 1]
    if let node { spec["nodeName"] = .string(node) }
    return [
      "apiVersion": "v1", "kind": "Pod",
      "metadata": ["name": .string(name), "namespace": "default", "annotations": .object(annotations)], "spec": spec,
    ]
  }
}

extension LabUnderTest {
  /// Waits until no IP object stands any more: every address has come back.
  func noRecordsLeft(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let records = Store<IPRecord>()
    let (changes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    records.onChange { _ in continuation.yield() }
    let logger = Logger(label: "records") { _ in SwiftLogNoOpLogHandler() }
    let isEmpty = try await within {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await Reflector(client: cluster.client, store: records, logger: logger, clock: ContinuousClock()).run() }
        defer { group.cancelAll() }
        try await records.waitUntilSynced()
        continuation.yield()
        for await _ in changes where records.count == 0 { return }
      }
    }
    try #require(isEmpty, "IP objects left: \(records.all.map(\.metadata.name))", sourceLocation: sourceLocation)
  }

  /// Takes the daemon's socket file away, as a careless cleaner of /run would.
  func removeSocket(ofNode node: String) {
    try? FileManager.default.removeItem(atPath: cluster.directory.openvswitch(node) + "/kube-ovn-daemon.sock")
  }
}
