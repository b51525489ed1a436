import CNI
import KubeAPI
import KubeRuntime
import KubeTesting
import NetAddress
import NodeDaemon
import Testing
import WireJSON

/// The daemon's two routes, from bytes to bytes (wire.md §1, §5, §6).
@Suite struct CNIServerTests {
  @Test("an allocated pod is answered at once, in the form that Kube-OVN's plugin reads")
  func answers() async {
    let node = NodeUnderTest()
    node.addSubnet("macvlan", provider: "macvlan.default", cidr: "172.17.0.0/16")
    node.addPod("p", NodeUnderTest.allocated)
    let (status, body) = await node.add()
    #expect(status == 200)
    #expect(
      body == [
        "ips": [["protocol": "IPv4", "ip": "172.17.0.11", "cidr": "172.17.0.0/16"]], "mac_address": "", "routes": nil, "mtu": 0,
        "nicname": "", "dns": [:], "error": "",
      ])
    #expect(
      node.events.value.map(\.message) == [
        "subnet=macvlan ip=172.17.0.11 mac= provider=macvlan.default interface=net1 node=n1"
      ])
    #expect(node.events.value.first?.reason == "PodNetworkConfigured")
    #expect(node.interfaces.calls.value.isEmpty)
  }

  @Test("an ADD that came first is answered when the address comes, without the clock moving")
  func waitsForEvent() async {
    let node = NodeUnderTest()
    node.addSubnet("macvlan", provider: "macvlan.default", cidr: "172.17.0.0/16")
    node.addPod("p", [:])
    async let answer = node.add()
    await node.clock.waitForSleepers()
    node.addPod("p", ["other": "change"], version: 2)
    node.addPod("p", NodeUnderTest.allocated, version: 3)
    let (status, body) = await answer
    #expect(status == 200)
    #expect(body["ips"]?[0]?["ip"] == "172.17.0.11")
  }

  @Test("at the deadline the reason that stands at the pod is the error (G7)")
  func deadline() async {
    let node = NodeUnderTest()
    node.addSubnet("macvlan", provider: "macvlan.default", cidr: "172.17.0.0/16")
    node.addPod(
      "p", [AnnotationKey.allocationError: #"{"macvlan.default":{"reason":"NoAvailableAddress: subnet macvlan is full","final":false}}"#])
    async let answer = node.add()
    await node.clock.waitForSleepers()
    node.clock.advance(by: .seconds(20))
    let (status, body) = await answer
    #expect(status == 500)
    #expect(
      body["error"]?.string
        == "no address allocated to pod default/p provider macvlan.default: NoAvailableAddress: subnet macvlan is full (waited 20.0 seconds)"
    )
    #expect(node.events.value.map(\.reason) == ["PodNetworkConfigureFailed"])
    #expect(node.events.value.first?.message.hasPrefix("stage=wait-address error=no address allocated") == true)
  }

  @Test("a final reason fails at once")
  func finalReason() async {
    let node = NodeUnderTest()
    node.addPod(
      "p",
      [AnnotationKey.allocationError: #"{"macvlan.default":{"reason":"provider macvlan.default is not bound to any subnet","final":true}}"#]
    )
    let (status, body) = await node.add()
    #expect(status == 500)
    #expect(
      body["error"]?.string
        == "no address allocated to pod default/p provider macvlan.default: provider macvlan.default is not bound to any subnet")
  }

  @Test("F3: a provider that no subnet serves fails at once and is named together with the network")
  func unbound() async {
    let node = NodeUnderTest()
    node.addPod("p", [:])
    let (status, body) = await node.add(NodeUnderTest.request { $0.provider = "macvlan" })
    #expect(status == 400)
    #expect(body["error"]?.string == "provider macvlan (network macvlan) is not bound to any subnet")
  }

  @Test("another CNI's NIC never gets the primary network", arguments: ["", "ovn", "a.b.ovn"])
  func neverPrimary(provider: String) async {
    let node = NodeUnderTest()
    node.addPod(
      "p", ["ovn.kubernetes.io/ip_address": "10.16.0.2", "ovn.kubernetes.io/cidr": "10.16.0.0/16", "ovn.kubernetes.io/allocated": "true"])
    let (status, body) = await node.add(NodeUnderTest.request { $0.provider = provider })
    #expect(status == 400)
    #expect(body["error"]?.string?.contains("network macvlan") == true, "\(body)")
    #expect(node.exchange.requests.isEmpty)
  }

  @Test("a pod that the watch has not shown is fetched once: 404 is the answer, a pod of another node is an error, one of ours is served")
  func fetches() async {
    let node = NodeUnderTest()
    node.addSubnet("macvlan", provider: "macvlan.default", cidr: "172.17.0.0/16")
    let missing = await node.add()
    #expect(missing.status == 500 && missing.body["error"]?.string == "get pod default/p failed: pod \"p\" not found")
    func pod(node: String) -> JSONValue {
      [
        "metadata": ["name": "p", "namespace": "default", "annotations": .object(NodeUnderTest.allocated.mapValues { .string($0) })],
        "spec": ["nodeName": .string(node)],
      ]
    }
    node.served.change { $0["/api/v1/namespaces/default/pods/p"] = pod(node: "n2") }
    let foreign = await node.add()
    #expect(foreign.status == 500 && foreign.body["error"]?.string?.contains("node \"n2\"") == true)
    node.served.change { $0["/api/v1/namespaces/default/pods/p"] = pod(node: "n1") }
    let own = await node.add()
    #expect(own.status == 200)
    #expect(node.exchange.requests.count == 3)
    #expect(await node.add().status == 200)
    #expect(node.exchange.requests.count == 3)
  }

  @Test("a pod that is deleted while its ADD waits ends the wait")
  func deletedMeanwhile() async {
    let node = NodeUnderTest()
    node.addSubnet("macvlan", provider: "macvlan.default", cidr: "172.17.0.0/16")
    node.addPod("p", [:])
    async let answer = node.add()
    await node.clock.waitForSleepers()
    node.stores.pods.remove(ObjectKey(namespace: "default", name: "p"))
    let (status, body) = await answer
    #expect(status == 500)
    #expect(body["error"]?.string == "get pod default/p failed: it was deleted while its network was set up")
  }

  @Test("addresses that came along in a copied manifest are not this pod's")
  func copiedManifest() async {
    let node = NodeUnderTest()
    node.addSubnet("macvlan", provider: "macvlan.default", cidr: "172.17.0.0/16")
    var copied = NodeUnderTest.allocated
    copied[AnnotationKey.podUID] = "uid-of-another"
    node.addPod("p", copied)
    async let answer = node.add()
    await node.clock.waitForSleepers()
    copied[AnnotationKey.podUID] = "uid-p"
    copied["macvlan.default.kubernetes.io/ip_address"] = "172.17.0.12"
    node.addPod("p", copied, version: 2)
    let (status, body) = await answer
    #expect(status == 200 && body["ips"]?[0]?["ip"] == "172.17.0.12")
  }

  @Test(
    "the gateway is told only where the NIC carries the default route",
    arguments: [("net1", nil, false), ("eth0", nil, true), ("net1", "true", true), ("eth0", "false", false)] as [(String, String?, Bool)])
  func gateway(interface: String, annotation: String?, expected: Bool) async {
    let node = NodeUnderTest()
    node.addSubnet("macvlan", provider: "macvlan.default", cidr: "172.17.0.0/16")
    var annotations = NodeUnderTest.allocated
    annotations["macvlan.default.kubernetes.io/default_route"] = annotation
    node.addPod("p", annotations)
    let (_, body) = await node.add(NodeUnderTest.request { $0.interfaceName = interface })
    #expect((body["ips"]?[0]?["gateway"] == "172.17.0.1") == expected)
  }

  @Test("a MAC that was asked for is set, present default routes give way, and both are undone when the second step fails")
  func undoes() async {
    let node = NodeUnderTest()
    node.addSubnet("macvlan", provider: "macvlan.default", cidr: "172.17.0.0/16")
    var annotations = NodeUnderTest.allocated
    annotations["macvlan.default.kubernetes.io/mac_address"] = "00:00:00:53:6b:bb"
    node.addPod("p", annotations)
    let request = NodeUnderTest.request {
      $0.routes = [DaemonRoute(destination: "0.0.0.0/0", gateway: "172.17.0.1"), DaemonRoute(destination: "::/0", gateway: "fd00::1")]
    }
    let (status, body) = await node.add(request)
    #expect(status == 200)
    #expect(body["routes"] == [["dst": "0.0.0.0/0", "gw": "172.17.0.1"], ["dst": "::/0", "gw": "fd00::1"]])
    #expect(
      node.interfaces.calls.value == [
        "mac 00:00:00:53:6b:bb net1 /run/netns/p", "remove defaults IPv4 /run/netns/p", "remove defaults IPv6 /run/netns/p",
      ])
    node.interfaces.calls.change { $0 = [] }
    node.interfaces.mac.change { $0 = MACAddress("02:00:00:00:00:01") }
    node.interfaces.refusesRoutes.change { $0 = true }
    let failed = await node.add(request)
    #expect(failed.status == 500)
    #expect(failed.body["error"]?.string?.hasPrefix("failed to remove existing default route for interface net1 of pod default/p") == true)
    #expect(node.interfaces.calls.value == ["mac 00:00:00:53:6b:bb net1 /run/netns/p", "mac 02:00:00:00:00:01 net1 /run/netns/p"])
  }

  @Test("a NIC of kube-ovn's own is refused with the reason, not half made")
  func ownNIC() async {
    let node = NodeUnderTest()
    node.addPod("p", [:])
    let (status, body) = await node.add(
      NodeUnderTest.request {
        $0.cniType = "kube-ovn"
        $0.provider = "attachnet.default.ovn"
      })
    #expect(status == 500 && body["error"]?.string?.contains("need OVN") == true)
  }

  @Test("G2: every DEL is 204, whatever is unknown or missing")
  func deletes() async {
    let node = NodeUnderTest()
    for change in [{ _ in }, { $0.networkNamespace = "" }, { $0.podName = "" }, { $0.provider = "" }, { $0 = DaemonRequest() }]
      as [@Sendable (inout DaemonRequest) -> Void]
    {
      for _ in 1...2 { #expect(await node.call("/api/v1/del", NodeUnderTest.request(change)).status == 204) }
    }
    #expect(node.events.value.map(\.reason) == Array(repeating: "PodNetworkRemoved", count: 4))
    #expect(node.interfaces.calls.value.isEmpty && node.exchange.requests.isEmpty)
  }

  @Test("what is no call of the plugin is refused as HTTP says")
  func refusesHTTP() async {
    let node = NodeUnderTest()
    #expect(await node.call("/api/v1/add", bytes: []).status == 400)
    #expect(await node.call("/api/v1/del", bytes: Array("{".utf8)).status == 400)
    #expect(await node.call("/api/v1/add", bytes: Array(#"{"pod_name":5}"#.utf8)).status == 400)
    #expect(await node.call("/api/v1/check", bytes: []).status == 404)
    #expect(await node.call("/api/v1/add", bytes: [], method: "GET").status == 405)
    #expect(await node.call("/api/v1/add", bytes: [], type: "text/xml").status == 415)
    #expect(node.events.value.isEmpty)
  }

  @Test("C3: a second sandbox of the same pod gets the same address")
  func secondSandbox() async {
    let node = NodeUnderTest()
    node.addSubnet("macvlan", provider: "macvlan.default", cidr: "172.17.0.0/16")
    node.addPod("p", NodeUnderTest.allocated)
    let first = await node.add()
    let second = await node.add(NodeUnderTest.request { $0.containerID = "another" })
    #expect(first.body == second.body && second.status == 200)
  }
}
