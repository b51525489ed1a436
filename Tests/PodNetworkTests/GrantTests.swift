import KubeAPI
import NetAddress
import PodNetwork
import Testing
import WireJSON

private func grant(
  _ addresses: String, mac: String? = nil, attachment: Attachment = Sample.attachment(), subnet: String = "net-a",
  cidr: String = "10.0.0.0/24,fd00::/64"
) throws -> Grant {
  Grant(
    attachment: attachment, subnet: try Sample.plan(subnet, cidr: cidr), addresses: try Sample.addresses(addresses),
    mac: try mac.map { try MACAddress(parsing: $0) })
}

/// The pod's annotations (annotations.md §2).
@Suite struct AllocationPatchTests {
  private func patched(_ pod: Pod, _ patch: MetadataPatch) -> Pod {
    var result = pod
    for (key, value) in patch.annotations { result.metadata.annotations[key] = value }
    return result
  }

  @Test("one patch for all NICs, bound to the pod that was seen; the reason to wait goes")
  func golden() throws {
    let pod = Sample.pod([AnnotationKey.allocationError: "{}", "macvlan.default.net1.kubernetes.io/mac_address": "AA-BB-CC-00-11-22"])
    let grants = [
      try grant("10.0.0.2,fd00::2", mac: "aa:bb:cc:00:11:22", attachment: Sample.repeated("net1")),
      try grant("10.0.0.3", attachment: Sample.repeated("net2"), cidr: "10.0.0.0/24"),
    ]
    #expect(
      AllocationPatch.grant(grants, to: pod).json.text
        == #"{"metadata":{"annotations":{"macvlan.default.net1.kubernetes.io/allocated":"true","#
        + #""macvlan.default.net1.kubernetes.io/cidr":"10.0.0.0/24,fd00::/64","macvlan.default.net1.kubernetes.io/gateway":"10.0.0.1,fd00::1","#
        + #""macvlan.default.net1.kubernetes.io/ip_address":"10.0.0.2,fd00::2","#
        + #""macvlan.default.net1.kubernetes.io/mac_address":"aa:bb:cc:00:11:22","macvlan.default.net2.kubernetes.io/allocated":"true","#
        + #""macvlan.default.net2.kubernetes.io/cidr":"10.0.0.0/24","macvlan.default.net2.kubernetes.io/gateway":"10.0.0.1","#
        + #""macvlan.default.net2.kubernetes.io/ip_address":"10.0.0.3","ovn.kubernetes.io/allocation_error":null,"#
        + #""ovn.kubernetes.io/pod_uid":"0b8f"},"resourceVersion":"41","uid":"0b8f"}}"#)
  }

  @Test("the same grant a second time changes nothing")
  func twice() throws {
    let pod = Sample.pod([AnnotationKey.allocationError: "{}"])
    let grants = [try grant("10.0.0.2", mac: "02:00:00:00:00:01")]
    let after = patched(pod, AllocationPatch.grant(grants, to: pod))
    #expect(AllocationPatch.grant(grants, to: after).isEmpty)
    #expect(after.metadata.annotations["macvlan.default.kubernetes.io/mac_address"] == "02:00:00:00:00:01")
  }

  @Test("logical_switch is written for Kube-OVN's own NICs and never erased from others' (row 5); a MAC that is none goes")
  func logicalSwitch() throws {
    let annotations = [
      "macvlan.default.kubernetes.io/logical_switch": "net-a", "macvlan.default.kubernetes.io/mac_address": "02:00:00:00:00:01",
    ]
    let patch = AllocationPatch.grant([try grant("10.0.0.2")], to: Sample.pod(annotations))
    #expect(patch.annotations["macvlan.default.kubernetes.io/logical_switch"] == nil)
    #expect(patch.annotations["macvlan.default.kubernetes.io/mac_address"] == .some(nil))
    var own = Sample.attachment()
    own.isOVN = true
    let ovn = AllocationPatch.grant([try grant("10.0.0.2", attachment: own)], to: Sample.pod())
    #expect(ovn.annotations["macvlan.default.kubernetes.io/logical_switch"] == "net-a")
  }

  @Test("reasons to wait are written when they change, and removed with the last")
  func refuse() {
    let errors = AllocationErrors([NetworkRefusal(subject: "m.d", reason: "full", isFinal: false)])
    let patch = AllocationPatch.refuse(errors, pod: Sample.pod())
    #expect(patch.annotations == [AnnotationKey.allocationError: errors.annotation])
    #expect(patch.uid == Sample.podUID && patch.resourceVersion == "41")
    let told = Sample.pod([AnnotationKey.allocationError: errors.annotation])
    #expect(AllocationPatch.refuse(errors, pod: told).isEmpty)
    #expect(AllocationPatch.refuse(AllocationErrors(), pod: told).annotations == [AnnotationKey.allocationError: String?.none])
    #expect(AllocationPatch.refuse(AllocationErrors(), pod: Sample.pod()).isEmpty)
  }

