import KubeAPI
import KubeClient
import LabNodes
import NetAddress
import Netlink
import Testing
import WireJSON

/// What is the lab's own: sandboxes, node agents, loss of a node, and that nothing is left behind.
@Suite(
  .serialized, .timeLimit(.minutes(20)),
  .enabled(if: TestLab.obstacle == nil, "needs root and Debian's packages: \(TestLab.obstacle ?? "")")
)
struct LabTests {
  @Test("an agent that is killed finds its sandboxes again: running pods keep theirs, deleted ones go, new ones come")
  func agentDies() async throws {
    try await TestLab.run(nodes: 1) { lab in
      try await lab.apply(TestLab.network(), TestLab.subnet(cidr: "172.30.0.0/24"), TestLab.pod("kept"), TestLab.pod("leaving"))
      let before = try await lab.pods("two pods run") { $0.count(where: \.isReady) == 2 }
      let kept = try #require(before.first { $0.key.name == "kept" })
      let sandbox = try #require(lab.cluster.probe.sandbox(uid: kept.uid))
      try await lab.cluster.probe.kill(.agent(node: "node1"))
      try await lab.apply(TestLab.pod("new"))
      try await lab.delete("leaving")
      try await lab.pods("kept and new run, leaving is gone") { $0.map(\.key.name) == ["kept", "new"] && $0.allSatisfy(\.isReady) }
      #expect(lab.cluster.probe.sandbox(uid: kept.uid) == sandbox)
      #expect(TestLab.namespaces(of: lab.cluster.name, containing: "-pod-").count == 2)
      let net1 = try await lab.cluster.probe.interfaces(of: kept.key).first { $0.name == "net1" }
      #expect(net1?.addresses.isEmpty == false)
    }
  }

