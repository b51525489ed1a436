import CNI
import Testing
import WireJSON

/// The environment of an ADD as containerd makes it.
private let full = [
  "CNI_COMMAND": "ADD", "CNI_CONTAINERID": "c1", "CNI_NETNS": "/run/netns/p", "CNI_IFNAME": "net1", "CNI_PATH": "/opt/cni/bin",
  "CNI_ARGS": "K8S_POD_NAMESPACE=default;K8S_POD_NAME=samplepod",
]

/// The seed's NAD as macvlan passes it on.
private let macvlan = """
  {"cniVersion":"0.3.1","name":"macvlan","type":"macvlan","master":"eth0","mode":"bridge",
  "ipam":{"type":"kube-ovn","server_socket":"/run/d.sock","provider":"macvlan.default"}}
  """

private func plan(_ environment: [String: String], _ stdin: String) throws(CNIError) -> PluginPlan {
  try PluginPlan(environment: environment) { () throws(CNIError) in Array(stdin.utf8) }
}

private func without(_ names: String..., command: String = "ADD") -> [String: String] {
  var environment = full
  environment["CNI_COMMAND"] = command
  for name in names { environment[name] = nil }
  return environment
}

/// The one daemon call of a plan.
private func call(_ plan: PluginPlan) throws -> DaemonCall {
  switch plan {
  case .add(let call), .delete(let call), .notifyDelete(let call): call
  case .about, .version, .succeed: throw CNIError(.internal, "\(plan) calls nobody")
  }
}

@Suite struct PluginPlanTests {
  @Test("without CNI_COMMAND the plugin says what it is, whatever else is set")
  func about() throws {
    #expect(try plan([:], "") == .about)
    #expect(try plan(["CNI_COMMAND": "", "CNI_IFNAME": "x"], "") == .about)
  }

  @Test("VERSION needs nothing and reads no stdin")
  func version() throws {
    let plan = try PluginPlan(environment: ["CNI_COMMAND": "VERSION"]) { () throws(CNIError) in
      throw CNIError(.inputOutput, "stdin was read")
    }
    #expect(plan == .version)
  }

