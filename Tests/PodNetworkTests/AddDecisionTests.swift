import CNI
import KubeAPI
import NetAddress
import PodNetwork
import Testing

/// What subnets the node knows: names by provider.
private struct Subnets: SubnetLookup {
  var byProvider: [String: [String]] = ["macvlan.default": ["net-a"]]
  var holders: [String: String] = [:]

  func names(provider: ProviderName) -> [String] { byProvider[provider.text] ?? [] }
  func contains(name: String) -> Bool { byProvider.values.contains { $0.contains(name) } }
  func name(provider: ProviderName, holding address: IPAddress) -> String? {
    holders[address.description] ?? names(provider: provider).first
  }
}

private func request(_ provider: String = "macvlan.default", type: String = "macvlan", interface: String = "net1") -> DaemonRequest {
  var request = DaemonRequest(
    cniType: type, containerID: "c1", networkNamespace: "/run/netns/x", interfaceName: interface, provider: provider)
  request.podName = "web"
  request.podNamespace = "team-a"
  request.networkName = "lan"
  return request
}

private func annotations(
  _ address: String, cidr: String = "10.0.0.0/24", gateway: String = "10.0.0.1", provider: String = "macvlan.default",
  _ more: [String: String] = [:]
) -> [String: String] {
  let prefix = provider + ".kubernetes.io/"
  let granted = [
    prefix + "ip_address": address, prefix + "cidr": cidr, prefix + "gateway": gateway, prefix + "allocated": "true",
  ]
  return granted.merging(more.map { (prefix + $0.key, $0.value) }) { $1 }
}

private func decide(_ annotations: [String: String], _ asked: DaemonRequest = request(), _ subnets: Subnets = Subnets()) -> AddDecision {
  AddDecision(asked, pod: Sample.pod(annotations), subnets: subnets)
}

private func answer(
  _ annotations: [String: String], _ asked: DaemonRequest = request(), _ subnets: Subnets = Subnets(),
  at location: SourceLocation = #_sourceLocation
) throws -> InterfacePlan {
  let decision = decide(annotations, asked, subnets)
  guard case .ready(let plan) = decision else {
    Issue.record("not ready: \(decision)", sourceLocation: location)
    throw CancellationError()
  }
  return plan
}

/// `address range gateway` of each address.
private func texts(_ plan: InterfacePlan) -> [String] {
  plan.addresses.map { "\($0.address) \($0.cidr) \($0.gateway.map(\.description) ?? "-")" }
}

/// What is refused before the pod is known (row 27).
@Suite struct AddRefusalTests {
  @Test(
    "a NIC of another CNI never gets the primary's address nor a NIC of ours",
    arguments: [
      ("", "the ipam section of network lan names no provider: for a NIC of type macvlan it must be <nad>.<namespace>, without .ovn"),
      ("ovn", "the ipam section of network lan names no provider, or ovn, which is the pod's primary network: for a NIC of type macvlan"),
      (
        "macvlan.default.ovn",
        "the ipam section of network lan names provider macvlan.default.ovn, which is for NICs that kube-ovn makes itself: "
      ),
    ])
  func refused(provider: String, text: String) {
    let failure = AddDecision.refuse(request(provider))
    #expect(failure?.status == 400 && failure?.stage == "provider")
    #expect(failure?.message.hasPrefix(text) == true, "\(failure?.message ?? "")")
  }

  @Test("without the network's name, as Kube-OVN's plugin asks, the text still reads")
  func unnamed() {
    var asked = request("")
    asked.networkName = ""
    #expect(AddDecision.refuse(asked)?.message.hasPrefix("the ipam section names no provider: ") == true)
  }

  @Test(
    "everything else is looked at with the pod",
    arguments: [("macvlan.default", "macvlan"), ("ovn", "kube-ovn"), ("a.b.ovn", "kube-ovn"), ("a.b.ovn.net1", "macvlan")])
  func passes(provider: String, type: String) { #expect(AddDecision.refuse(request(provider, type: type)) == nil) }
}

/// Before the address is there (rows 1 and 2, G7).
@Suite struct AddWaitingTests {
  private func errors(_ subject: String, _ reason: String, final: Bool) -> [String: String] {
    [AnnotationKey.allocationError: AllocationErrors([NetworkRefusal(subject: subject, reason: reason, isFinal: final)]).annotation]
  }

  @Test("a pod that has no address yet is waited for")
  func wait() {
    #expect(decide([:]) == .wait("kube-ovn-controller has not allocated it yet"))
    // A wish is no grant.
    #expect(decide(["macvlan.default.kubernetes.io/ip_address": "10.0.0.2"]) == .wait("kube-ovn-controller has not allocated it yet"))
    #expect(decide(annotations("", cidr: "", gateway: "")) == .wait("kube-ovn-controller has not allocated it yet"))
    #expect(decide(annotations("10.0.0.2", ["allocated": "false"])) == .wait("kube-ovn-controller has not allocated it yet"))
  }

