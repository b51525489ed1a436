import KubeAPI
import LabNodes
import NetAddress
import Testing
import WireJSON

@Suite struct NICReportTests {
  private static let config = #"{"cniVersion":"0.3.0","type":"macvlan","ipam":{"type":"kube-ovn","provider":"macvlan.default"}}"#

  private func pod(_ annotations: [String: String], phase: String = "Running", node: String = "node1", name: String = "p") throws
    -> PodObject
  {
    try PodObject([
      "metadata": [
        "name": .string(name), "namespace": "default", "uid": .string("uid-" + name),
        "annotations": .object(annotations.mapValues { .string($0) }),
      ],
      "spec": ["nodeName": .string(node), "restartPolicy": "Never"], "status": ["phase": .string(phase)],
    ])
  }

  private static let allocated = [
    "k8s.v1.cni.cncf.io/networks": "default/macvlan", "macvlan.default.kubernetes.io/ip_address": "172.17.0.11",
    "macvlan.default.kubernetes.io/allocated": "true", "macvlan.default.kubernetes.io/mac_address": "02:00:00:00:00:01",
  ]

  private func report(interfaces: [PodInterface]? = nil, recorded: String? = "172.17.0.11") throws -> NICReport {
    var report = NICReport()
    let key = ObjectKey(namespace: "default", name: "macvlan")
    report.definitions[key] = NetworkAttachmentDefinition(
      metadata: ObjectMeta(name: key.name, namespace: key.namespace), config: Self.config)
    let foreign = ObjectKey(namespace: "default", name: "other")
    report.definitions[foreign] = NetworkAttachmentDefinition(
      metadata: ObjectMeta(name: foreign.name, namespace: foreign.namespace), config: #"{"type":"bridge","ipam":{"type":"static"}}"#)
    if let recorded {
      var spec = IPRecord.Spec()
      spec.subnet = "macvlan"
      spec.ipAddress = recorded
      report.records["p.default.macvlan.default"] = IPRecord(metadata: ObjectMeta(name: "p.default.macvlan.default"), spec: spec)
    }
    report.interfaces["uid-p"] = try interfaces ?? [Self.net1("172.17.0.11/16", "02:00:00:00:00:01")]
    return report
  }

  private static func net1(_ address: String, _ mac: String, up: Bool = true) throws -> PodInterface {
    PodInterface(name: "net1", mac: try MACAddress(parsing: mac), isUp: up, addresses: [try CIDR(parsing: address)])
  }

  @Test("a NIC whose annotation, record and interface agree is ready")
  func ready() throws {
    let row = try #require(try report().rows([try pod(Self.allocated)]).first)
    #expect(row.state == .ready && row.reason.isEmpty && row.isGood)
    #expect(row.pod == "default/p" && row.node == "node1" && row.interface == "net1" && row.provider == "macvlan.default")
    #expect(row.subnet == "macvlan" && row.record == "p.default.macvlan.default" && row.addresses.map(\.description) == ["172.17.0.11"])
    #expect(row.mac?.description == "02:00:00:00:00:01")
  }

  @Test(
    "each way in which they differ is a mismatch that says what differs",
    arguments: [
      (
        "172.17.0.12/16", "02:00:00:00:00:01", true, "172.17.0.11",
        "not on the interface: 172.17.0.11; on the interface beside: 172.17.0.12"
      ),
      ("172.17.0.11/16", "02:00:00:00:00:02", true, "172.17.0.11", "the interface's MAC is 02:00:00:00:00:02, not 02:00:00:00:00:01"),
      ("172.17.0.11/16", "02:00:00:00:00:01", false, "172.17.0.11", "the interface is down"),
      ("172.17.0.11/16", "02:00:00:00:00:01", true, "172.17.0.99", "the IP object says 172.17.0.99"),
      ("172.17.0.11/16", "02:00:00:00:00:01", true, nil, "there is no IP object"),
    ] as [(String, String, Bool, String?, String)])
  func mismatch(address: String, mac: String, up: Bool, recorded: String?, reason: String) throws {
    let report = try report(interfaces: [try Self.net1(address, mac, up: up)], recorded: recorded)
    let row = try #require(report.rows([try pod(Self.allocated)]).first)
    #expect(row.state == .mismatch && row.reason == reason && !row.isGood)
  }

  @Test("a NIC without an address shows the controller's reason, final or not, else the latest warning")
  func reasons() throws {
    var annotations = ["k8s.v1.cni.cncf.io/networks": "default/macvlan"]
    var report = try report(interfaces: [], recorded: nil)
    #expect(report.rows([try pod(annotations)]).first?.reason == "no address allocated yet")
    report.warnings["uid-p"] = "Failed to create pod sandbox"
    #expect(report.rows([try pod(annotations)]).first?.reason == "Failed to create pod sandbox")
    annotations["ovn.kubernetes.io/allocation_error"] = #"{"macvlan.default":{"reason":"subnet macvlan is full","final":false}}"#
    #expect(report.rows([try pod(annotations)]).first.map { [$0.state.rawValue, $0.reason] } == ["waiting", "subnet macvlan is full"])
    annotations["ovn.kubernetes.io/allocation_error"] = #"{"macvlan.default":{"reason":"no subnet","final":true}}"#
    // What the user asks for stands where the answer will stand.
    annotations["macvlan.default.kubernetes.io/ip_address"] = "10.1.1.1"
    let refused = try #require(report.rows([try pod(annotations)]).first)
    #expect(refused.state == .failed && refused.reason == "no subnet" && refused.addresses.isEmpty)
  }

  @Test("an unknown network, a broken annotation and a network of others each have their row")
  func others() throws {
    let rows = try report().rows([try pod(["k8s.v1.cni.cncf.io/networks": "default/missing,default/other"])])
    #expect(rows.count == 2)
    #expect(rows[0].state == .waiting && rows[0].reason == "NetworkAttachmentDefinition default/missing does not exist")
    #expect(rows[1].provider.isEmpty && rows[1].reason == "the interface is not there yet")
    let broken = try report().rows([try pod(["k8s.v1.cni.cncf.io/networks": "[nonsense"])])
    #expect(broken.count == 1 && broken[0].state == .failed && broken[0].reason.contains("not the JSON"))
    let status = #"[{"name":"default/other","interface":"net1","ips":["10.9.9.9"],"mac":"02:00:00:00:00:07","dns":{}}]"#
    let foreign = try report(interfaces: [try Self.net1("10.9.9.9/24", "02:00:00:00:00:07")]).rows([
      try pod(["k8s.v1.cni.cncf.io/networks": "default/other", "k8s.v1.cni.cncf.io/network-status": status])
    ])
    #expect(foreign.first?.state == .ready)
  }

  @Test("a pod that ended counts as done; one without networks has no row")
  func ended() throws {
    #expect(try report(interfaces: []).rows([try pod(Self.allocated, phase: "Succeeded")]).first?.state == .done)
    #expect(try report().rows([try pod([:])]).isEmpty)
  }

  @Test("settled: running with every interface reported, or ended")
  func settled() throws {
    let report = try report()
    #expect(!report.isSettled(try pod(Self.allocated)))
    var reported = Self.allocated
    reported["k8s.v1.cni.cncf.io/network-status"] = #"[{"name":"default/macvlan","interface":"net1"}]"#
    #expect(report.isSettled(try pod(reported)))
    #expect(!report.isSettled(try pod(reported, phase: "Pending")))
    #expect(report.isSettled(try pod(Self.allocated, phase: "Failed")))
    #expect(report.isSettled(try pod([:])))
  }
}

@Suite struct NICTableTests {
  @Test("columns are as wide as they must be, nothing is a dash, a reason stays on its line")
  func golden() throws {
    var first = NICRow(pod: "default/samplepod", interface: "net1", state: .ready)
    first.node = "node1"
    first.provider = "macvlan.default"
    first.subnet = "macvlan"
    first.addresses = [try IPAddress(parsing: "172.17.0.11"), try IPAddress(parsing: "fd00::11")]
    first.mac = try MACAddress(parsing: "00:00:00:53:6B:BB")
    first.record = "samplepod.default.macvlan.default"
    let second = NICRow(pod: "default/b", interface: "net1", state: .failed, reason: "no subnet\nserves it")
    #expect(
      NICTable.lines([first, second]) == [
        "POD                 NODE    INTERFACE   PROVIDER          SUBNET    ADDRESS                MAC                 IP                                  STATE    REASON",
        "default/samplepod   node1   net1        macvlan.default   macvlan   172.17.0.11,fd00::11   00:00:00:53:6b:bb   samplepod.default.macvlan.default   ready",
        "default/b           -       net1        -                 -         -                      -                   -                                   failed   no subnet serves it",
      ])
  }
}

