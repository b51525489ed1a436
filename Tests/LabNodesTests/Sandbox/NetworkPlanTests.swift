import CNI
import KubeAPI
import LabNodes
import NetAddress
import Testing
import WireJSON

@Suite struct NetworkPlanTests {
  private static let defaultNetwork: JSONValue = [
    "cniVersion": "1.0.0", "name": "lab", "plugins": [["type": "bridge", "ipam": ["type": "host-local"]], ["type": "tuning"]],
  ]

  private func pod(_ annotations: [String: String], spec: JSONValue = [:]) throws -> PodObject {
    try PodObject([
      "metadata": [
        "name": "p", "namespace": "ns", "uid": "u", "annotations": .object(annotations.mapValues { .string($0) }),
      ], "spec": spec,
    ])
  }

  private func attachments(_ annotations: [String: String], _ configs: [String: String] = [:], spec: JSONValue = [:]) throws
    -> [NetworkAttachment]
  {
    try NetworkPlan.attachments(for: try pod(annotations, spec: spec), defaultNetwork: Self.defaultNetwork) { key in
      configs[key.description].map {
        NetworkAttachmentDefinition(metadata: ObjectMeta(name: key.name, namespace: key.namespace), config: $0)
      }
    }
  }

  private static let networks = "k8s.v1.cni.cncf.io/networks"

  @Test("without annotations the node's own network is eth0, each plugin with the list's name and version")
  func primary() throws {
    let found = try attachments([:])
    #expect(found.count == 1 && found[0].interface == "eth0" && found[0].isDefault && found[0].network == "lab")
    #expect(found[0].plugins.map { $0["type"] } == ["bridge", "tuning"])
    #expect(found[0].plugins.allSatisfy { $0["name"] == "lab" && $0["cniVersion"] == "1.0.0" })
  }

