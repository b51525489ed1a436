import Glibc
package import KubeAPI
import KubeClient
import NetAddress
package import Netlink
import WireJSON

/// The lab's own `PodProbe`: it finds a pod's namespace in the files of the node agents.
package struct LabPodProbe: PodProbe {
  private let cluster: LabCluster

  package init(_ cluster: LabCluster) { self.cluster = cluster }

  package func interfaces(of pod: ObjectKey) async throws -> [PodInterface] {
    Self.interfaces(in: try await namespace(of: pod))
  }

  package func run(_ call: ProgramCall, in pod: ObjectKey, deadline: Duration = .seconds(60)) async throws -> CommandOutput {
    try await Command.run(call, deadline: deadline, in: try await namespace(of: pod))
  }

  package func kill(_ program: LabProgram) async throws {
    switch program {
    case .controller: cluster.controllerProcess.kill()
    case .agent(let node): try cluster.agent(of: node).kill()
    case .daemon(let node):
      _ = try cluster.agent(of: node)
      // The agent writes the number anew at every start; a process that is no daemon any more is let alone.
      guard let pid = TextFile.read(cluster.directory.daemonProcess(node)).flatMap({ Int32($0.filter(\.isNumber)) }),
        TextFile.read("/proc/\(pid)/cmdline")?.contains("kube-ovn-daemon") == true
      else { return }
      Glibc.kill(pid, SIGKILL)
    }
  }

  /// The namespace of the pod's present sandbox.
  package func namespace(of pod: ObjectKey) async throws -> NetworkNamespace {
    let found = try await cluster.client.get(Pod.self, pod)
    guard let sandbox = sandbox(uid: found.metadata.uid) else { throw LabError.noSandbox(pod.description) }
    return try NetworkNamespace.open(named: sandbox.namespace)
  }

  /// What the agent of the pod's node wrote down; nil for a pod without a network of its own.
  package func sandbox(uid: String) -> Sandbox? {
    for node in cluster.nodes {
      let path = cluster.directory.sandboxes(node.name) + "/" + uid + ".json"
      if let bytes = TextFile.bytes(path), let json = try? JSONValue(parsing: bytes), let sandbox = Sandbox(json: json) { return sandbox }
    }
    return nil
  }

  /// Everything but loopback; empty when the namespace vanishes meanwhile.
  package static func interfaces(in namespace: NetworkNamespace) -> [PodInterface] {
    guard let netlink = try? RouteNetlink(in: namespace), let links = try? netlink.links() else { return [] }
    return links.filter { !$0.isLoopback }.sorted { $0.name < $1.name }.map { link in
      let addresses = ((try? netlink.addresses(on: link)) ?? []).filter { !$0.isLinkLocal }.map(\.address)
      let routes = ((try? netlink.mainRoutes(through: link)) ?? []).map { PodRoute($0.destination, gateway: $0.gateway) }
      return PodInterface(name: link.name, mac: link.mac, isUp: link.isUp, addresses: addresses, routes: routes)
    }
  }
}
