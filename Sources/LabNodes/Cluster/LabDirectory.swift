/// Where one lab keeps its files. Everything it makes is named here, so that it can take away exactly that.
package struct LabDirectory: Sendable, Equatable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// Where labs live whose user named no directory, and where every lab's lock is.
  package static let root = "/run/kube-ovn-lab"

  package static func lock(of lab: LabName) -> String { root + "/" + lab.text + ".lock" }
  package static func standard(of lab: LabName) -> LabDirectory { LabDirectory(root + "/" + lab.text) }

  package var adminKubeconfig: String { path + "/kubeconfig" }
  package var controllerKubeconfig: String { path + "/controller.kubeconfig" }
  package var daemonKubeconfig: String { path + "/daemon.kubeconfig" }
  package var logs: String { path + "/logs" }
  package var controllerLog: String { logs + "/controller.log" }

  package func agentLog(_ node: String) -> String { logs + "/" + node + ".log" }
  package func daemonLog(_ node: String) -> String { logs + "/" + node + "-daemon.log" }

  package func node(_ name: String) -> String { path + "/" + name }
  /// What the node's processes see as /run/openvswitch.
  package func openvswitch(_ node: String) -> String { self.node(node) + "/openvswitch" }
  package func sandboxes(_ node: String) -> String { self.node(node) + "/sandboxes" }
  package func hostLocal(_ node: String) -> String { self.node(node) + "/host-local" }
  package func daemonProcess(_ node: String) -> String { self.node(node) + "/daemon.pid" }

  /// The files and folders of a lab with these nodes, for removal from a directory that the user owns.
  package func contents(nodes: [String]) -> [String] {
    [adminKubeconfig, controllerKubeconfig, daemonKubeconfig, logs] + nodes.map(node)
  }
}