  @Test("a pod on the host's network gets nothing")
  func hostNetwork() throws { #expect(try attachments([:], spec: ["hostNetwork": true]).isEmpty) }

  @Test("networks follow in order: net<position>, or the name asked for; the pod's namespace where none is named")
  func order() throws {
    let configs = ["ns/a": #"{"type":"macvlan"}"#, "other/b": #"{"type":"bridge","name":"own","cniVersion":"0.3.1"}"#]
    let found = try attachments([Self.networks: "a, other/b@eth5 , a"], configs)
    #expect(found.map(\.interface) == ["eth0", "net1", "eth5", "net3"])
    #expect(found.map(\.network) == ["lab", "ns/a", "other/b", "ns/a"])
    #expect(found[1].plugins[0] == ["type": "macvlan", "name": "a"])
    #expect(found[1].version == "" && found[1].resultVersion == .v0_1_0 && !found[1].passesResultOnDelete)
    #expect(found[2].configurationName == "own" && found[2].resultVersion == .v0_3_1)
  }

  @Test("the default-network annotation replaces eth0")
  func defaultNetwork() throws {
    let found = try attachments(["v1.multus-cni.io/default-network": "ns/a"], ["ns/a": #"{"type":"macvlan","cniVersion":"0.4.0"}"#])
    #expect(found.count == 1 && found[0].network == "ns/a" && found[0].interface == "eth0" && found[0].isDefault)
    #expect(found[0].passesResultOnDelete)
  }

  @Test("wishes reach a plugin as CNI_ARGS always, as runtimeConfig only for declared capabilities, as args.cni")
  func wishes() throws {
    let text = #"""
      [{"name":"a","mac":"02:00:00:00:00:01","ips":["10.0.0.5/24","fd00::5"],"deviceID":"0000:01:00.1","cni-args":{"k":"v"},
        "default-route":["10.0.0.1"],"portMappings":[{"hostPort":1,"containerPort":2}]}]
      """#
    let config = #"""
      {"cniVersion":"0.4.0","name":"n","plugins":[
        {"type":"one","capabilities":{"mac":true,"ips":false,"deviceID":true},"args":{"cni":{"old":"1"},"x":"y"}},
        {"type":"two","capabilities":{"ips":true,"portMappings":true}}]}
      """#
    let found = try attachments([Self.networks: text], ["ns/a": config])[1]
    #expect(found.arguments == ["MAC": "02:00:00:00:00:01", "IP": "10.0.0.5/24,fd00::5"])
    #expect(found.gateways == [try IPAddress(parsing: "10.0.0.1")])
    #expect(found.plugins[0]["runtimeConfig"] == ["mac": "02:00:00:00:00:01", "deviceID": "0000:01:00.1"])
    #expect(found.plugins[0]["args"] == ["cni": ["old": "1", "k": "v"], "x": "y"])
    #expect(
      found.plugins[1]["runtimeConfig"] == ["ips": ["10.0.0.5/24", "fd00::5"], "portMappings": [["hostPort": 1, "containerPort": 2]]])
  }

  @Test(
    "what cannot be tried says which network and why",
    arguments: [
      ("missing", "", "cannot find a network-attachment-definition (missing) in namespace (ns)"),
      ("a", "", "network ns/a: its CNI configuration cannot be used: spec.config is empty and the node has no file for it"),
      ("a", "[]", "network ns/a: its CNI configuration cannot be used: it must be a JSON object"),
      ("a", "{}", "network ns/a: its CNI configuration cannot be used: it has neither a type nor plugins"),
      ("a", #"{"plugins":[{"type":"x"},{}]}"#, "network ns/a: its CNI configuration cannot be used: plugin 2 has no type"),
      (
        "a", #"{"type":"../../bin/sh"}"#,
        "network ns/a: its CNI configuration cannot be used: plugin type '../../bin/sh' must be a file name, not a path"
      ),
      ("a@b@c", "", "networks annotation: network 'a@b@c' in the networks annotation is malformed: more than one '@'"),
    ])
  func refuses(annotation: String, config: String, expected: String) throws {
    let error = #expect(throws: NetworkPlanError.self) { try attachments([Self.networks: annotation], ["ns/a": config]) }
    #expect(error?.description == expected)
  }

  @Test("an attachment and its sandbox come back from the state file as they were; a torn file does not")
  func stateFile() throws {
    var sandbox = Sandbox(
      id: "0123456789", pod: ObjectKey(namespace: "ns", name: "p"), podUID: "u", namespace: "lab-pod-ns-p-01234567",
      attachments: try attachments(
        [Self.networks: #"[{"name":"a","mac":"02:00:00:00:00:01","default-route":["10.0.0.1"]}]"#], ["ns/a": #"{"type":"macvlan"}"#]))
    sandbox.results = [["cniVersion": "1.0.0"]]
    sandbox.isReady = true
    #expect(Sandbox(json: try JSONValue(parsing: sandbox.json.bytes)) == sandbox)
    for member in sandbox.json.object?.keys.sorted() ?? [] {
      var torn = sandbox.json
      torn[member] = nil
      #expect(Sandbox(json: torn) == nil, "without \(member)")
    }
    var hostile = sandbox.json
    hostile["namespace"] = "../../etc"
    #expect(Sandbox(json: hostile) == nil)
  }

  @Test("CNI_ARGS hold every key once, in an order that changes")
  func arguments() throws {
    var generator = SplitMix(state: 7)
    let sandbox = Sandbox(
      id: "abc", pod: ObjectKey(namespace: "ns", name: "p"), podUID: "u", namespace: "n", attachments: try attachments([:]))
    var attachment = sandbox.attachments[0]
    attachment.arguments = ["MAC": "02:00:00:00:00:01"]
    let texts = (0..<20).map { _ in sandbox.arguments(of: attachment, using: &generator) }
    #expect(Set(texts).count > 5)
    let expected = [
      "IgnoreUnknown=true", "K8S_POD_INFRA_CONTAINER_ID=abc", "K8S_POD_NAME=p", "K8S_POD_NAMESPACE=ns", "K8S_POD_UID=u",
      "MAC=02:00:00:00:00:01",
    ]
    for text in texts { #expect(text.split(separator: ";").map(String.init).sorted() == expected) }
  }

  @Test("sandbox names are short, told apart by their id, and ids are 64 hexadecimal digits")
  func names() {
    var generator = SplitMix(state: 1)
    let id = Sandbox.randomID(using: &generator)
    #expect(id.utf8.count == 64 && id.allSatisfy(\.isHexDigit) && id != Sandbox.randomID(using: &generator))
    let pod = ObjectKey(namespace: "ns", name: String(repeating: "x", count: 253))
    let name = Sandbox.namespaceName(lab: "lab1", pod: pod, id: id)
    #expect(name.hasPrefix("lab1-pod-ns-xxx") && name.hasSuffix("-" + id.prefix(8)) && name.utf8.count < 100)
  }
}
