import KubeAPI
import KubeClient
import KubeLab
import KubeRuntime
import LabNodes
import Logging
import Testing
import WireJSON

/// The controllers and the scheduler against the embedded API server, with a stand-in for the nodes that does no more than their writes.
@Suite(.timeLimit(.minutes(10))) struct WorkloadControllersTests {
  @Test("a Deployment becomes a ReplicaSet becomes running pods, spread over the nodes, and its status says so")
  func deployment() async throws {
    try await Cluster.run { cluster in
      try await cluster.apply(Cluster.deployment(replicas: 3))
      let deployment = try await cluster.wait(for: Deployment.self, "web") { $0?.status["availableReplicas"] == 3 }
      #expect(PodFacts.condition("Available", of: deployment.status) == "True")
      let pods = try await cluster.pods()
      #expect(pods.count == 3 && Set(pods.map(\.nodeName)) == ["node1", "node2"])
      #expect(pods.allSatisfy { $0.ownerKind == "ReplicaSet" && $0.labels["pod-template-hash"] != nil })
    }
  }

  @Test("a new template is rolled out: new pods come, old ones go, the old ReplicaSet stays empty")
  func rolls() async throws {
    try await Cluster.run { cluster in
      try await cluster.apply(Cluster.deployment(replicas: 2))
      _ = try await cluster.wait(for: Deployment.self, "web") { $0?.status["availableReplicas"] == 2 }
      try await cluster.apply(Cluster.deployment(replicas: 2, image: "new"))
      _ = try await cluster.wait(for: Deployment.self, "web") {
        $0?.status["updatedReplicas"] == 2 && $0?.status["replicas"] == 2 && $0?.status["observedGeneration"]?.int == 2
      }
      let sets = try await cluster.client.listAll(ReplicaSet.self).items
      #expect(sets.map { $0.spec["replicas"]?.int ?? -1 }.sorted() == [0, 2])
    }
  }

  @Test("an evicted pod of a Deployment is replaced and stays as a record; a deleted one is replaced and goes")
  func replaces() async throws {
    try await Cluster.run { cluster in
      try await cluster.apply(Cluster.deployment(replicas: 2))
      _ = try await cluster.wait(for: Deployment.self, "web") { $0?.status["availableReplicas"] == 2 }
      let victim = try #require(try await cluster.pods().first)
      let evicted: JSONValue = ["status": ["phase": "Failed", "reason": "Evicted"]]
      try await cluster.client.patch(Pod.resourceType, victim.key, merge: evicted, subresource: "status")
      _ = try await cluster.settled { pods in pods.count { $0.phase == "Running" } == 2 && pods.contains { $0.reason == "Evicted" } }
      let other = try #require(try await cluster.pods().first { $0.phase == "Running" })
      try await cluster.client.delete(Pod.resourceType, other.key)
      _ = try await cluster.settled { pods in pods.count { $0.phase == "Running" } == 2 && !pods.contains { $0.uid == other.uid } }
    }
  }

  @Test("a StatefulSet comes up in order, makes a lost pod again under its name, and shrinks from the top")
  func statefulSet() async throws {
    try await Cluster.run { cluster in
      try await cluster.apply(Cluster.statefulSet(replicas: 3))
      _ = try await cluster.wait(for: StatefulSetObject.self, "db") { $0?.status["readyReplicas"] == 3 }
      let before = try await cluster.pods()
      #expect(before.map(\.key.name).sorted() == ["db-5", "db-6", "db-7"])
      let created = before.sorted { $0.key < $1.key }.compactMap(\.created)
      #expect(created == created.sorted())
      let lost = try #require(before.first { $0.key.name == "db-6" })
      try await cluster.client.delete(Pod.resourceType, lost.key)
      _ = try await cluster.settled { pods in pods.contains { $0.key == lost.key && $0.uid != lost.uid && $0.isReady } }
      try await cluster.apply(Cluster.statefulSet(replicas: 1))
      _ = try await cluster.settled { pods in pods.map(\.key.name) == ["db-5"] }
    }
  }

  @Test("a DaemonSet has a pod on every node, also on one that comes later")
  func daemonSet() async throws {
    try await Cluster.run { cluster in
      try await cluster.apply([
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": ["name": "agent"],
        "spec": ["selector": ["matchLabels": ["app": "a"]], "template": Fixture.template],
      ])
      _ = try await cluster.settled { pods in pods.count(where: \.isReady) == 2 }
      try await cluster.addNode("node3")
      let pods = try await cluster.settled { pods in pods.count(where: \.isReady) == 3 }
      #expect(pods.map(\.nodeName).sorted() == ["node1", "node2", "node3"])
    }
  }

  @Test("a Job runs its pods to their ends and is complete")
  func job() async throws {
    try await Cluster.run { cluster in
      var template = Fixture.template
      template["metadata"] = ["annotations": .object([LabAnnotation.exitAfter: "0"])]
      template["spec"] = ["restartPolicy": "Never", "containers": [["name": "c", "image": "i"]]]
      try await cluster.apply([
        "apiVersion": "batch/v1", "kind": "Job", "metadata": ["name": "work"],
        "spec": ["completions": 5, "parallelism": 2, "template": template],
      ])
      let job = try await cluster.wait(for: Job.self, "work") { PodFacts.condition("Complete", of: $0?.status ?? [:]) == "True" }
      #expect(job.status["succeeded"] == 5)
      #expect(try await cluster.pods().count { $0.phase == "Succeeded" } == 5)
    }
  }

  @Test("a lost node's pods are marked for deletion and stay; their Deployment has others elsewhere")
  func nodeLoss() async throws {
    try await Cluster.run { cluster in
      try await cluster.apply(Cluster.deployment(replicas: 2))
      _ = try await cluster.wait(for: Deployment.self, "web") { $0?.status["availableReplicas"] == 2 }
      await cluster.nodes.lose("node1")
      try await cluster.setReady("node1", "Unknown")
      // One that the scheduler bound before it heard of the loss goes the same way.
      _ = try await cluster.settled { pods in
        pods.count { $0.nodeName == "node2" && $0.isReady && !$0.isDeleting } == 2
          && pods.contains { $0.nodeName == "node1" } && pods.allSatisfy { $0.nodeName == "node2" || $0.isDeleting }
      }
    }
  }

  @Test("a pod that no node will take says so once, and is bound when one will")
  func unschedulable() async throws {
    try await Cluster.run { cluster in
      try await cluster.apply([
        "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "picky"],
        "spec": ["nodeSelector": ["disk": "ssd"], "containers": [["name": "c", "image": "i"]]],
      ])
      let waiting = try await cluster.wait(for: PodObject.self, "picky") {
        PodFacts.condition("PodScheduled", of: $0?.status ?? [:]) == "False"
      }
      let reason = waiting.status["conditions"]?.array?.first { $0["type"] == "PodScheduled" }?["message"]?.string
      #expect(reason == "0/2 nodes are available: 2 node(s) didn't match Pod's node selector.")
      try await cluster.client.patch(Node.resourceType, ObjectKey(name: "node2"), merge: ["metadata": ["labels": ["disk": "ssd"]]])
      let bound = try await cluster.wait(for: PodObject.self, "picky") { $0.map { PodFacts($0).isReady } ?? false }
      #expect(PodFacts(bound).nodeName == "node2")
    }
  }
}
