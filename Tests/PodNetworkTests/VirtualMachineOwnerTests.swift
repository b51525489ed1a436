import KubeAPI
import NetAddress
import Testing

@testable import PodNetwork

@Suite struct VirtualMachineOwnerTests {
  private static func launcher(
    _ annotations: [String: String] = [:], api: String = "kubevirt.io/v1", kind: String = "VirtualMachineInstance"
  )
    -> Pod
  {
    Sample.pod(
      annotations, name: "virt-launcher-vm-x7",
      owner: OwnerReference(apiVersion: api, kind: kind, name: "vm", uid: "e11", isController: true))
  }

  @Test("a machine's pod is the machine: its name, its instance's uid, its record")
  func machine() {
    let owner = PodOwner(Self.launcher(), keepsVMAddress: true)
    #expect(owner == PodOwner(namespace: "team-a", name: "vm", uid: "e11", kind: .virtualMachine))
    #expect(owner.key == "team-a/vm" && owner.recordName(Sample.macvlan) == "vm.team-a.macvlan.default")
  }

  @Test(
    "only an instance of kubevirt.io makes a machine of a pod, and only where the flag lets it",
    arguments: [
      ("kubevirt.io/v1", "VirtualMachineInstance", true, true), ("kubevirt.io/v1alpha3", "VirtualMachineInstance", true, true),
      ("kubevirt.io/v1", "VirtualMachineInstance", false, false), ("kubevirt.io/v1", "VirtualMachine", true, false),
      ("kubevirt.io.evil/v1", "VirtualMachineInstance", true, false), ("v1", "VirtualMachineInstance", true, false),
    ])
  func references(api: String, kind: String, keeps: Bool, isMachine: Bool) {
    let owner = PodOwner(Self.launcher(api: api, kind: kind), keepsVMAddress: keeps)
    #expect((owner.kind == .virtualMachine) == isMachine)
    if !isMachine { #expect(owner.name == "virt-launcher-vm-x7" && owner.uid == Sample.podUID && owner.kind == .plain) }
  }

  @Test(
    "a pod that has addresses says itself whose they are, whatever the flag; what came along from another pod says nothing",
    arguments: [true, false])
  func grown(keeps: Bool) {
    let allocated = Sample.macvlan.key(.allocated)
    let machine = Sample.macvlan.key(.virtualMachine)
    #expect(PodOwner(Self.launcher([allocated: "true", machine: "vm"]), keepsVMAddress: keeps).kind == .virtualMachine)
    #expect(PodOwner(Self.launcher([allocated: "true"]), keepsVMAddress: keeps).kind == .plain)
    let copied = Self.launcher([allocated: "true", AnnotationKey.podUID: "another"])
    #expect((PodOwner(copied, keepsVMAddress: keeps).kind == .virtualMachine) == keeps)
    let other = Self.launcher([machine: "vm", AnnotationKey.podUID: "another"])
    #expect((PodOwner(other, keepsVMAddress: keeps).kind == .virtualMachine) == keeps)
  }

  @Test("a pod whose instance was deleted without it still runs on its machine's address, if it was given it itself")
  func orphaned() {
    let machine = Sample.macvlan.key(.virtualMachine)
    let orphan = Sample.pod([Sample.macvlan.key(.allocated): "true", machine: "vm", AnnotationKey.podUID: Sample.podUID])
    for keeps in [true, false] {
      #expect(
        PodOwner(orphan, keepsVMAddress: keeps)
          == PodOwner(namespace: "team-a", name: "vm", uid: Sample.podUID, kind: .virtualMachine))
    }
    #expect(PodOwner.machineKey(of: orphan) == ObjectKey(namespace: "team-a", name: "vm"))
    for uid in ["another", nil] {
      var claimed = orphan
      claimed.metadata.annotations[AnnotationKey.podUID] = uid
      #expect(PodOwner(claimed, keepsVMAddress: true).kind == .plain && PodOwner.machineKey(of: claimed) == nil)
    }
  }

  @Test("a StatefulSet's pod knows the uid of its set")
  func setUID() {
    let owner = PodOwner(Sample.pod(name: "web-0", owner: Sample.statefulSet("web")), keepsVMAddress: true)
    #expect(owner.kind == .statefulSet && owner.setUID == "5e7" && owner.uid == Sample.podUID)
  }

  @Test(
    "a pod's name tells its set's",
    arguments: [("web-0", String?.some("web")), ("my-web-12", "my-web"), ("web", nil), ("web-x", nil), ("-3", nil), ("a--1", "a-")])
  func setName(pod: String, set: String?) { #expect(PodOwner.setName(ofPod: pod) == set) }

  @Test("the annotation names the machine, and goes where there is none any more")
  func annotation() throws {
    let grant = Grant(
      attachment: Sample.attachment(), subnet: try Sample.plan(), addresses: try #require(AddressPair("10.0.0.2")), mac: nil)
    let key = Sample.macvlan.key(.virtualMachine)
    #expect(AllocationPatch.grant([grant], to: Self.launcher(), machine: "vm").annotations[key] == "vm")
    #expect(AllocationPatch.grant([grant], to: Sample.pod()).annotations[key] == nil)
    #expect(AllocationPatch.grant([grant], to: Sample.pod([key: "vm"])).annotations[key] == .some(nil))
  }
}

/// decisions.md §4 row 31.
@Suite struct KeptAddressTests {
  private static func wish(_ list: String?, held: String, ordinal: Int = 1, more: [String: String] = [:], inSet: Bool = true) throws
    -> AttachmentWish?
  {
    var annotations = more
    annotations[Sample.macvlan.key(.ipPool)] = list
    let pod = Sample.pod(annotations, name: "web-\(ordinal)", owner: inSet ? Sample.statefulSet("web") : nil)
    return try AttachmentWish.keeping(
      try #require(AddressPair(held)), of: pod, for: Sample.attachment(), keepsVMAddress: true)
  }

  @Test(
    "a list that gives the ordinal another address, none, or makes no sense leaves it where it is",
    arguments: [
      ("10.0.0.8,10.0.0.9", "10.0.0.5"), ("10.0.0.5", "10.0.0.5"), ("10.0.0.5;10.0.0.6,fd00::6", "10.0.0.6,fd00::7"), ("x,y", "10.0.0.5"),
    ])
  func keeps(list: String, held: String) throws {
    let wish = try #require(try Self.wish(list, held: held))
    #expect(wish.address == .any)
    #expect(wish.notices.count == 1 && wish.notices[0].contains("keeps \(held), which annotation") && wish.notices[0].contains("(\(list))"))
  }

  @Test(
    "the ordinary wish serves where the list gives this address, names a pool, or is not there, and for other pods",
    arguments: [
      (String?.some("10.0.0.4,10.0.0.5"), "10.0.0.5", true), ("10.0.0.4;10.0.0.5", "10.0.0.5,fd00::5", true), ("pool-a", "10.0.0.5", true),
      (nil, "10.0.0.5", true), ("10.0.0.8,10.0.0.9", "10.0.0.5", false),
    ])
  func ordinary(list: String?, held: String, inSet: Bool) throws { #expect(try Self.wish(list, held: held, inSet: inSet) == nil) }

  @Test("a fixed address goes before a list")
  func fixed() throws {
    #expect(try Self.wish("10.0.0.8,10.0.0.9", held: "10.0.0.5", more: [Sample.macvlan.key(.ipAddress): "10.0.0.6"]) == nil)
  }
}
