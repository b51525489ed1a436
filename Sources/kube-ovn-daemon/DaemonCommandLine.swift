import ArgumentParser
import DaemonCommand
import Foundation
import Logging
import Telemetry

/// `kube-ovn-daemon`: flags and environment to a running node daemon (operations.md).
@main
struct DaemonCommandLine: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kube-ovn-daemon",
    abstract: "Answers the CNI plugin kube-ovn on one node.")

  @Option(help: "Kubeconfig file; empty: the service account of the pod.")
  var kubeconfig = ""

  @Option(name: .customLong("bind-socket"), help: "Unix socket that the plugin calls.")
  var socket = "/run/openvswitch/kube-ovn-daemon.sock"

  @Option(name: .customLong("node-name"), help: "This node; else the variable NODE_NAME.")
  var nodeName = ""

  @Option(name: [.customLong("pprof-port"), .customLong("http-port")], help: "Port of /metrics, /livez and /readyz; 0: any free one.")
  var port = 10665

  @Option(name: .customLong("enable-metrics"), defaultAsFlag: true, help: "Serve /metrics.")
  var enableMetrics: Bool?

  @Option(name: .customLong("non-primary-cni-mode"), defaultAsFlag: true, help: "Another CNI gives pods their eth0.")
  var nonPrimary: Bool?

  @Option(name: .customLong("log-level"), help: "trace, debug, info, notice, warning, error or critical.")
  var logLevel = "info"

  /// Kube-OVN's flags that have no effect here, or not yet.
  static let foreign = FlagTable(
    withValue: [
      "ovs-socket", "iface", "mtu", "network-type", "default-provider-name", "default-interface-name", "cluster-router", "node-switch",
      "service-cluster-ip-range", "cni-conf-dir", "cni-conf-file", "cni-conf-name", "kubelet-dir", "dpdk-tunnel-iface", "encap-ip",
      "tls-min-version", "tls-max-version", "tls-cipher-suites", "log_file", "log_file_max_size", "v", "ovs-vsctl-concurrency",
      "external-gateway-config-ns", "external-gateway-switch", "udp-conn-check-port", "tcp-conn-check-port", "set-vxlan-tx-off",
    ],
    boolean: [
      "encap-checksum", "secure-serving", "enable-arp-detect-ip-conflict", "install-cni-config", "enable-mirror", "enable-tproxy",
      "enable-ovn-ipsec", "logtostderr", "alsologtostderr", "enable-verbose-conn-check", "mac-learning-fallback",
    ])

  static func main() async {
    let split = foreign.split(Array(CommandLine.arguments.dropFirst()))
    do {
      try await parse(split.own).run(ignoring: split.ignored)
    } catch {
      exit(withError: error)
    }
  }

  func validate() throws {
    guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("--log-level \(logLevel) is no level") }
    guard socket.hasPrefix("/") else { throw ValidationError("--bind-socket \(socket) must be an absolute path") }
  }

  func run() async throws { try await run(ignoring: []) }

  private func run(ignoring ignored: [String]) async throws {
    LoggingSystem.bootstrap { [logLevel] in LineLogHandler(label: $0, level: Logger.Level(rawValue: logLevel) ?? .info) }
    let logger = Logger(label: "kube-ovn-daemon")
    for name in ignored { logger.warning("flag has no effect", metadata: ["flag": "--\(name)"]) }
    let environment = ProcessInfo.processInfo.environment
    let node = nodeName.isEmpty ? (environment["NODE_NAME"] ?? "").lowercased() : nodeName
    guard !node.isEmpty else { throw ValidationError("the node's name is not known: set --node-name or NODE_NAME") }
    let process = DaemonProcess(
      kubeconfig: kubeconfig, environment: environment, node: node, socket: socket, port: port,
      servesMetrics: enableMetrics ?? true, logger: logger)
    try await process.run()
  }
}
