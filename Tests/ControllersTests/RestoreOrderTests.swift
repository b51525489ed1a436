import IPAM
import KubeAPI
import NetAddress
import Testing

@testable import Controllers

@Suite struct RestoreOrderTests {
  private let now = Timestamp(seconds: 1_000_000)

  private func subnet(_ name: String, created: Int64) -> Subnet {
    var metadata = ObjectMeta(name: name)
    metadata.creationTimestamp = Timestamp(seconds: created)
    return Subnet(metadata: metadata)
  }

  private func record(_ pod: String, _ address: String, _ change: (inout IPRecord) -> Void = { _ in }) -> IPRecord {
    var spec = IPRecord.Spec()
    spec.podName = pod
    spec.namespace = "d"
    spec.ipAddress = address
    spec.subnet = "s"
    var record = IPRecord(metadata: ObjectMeta(name: "\(pod).d.macvlan.default"), spec: spec)
    record.metadata.labels[LabelKey.ipReserved] = "false"
    record.metadata.finalizers = [Finalizer.controller]
    change(&record)
    return record
  }

  private func pod(_ name: String, annotated address: String? = nil) -> Pod {
    var metadata = ObjectMeta(name: name, namespace: "d")
    if let address { metadata.annotations["macvlan.default.kubernetes.io/ip_address"] = address }
    return Pod(metadata: metadata)
  }

  @Test("of two subnets the one that holds addresses comes first, then the older, then the name")
  func subnets() {
    let ordered = RestoreOrder.subnets(
      [subnet("young", created: 3), subnet("b", created: 1), subnet("a", created: 1), subnet("busy", created: 9)],
      holding: { $0 == "busy" })
    #expect(ordered.map(\.metadata.name) == ["busy", "a", "b", "young"])
  }

  @Test("a record whose living pod carries its address beats one whose pod does not")
  func liveFirst() {
    let pods = [pod("a"), pod("z", annotated: "10.0.0.5")]
    let claims = RestoreOrder.claims(
      [record("a", "10.0.0.5"), record("z", "10.0.0.5")], pods: { key in pods.first { $0.key == key } }, now: now)
    #expect(claims.map { $0.record?.spec.podName } == ["z", "a"])
    #expect(claims.map(\.isLive) == [true, false])
  }

  @Test("dead owners are not restored; reservations and addresses of stateful owners are")
  func owners() {
    var finished = pod("done")
    finished.phase = "Succeeded"
    finished.restartPolicy = "Never"
    let records = [
      record("gone", "10.0.0.2"), record("done", "10.0.0.3"),
      record("kept", "10.0.0.4") { $0.metadata.labels[LabelKey.ipReserved] = "true" },
      record("web-0", "10.0.0.5") { $0.spec.podType = "StatefulSet" },
      record("leaving", "10.0.0.6") {
        $0.metadata.labels[LabelKey.ipReserved] = "true"
        $0.metadata.deletionTimestamp = Timestamp(seconds: 1)
      },
      record("broken", "not an address") { $0.metadata.labels[LabelKey.ipReserved] = "true" },
    ]
    let claims = RestoreOrder.claims(records, pods: { $0 == finished.key ? finished : nil }, now: now)
    #expect(claims.map { $0.record?.spec.podName } == ["kept", "web-0"])
  }

  @Test("a record of an older version, without the joined text, is read from its two families")
  func split() {
    let old = record("p", "") {
      $0.spec.v4IPAddress = "10.0.0.9"
      $0.spec.v6IPAddress = "FD00::9"
    }
    let claims = RestoreOrder.claims([old], pods: { _ in pod("p") }, now: now)
    #expect(claims.first?.holding.addresses.description == "10.0.0.9,fd00::9")
  }

  @Test(
    "a pod waits while it names more networks than it has been allocated",
    arguments: [
      ([:], false), ([AnnotationKey.networks: "a,b"], true),
      ([AnnotationKey.networks: "a", "a.d.kubernetes.io/allocated": "true"], false),
      ([AnnotationKey.networks: "a,b", "a.d.kubernetes.io/allocated": "true"], true),
      ([AnnotationKey.defaultNetwork: "x", AnnotationKey.networks: "a", "a.d.kubernetes.io/allocated": "true"], true),
    ] as [([String: String], Bool)])
  func waiting(annotations: [String: String], expected: Bool) {
    var pod = pod("p")
    pod.metadata.annotations = annotations
    #expect(EpochClaim.isWaiting(pod, now: now) == expected)
  }
}