  @Test(
    "missing variables are named per verb, in the reference library's order",
    arguments: [
      ("ADD", "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH"), ("CHECK", "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH"),
      ("DEL", "CNI_CONTAINERID,CNI_IFNAME,CNI_PATH"), ("GC", "CNI_PATH"), ("STATUS", "CNI_PATH"),
    ])
  func missingVariables(verb: String, missing: String) {
    #expect(throws: CNIError(.invalidEnvironment, "required env variables [\(missing)] missing")) {
      try plan(["CNI_COMMAND": verb], "")
    }
  }

  @Test("an empty variable is a missing one")
  func emptyVariable() {
    var environment = full
    environment["CNI_NETNS"] = ""
    #expect(throws: CNIError(.invalidEnvironment, "required env variables [CNI_NETNS] missing")) { try plan(environment, macvlan) }
  }

  @Test(
    "variables that cannot be right are refused",
    arguments: [
      ("CNI_CONTAINERID", "a/b", CNIError(.invalidEnvironment, "invalid characters in containerID", details: "a/b")),
      ("CNI_CONTAINERID", "-a", CNIError(.invalidEnvironment, "invalid characters in containerID", details: "-a")),
      (
        "CNI_IFNAME", "sixteen-letters-",
        CNIError(.invalidEnvironment, "interface name is too long", details: "interface name should be less than 16 characters")
      ),
      ("CNI_IFNAME", "..", CNIError(.invalidEnvironment, "interface name is . or ..")),
      ("CNI_IFNAME", "a:b", CNIError(.invalidEnvironment, "interface name contains / or : or whitespace characters")),
      ("CNI_IFNAME", "a b", CNIError(.invalidEnvironment, "interface name contains / or : or whitespace characters")),
      ("CNI_COMMAND", "UPDATE", CNIError(.invalidEnvironment, "unknown CNI_COMMAND: UPDATE")),
    ])
  func invalidVariables(name: String, value: String, error: CNIError) {
    var environment = full
    environment[name] = value
    #expect(throws: error) { try plan(environment, macvlan) }
  }

  @Test(
    "a configuration that cannot be used is refused with the code of its fault",
    arguments: [
      ("", 6, "error unmarshall network config: JSON ends early at byte 0", ""),
      ("[]", 6, "error unmarshall network config: an object is expected", ""),
      ("{}", 7, "missing network name", ""), (#"{"name":"a/b"}"#, 7, "invalid characters found in network name", "a/b"),
      (#"{"name":"n","type":"kube-ovn","server_socket":1}"#, 6, "failed to load netconf", #""server_socket" must be a string"#),
      (#"{"name":"n","type":"macvlan","ipam":[]}"#, 6, "failed to load netconf", #""ipam" must be an object"#),
      (#"{"name":"n","type":"macvlan","ipam":{"routes":{}}}"#, 6, "failed to load netconf", #""ipam.routes" must be an array"#),
      (#"{"name":"n","type":"kube-ovn","dns":"x"}"#, 6, "failed to load netconf", #""dns" must be an object"#),
    ])
  func invalidConfiguration(text: String, code: UInt32, message: String, details: String) {
    #expect(throws: CNIError(.init(rawValue: code), message, details: details)) { try plan(full, text) }
  }

  @Test("an unknown version is code 1 for every verb", arguments: ["ADD", "DEL", "CHECK", "STATUS", "GC"])
  func unknownVersion(verb: String) {
    let text = #"{"cniVersion":"9.9.9","name":"n","type":"kube-ovn"}"#
    #expect { try plan(without(command: verb), text) } throws: { ($0 as? CNIError)?.code == .incompatibleVersion }
  }

  @Test("a version between two of ours is none of ours")
  func inventedVersion() {
    let text = #"{"cniVersion":"0.5.0","name":"n","type":"kube-ovn"}"#
    #expect(throws: CNIError.unsupportedVersion("0.5.0")) { try plan(without(command: "CHECK"), text) }
  }

  @Test(
    "CHECK, STATUS and GC succeed where the version has them and are refused where it has not",
    arguments: [
      ("CHECK", "0.3.1", false), ("CHECK", "", false), ("CHECK", "0.4.0", true), ("CHECK", "1.1.0", true),
      ("STATUS", "1.0.0", false), ("STATUS", "1.1.0", true), ("GC", "1.0.0", false), ("GC", "1.1.0", true),
    ])
  func laterVerbs(verb: String, version: String, allowed: Bool) throws {
    let text = #"{"cniVersion":"\#(version)","name":"n","type":"kube-ovn"}"#
    if allowed {
      #expect(try plan(without(command: verb), text) == .succeed)
    } else {
      #expect(throws: CNIError(.incompatibleVersion, "config version does not allow \(verb)")) {
        try plan(without(command: verb), text)
      }
    }
  }

  @Test("a version that is no version is a decoding failure")
  func unreadableVersion() {
    #expect(throws: CNIError(.decodingFailure, #"invalid cniVersion "new" in network config"#)) {
      try plan(without(command: "CHECK"), #"{"cniVersion":"new","name":"n"}"#)
    }
  }
}

@Suite struct AddPlanTests {
  @Test("a delegated ADD asks with the members of ipam")
  func delegated() throws {
    guard case .add(let call) = try plan(full, macvlan) else { throw CNIError(.internal, "no ADD") }
    #expect(call.path == .add)
    #expect(call.socket == "/run/d.sock")
    #expect(call.version == .v0_3_1)
    #expect(call.request.cniType == "macvlan")
    #expect(!call.request.wantsInterface)
    #expect(call.request.provider == "macvlan.default")
    #expect(call.request.podName == "samplepod")
    #expect(call.request.podNamespace == "default")
    #expect(call.request.networkName == "macvlan")
    #expect(call.request.networkNamespace == "/run/netns/p")
  }

  @Test("ipam's members count even where empty, and the top level's do not")
  func ipamOverwrites() throws {
    let text = """
      {"cniVersion":"1.0.0","name":"n","type":"bridge","server_socket":"/top","provider":"top.ns","routes":[{"gw":"1.1.1.1"}],
      "dns":{"nameservers":["9.9.9.9"]},"deviceID":"0000:01:00.1","ipam":{"type":"kube-ovn"}}
      """
    let call = try call(try plan(full, text))
    #expect(call.socket == "/run/openvswitch/kube-ovn-daemon.sock")
    #expect(call.request.provider == "")
    #expect(call.request.routes == [])
    #expect(call.request.dns.nameservers == ["9.9.9.9"])
    #expect(call.request.device.deviceID == "0000:01:00.1")
  }

  @Test("our own type reads the top level only; its missing provider is the primary network")
  func ownType() throws {
    let text = """
      {"cniVersion":"0.3.1","name":"kube-ovn","type":"kube-ovn","server_socket":"/s","routes":[{"dst":"10.0.0.0/8","gw":"10.1.1.1"}],
      "vf_driver":"vfio-pci","vhost_user_socket_volume_name":"v","vhost_user_socket_name":"s","vhost_user_socket_consumption":"kubevirt",
      "ipam":{"provider":"not.this","server_socket":"/not"},"prevResult":{"ips":[]},"runtimeConfig":{"mac":"0a:00:00:00:00:01"}}
      """
    let request = try call(try plan(full, text)).request
    #expect(request.wantsInterface)
    #expect(request.provider == "ovn")
    #expect(request.routes == [DaemonRoute(destination: "10.0.0.0/8", gateway: "10.1.1.1")])
    #expect(
      request.device
        == DeviceAttachment(vfDriver: "vfio-pci", vhostUserVolume: "v", vhostUserSocket: "s", vhostUserConsumption: "kubevirt"))
  }

  @Test("a delegating configuration without a provider never becomes the primary network's")
  func missingProvider() throws {
    let text = #"{"cniVersion":"1.0.0","name":"n","type":"macvlan","ipam":{"type":"kube-ovn","provider":null}}"#
    #expect(try call(try plan(full, text)).request.provider == "")
    let bare = #"{"cniVersion":"1.0.0","name":"n","type":"macvlan"}"#
    #expect(try call(try plan(full, bare)).request.provider == "")
  }

  @Test("keys count in any letter case, the exact spelling first, as Go reads them")
  func letterCase() throws {
    let text = #"{"Name":"n","TYPE":"macvlan","IPAM":{"Provider":"no.no","provider":"a.b","Server_Socket":"/s"}}"#
    let call = try call(try plan(full, text))
    #expect(call.request.provider == "a.b")
    #expect(call.socket == "/s")
  }

  @Test("a configuration without version is answered in 0.1.0")
  func noVersion() throws {
    #expect(try call(try plan(full, #"{"name":"n","type":"kube-ovn"}"#)).version == .v0_1_0)
  }

  @Test("ADD cannot do without the pod's name and namespace")
  func podRequired() {
    let expected: [(String?, String)] = [
      (nil, "CNI_ARGS is required"), ("K8S_POD_NAMESPACE=default", "K8S_POD_NAME is required in CNI_ARGS"),
      ("K8S_POD_NAME=a;K8S_POD_NAMESPACE=", "K8S_POD_NAMESPACE is required in CNI_ARGS"),
    ]
    for (arguments, details) in expected {
      var environment = full
      environment["CNI_ARGS"] = arguments
      #expect(throws: CNIError(.invalidConfiguration, "Invalid Configuration", details: details)) {
        try plan(environment, macvlan)
      }
    }
  }

  @Test(
    "CNI_NETNS_OVERRIDE counts as true or 1",
    arguments: [("1", true), ("true", true), ("TRUE", true), ("0", false), ("", false), ("yes", false)])
  func override(value: String, allowed: Bool) throws {
    var environment = full
    environment["CNI_NETNS_OVERRIDE"] = value
    #expect(try call(try plan(environment, macvlan)).allowsOwnNamespace == allowed)
  }
}

@Suite struct DeletePlanTests {
  @Test("DEL of our own interface is a call whose error counts, with what Kube-OVN's plugin sends")
  func ownInterface() throws {
    let text = """
      {"cniVersion":"0.3.1","name":"kube-ovn","type":"kube-ovn","server_socket":"/s","provider":"net1.default.ovn","vf_driver":"d",
      "routes":[{"gw":"1.1.1.1"}],"dns":{"domain":"x"},"deviceID":"0000:01:00.1","vhost_user_socket_volume_name":"v",
      "vhost_user_socket_name":"s","vhost_user_socket_consumption":"c"}
      """
    guard case .delete(let call) = try plan(without(command: "DEL"), text) else { throw CNIError(.internal, "no DEL") }
    #expect(
      String(decoding: call.request.json, as: UTF8.self)
        == #"{"cni_type":"kube-ovn","pod_name":"samplepod","pod_namespace":"default","container_id":"c1","net_ns":"/run/netns/p","#
        + #""if_name":"net1","provider":"net1.default.ovn","routes":null,"dns":{},"vf_driver":"","deviceID":"0000:01:00.1","#
        + #""vhost_user_socket_volume_name":"v","vhost_user_socket_name":"","vhost_user_socket_consumption":"c","#
        + #""network_name":"kube-ovn"}"#)
  }

  @Test("DEL of our own interface without the pod's name is still told: container and interface name it")
  func ownInterfaceWithoutPod() throws {
    let environment = without("CNI_ARGS", "CNI_NETNS", command: "DEL")
    guard case .delete(let call) = try plan(environment, #"{"name":"n","type":"kube-ovn"}"#) else {
      throw CNIError(.internal, "no DEL")
    }
    #expect(call.request.podName == "")
    #expect(call.request.networkNamespace == "")
    #expect(call.request.containerID == "c1")
  }

  @Test("a delegated DEL with a cut-down configuration tells the daemon at the default socket and succeeds anyhow (B17)")
  func cutDown() throws {
    let text = #"{"cniVersion":"0.3.1","name":"macvlan","type":"macvlan","ipam":{"type":"kube-ovn"}}"#
    guard case .notifyDelete(let call) = try plan(without(command: "DEL"), text) else { throw CNIError(.internal, "no DEL") }
    #expect(call.socket == DaemonEndpoint.defaultSocket)
    #expect(call.request.provider == "")
    #expect(call.path == .delete)
  }

  @Test("a delegated DEL that names no pod has nobody to tell", arguments: [nil, "", "K8S_POD_NAME=a", "x;=;K8S_POD_NAMESPACE=b"])
  func delegatedWithoutPod(arguments: String?) throws {
    var environment = without("CNI_NETNS", command: "DEL")
    environment["CNI_ARGS"] = arguments
    #expect(try plan(environment, macvlan) == .succeed)
  }

  @Test("DEL does not mind a missing network name, but does mind a broken one")
  func networkName() throws {
    #expect(try call(try plan(without(command: "DEL"), #"{"type":"macvlan"}"#)).request.networkName == "")
    #expect(throws: CNIError.self) { try plan(without(command: "DEL"), #"{"name":"a b","type":"macvlan"}"#) }
  }
}
