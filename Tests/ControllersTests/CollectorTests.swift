import Controllers
import HTTPMessage
import KubeAPI
import KubeClient
import KubeRuntime
import Synchronization
import Testing
import WireJSON

/// What nobody stands behind is found and freed, and nothing else is (decisions.md §4 rows 10 and 12).
@Suite struct CollectorTests {
  /// A record as a controller before us left it.
  private static func forge(
    _ owners: OwnerCluster, pod: String, provider: String, address: String, _ more: [String: JSONValue] = [:]
  ) async throws {
    var spec = IPRecord.Spec()
    spec.podName = pod
    spec.namespace = owners.namespace
    spec.subnet = owners.cluster.name("s")
    spec.ipAddress = address
    spec.v4IPAddress = address
    var metadata: [String: JSONValue] = [
      "name": .string("\(pod).\(owners.namespace)" + (provider.isEmpty ? "" : "." + provider)),
      "finalizers": [.string(Finalizer.controller)], "labels": [LabelKey.ipReserved: "false"],
    ]
    metadata.merge(more) { $1 }
    _ = try await owners.cluster.client.create(
      IPRecord.self, body: ["apiVersion": "kubeovn.io/v1", "kind": "IP", "metadata": .object(metadata), "spec": spec.json])
  }

  @Test("B11, B13: records of pods that do not exist are collected at start and while running, of every provider, with event and metric")
  func orphans() async throws {
    try await OwnerCluster.run { owners in
      let counted = Mutex<[String]>([])
      var setup = EmbeddedCluster.Setup()
      setup.collected = { address in counted.withLock { $0.append(address.record.name) } }
      let counting = setup
      let providers = ["macvlan.\(owners.namespace)", "net.\(owners.namespace).ovn", "macvlan.\(owners.namespace).net2", ""]
      for (index, provider) in providers.enumerated() {
        try await Self.forge(owners, pod: "before", provider: provider, address: "172.17.0.\(2 + index)")
      }
      try await owners.lead(1, counting) {
        let expected = providers.map { "before.\(owners.namespace)" + ($0.isEmpty ? "" : "." + $0) }
        for name in expected {
          _ = try await owners.gone(name)
          let told = try await owners.cluster.event(about: name, reason: EventReason.collected, inNamespace: "default")
          #expect(told.contains("pod t-owner/before does not exist"), "\(told)")
        }
        try await Self.forge(owners, pod: "while", provider: "macvlan.\(owners.namespace)", address: "172.17.0.6")
        _ = try await owners.cluster.record("while", "macvlan", exists: false)
        try await owners.settle()
        #expect(counted.withLock { $0.filter { !$0.hasPrefix("while") }.sorted() } == expected.sorted())
        let idle = try await owners.cluster.subnet("s", until: { $0.status.v4Available.text == "5" })
        #expect(idle.status.v4Using.text == "0")
      }
    }
  }

  @Test("reservations, records of nodes and records that no pod can be told from are nobody's leak")
  func spared() async throws {
    try await OwnerCluster.run { owners in
      let provider = "macvlan.\(owners.namespace)"
      try await Self.forge(owners, pod: "later", provider: provider, address: "172.17.0.2", ["labels": [LabelKey.ipReserved: "true"]])
      var node = IPRecord.Spec()
      node.podName = "worker"
      node.subnet = owners.cluster.name("s")
      node.ipAddress = "172.17.0.3"
      _ = try await owners.cluster.client.create(
        IPRecord.self,
        body: [
          "apiVersion": "kubeovn.io/v1", "kind": "IP",
          "metadata": [
            "name": "node-worker", "labels": [LabelKey.ipReserved: "false"], "finalizers": [.string(Finalizer.controller)],
          ], "spec": node.json,
        ])
      try await owners.lead(1) {
        try await owners.settle()
        #expect(try await owners.standing("later") != nil)
        let record = try await owners.cluster.client.get(IPRecord.self, ObjectKey(name: "node-worker"))
        #expect(!record.metadata.isDeleting)
      }
    }
  }

  @Test("A10: a record that comes to stand for a newer pod between judgement and deletion is left alone")
  func rewritten() async throws {
    try await OwnerCluster.run { owners in
      let cluster = owners.cluster
      let name = owners.recordName("p")
      let pod = Mutex<(created: Bool, refused: Bool)>((false, false))
      // The first deletion finds that another leader has served a new pod of the name in the meantime.
      owners.embedded.intercept { request in
        guard request.method == "DELETE", request.path == "/apis/kubeovn.io/v1/ips/\(name)", pod.withLock({ !$0.created }) else {
          return nil
        }
        pod.withLock { $0.created = true }
        do {
          try await cluster.createPod("p", owners.networks)
          let uid = try await cluster.client.get(Pod.self, owners.key("p")).metadata.uid
          _ = try await cluster.client.patch(
            IPRecord.self, ObjectKey(name: name), merge: ["metadata": ["annotations": [AnnotationKey.podUID: .string(uid)]]])
        } catch { Issue.record(error) }
        return nil
      }
      defer { owners.embedded.intercept(nil) }
      try await Self.forge(owners, pod: "p", provider: "macvlan.\(owners.namespace)", address: "172.17.0.4")
      let before = try #require(try await owners.standing("p"))
      try await owners.lead(1) {
        _ = try await cluster.address("p", "macvlan")
        try await owners.settle()
        let after = try #require(try await owners.standing("p"))
        #expect(after.metadata.uid == before.metadata.uid && pod.withLock { $0.created })
      }
    }
  }