  @Test("a lost node's pods are marked and stay, others take over; when it returns they go")
  func nodeIsLost() async throws {
    try await TestLab.run(nodes: 2) { lab in
      try await lab.apply(
        TestLab.network(), TestLab.subnet(cidr: "172.30.1.0/24"),
        [
          "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web"],
          "spec": [
            "replicas": 2, "selector": ["matchLabels": ["app": "a"]],
            "template": [
              "metadata": ["labels": ["app": "a"], "annotations": .object([AnnotationKey.networks: "net"])],
              "spec": ["containers": [["name": "c", "image": "i"]]],
            ],
          ],
        ])
      try await lab.pods("one pod a node") { $0.count(where: \.isReady) == 2 && Set($0.map(\.nodeName)).count == 2 }
      try await lab.cluster.loseNode("node1")
      try await lab.pods("the lost pod stays, its replacement runs") { pods in
        pods.contains { $0.nodeName == "node1" && $0.isDeleting } && pods.count { $0.nodeName == "node2" && $0.isReady } == 2
      }
      try lab.cluster.returnNode("node1")
      try await lab.pods("the lost pod is gone") { $0.count == 2 && $0.allSatisfy { $0.nodeName == "node2" } }
      try await lab.objects(NodeObject.self, "both nodes are ready") { $0.allSatisfy { NodeFacts($0).isReady } }
    }
  }

  @Test("a Job whose pods end by themselves completes on a subnet that is too small for all of them at once (B15)")
  func job() async throws {
    try await TestLab.run(nodes: 1) { lab in
      try await lab.apply(
        TestLab.network(), TestLab.subnet(cidr: "172.30.2.0/30"),
        [
          "apiVersion": "batch/v1", "kind": "Job", "metadata": ["name": "work"],
          "spec": [
            "completions": 4, "parallelism": 2,
            "template": [
              "metadata": ["annotations": .object([AnnotationKey.networks: "net", LabAnnotation.exitAfter: "0.1"])],
              "spec": ["restartPolicy": "Never", "containers": [["name": "c", "image": "i"]]],
            ],
          ],
        ])
      try await lab.objects(Job.self, "the Job is complete") { $0.contains { PodFacts.condition("Complete", of: $0.status) == "True" } }
      try await lab.objects(IPRecord.self, "no address is held") { $0.isEmpty }
    }
  }

  @Test("deleting a pod whose ADD waits for an address does not wait for it, and leaves no namespace")
  func deletionDuringSetUp() async throws {
    try await TestLab.run(nodes: 1) { lab in
      // One address, and it is held: the second pod's ADD waits for up to 20 s.
      try await lab.apply(TestLab.network(), TestLab.subnet(cidr: "172.30.3.0/30"), TestLab.pod("first"))
      try await lab.pods("the first runs") { $0.allSatisfy(\.isReady) && !$0.isEmpty }
      try await lab.apply(TestLab.pod("second"))
      try await lab.pluginAdds(to: "second")
      try await lab.delete("second")
      try await lab.pods("the second is gone") { $0.map(\.key.name) == ["first"] }
      // The daemon says so of an ADD that it gave up at its deadline.
      let told = try await lab.messages(about: "second")
      #expect(told.allSatisfy { !$0.contains("waited") }, "\(told)")
      #expect(TestLab.namespaces(of: lab.cluster.name, containing: "-pod-").count == 1)
    }
  }

  @Test("a failed set-up is reported as kubelet does, cleaned up, and tried again until it works")
  func recovers() async throws {
    try await TestLab.run(nodes: 1) { lab in
      try await lab.apply(TestLab.pod("early", networks: "net@data0"))
      let events = try await lab.objects(RawObject<EventKind>.self, "the failure is told") {
        $0.contains { $0.value["reason"] == "FailedCreatePodSandBox" }
      }
      let message = events.first { $0.value["reason"] == "FailedCreatePodSandBox" }?.value["message"]?.string ?? ""
      #expect(message.contains("cannot find a network-attachment-definition (net) in namespace (default)"))
      try await lab.apply(TestLab.network(), TestLab.subnet(cidr: "172.30.4.0/24"))
      let pod = try #require(try await lab.pods("it runs") { $0.allSatisfy(\.isReady) && !$0.isEmpty }.first)
      let interfaces = try await lab.cluster.probe.interfaces(of: pod.key)
      #expect(interfaces.map(\.name) == ["data0", "eth0"])
      #expect(TestLab.namespaces(of: lab.cluster.name, containing: "-pod-").count == 1)
    }
  }

  @Test("eviction takes the network away and leaves the pod's object; default-route moves the default route")
  func evictionAndDefaultRoute() async throws {
    try await TestLab.run(nodes: 1) { lab in
      let networks = #"[{"name":"net","default-route":["172.30.5.1"]}]"#
      try await lab.apply(
        TestLab.network(), TestLab.subnet(cidr: "172.30.5.0/24"), TestLab.pod("p", networks: networks, restartPolicy: "Never"))
      let pod = try #require(try await lab.pods("it runs") { $0.allSatisfy(\.isReady) && !$0.isEmpty }.first)
      let interfaces = try await lab.cluster.probe.interfaces(of: pod.key)
      let defaults = interfaces.flatMap { interface in
        interface.routes.filter(\.isDefault).map { (interface.name, $0.gateway?.description) }
      }
      #expect(defaults.count == 1 && defaults.first?.0 == "net1" && defaults.first?.1 == "172.30.5.1")
      let status = NetworkStatus.read(try await lab.cluster.client.get(Pod.self, pod.key).metadata.annotations[AnnotationKey.networkStatus])
      #expect(status.first { $0.interface == "net1" }?.gateways == ["172.30.5.1"])

      let evicted: JSONValue = ["status": ["phase": "Failed", "reason": "Evicted"]]
      try await lab.cluster.client.patch(Pod.resourceType, pod.key, merge: evicted, subresource: "status")
      try await lab.objects(IPRecord.self, "its address is free") { $0.isEmpty }
      try await lab.vanishes("-pod-")
      #expect(try await lab.cluster.client.get(PodObject.self, pod.key).status["reason"] == "Evicted")
    }
  }

  @Test("the command up leaves nothing behind: after SIGINT at once, after SIGKILL when the next lab starts", arguments: ["INT", "KILL"])
  func commandUp(signal: String) async throws {
    let directory = "/tmp/labtest-up-\(signal)-\(UInt32.random(in: 0...UInt32.max))"
    try TextFile.makeDirectory(directory)
    defer { TextFile.removeTree(directory) }
    let script = """
      cd \(directory)
      \(TestLab.programs)/kube-ovn-lab up --nodes 1 --state \(directory)/state --kubeconfig \(directory)/config > out 2>&1 &
      lab=$!
      until grep -q 'is up' out; do kill -0 $lab || { cat out >&2; exit 1; }; sleep 0.05; done
      test -s config && test -s state/kubeconfig && echo started
      kill -\(signal) $lab
      wait $lab
      echo "status $?"
      sed -n 's/^lab \\([^ ]*\\) is up.*/\\1/p' out
      """
    let output = try await Command.run(ProgramCall("/bin/sh", ["-c", script]), deadline: .seconds(600))
    let lines = output.text.split(separator: "\n").map(String.init)
    try #require(lines.count == 3, "\(output.text) \(output.errorText)")
    #expect(lines[0] == "started" && lines[1] == (signal == "INT" ? "status 0" : "status 137"))
    let name = try #require(LabName(lines[2]))
    if signal == "KILL" {
      // Its processes hear of its death by themselves; what they cannot take away is the next lab's business.
      LabSweep.cleanAbandoned()
    } else {
      #expect(TextFile.names(in: directory + "/state").isEmpty && !TextFile.exists(directory + "/config"))
    }
    #expect(try TestLab.left(of: name) == [])
  }
}
