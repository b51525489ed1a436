import Controllers
import HTTPMessage
import KubeAPI
import KubeClient
import Testing
import WireJSON

/// StatefulSet pods keep their addresses by the set's rule (allocation.md §7). Case numbers are those of the field cases.
@Suite struct RetentionTests {
  @Test("J1: a StatefulSet's pod comes back to its address, over a restart too; nobody else gets it meanwhile", arguments: [false, true])
  func comesBack(restarts: Bool) async throws {
    try await OwnerCluster.run { owners in
      let cluster = owners.cluster
      let set = try await owners.createSet("web", replicas: 1)
      let goes: @Sendable () async throws -> Void = {
        try await cluster.deletePod("web-0")
        try await owners.settle()
        try await owners.rivalWaits()
        #expect(try await owners.standing("web-0") != nil)
      }
      let comes: @Sendable () async throws -> Void = {
        try await owners.settle()
        try await owners.rivalWaits()
        try await owners.createPod(set, 0)
        #expect(try await cluster.address("web-0", "macvlan") == "172.17.0.2")
        let pod = try await cluster.pod("web-0", until: { _ in true })
        let record = try #require(try await owners.standing("web-0"))
        #expect(record.podUID == pod.metadata.uid && record.spec.podType == "StatefulSet")
        #expect(record.metadata.annotations[AnnotationKey.ownerUID] == set.metadata.uid)
        try await owners.deleteSet("web")
        try await cluster.deletePod("web-0")
        #expect(try await cluster.address("rival", "macvlan") == "172.17.0.2")
      }
      try await owners.lead(1) {
        try await owners.createPod(set, 0)
        #expect(try await cluster.address("web-0", "macvlan") == "172.17.0.2")
        try await owners.fill(4)
        try await owners.createRival()
        try await goes()
        if !restarts { try await comes() }
      }
      if restarts { try await owners.lead(2) { try await comes() } }
    }
  }

  @Test("scaled down and up again: the ordinals beyond are freed, whichever goes first, pod or number", arguments: [true, false])
  func scales(podFirst: Bool) async throws {
    try await OwnerCluster.run { owners in
      let cluster = owners.cluster
      try await owners.lead(1) {
        let set = try await owners.createSet("web", replicas: 3)
        for ordinal in 0..<3 {
          try await owners.createPod(set, ordinal)
          #expect(try await cluster.address("web-\(ordinal)", "macvlan") == "172.17.0.\(2 + ordinal)")
        }
        if !podFirst { try await owners.patchSet("web", ["replicas": 1]) }
        for ordinal in [2, 1] { try await cluster.deletePod("web-\(ordinal)") }
        if podFirst {
          try await owners.settle()
          #expect(try await owners.standing("web-2") != nil)
          try await owners.patchSet("web", ["replicas": 1])
        }
        for ordinal in [2, 1] { _ = try await cluster.record("web-\(ordinal)", "macvlan", exists: false) }
        try await owners.settle()
        #expect(try await owners.standing("web-0")?.spec.ipAddress == "172.17.0.2")
        let idle = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
        #expect(idle.status.v4UsingRange == "172.17.0.2")
        try await owners.patchSet("web", ["replicas": 3])
        for ordinal in [1, 2] {
          try await owners.createPod(set, ordinal)
          _ = try await cluster.address("web-\(ordinal)", "macvlan")
        }
        _ = try await cluster.subnet("s", until: { $0.status.v4Using.text == "3" })
      }
    }
  }

