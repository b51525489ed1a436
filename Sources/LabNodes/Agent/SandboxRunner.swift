import CNI
package import KubeAPI
import NetAddress
import Netlink
package import WireJSON

/// Makes and unmakes sandboxes: the doing behind `SandboxMachine`. Runs in the node's namespaces.
package struct SandboxRunner: Sendable {
  private let lab: LabName
  private let defaultNetwork: JSONValue
  private let plugins: PluginRunner
  private let store: SandboxStore
  /// Reads a NAD now, as Multus does at every ADD; nil where there is none.
  private let definition: @Sendable (ObjectKey) async throws -> NetworkAttachmentDefinition?

  package init(
    lab: LabName, defaultNetwork: JSONValue, plugins: PluginRunner, store: SandboxStore,
    definition: @escaping @Sendable (ObjectKey) async throws -> NetworkAttachmentDefinition?
  ) {
    self.lab = lab
    self.defaultNetwork = defaultNetwork
    self.plugins = plugins
    self.store = store
    self.definition = definition
  }

  // MARK: Up

  /// Decides which NICs the pod gets, and writes the sandbox down before anything of it exists.
  package func prepare(_ pod: PodObject) async throws -> Sandbox {
    var generator = SystemRandomNumberGenerator()
    let id = Sandbox.randomID(using: &generator)
    let attachments: [NetworkAttachment]
    do {
      attachments = try await plan(pod)
    } catch let error as NetworkPlanError {
      throw SandboxFailure(sandbox: id, reason: "plugin type=\"multus\" name=\"multus-cni-network\" failed (add): \(error)")
    }
    let name = Sandbox.namespaceName(lab: lab.text, pod: pod.key, id: id)
    let sandbox = Sandbox(id: id, pod: pod.key, podUID: pod.metadata.uid, namespace: name, attachments: attachments)
    try store.save(sandbox)
    return sandbox
  }

  /// The planner is pure, so the NADs are fetched beforehand: first the names, by a look that finds none of them, then the plan.
  private func plan(_ pod: PodObject) async throws -> [NetworkAttachment] {
    var found: [ObjectKey: NetworkAttachmentDefinition] = [:]
    var absent: Set<ObjectKey> = []
    while true {
      var next: ObjectKey?
      do throws(NetworkPlanError) {
        return try NetworkPlan.attachments(for: pod, defaultNetwork: defaultNetwork) { key in
          if found[key] == nil, !absent.contains(key) { next = key }
          return found[key]
        }
      } catch {
        guard case .noDefinition = error, let next else { throw error }
        if let definition = try await definition(next) { found[next] = definition } else { absent.insert(next) }
      }
    }
  }

  /// Makes the namespace and adds each NIC in order. When it throws, the sandbox may be half made: `tearDown` is the caller's next call.
  package func setUp(_ sandbox: inout Sandbox) async throws {
    guard !sandbox.attachments.isEmpty else {
      sandbox.isReady = true
      return try store.save(sandbox)
    }
    let namespace = try NetworkNamespace.create(named: sandbox.namespace)
    try await namespace.performAsync {
      try Underlay.configureIPv6()
      try Underlay.setLoopbackUp()
    }
    for attachment in sandbox.attachments {
      let result: JSONValue
      do {
        result = try await plugins.add(attachment, surroundings(.add, sandbox, attachment, namespace: sandbox.namespacePath))
        // A result that cannot be read counts as a failure here, where there is somebody to tell.
        _ = try CNIResult(result, configuredVersion: attachment.resultVersion)
      } catch let error as CancellationError {
        throw error
      } catch {
        throw SandboxFailure(sandbox, attachment, "\(error)")
      }
      sandbox.results.append(result)
      try store.save(sandbox)
    }
    try await applyGateways(sandbox, in: namespace)
    sandbox.isReady = true
    try store.save(sandbox)
  }

  /// Multus' `default-route`: the gateways named there become the only default routes of their family.
  private func applyGateways(_ sandbox: Sandbox, in namespace: NetworkNamespace) async throws {
    let chosen = sandbox.attachments.filter { !$0.gateways.isEmpty }
    guard !chosen.isEmpty else { return }
    try await namespace.performAsync {
      let netlink = try RouteNetlink()
      for family in Set(chosen.flatMap(\.gateways).map(\.family)) { _ = try netlink.removeDefaultRoutes(family) }
      for attachment in chosen {
        let link = try netlink.link(named: try InterfaceName(parsing: attachment.interface))
        for gateway in attachment.gateways {
          let everything = try CIDR(parsing: gateway.family == .v4 ? "0.0.0.0/0" : "::/0")
          try netlink.add(Route(everything, gateway: gateway, interface: link.index))
        }
      }
    }
  }

  // MARK: Down

  /// DEL of every NIC, last first, with the namespace; the same again without it; then the namespace goes. As containerd, a sandbox that
  /// never came up is removed whatever its plugins say; of one that did, a failing DEL is thrown, and everything is tried again later.
  package func tearDown(_ sandbox: Sandbox) async throws {
    let path = TextFile.exists(sandbox.namespacePath) ? sandbox.namespacePath : ""
    do {
      if !path.isEmpty { try await deleteAll(sandbox, namespace: path) }
      try await deleteAll(sandbox, namespace: "")
    } catch {
      if sandbox.isReady { throw error }
    }
    try NetworkNamespace.delete(named: sandbox.namespace)
    store.remove(podUID: sandbox.podUID)
  }

  private func deleteAll(_ sandbox: Sandbox, namespace: String) async throws {
    var first: (any Error)?
    for (index, attachment) in sandbox.attachments.enumerated().reversed() {
      let result = index < sandbox.results.count ? sandbox.results[index] : nil
      do {
        try await plugins.delete(attachment, result: result, surroundings(.delete, sandbox, attachment, namespace: namespace))
      } catch {
        first = first ?? error
      }
    }
    if let first { throw first }
  }

  private func surroundings(
    _ command: CNICommand, _ sandbox: Sandbox, _ attachment: NetworkAttachment, namespace: String
  ) -> PluginRunner.Surroundings {
    var generator = SystemRandomNumberGenerator()
    return PluginRunner.Surroundings(
      command, containerID: sandbox.id, networkNamespace: namespace, interface: attachment.interface,
      arguments: sandbox.arguments(of: attachment, using: &generator))
  }
}

extension Sandbox {
  package var namespacePath: String { NetworkNamespace.directory + "/" + namespace }

  /// What Multus reports of every NIC; results were checked when they came.
  package var statuses: [NetworkStatus] {
    zip(attachments, results).compactMap { attachment, result in
      (try? CNIResult(result, configuredVersion: attachment.resultVersion)).map { NetworkStatus($0, of: attachment) }
    }
  }
}

/// Why a sandbox did not come up, in the words of the event that kubelet would write.
package struct SandboxFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String

  package init(sandbox id: String, reason: String) {
    description = "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox \"\(id)\": \(reason)"
  }

  package init(_ sandbox: Sandbox, _ attachment: NetworkAttachment, _ reason: String) {
    let name = attachment.configurationName
    self.init(
      sandbox: sandbox.id,
      reason: "plugin type=\"multus\" name=\"multus-cni-network\" failed (add): "
        + "[\(sandbox.pod.namespace)/\(sandbox.pod.name)/\(sandbox.podUID):\(name)]: error adding container to network \"\(name)\": \(reason)"
    )
  }
}
