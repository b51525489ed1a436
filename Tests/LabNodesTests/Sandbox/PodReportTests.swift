import CNI
import KubeAPI
import LabNodes
import NetAddress
import Testing
import WireJSON

@Suite struct NetworkStatusTests {
  private func attachment(_ network: String, interface: String, isDefault: Bool = false) -> NetworkAttachment {
    NetworkAttachment(
      network: network, configurationName: "n", interface: interface, isDefault: isDefault, plugins: [["type": "t"]], version: "0.4.0")
  }

  @Test("Multus' text: indented objects joined by commas, the interface inside the sandbox, default gateways from the routes")
  func golden() throws {
    let first = try CNIResult(
      parsing: Array(
        #"""
        {"cniVersion":"0.4.0","interfaces":[{"name":"cni0","mac":"02:00:00:00:00:aa"},{"name":"eth0","mac":"02:00:00:00:00:01","sandbox":"/run/netns/x"}],
         "ips":[{"version":"4","interface":1,"address":"10.244.1.2/24","gateway":"10.244.1.1"}],"routes":[{"dst":"0.0.0.0/0","gw":"10.244.1.1"}]}
        """#.utf8), configuredVersion: .v0_4_0)
    let second = try CNIResult(
      parsing: Array(#"{"cniVersion":"0.2.0","ip4":{"ip":"172.17.0.11/16"},"ip6":{"ip":"FD00::000B/64"},"dns":{"domain":"d"}}"#.utf8),
      configuredVersion: .v0_2_0)
    let text = NetworkStatus.annotation([
      NetworkStatus(first, of: attachment("lab", interface: "eth0", isDefault: true)),
      NetworkStatus(second, of: attachment("default/macvlan", interface: "net1")),
    ])
    #expect(
      text == """
        [{
            "name": "lab",
            "interface": "eth0",
            "ips": [
                "10.244.1.2"
            ],
            "mac": "02:00:00:00:00:01",
            "default": true,
            "dns": {},
            "gateway": [
                "10.244.1.1"
            ]
        },{
            "name": "default/macvlan",
            "interface": "net1",
            "ips": [
                "172.17.0.11",
                "fd00::b"
            ],
            "dns": {
                "domain": "d"
            }
        }]
        """)
    let read = NetworkStatus.read(text)
    #expect(read.map(\.interface) == ["eth0", "net1"] && read[0].isDefault && read[1].ips == ["172.17.0.11", "fd00::b"])
  }

  @Test("a missing or malformed annotation reads as nothing", arguments: [nil, "", "{}", "[", "5"])
  func malformed(text: String?) { #expect(NetworkStatus.read(text).isEmpty) }
}

@Suite struct PodStatusPatchTests {
  private func pod(_ status: JSONValue = [:]) throws -> PodObject {
    try PodObject([
      "metadata": ["name": "p", "namespace": "d", "uid": "u"], "spec": ["containers": [["name": "c", "image": "i"]]], "status": status,
    ])
  }

  private let now = Timestamp(seconds: 1_800_000_000)

  @Test("running: phase, addresses, every condition true, containers started, under the pod's uid")
  func running() throws {
    let patch = PodStatusPatch.running(try pod(), addresses: ["10.0.0.1", "fd00::1"], hostAddresses: ["192.168.0.1"], now: now)
    #expect(patch["metadata"] == ["uid": "u"])
    let status = patch["status"] ?? [:]
    #expect(status["phase"] == "Running" && status["podIP"] == "10.0.0.1" && status["podIPs"] == [["ip": "10.0.0.1"], ["ip": "fd00::1"]])
    #expect(status["hostIP"] == "192.168.0.1" && status["startTime"] == "2027-01-15T08:00:00Z")
    #expect(status["conditions"]?.array?.count == 5 && status["conditions"]?.array?.allSatisfy { $0["status"] == "True" } == true)
    #expect(status["containerStatuses"]?[0]?["ready"] == true && status["containerStatuses"]?[0]?["name"] == "c")
  }

  @Test("a condition that stays keeps its time, one that changes gets the present one")
  func transition() throws {
    let before: JSONValue = [
      "startTime": "2026-01-01T00:00:00Z",
      "conditions": [["type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"]],
    ]
    let kept = PodStatusPatch.running(try pod(before), addresses: [], hostAddresses: [], now: now)["status"]
    let ready = kept?["conditions"]?.array?.first { $0["type"] == "Ready" }
    #expect(ready?["lastTransitionTime"] == "2026-01-01T00:00:00Z" && kept?["startTime"] == "2026-01-01T00:00:00Z")
    let ended = PodStatusPatch.exited(try pod(before), code: 3, now: now)["status"]
    let unready = ended?["conditions"]?.array?.first { $0["type"] == "Ready" }
    #expect(unready?["status"] == "False" && unready?["lastTransitionTime"] == "2027-01-15T08:00:00Z")
    #expect(ended?["phase"] == "Failed")
    #expect(ended?["containerStatuses"]?[0]?["state"]?["terminated"]?["exitCode"] == 3)
    #expect(PodStatusPatch.exited(try pod(), code: 0, now: now)["status"]?["phase"] == "Succeeded")
  }

  @Test(
    "when containers end by themselves: only with a policy that lets them, and only for sane values",
    arguments: [
      ("Never", "5", "2", ContainerExit(code: 2, after: .seconds(5))), ("Never", "0.5", nil, ContainerExit(code: 0, after: .seconds(0.5))),
      ("OnFailure", "1", "0", ContainerExit(code: 0, after: .seconds(1))), ("OnFailure", "1", "1", nil), ("Always", "1", "0", nil),
      ("Never", "-1", nil, nil), ("Never", "soon", nil, nil), ("Never", "nan", nil, nil), ("Never", nil, "1", nil),
    ] as [(String, String?, String?, ContainerExit?)])
  func exits(policy: String, after: String?, code: String?, expected: ContainerExit?) throws {
    var annotations: [String: JSONValue] = [:]
    annotations[LabAnnotation.exitAfter] = after.map { .string($0) }
    annotations[LabAnnotation.exitCode] = code.map { .string($0) }
    let pod = try PodObject(["metadata": ["name": "p", "annotations": .object(annotations)], "spec": ["restartPolicy": .string(policy)]])
    #expect(SandboxMachine.Wish(pod) == .run(exit: expected))
  }
}