  @Test("a set that went, or was made again under its name, while no controller ran is told apart", arguments: [false, true])
  func setGone(madeAgain: Bool) async throws {
    try await OwnerCluster.run { owners in
      let cluster = owners.cluster
      try await owners.lead(1) {
        let set = try await owners.createSet("web", replicas: 2)
        for ordinal in 0..<2 {
          try await owners.createPod(set, ordinal)
          _ = try await cluster.address("web-\(ordinal)", "macvlan")
        }
      }
      for ordinal in 0..<2 { try await cluster.deletePod("web-\(ordinal)") }
      try await owners.deleteSet("web")
      if madeAgain { try await owners.createSet("web", replicas: 2) }
      try await owners.lead(2) {
        for ordinal in 0..<2 { _ = try await cluster.record("web-\(ordinal)", "macvlan", exists: false) }
        _ = try await cluster.subnet(
          "s", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" && $0.status.v4Available.text == "5" })
        let told = try await owners.collectionEvent(about: "web-1")
        #expect(told.contains(madeAgain ? "StatefulSet t-owner/web is another one" : "StatefulSet t-owner/web does not exist"), "\(told)")
        #expect(told.contains("address 172.17.0.3 of subnet t-owner-s"))
      }
    }
  }

  @Test("a pod that another set adopts takes its record along")
  func adopted() async throws {
    try await OwnerCluster.run { owners in
      let cluster = owners.cluster
      try await owners.lead(1) {
        let first = try await owners.createSet("web", replicas: 1)
        try await owners.createPod(first, 0)
        _ = try await cluster.address("web-0", "macvlan")
        try await owners.deleteSet("web")
        _ = try await cluster.client.patch(Pod.self, owners.key("web-0"), merge: ["metadata": ["ownerReferences": nil]])
        try await owners.settle()
        #expect(try await owners.standing("web-0")?.spec.podType == "")
        let second = try await owners.createSet("web", replicas: 1)
        let reference: JSONValue = [
          "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": .string(second.metadata.uid), "controller": true,
        ]
        _ = try await cluster.client.patch(Pod.self, owners.key("web-0"), merge: ["metadata": ["ownerReferences": [reference]]])
        try await owners.settle()
        let record = try #require(try await owners.standing("web-0"))
        #expect(record.metadata.annotations[AnnotationKey.ownerUID] == second.metadata.uid && record.spec.podType == "StatefulSet")
        try await cluster.deletePod("web-0")
        try await owners.settle()
        #expect(try await owners.standing("web-0") != nil)
      }
    }
  }

  @Test("E5: the absolute ordinal chooses from the list, with a start of 5 the first pod takes entry 5; below the start nothing is kept")
  func ordinals() async throws {
    try await OwnerCluster.run(subnet: ["cidrBlock": "172.17.0.0/24", "gateway": "172.17.0.1"]) { owners in
      let cluster = owners.cluster
      let list = [owners.provider.key(.ipPool): (0..<7).map { "172.17.0.\(100 + $0)" }.joined(separator: ",")]
      try await owners.lead(1) {
        let set = try await owners.createSet("web", replicas: 2, start: 5)
        try await owners.createPod(set, 5, list)
        try await owners.createPod(set, 6, list)
        try await owners.createPod(set, 7, list)
        #expect(try await cluster.address("web-5", "macvlan") == "172.17.0.105")
        #expect(try await cluster.address("web-6", "macvlan") == "172.17.0.106")
        let refusal = try await cluster.refusal("web-7", containing: "NoAvailableAddress")
        #expect(refusal.contains("lists 7 addresses, so none is for ordinal 7 of StatefulSet web"), "\(refusal)")
        try await owners.patchSet("web", ["ordinals": ["start": 6], "replicas": 1])
        try await cluster.deletePod("web-5")
        try await cluster.deletePod("web-6")
        _ = try await cluster.record("web-5", "macvlan", exists: false)
        try await owners.settle()
        #expect(try await owners.standing("web-6") != nil)
      }
    }
  }

  @Test(
    "E6: an edited list is without effect until the set is scaled to 0; the pod is told",
    arguments: ["172.17.0.200,172.17.0.201", "172.17.0.100"])
  func editedList(list: String) async throws {
    try await OwnerCluster.run(subnet: ["cidrBlock": "172.17.0.0/24", "gateway": "172.17.0.1"]) { owners in
      let cluster = owners.cluster
      let pool = owners.provider.key(.ipPool)
      let set = try await owners.createSet("web", replicas: 2)
      try await owners.lead(1) {
        for ordinal in 0..<2 {
          try await owners.createPod(set, ordinal, [pool: "172.17.0.100,172.17.0.101"])
          #expect(try await cluster.address("web-\(ordinal)", "macvlan") == "172.17.0.\(100 + ordinal)")
        }
      }
      try await cluster.deletePod("web-1")
      try await owners.createPod(set, 1, [pool: list])
      try await owners.lead(2) {
        let kept = try await cluster.address("web-1", "macvlan")
        #expect(kept == "172.17.0.101")
        let notice = try await cluster.event(about: "web-1", reason: EventReason.notice)
        #expect(notice.contains("keeps 172.17.0.101") && notice.contains("until it is scaled to 0"), "\(notice)")
        try await owners.patchSet("web", ["replicas": 0])
        for ordinal in 0..<2 {
          try await cluster.deletePod("web-\(ordinal)")
          _ = try await cluster.record("web-\(ordinal)", "macvlan", exists: false)
        }
        try await owners.patchSet("web", ["replicas": 1])
        try await owners.createPod(set, 0, [pool: "172.17.0.200"])
        #expect(try await cluster.address("web-0", "macvlan") == "172.17.0.200")
      }
    }
  }

  @Test(
    "B15: completed, failed and evicted pods of a StatefulSet keep their address by the set's rule",
    arguments: [("Succeeded", ""), ("Failed", ""), ("Failed", "Evicted")])
  func finished(phase: String, reason: String) async throws {
    try await OwnerCluster.run { owners in
      let cluster = owners.cluster
      try await owners.lead(1) {
        let set = try await owners.createSet("web", replicas: 1)
        try await owners.createPod(set, 0, spec: ["restartPolicy": reason.isEmpty ? "Never" : "Always"])
        _ = try await cluster.address("web-0", "macvlan")
        try await owners.phase("web-0", phase, reason: reason)
        try await owners.settle()
        #expect(try await owners.standing("web-0") != nil)
        try await owners.patchSet("web", ["replicas": 0])
        _ = try await cluster.record("web-0", "macvlan", exists: false)
      }
    }
  }

  @Test("a retained address goes when its subnet does, shrinks past it, or when the set's template names another subnet")
  func misfits() async throws {
    try await OwnerCluster.run { owners in
      let cluster = owners.cluster
      try await owners.lead(1) {
        let set = try await owners.createSet("web", replicas: 3)
        for ordinal in 0..<3 {
          try await owners.createPod(set, ordinal)
          _ = try await cluster.address("web-\(ordinal)", "macvlan")
        }
        for ordinal in 0..<3 { try await cluster.deletePod("web-\(ordinal)") }
        try await owners.settle()
        _ = try await cluster.client.patch(
          Subnet.self, ObjectKey(name: cluster.name("s")), merge: ["spec": ["cidrBlock": "172.17.0.0/30"]])
        for ordinal in 1..<3 { _ = try await cluster.record("web-\(ordinal)", "macvlan", exists: false) }
        try await owners.settle()
        #expect(try await owners.standing("web-0") != nil)
        try await cluster.client.delete(Subnet.self, ObjectKey(name: cluster.name("s")))
        _ = try await cluster.record("web-0", "macvlan", exists: false)
        try await cluster.subnetIsGone("s")
      }
    }
    try await OwnerCluster.run { owners in
      let cluster = owners.cluster
      try await owners.lead(1) {
        let set = try await owners.createSet("web", replicas: 1)
        try await owners.createPod(set, 0)
        _ = try await cluster.address("web-0", "macvlan")
        let template: JSONValue = ["metadata": ["annotations": [owners.provider.key(.logicalSwitch): "elsewhere"]]]
        try await owners.patchSet("web", ["template": template])
        try await owners.settle()
        #expect(try await owners.standing("web-0") != nil)
        try await cluster.deletePod("web-0")
        _ = try await cluster.record("web-0", "macvlan", exists: false)
      }
    }
  }

  @Test("a set that a lagging watch does not show still keeps its addresses: the API server is asked")
  func laggingWatch() async throws {
    try await OwnerCluster.run { owners in
      let cluster = owners.cluster
      // Lists of StatefulSets come back empty and their watches fail; single ones can be had.
      owners.embedded.intercept { request in
        guard request.method == "GET", request.path == "/apis/apps/v1/statefulsets" else { return nil }
        if request.query.contains(where: { $0.name == "watch" }) { return HTTPResponse(status: 500) }
        let list = #"{"apiVersion":"apps/v1","kind":"StatefulSetList","metadata":{"resourceVersion":"1"},"items":[]}"#
        return HTTPResponse(status: 200, json: Array(list.utf8))
      }
      defer { owners.embedded.intercept(nil) }
      let set = try await owners.createSet("web", replicas: 1)
      var setup = EmbeddedCluster.Setup()
      setup.options.workers = 1
      try await owners.lead(1, setup) {
        try await owners.createPod(set, 0)
        #expect(try await cluster.address("web-0", "macvlan") == "172.17.0.2")
        try await cluster.deletePod("web-0")
        try await owners.createPod(set, 0)
        let again = try await cluster.address("web-0", "macvlan")
        #expect(again == "172.17.0.2")
        try await cluster.deletePod("web-0")
        // Behind it in the same watch, and served after it.
        try await cluster.createPod("later", owners.networks)
        #expect(try await cluster.address("later", "macvlan") == "172.17.0.3")
        #expect(try await owners.standing("web-0") != nil)
        try await owners.deleteSet("web")
        try await owners.createPod(set, 0)
        _ = try await cluster.address("web-0", "macvlan")
        try await cluster.deletePod("web-0")
        _ = try await cluster.record("web-0", "macvlan", exists: false)
      }
    }
  }
}

extension IPRecord {
  var podUID: String? { metadata.annotations[AnnotationKey.podUID] }
}

extension OwnerCluster {
  /// What the event about a collected record says.
  func collectionEvent(about owner: String) async throws -> String {
    try await cluster.event(about: recordName(owner), reason: EventReason.collected, inNamespace: "default")
  }
}