  @Test("A10: a late release for an earlier pod of the name frees nothing of the later one")
  func lateRelease() async throws {
    try await OwnerCluster.run { owners in
      let cluster = owners.cluster
      try await owners.lead(1) {
        for _ in 0..<3 {
          try await cluster.createPod("p", owners.networks)
          _ = try await cluster.address("p", "macvlan")
          try await cluster.deletePod("p")
        }
        try await cluster.createPod("p", owners.networks)
        let address = try await cluster.address("p", "macvlan")
        try await owners.settle()
        let record = try #require(try await owners.standing("p"))
        let uid = try await cluster.pod("p", until: { _ in true }).metadata.uid
        #expect(record.podUID == uid && record.spec.ipAddress == address)
        let subnet = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
        #expect(subnet.status.v4UsingRange == address)
      }
    }
  }

  @Test("A11: a pod whose status shows no address keeps what it was given, at start and after")
  func status() async throws {
    try await OwnerCluster.run { owners in
      let cluster = owners.cluster
      try await owners.lead(1) {
        try await cluster.createPod("p", owners.networks)
        #expect(try await cluster.address("p", "macvlan") == "172.17.0.2")
      }
      try await owners.phase("p", "Running")
      try await owners.lead(2) {
        try await owners.settle()
        #expect(try await owners.standing("p") != nil)
        try await owners.phase("p", "Unknown", reason: "NodeLost")
        try await owners.settle()
        #expect(try await owners.standing("p") != nil)
      }
    }
  }

  @Test("an address whose record could never be written is free when its pod is gone")
  func unwritten() async throws {
    try await OwnerCluster.run { owners in
      let cluster = owners.cluster
      let tries = Mutex(0)
      owners.embedded.intercept { request in
        guard request.method == "POST", request.path == "/apis/kubeovn.io/v1/ips",
          String(decoding: request.body, as: UTF8.self).contains("\"p.")
        else { return nil }
        tries.withLock { $0 += 1 }
        return HTTPResponse(status: 500)
      }
      defer { owners.embedded.intercept(nil) }
      try await owners.lead(1) {
        try await cluster.createPod("p", owners.networks)
        _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
        try await cluster.deletePod("p")
        _ = try await cluster.subnet("s", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" })
        #expect(tries.withLock { $0 } > 0)
        let told = try await cluster.event(about: "p", reason: EventReason.released)
        #expect(told.contains("ipam=\(owners.recordName("p")) subnet=t-owner-s"), "\(told)")
      }
    }
  }

  @Test("an address whose record could not be written goes when the pod drops the network")
  func unwrittenAndDropped() async throws {
    try await OwnerCluster.run { owners in
      let cluster = owners.cluster
      owners.embedded.intercept { request in
        request.method == "POST" && request.path == "/apis/kubeovn.io/v1/ips" ? HTTPResponse(status: 500) : nil
      }
      defer { owners.embedded.intercept(nil) }
      try await owners.lead(1) {
        try await cluster.createPod("p", owners.networks)
        _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
        _ = try await cluster.client.patch(
          Pod.self, owners.key("p"), merge: ["metadata": ["annotations": [AnnotationKey.networks: nil]]])
        _ = try await cluster.subnet("s", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" })
      }
    }
  }

  @Test("B14: a pod on a lost node holds its address until grace upon grace is over; only the periodic collection can notice that")
  func lostNode() async throws {
    try await OwnerCluster.run { owners in
      let cluster = owners.cluster
      let later = Mutex<Int64>(0)
      var setup = EmbeddedCluster.Setup()
      setup.options.collectionInterval = .milliseconds(20)
      setup.now = { EmbeddedCluster.now().advanced(bySeconds: later.withLock { $0 }) }
      try await owners.lead(1, setup) {
        try await cluster.createPod(
          "lost", owners.networks, spec: ["nodeName": "dead", "terminationGracePeriodSeconds": 3600])
        #expect(try await cluster.address("lost", "macvlan") == "172.17.0.2")
        try await owners.fill(4)
        try await owners.createRival()
        try await cluster.client.delete(Pod.self, owners.key("lost"))
        _ = try await cluster.pod("lost", until: { $0.metadata.isDeleting })
        // The grace that the API server counts is over, that on top of it is not.
        later.withLock { $0 = 3700 }
        try await owners.settle()
        try await owners.rivalWaits()
        #expect(try await owners.standing("lost") != nil)
        later.withLock { $0 = 7300 }
        #expect(try await cluster.address("rival", "macvlan") == "172.17.0.2")
        // The node comes back and the old pod goes at last.
        try await cluster.deletePod("lost")
        try await owners.settle()
        #expect(try await owners.standing("rival")?.spec.ipAddress == "172.17.0.2")
        #expect(try await cluster.address("rival", "macvlan") == "172.17.0.2")
      }
    }
  }
}

extension OwnerCluster {
  /// Waits until a record of that name is gone.
  func gone(_ record: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    try await cluster.within(sourceLocation, "IP \(record) gone") {
      try await cluster.seen.records.wait(for: ObjectKey(name: record)) { $0 == nil }
    }
  }
}