  @Test("withdrawing removes what was granted on one NIC, nothing of its siblings and nothing of the primary network")
  func withdraw() {
    let pod = Sample.pod([
      "macvlan.default.net1.kubernetes.io/ip_address": "10.0.0.2", "macvlan.default.net1.kubernetes.io/allocated": "true",
      "macvlan.default.net1.kubernetes.io/routes": "[]", "macvlan.default.net11.kubernetes.io/ip_address": "10.0.0.3",
      "macvlan.default.kubernetes.io/ip_address": "10.0.0.4", "ovn.kubernetes.io/ip_address": "10.16.0.2",
    ])
    let patch = AllocationPatch.withdraw([Sample.repeated("net1").provider, .primary, ProviderName("gone.default")], from: pod)
    #expect(
      patch.annotations == [
        "macvlan.default.net1.kubernetes.io/ip_address": String?.none, "macvlan.default.net1.kubernetes.io/allocated": nil,
      ])
    #expect(AllocationPatch.withdraw([.primary], from: pod).isEmpty)
  }

  @Test("the event's words are Kube-OVN's")
  func summary() throws {
    #expect(
      try grant("10.0.0.2,fd00::2", mac: "02:00:00:00:00:01").summary
        == "provider=macvlan.default subnet=net-a ip=10.0.0.2,fd00::2 mac=02:00:00:00:00:01")
    #expect(try grant("10.0.0.2").summary == "provider=macvlan.default subnet=net-a ip=10.0.0.2")
  }
}

/// The IP object (crds.md, IP).
@Suite struct IPRecordBuilderTests {
  private let owner = PodOwner(Sample.pod(), keepsVMAddress: true)

  /// The record as the API server keeps it after `create`.
  private func created(_ grant: Grant, nodeName: String = "node-1") throws -> IPRecord {
    var record = try IPRecord(decoding: IPRecordBuilder.create(grant, owner: owner, nodeName: nodeName).bytes)
    record.metadata.uid = "1d"
    record.metadata.resourceVersion = "8"
    return record
  }

  private func update(_ record: IPRecord, _ grant: Grant, nodeName: String = "node-1") -> JSONValue? {
    IPRecordBuilder.update(record, grant, owner: owner, nodeName: nodeName)
  }

  @Test("the body that creates a record")
  func create() throws {
    #expect(
      IPRecordBuilder.create(try grant("10.0.0.2,fd00::2", mac: "02:00:00:00:00:01"), owner: owner, nodeName: "node-1").text
        == #"{"apiVersion":"kubeovn.io/v1","kind":"IP","metadata":{"annotations":{"ovn.kubernetes.io/pod_uid":"0b8f"},"#
        + #""finalizers":["kubeovn.io/kube-ovn-controller"],"labels":{"net-a":"","ovn.kubernetes.io/ip_reserved":"false","#
        + #""ovn.kubernetes.io/node-name":"node-1","ovn.kubernetes.io/subnet":"net-a"},"name":"web.team-a.macvlan.default"},"#
        + #""spec":{"attachIps":[],"attachMacs":[],"attachSubnets":[],"containerID":"","ipAddress":"10.0.0.2,fd00::2","#
        + #""macAddress":"02:00:00:00:00:01","namespace":"team-a","nodeName":"node-1","podName":"web","podType":"","subnet":"net-a","#
        + #""v4IpAddress":"10.0.0.2","v6IpAddress":"fd00::2"}}"#)
  }

  @Test("a record of a StatefulSet says so, one of a v6 address has no v4 one")
  func createStatefulSet() throws {
    let owner = PodOwner(Sample.pod(name: "web-0", owner: Sample.statefulSet("web")), keepsVMAddress: true)
    let body = IPRecordBuilder.create(try grant("fd00::2"), owner: owner, nodeName: "")
    #expect(body["spec"]?["podType"] == "StatefulSet" && body["spec"]?["v4IpAddress"] == "" && body["spec"]?["ipAddress"] == "fd00::2")
    #expect(body[path: ["metadata", "labels", "ovn.kubernetes.io/node-name"]] == "")
  }

  @Test("a record that says what it has to is left alone, also when the node is not known yet and for a container id of others")
  func equal() throws {
    let grant = try grant("10.0.0.2")
    var record = try created(grant)
    record.spec.containerID = "c0ffee"
    #expect(update(record, grant) == nil)
    #expect(update(record, grant, nodeName: "") == nil)
  }