@Suite struct PingPlanTests {
  private func row(_ pod: String, _ subnet: String, _ addresses: [String], state: NICRow.State = .ready) throws -> NICRow {
    var row = NICRow(pod: pod, interface: "net1", state: state)
    row.subnet = subnet
    row.addresses = try addresses.map { try IPAddress(parsing: $0) }
    return row
  }

  @Test("every pair of a subnet once, in the families both have; not across subnets, not within a pod, not to what is not ready")
  func pairs() throws {
    let rows = [
      try row("a", "s", ["10.0.0.1", "fd00::1"]), try row("b", "s", ["10.0.0.2", "fd00::2"]), try row("c", "s", ["10.0.0.3"]),
      try row("a", "s", ["10.0.0.4"]), try row("d", "t", ["10.0.0.5"]), try row("e", "s", ["10.0.0.6"], state: .mismatch),
      try row("f", "", ["10.0.0.7"]),
    ]
    let targets = PingPlan.targets(rows)
    #expect(
      targets.map { "\($0.pod)>\($0.address)" } == [
        "a>10.0.0.2", "a>fd00::2", "a>10.0.0.3", "b>10.0.0.3", "b>10.0.0.4", "c>10.0.0.4",
      ])
    #expect(PingPlan.summary(targets, failures: []) == ["pings: 6 of 6 answered, 1 subnet"])
    #expect(
      PingPlan.summary(targets, failures: [targets[1]]) == [
        "ping failed: a net1 -> fd00::2 (b net1, subnet s)", "pings: 5 of 6 answered, 1 subnet",
      ])
    #expect(PingPlan.summary([], failures: []) == ["pings: none to send, no two NICs share a subnet"])
  }
}
