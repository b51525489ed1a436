import Glibc
import KubeAPI
import KubeClient
import KubeLab
import KubeRuntime
import LabNodes
import Logging
import Netlink
import Testing
import WireJSON

/// A real lab for one test: namespaces, the reference plugins, our plugin, daemon and controller.
struct TestLab: Sendable {
  let cluster: LabCluster
  private let logger: Logger

  /// The folder with the programs: where the tests were built, too.
  static var programs: String { CommandLine.arguments[0].split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } }

  private static var manifests: String { #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 } + "/deploy" }

  /// Why there can be no lab here; nil where there can.
  static var obstacle: String? {
    let faults = Prerequisites.missing(programs: programs)
    return faults.isEmpty ? nil : faults.joined(separator: "; ")
  }

  static func run(nodes: Int, _ body: @escaping @Sendable (TestLab) async throws -> Void) async throws {
    var options = LabOptions(manifests: manifests, programs: programs)
    options.nodes = nodes
    options.jobBackoff = .milliseconds(100)
    let logger = Logger(label: "lab", factory: { _ in SwiftLogNoOpLogHandler() })
    let name = try await LabCluster.run(options, logger: logger) { cluster in
      try await body(TestLab(cluster: cluster, logger: logger))
      return cluster.name
    }
    #expect(try left(of: name) == [])
  }

  /// What a lab that has ended left on the machine. Its name is held while we look: who has it by now is another lab, and what carries
  /// it is not ours to judge.
  static func left(of name: LabName) throws -> [String] {
    let file = LabDirectory.lock(of: name)
    let former = inode(file)
    guard let lock = try LabLock.take(name) else { return [] }
    defer { lock.remove() }
    let directory = LabDirectory.standard(of: name).path
    let isLocked = former != nil && inode(file) == former
    return (isLocked ? [file] : []) + (TextFile.exists(directory) ? [directory] : []) + namespaces(of: name)
  }

  private static func inode(_ path: String) -> ino_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_ino : nil
  }

  static func namespaces(of name: LabName, containing text: String = "") -> [String] {
    TextFile.names(in: NetworkNamespace.directory).filter { LabName(owning: $0) == name && $0.contains(text) }
  }

  /// Waits until no namespace of the lab has `text` in its name. The kernel tells nobody, so it is asked.
  func vanishes(_ text: String) async throws {
    let name = cluster.name
    let isGone = try await finishes(within: Self.patience) {
      while !Task.isCancelled, !Self.namespaces(of: name, containing: text).isEmpty { await Task.yield() }
    }
    try #require(isGone, "still there: \(Self.namespaces(of: name, containing: text))")
  }

  /// Waits until our plugin runs for an ADD of that pod. It tells nobody but the daemon.
  func pluginAdds(to pod: String) async throws {
    let isThere = try await finishes(within: Self.patience) {
      while !Task.isCancelled, !Self.isPluginAdding(to: pod) { await Task.yield() }
    }
    try #require(isThere, "no ADD for \(pod) has come to our plugin")
  }

  private static func isPluginAdding(to pod: String) -> Bool {
    TextFile.names(in: "/proc").contains { entry in
      guard Int32(entry) != nil, TextFile.read("/proc/\(entry)/cmdline")?.hasPrefix(programs + "/kube-ovn\0") == true else { return false }
      let environment = (TextFile.read("/proc/\(entry)/environ") ?? "").split(separator: "\0")
      let arguments = environment.first { $0.hasPrefix("CNI_ARGS=") }?.dropFirst("CNI_ARGS=".count).split(separator: ";") ?? []
      return environment.contains("CNI_COMMAND=ADD") && arguments.contains("K8S_POD_NAME=\(pod)")
    }
  }

  /// The messages of the events about a pod, so far.
  func messages(about pod: String) async throws -> [String] {
    try await cluster.client.listAll(RawObject<EventKind>.self).items.filter { $0.value["involvedObject"]?["name"]?.string == pod }
      .compactMap { $0.value["message"]?.string }
  }

  /// Generous: it only ends a test that hangs.
  static let patience = Duration.seconds(240)

  func apply(_ objects: JSONValue...) async throws { try await cluster.server.install(objects) }

  func delete(_ pod: String) async throws { try await cluster.client.delete(Pod.resourceType, Self.key(pod)) }

  static func key(_ name: String) -> KubeAPI.ObjectKey { KubeAPI.ObjectKey(namespace: "default", name: name) }

  /// Waits until the pods, all of them, are as wanted; a failure tells how they are.
  @discardableResult
  func pods(_ what: String, within limit: Duration = patience, _ isMet: @escaping @Sendable ([PodFacts]) -> Bool) async throws
    -> [PodFacts]
  {
    try await objects(PodObject.self, what, within: limit) { isMet($0.map(PodFacts.init).sorted { $0.key < $1.key }) }.map(PodFacts.init)
  }

  @discardableResult
  func objects<R: Resource>(
    _ type: R.Type, _ what: String, within limit: Duration = patience, _ isMet: @escaping @Sendable ([R]) -> Bool
  ) async throws -> [R] {
    let store = Store<R>()
    let (changes, changed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    store.onChange { _ in changed.yield() }
    let isDone = try await finishes(within: limit) { [cluster, logger] in
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await follow(store, client: cluster.client, logger: logger) }
        try? await store.waitUntilSynced()
        changed.yield()
        for await _ in changes where isMet(store.all) { break }
        group.cancelAll()
      }
    }
    try #require(isDone, "\(what): not within \(limit); there are \(store.all)")
    return store.all
  }

  // MARK: Objects

  static func pod(_ name: String, networks: String = "net", annotations: [String: String] = [:], restartPolicy: String = "Always")
    -> JSONValue
  {
    var all = annotations.mapValues { JSONValue.string($0) }
    all[AnnotationKey.networks] = .string(networks)
    return [
      "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name), "annotations": .object(all)],
      "spec": ["restartPolicy": .string(restartPolicy), "containers": [["name": "c", "image": "i"]]],
    ]
  }

  static func network(_ name: String = "net") -> JSONValue {
    let config: JSONValue = [
      "cniVersion": "0.4.0", "type": "macvlan", "master": "eth0", "mode": "bridge",
      "ipam": ["type": "kube-ovn", "provider": .string(name + ".default")],
    ]
    return [
      "apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition", "metadata": ["name": .string(name)],
      "spec": ["config": .string(config.text)],
    ]
  }

  static func subnet(_ name: String = "net", cidr: String) -> JSONValue {
    [
      "apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": ["name": .string(name)],
      "spec": ["cidrBlock": .string(cidr), "provider": .string(name + ".default")],
    ]
  }
}
