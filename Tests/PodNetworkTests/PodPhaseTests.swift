import KubeAPI
import PodNetwork
import Testing

/// When the addresses of a pod are free (allocation.md §6, cases B14 and B15).
@Suite struct PodPhaseTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let phase: String
    let restart: String
    var reason = ""
    let isFinished: Bool

    var testDescription: String { "\(phase) \(reason) restartPolicy \(restart)" }
  }

  @Test(
    "completed, failed and evicted pods need no network any more",
    arguments: [
      Case(phase: "Pending", restart: "Always", isFinished: false), Case(phase: "Running", restart: "Never", isFinished: false),
      Case(phase: "", restart: "Never", isFinished: false), Case(phase: "Unknown", restart: "Never", isFinished: false),
      Case(phase: "Succeeded", restart: "Never", isFinished: true), Case(phase: "Succeeded", restart: "OnFailure", isFinished: true),
      Case(phase: "Succeeded", restart: "Always", isFinished: false), Case(phase: "Failed", restart: "Never", isFinished: true),
      Case(phase: "Failed", restart: "OnFailure", isFinished: false), Case(phase: "Failed", restart: "Always", isFinished: false),
      Case(phase: "Failed", restart: "Always", reason: "Evicted", isFinished: true),
      Case(phase: "Failed", restart: "OnFailure", reason: "Evicted", isFinished: true),
      Case(phase: "Failed", restart: "OnFailure", reason: "NodeLost", isFinished: false),
      Case(phase: "Running", restart: "Always", reason: "Evicted", isFinished: false),
      Case(phase: "Succeeded", restart: "Always", reason: "Evicted", isFinished: false),
    ])
  func finished(_ given: Case) {
    var pod = Sample.pod()
    (pod.phase, pod.restartPolicy, pod.reason) = (given.phase, given.restart, given.reason)
    #expect(PodPhase(pod, now: Timestamp(seconds: 0)) == (given.isFinished ? .finished : .alive))
  }

  @Test("a pod on the host's network has no NIC of ours, whatever else it is")
  func hostNetwork() {
    var pod = Sample.pod()
    pod.isHostNetwork = true
    pod.phase = "Succeeded"
    pod.restartPolicy = "Never"
    pod.metadata.deletionTimestamp = Timestamp(seconds: 1)
    #expect(PodPhase(pod, now: Timestamp(seconds: 9_999)) == .hostNetwork)
  }

  @Test(
    "a deleted pod holds its addresses for one grace more than the API server gives it",
    arguments: [
      (Int64?.some(60), Int64?.none, Int64(1_060)), (nil, 10, 1_010), (60, 10, 1_060), (nil, nil, 1_030), (0, 10, 1_000), (-5, nil, 1_000),
    ])
  func leaving(deletionGrace: Int64?, terminationGrace: Int64?, deadline: Int64) {
    var pod = Sample.pod()
    pod.metadata.deletionTimestamp = Timestamp(seconds: 1_000)
    pod.metadata.deletionGracePeriodSeconds = deletionGrace
    pod.terminationGracePeriodSeconds = terminationGrace
    let end = Timestamp(seconds: deadline)
    #expect(PodPhase(pod, now: Timestamp(seconds: 0)) == .leaving(deadline: end))
    #expect(PodPhase(pod, now: Timestamp(microseconds: end.microseconds - 1)) == .leaving(deadline: end))
    #expect(PodPhase(pod, now: end) == .finished)
  }

  @Test("a finished pod that is deleted is finished at once")
  func finishedAndLeaving() {
    var pod = Sample.pod()
    (pod.phase, pod.restartPolicy) = ("Succeeded", "Never")
    pod.metadata.deletionTimestamp = Timestamp(seconds: 1_000)
    #expect(PodPhase(pod, now: Timestamp(seconds: 0)) == .finished)
  }

  @Test("the longest grace that a pod can ask for does not overflow", arguments: [Int64.max, Int64.max / 1_000_000, Int64.max / 999_999])
  func endlessGrace(grace: Int64) {
    var pod = Sample.pod()
    pod.metadata.deletionTimestamp = Timestamp(seconds: 1_767_225_600)
    pod.metadata.deletionGracePeriodSeconds = grace
    #expect(PodPhase(pod, now: Timestamp(seconds: 2_000_000_000)) == .leaving(deadline: Timestamp(microseconds: .max)))
  }
}

@Suite struct PodOwnerTests {
  @Test("an owner is its pod, and knows a StatefulSet")
  func owner() {
    let plain = PodOwner(Sample.pod(), keepsVMAddress: true)
    #expect(plain == PodOwner(namespace: "team-a", name: "web", uid: Sample.podUID, kind: .plain))
    #expect(plain.key == "team-a/web")
    #expect(PodOwner(Sample.pod(name: "web-0", owner: Sample.statefulSet("web")), keepsVMAddress: true).kind == .statefulSet)
    #expect(PodOwner.Kind.statefulSet.rawValue == "StatefulSet" && PodOwner.Kind.virtualMachine.rawValue == "VirtualMachine")
  }

  @Test(
    "a StatefulSet is one of apps whose name begins the pod's",
    arguments: [
      ("apps/v1", "StatefulSet", "web", true), ("apps/v1beta2", "StatefulSet", "web", true),
      ("apps.kruise.io/v1", "StatefulSet", "web", false),
      ("apps/v1", "ReplicaSet", "web", false), ("apps/v1", "StatefulSet", "db", false), ("", "StatefulSet", "web", false),
    ])
  func statefulSet(apiVersion: String, kind: String, name: String, isSet: Bool) {
    let reference = OwnerReference(apiVersion: apiVersion, kind: kind, name: name, uid: "u", isController: true)
    #expect((PodOwner.statefulSet(of: Sample.pod(name: "web-0", owner: reference)) == reference) == isSet)
  }

  @Test(
    "the ordinal is the number behind the last dash",
    arguments: [
      ("web-0", Int?.some(0)), ("my-web-12", 12), ("web-007", 7), ("web", nil), ("web-", nil), ("web-x1", nil), ("web--1", 1),
      ("web-+1", nil),
      ("web-99999999999999999999", nil), ("-3", 3), ("web-٣", nil),
    ])
  func ordinal(name: String, ordinal: Int?) { #expect(PodOwner.ordinal(of: name) == ordinal) }

  @Test(
    "records are named after pod, namespace and provider, the primary network's without it (crds.md)",
    arguments: [
      ("ovn", "web.team-a"), ("macvlan.default", "web.team-a.macvlan.default"), ("attach.default.ovn", "web.team-a.attach.default.ovn"),
      ("attach.default.ovn.net1", "web.team-a.attach.default.ovn.net1"),
    ])
  func recordName(provider: String, name: String) {
    #expect(PodOwner(Sample.pod(), keepsVMAddress: true).recordName(ProviderName(provider)) == name)
  }

  @Test(
    "a record's name tells its provider, if it is one of the owner's",
    arguments: [
      ("web.team-a", ProviderName?.some(.primary)), ("web.team-a.macvlan.default", Sample.macvlan),
      ("web.team-a.attach.default.ovn.net1", ProviderName("attach.default.ovn.net1")), ("web.team-a.", nil), ("web.team-ab", nil),
      ("web2.team-a.macvlan.default", nil), ("", nil),
    ])
  func providerOfRecord(record: String, provider: ProviderName?) {
    let owner = PodOwner(Sample.pod(), keepsVMAddress: true)
    #expect(owner.provider(ofRecord: record) == provider)
    if let provider { #expect(owner.recordName(provider) == record) }
  }
}