  @Test("a reason that time may mend is kept for the deadline")
  func passing() {
    #expect(
      decide(errors("macvlan.default", "NoAvailableAddress: net-a is full", final: false)) == .wait("NoAvailableAddress: net-a is full"))
    #expect(
      AddDecision.unallocated(request(), "NoAvailableAddress: net-a is full")
        == "no address allocated to pod team-a/web provider macvlan.default: NoAvailableAddress: net-a is full")
  }

  @Test("a final reason fails at once, in Kube-OVN's opening words", arguments: ["macvlan.default", "macvlan.default.net1", "lan"])
  func final(subject: String) {
    var networks = errors(subject, "AddressOutOfRange: 10.9.0.1", final: true)
    networks[AnnotationKey.networks] = "default/macvlan@net1,default/macvlan@net2"
    let message = "no address allocated to pod team-a/web provider macvlan.default: AddressOutOfRange: 10.9.0.1"
    #expect(decide(networks) == .fail(AddFailure(status: 500, stage: "wait-address", message: message)))
  }

  @Test("another network's final reason fails too, and is told as that: a pod gets all of its addresses or none")
  func otherNetwork() {
    guard case .fail(let failure) = decide(errors("vlan.default", "bad", final: true)) else {
      Issue.record("waits")
      return
    }
    #expect(
      failure.message.hasPrefix("no address allocated to pod team-a/web provider macvlan.default: ")
        && failure.message.contains("network vlan.default"))
  }

  @Test("one of several NICs of a NAD is told its own reason first")
  func ownReason() {
    let reasons = AllocationErrors([
      NetworkRefusal(subject: "macvlan.default", reason: "of the NAD", isFinal: true),
      NetworkRefusal(subject: "macvlan.default.net2", reason: "of net2", isFinal: false),
    ])
    let pod = [AnnotationKey.networks: "default/macvlan@net1,default/macvlan@net2", AnnotationKey.allocationError: reasons.annotation]
    #expect(decide(pod, request(interface: "net2")) == .wait("of net2"))
  }

  @Test("a provider that no subnet serves is refused in Kube-OVN's words, with the network (F3)")
  func unbound() {
    let text = "provider vlan.default (network lan) is not bound to any subnet"
    #expect(decide([:], request("vlan.default")) == .fail(AddFailure(status: 400, stage: "provider", message: text)))
    var plain = request("vlan.default")
    plain.networkName = ""
    let short = "provider vlan.default is not bound to any subnet"
    #expect(decide([:], plain) == .fail(AddFailure(status: 400, stage: "provider", message: short)))
  }

  @Test("a subnet that logical_switch names serves, whatever its provider (row 5)")
  func logicalSwitch() {
    let subnets = Subnets(byProvider: ["ovn": ["ovn-default"]])
    let own = "macvlan.default.kubernetes.io/logical_switch"
    #expect(decide([own: "ovn-default"], request(), subnets) == .wait("kube-ovn-controller has not allocated it yet"))
    let repeated = [
      AnnotationKey.networks: "default/macvlan@net1,default/macvlan@net2",
      "macvlan.default.net1.kubernetes.io/logical_switch": "ovn-default",
    ]
    #expect(decide(repeated, request(), subnets) == .wait("kube-ovn-controller has not allocated it yet"))
    guard case .fail = decide([own: "gone"], request(), subnets) else {
      Issue.record("a subnet that does not exist serves nobody")
      return
    }
  }

  @Test(
    "annotations that make no sense are waited over, and named if that does not help",
    arguments: [
      ("cidr", "10.0.0.0"), ("cidr", "10.0.0.0/24,10.0.1.0/24"), ("ip_address", "10.0.0"), ("ip_address", "10.0.0.2,10.0.0.3"),
      ("gateway", "x"),
      ("mac_address", "02:00:00"),
    ])
  func malformed(field: String, value: String) {
    guard case .wait(let reason) = decide(annotations("10.0.0.2", [field: value])) else {
      Issue.record("\(field) \(value) was taken")
      return
    }
    #expect(reason.contains("annotation macvlan.default.kubernetes.io/\(field)") && reason.contains(value))
  }

  @Test("an address without a range of its family waits", arguments: ["10.0.0.0/24", ""])
  func missingRange(cidr: String) {
    guard case .wait(let reason) = decide(annotations("fd00::2", cidr: cidr)) else {
      Issue.record("taken")
      return
    }
    #expect(reason == "annotation macvlan.default.kubernetes.io/cidr has no IPv6 range for address fd00::2")
  }
}

