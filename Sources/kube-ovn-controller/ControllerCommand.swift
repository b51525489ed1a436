import ArgumentParser
import Controllers
import DaemonCommand
import Foundation
import Logging
import Telemetry

/// `kube-ovn-controller`: flags and environment to a running controller (operations.md).
@main
struct ControllerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kube-ovn-controller",
    abstract: "Gives the NICs of pods their addresses, cluster-wide.")

  @Option(help: "Kubeconfig file; empty: the service account of the pod.")
  var kubeconfig = ""

  @Option(name: [.customLong("pprof-port"), .customLong("http-port")], help: "Port of /metrics, /livez and /readyz; 0: any free one.")
  var port = 10660

  @Option(name: .customLong("enable-metrics"), defaultAsFlag: true, help: "Serve /metrics.")
  var enableMetrics: Bool?

  @Option(name: .customLong("worker-num"), help: "Workers for each kind of object.")
  var workers = 3

  @Option(name: .customLong("gc-interval"), help: "Seconds between two searches for leaked addresses; 0: never.")
  var collectionInterval = "360"

  @Option(name: .customLong("enable-lb"), defaultAsFlag: true, help: "What spec.enableLb of a Subnet is set to.")
  var enableLB: Bool?

  @Option(
    name: .customLong("keep-vm-ip"), defaultAsFlag: true, help: "A KubeVirt machine keeps its addresses when it stops, restarts or moves.")
  var keepVMAddress: Bool?

  @Option(
    name: .customLong("non-primary-cni-mode"), defaultAsFlag: true,
    help: "Another CNI gives pods their eth0. Required until the primary network is served.")
  var nonPrimary: Bool?

  @Option(name: .customLong("leader-elect-lease-duration"), help: "How long a lease holds that is not renewed.")
  var leaseDuration = "15s"

  @Option(name: .customLong("leader-elect-renew-deadline"), help: "How long the leader tries to renew before it gives up.")
  var renewDeadline = "10s"

  @Option(name: .customLong("leader-elect-retry-period"), help: "How often it tries.")
  var retryPeriod = "2s"

  @Option(name: .customLong("log-level"), help: "trace, debug, info, notice, warning, error or critical.")
  var logLevel = "info"

  /// Kube-OVN's flags that have no effect here, or not yet.
  static let foreign = FlagTable(
    withValue: [
      "ovn-nb-addr", "ovn-sb-addr", "ovn-timeout", "ovsdb-con-timeout", "ovsdb-con-maxretry", "ovsdb-inactivity-timeout", "default-ls",
      "default-cidr", "default-gateway", "default-exclude-ips", "cluster-router", "node-switch", "node-switch-cidr", "node-switch-gateway",
      "service-cluster-ip-range", "network-type", "pod-nic-type", "inspect-interval", "tls-min-version", "tls-max-version",
      "tls-cipher-suites", "kubeconfig-qps", "log_file", "log_file_max_size", "v", "default-interface-name", "default-vlan-name",
      "default-vlan-id", "default-provider-name", "cluster-tcp-loadbalancer", "cluster-udp-loadbalancer", "pod-default-fip-type",
      "external-gateway-config-ns", "external-gateway-switch", "external-gateway-net", "external-gateway-vlanid", "ls-dnat-mod-dl-dst",
      "node-local-dns-ip", "skip-conntrack-dst-cidrs", "image", "bfd-min-tx", "bfd-min-rx", "bfd-detect-mult",
    ],
    boolean: [
      "default-gateway-check", "default-logical-gateway", "default-u2o-interconnection", "secure-serving", "enable-np",
      "enable-eip-snat", "enable-external-vpc", "enable-ecmp", "enable-lb-svc", "enable-metrics-server", "enable-ovn-ipsec",
      "enable-live-migration-optimize", "enable-anp", "enable-dns-name-resolver", "enable-ovn-lb-prefer-local", "logtostderr",
      "alsologtostderr", "gc-vpc-dns",
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
    guard workers > 0 else { throw ValidationError("--worker-num must be at least 1") }
    guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("--log-level \(logLevel) is no level") }
    guard let lease = GoDuration.parse(leaseDuration), let renew = GoDuration.parse(renewDeadline),
      let retry = GoDuration.parse(retryPeriod),
      GoDuration.parse(collectionInterval) != nil
    else { throw ValidationError("durations are written like 15s or 1m30s") }
    guard retry > .zero, renew > retry * 1.2, lease > renew else {
      throw ValidationError("lease duration must be longer than renew deadline, and that longer than 1.2 retry periods, all above zero")
    }
  }

  func run() async throws { try await run(ignoring: []) }

  private func run(ignoring ignored: [String]) async throws {
    LoggingSystem.bootstrap { [logLevel] in LineLogHandler(label: $0, level: Logger.Level(rawValue: logLevel) ?? .info) }
    let logger = Logger(label: "kube-ovn-controller")
    for name in ignored { logger.warning("flag has no effect", metadata: ["flag": "--\(name)"]) }
    if nonPrimary != true {
      logger.warning("the primary network is not served by this version: pods get addresses for their attachments only")
    }
    let environment = ProcessInfo.processInfo.environment
    var options = ControllerOptions()
    options.workers = workers
    options.isNonPrimary = nonPrimary ?? false
    options.enableLB = enableLB ?? true
    options.keepsVMAddress = keepVMAddress ?? true
    let interval = GoDuration.parse(collectionInterval) ?? .seconds(360)
    options.collectionInterval = interval == .zero ? nil : interval
    let election = LeaseTimes(
      duration: GoDuration.parse(leaseDuration) ?? .seconds(15), renewDeadline: GoDuration.parse(renewDeadline) ?? .seconds(10),
      retryPeriod: GoDuration.parse(retryPeriod) ?? .seconds(2))
    let process = ControllerProcess(
      kubeconfig: kubeconfig, environment: environment, options: options, lease: election, port: port,
      servesMetrics: enableMetrics ?? true, logger: logger)
    try await process.run()
  }
}

/// The three times of leader election.
struct LeaseTimes: Sendable, Equatable {
  let duration: Duration
  let renewDeadline: Duration
  let retryPeriod: Duration
}
