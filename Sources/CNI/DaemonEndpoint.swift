/// Where the node daemon listens and what it is asked there. The plugin calls, the daemon serves.
package enum DaemonEndpoint {
  /// The unix socket of a node's daemon unless a configuration names another (decisions row 26).
  package static let defaultSocket = "/run/openvswitch/kube-ovn-daemon.sock"

  /// The host name that Kube-OVN's plugin puts into its requests; nobody resolves it.
  package static let host = "dummy"

  /// The paths of the calls. All are POST with a JSON body; `check`, `status` and `gc` are ours, Kube-OVN's daemon answers them 404.
  package enum Path: String, Sendable, CaseIterable {
    case add = "/api/v1/add"
    case delete = "/api/v1/del"
    case check = "/api/v1/check"
    case status = "/api/v1/status"
    case garbageCollect = "/api/v1/gc"
  }
}