/// The answer (wire.md §5).
@Suite struct AddAnswerTests {
  @Test("an IPAM NIC gets its address, no gateway and no route (F7)")
  func single() throws {
    let plan = try answer(annotations("10.0.0.2"))
    #expect(texts(plan) == ["10.0.0.2 10.0.0.0/24 -"])
    #expect(plan.routes.isEmpty && plan.replacedDefaults.isEmpty && plan.mac == nil)
    #expect(plan.provider == Sample.macvlan && plan.subnet == "net-a" && plan.recordName == "web.team-a.macvlan.default")
  }

  @Test("a pair is answered v4 first, each with its own range; what of the subnet has no address does not matter")
  func dual() throws {
    let both = ("10.0.0.0/24,fd00::/64", "10.0.0.1,fd00::1")
    let plan = try answer(annotations("fd00::2,10.0.0.2", cidr: both.0, gateway: both.1), request(interface: "eth0"))
    #expect(texts(plan) == ["10.0.0.2 10.0.0.0/24 10.0.0.1", "fd00::2 fd00::/64 fd00::1"])
    let one = try answer(annotations("fd00::2", cidr: both.0, gateway: both.1))
    #expect(texts(one) == ["fd00::2 fd00::/64 -"])
  }

  @Test(
    "the gateway is told only where the NIC carries the pod's default route",
    arguments: [
      ("eth0", String?.none, true), ("net1", nil, false), ("net1", "true", true), ("eth0", "false", false), ("eth0", "maybe", true),
      ("net1", "True", false), ("net1", "", false),
    ])
  func gateway(interface: String, annotation: String?, expected: Bool) throws {
    let more = annotation.map { ["default_route": $0] } ?? [:]
    let plan = try answer(annotations("10.0.0.2", more), request(interface: interface))
    #expect((plan.addresses.first?.gateway != nil) == expected)
  }

  @Test("default_route of one of several NICs wins over that of the NAD")
  func gatewayPerInterface() throws {
    let own = annotations("10.0.0.2", provider: "macvlan.default.net1", ["default_route": "true"])
    let shared = own.merging(["macvlan.default.kubernetes.io/default_route": "false"]) { $1 }
    #expect(try answer(shared).addresses.first?.gateway != nil)
  }

  @Test("no gateway in the annotation, no gateway in the answer")
  func withoutGateway() throws {
    #expect(texts(try answer(annotations("10.0.0.2", gateway: ""), request(interface: "eth0"))) == ["10.0.0.2 10.0.0.0/24 -"])
  }