  @Test("a new subnet moves the label under the version that was seen")
  func subnet() throws {
    let record = try created(try grant("10.0.0.2"))
    let patch = update(record, try grant("10.0.1.2", subnet: "net-b", cidr: "10.0.1.0/24"))
    #expect(
      patch?["metadata"]?.text
        == #"{"labels":{"net-a":null,"net-b":"","ovn.kubernetes.io/subnet":"net-b"},"resourceVersion":"8","uid":"1d"}"#)
    #expect(patch?["spec"]?["subnet"] == "net-b" && patch?["spec"]?["v4IpAddress"] == "10.0.1.2")
  }

  @Test("a retained record is claimed for the new pod, and for its node when that is known")
  func claim() throws {
    let grant = try grant("10.0.0.2")
    var record = try created(grant, nodeName: "node-0")
    record.metadata.annotations[AnnotationKey.podUID] = "old"
    #expect(
      update(record, grant, nodeName: "")?.text
        == #"{"metadata":{"annotations":{"ovn.kubernetes.io/pod_uid":"0b8f"},"resourceVersion":"8","uid":"1d"}}"#)
    let placed = update(record, grant)
    #expect(placed?["spec"]?["nodeName"] == "node-1" && placed?[path: ["metadata", "labels", "ovn.kubernetes.io/node-name"]] == "node-1")
  }

  @Test("the node of a pod that the record stands for already is the daemon's to write, before and after it came up somewhere")
  func placed() throws {
    let grant = try grant("10.0.0.2")
    #expect(update(try created(grant, nodeName: ""), grant) == nil)
    var record = try created(grant)
    record.spec.nodeName = "node-2"
    record.metadata.labels[LabelKey.nodeName] = "node-2"
    #expect(update(record, grant) == nil)
    record.metadata.labels[LabelKey.nodeName] = nil
    #expect(update(record, grant)?[path: ["metadata", "labels"]]?.text == #"{"ovn.kubernetes.io/node-name":"node-2"}"#)
  }

  @Test("the uid of the StatefulSet is kept, follows the set that adopts the pod, and goes with the set")
  func setUID() throws {
    let grant = try grant("10.0.0.2")
    func owner(_ set: String?) -> PodOwner {
      PodOwner(namespace: "team-a", name: "web-0", uid: "0b8f", kind: set == nil ? .plain : .statefulSet, setUID: set)
    }
    var record = try IPRecord(decoding: IPRecordBuilder.create(grant, owner: owner("5e7"), nodeName: "").bytes)
    #expect(record.metadata.annotations == [AnnotationKey.podUID: "0b8f", AnnotationKey.ownerUID: "5e7"])
    #expect(IPRecordBuilder.update(record, grant, owner: owner("5e7"), nodeName: "") == nil)
    let adopted = IPRecordBuilder.update(record, grant, owner: owner("5e8"), nodeName: "")
    #expect(adopted?.text == #"{"metadata":{"annotations":{"ovn.kubernetes.io/owner_uid":"5e8"}}}"#)
    let orphan = IPRecordBuilder.update(record, grant, owner: owner(nil), nodeName: "")
    #expect(orphan?["metadata"]?.text == #"{"annotations":{"ovn.kubernetes.io/owner_uid":null}}"#)
    #expect(orphan?["spec"]?["podType"] == "")
    record.metadata.annotations[AnnotationKey.ownerUID] = nil
    #expect(IPRecordBuilder.update(record, grant, owner: owner("5e7"), nodeName: "") != nil)
  }

  @Test("a reservation stays one, foreign labels stay, a record without labels gets ours")
  func reserved() throws {
    let grant = try grant("10.0.0.2")
    var record = try created(grant)
    record.metadata.labels[LabelKey.ipReserved] = "true"
    record.metadata.labels["team"] = "blue"
    #expect(update(record, grant) == nil)
    record.metadata.labels = [:]
    let labels = update(record, grant)?[path: ["metadata", "labels"]]
    #expect(labels?.object?.count == 4 && labels?[LabelKey.ipReserved] == "false")
  }

  @Test(
    "the finalizer of old versions is replaced, those of others stay",
    arguments: [
      (["kube-ovn-controller"], ["kubeovn.io/kube-ovn-controller"]), ([], ["kubeovn.io/kube-ovn-controller"]),
      (["a/b", "kube-ovn-controller"], ["a/b", "kubeovn.io/kube-ovn-controller"]),
      (["kubeovn.io/kube-ovn-controller", "kube-ovn-controller"], ["kubeovn.io/kube-ovn-controller"]),
    ])
  func finalizers(stored: [String], wanted: [String]) throws {
    let grant = try grant("10.0.0.2")
    var record = try created(grant)
    record.metadata.finalizers = stored
    let patch = update(record, grant)
    #expect(patch?[path: ["metadata", "finalizers"]] == .array(wanted.map { .string($0) }))
    #expect(patch?["spec"] == nil)
  }
}