  @Test("routes of the NAD come first, then those of the annotation")
  func routes() throws {
    var asked = request()
    asked.routes = [DaemonRoute(destination: "192.168.0.0/16", gateway: "10.0.0.9")]
    let text = #"[{"dst":"10.9.0.0/16","gw":"10.0.0.8"},{"gw":"fd00::8"},{"dst":"fd09::/16","mtu":9}]"#
    let plan = try answer(annotations("10.0.0.2", ["routes": text]), asked)
    #expect(
      plan.routes == [
        DaemonRoute(destination: "192.168.0.0/16", gateway: "10.0.0.9"), DaemonRoute(destination: "10.9.0.0/16", gateway: "10.0.0.8"),
        DaemonRoute(gateway: "fd00::8"), DaemonRoute(destination: "fd09::/16"),
      ])
    #expect(plan.replacedDefaults == [.v6])
  }

  @Test("the routes annotation is one for all NICs of a NAD")
  func routesOfRepeated() throws {
    let own = annotations("10.0.0.2", provider: "macvlan.default.net1", ["routes": "[{]"])
    let pod = own.merging(["macvlan.default.kubernetes.io/routes": #"[{"dst":"10.9.0.0/16"}]"#]) { $1 }
    #expect(try answer(pod).routes == [DaemonRoute(destination: "10.9.0.0/16")])
  }

  @Test(
    "a default route that is asked for replaces the present ones of its family, and only those (9b)",
    arguments: [
      ("0.0.0.0/0", "10.0.0.9", [AddressFamily.v4]), ("::/0", "fd00::9", [.v6]), ("", "10.0.0.9", [.v4]), ("", "FD00::9", [.v6]),
      ("", "", []),
      ("0.0.0.0/0", "", [.v4]), ("10.0.0.0/8", "10.0.0.9", []), ("", "gateway", []), ("default", "10.0.0.9", []),
      ("0.0.0.0/1", "10.0.0.9", []),
    ])
  func replacedDefaults(destination: String, gateway: String, families: [AddressFamily]) throws {
    var asked = request()
    asked.routes = [DaemonRoute(destination: destination, gateway: gateway)]
    #expect(try answer(annotations("10.0.0.2"), asked).replacedDefaults == families)
  }

  @Test("default routes of both families replace both")
  func bothDefaults() throws {
    var asked = request()
    asked.routes = [DaemonRoute(gateway: "fd00::9"), DaemonRoute(gateway: "10.0.0.9"), DaemonRoute(destination: "0.0.0.0/0")]
    #expect(try answer(annotations("10.0.0.2"), asked).replacedDefaults == [.v4, .v6])
  }

  @Test("a broken routes annotation fails at once", arguments: ["{", #"{"dst":"x"}"#, "10.0.0.0/8", #"[{"dst":5}]"#, "[1]"])
  func badRoutes(text: String) {
    guard case .fail(let failure) = decide(annotations("10.0.0.2", ["routes": text])) else {
      Issue.record("taken")
      return
    }
    #expect(failure.status == 500 && failure.stage == "parse-routes")
    #expect(failure.message.hasPrefix("invalid routes for pod team-a/web in annotation macvlan.default.kubernetes.io/routes: "))
  }

  @Test("the MAC of the annotation is set, except on ipvlan (row 4)")
  func mac() throws {
    let given = annotations("10.0.0.2", ["mac_address": "02-00-00-00-00-0A"])
    #expect(try answer(given).mac?.description == "02:00:00:00:00:0a")
    #expect(try answer(given, request(type: "ipvlan")).mac == nil)
    #expect(try answer(annotations("10.0.0.2", ["mac_address": ""])).mac == nil)
  }

  @Test("the subnet is the one that logical_switch names, else the provider's that holds the address (row 6)")
  func subnet() throws {
    let subnets = Subnets(byProvider: ["macvlan.default": ["net-a", "net-b"]], holders: ["10.0.1.2": "net-b"])
    #expect(try answer(annotations("10.0.1.2", cidr: "10.0.1.0/24"), request(), subnets).subnet == "net-b")
    #expect(try answer(annotations("10.0.0.2"), request(), subnets).subnet == "net-a")
    #expect(
      try answer(annotations("10.0.0.2", ["logical_switch": "ovn-default"]), request(), subnets).subnet == "ovn-default")
    #expect(try answer(annotations("10.0.0.2"), request(), Subnets(byProvider: [:])).subnet.isEmpty)
  }
}

/// Several NICs of one NAD (row 3, F1): the interface is in the prefix.
@Suite struct AddRepeatedTests {
  private let twice = [AnnotationKey.networks: "default/macvlan@net1,default/macvlan@net2"]

  @Test("each NIC is answered from its own annotations")
  func own() throws {
    let pod = annotations("10.0.0.2", provider: "macvlan.default.net1").merging(annotations("10.0.0.3", provider: "macvlan.default.net2")) {
      $1
    }
    for (interface, address) in [("net1", "10.0.0.2"), ("net2", "10.0.0.3")] {
      let plan = try answer(pod.merging(twice) { $1 }, request(interface: interface))
      #expect(plan.addresses.map(\.address.description) == [address])
      #expect(plan.provider.text == "macvlan.default.\(interface)" && plan.recordName == "web.team-a.macvlan.default.\(interface)")
    }
  }

  @Test("a pod whose NICs share Kube-OVN's one address gets it on both")
  func shared() throws {
    for interface in ["net1", "net2"] {
      #expect(try answer(annotations("10.0.0.2").merging(twice) { $1 }, request(interface: interface)).provider == Sample.macvlan)
    }
  }

  @Test("a NIC that comes to a running pod waits for its own address and does not take its sibling's")
  func plugged() {
    let running = [AnnotationKey.networkStatus: #"[{"name":"default/macvlan","interface":"net1"}]"#]
    let pod = annotations("10.0.0.2").merging(twice) { $1 }.merging(running) { $1 }
    #expect(decide(pod, request(interface: "net2")) == .wait("kube-ovn-controller has not allocated it yet"))
    guard case .ready = decide(pod, request(interface: "net1")) else {
      Issue.record("the NIC that runs lost its address")
      return
    }
  }

  @Test("a wish under the interface's key does not hide the address of a NAD that stands once")
  func wishOnly() throws {
    let wish = ["macvlan.default.net1.kubernetes.io/ip_address": "10.0.0.7"]
    #expect(try answer(annotations("10.0.0.2").merging(wish) { $1 }).addresses.map(\.address.description) == ["10.0.0.2"])
  }

  @Test("the default network is eth0 of its NAD (F5)")
  func defaultNetwork() throws {
    let pod = annotations("10.0.0.2", [:]).merging([AnnotationKey.defaultNetwork: "default/macvlan"]) { $1 }
    let plan = try answer(pod, request(interface: "eth0"))
    #expect(plan.provider == Sample.macvlan && plan.addresses.first?.gateway != nil)
  }
}
