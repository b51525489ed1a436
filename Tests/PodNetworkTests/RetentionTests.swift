import KubeAPI
import NetAddress
import Testing

@testable import PodNetwork

/// Whether an address stays with its owner, as a table (allocation.md §7).
@Suite struct RetentionTests {
  private static let now = Timestamp(seconds: 1_000_000)
  private static let set = ObjectKey(namespace: "team-a", name: "web")

  private static func record(
    _ pod: String, _ kind: PodOwner.Kind = .plain, address: String = "10.0.0.5", _ change: (inout IPRecord) -> Void = { _ in }
  ) -> IPRecord {
    var spec = IPRecord.Spec()
    spec.podName = pod
    spec.namespace = "team-a"
    spec.subnet = "net-a"
    spec.ipAddress = address
    spec.podType = kind.rawValue
    var record = IPRecord(metadata: ObjectMeta(name: "\(pod).team-a.macvlan.default"), spec: spec)
    record.metadata.labels[LabelKey.ipReserved] = "false"
    record.metadata.finalizers = [Finalizer.controller]
    change(&record)
    return record
  }

  private static func facts(_ change: (inout RetentionFacts) -> Void = { _ in }) throws -> RetentionFacts {
    var facts = RetentionFacts(now: now)
    facts.subnet = .serving(try #require(CIDRBlock("10.0.0.0/24,fd00::/64")))
    change(&facts)
    return facts
  }

  private static func set(replicas: Int64 = 3, first: Int64 = 0, _ change: (inout StatefulSet) -> Void = { _ in }) -> StatefulSet {
    var set = StatefulSet(metadata: ObjectMeta(name: "web", namespace: "team-a"))
    set.metadata.uid = "5e7"
    set.replicas = replicas
    set.firstOrdinal = first
    change(&set)
    return set
  }

  private static func leaving(_ metadata: inout ObjectMeta) { metadata.deletionTimestamp = Timestamp(seconds: 1) }

  private func pod(_ change: (inout Pod) -> Void = { _ in }) -> Pod {
    var pod = Sample.pod()
    change(&pod)
    return pod
  }

  @Test("a plain pod's address stays while the pod lives or may still run, and not a moment longer")
  func plain() throws {
    let key = ObjectKey(namespace: "team-a", name: "web")
    func verdict(_ pods: [Pod]) throws -> Retention { Retention(Self.record("web"), try Self.facts { $0.pods = pods }) }
    #expect(try verdict([pod()]) == .keep)
    #expect(try verdict([]) == .release(.podGone(key)))
    let done = pod {
      $0.phase = "Succeeded"
      $0.restartPolicy = "Never"
    }
    #expect(try verdict([done]) == .release(.podFinished(key)))
    #expect(try verdict([done, pod()]) == .keep)
    #expect(try verdict([pod { $0.isHostNetwork = true }]) == .release(.podOnHost(key)))
    let going = pod {
      $0.metadata.deletionTimestamp = Self.now
      $0.metadata.deletionGracePeriodSeconds = 5
    }
    #expect(try verdict([going]) == .keep)
    let lost = pod {
      $0.metadata.deletionTimestamp = Timestamp(seconds: 999_990)
      $0.metadata.deletionGracePeriodSeconds = 5
    }
    #expect(try verdict([lost]) == .release(.podFinished(key)))
    #expect(try verdict([pod { $0.metadata.uid = "namesake" }]) == .keep)
  }

  @Test("what was reserved by hand, stands for no pod, or is of a kind of owner that is not known is never released")
  func spared() throws {
    let gone = try Self.facts { $0.subnet = .gone }
    #expect(Retention(Self.record("web") { $0.metadata.labels[LabelKey.ipReserved] = "true" }, gone) == .keep)
    let byHand = Self.record("web") {
      $0.metadata.labels = [:]
      $0.metadata.finalizers = []
    }
    #expect(Retention(byHand, gone) == .keep)
    #expect(Retention(Self.record("web") { $0.metadata.labels = [:] }, gone) != .keep)
    #expect(Retention(Self.record(""), gone) == .keep)
    #expect(Retention(Self.record("node") { $0.spec.namespace = "" }, gone) == .keep)
    #expect(Retention(Self.record("web") { $0.spec.podType = "Other" }, gone) == .keep)
  }

  @Test(
    "a StatefulSet keeps the addresses of its ordinals and of no others",
    arguments: [
      ("web-0", 3, 0, true), ("web-2", 3, 0, true), ("web-3", 3, 0, false), ("web-0", 0, 0, false), ("web-5", 2, 5, true),
      ("web-6", 2, 5, true), ("web-7", 2, 5, false), ("web-4", 2, 5, false), ("web-9223372036854775807", .max, .max, true),
      ("web-0", .max, .min, false),
    ] as [(String, Int64, Int64, Bool)])
  func ordinals(pod: String, replicas: Int64, first: Int64, isKept: Bool) throws {
    let facts = try Self.facts { $0.set = Self.set(replicas: replicas, first: first) }
    let ordinal = try #require(PodOwner.ordinal(of: pod))
    let expected: Retention =
      isKept ? .keep : .release(.scaledDown(Self.set, ordinal: ordinal, first: first, replicas: replicas))
    #expect(Retention(Self.record(pod, .statefulSet), facts) == expected)
  }

  @Test("a StatefulSet that is gone, going, or another one keeps nothing; a record of Kube-OVN's matches by name")
  func sets() throws {
    let record = Self.record("web-0", .statefulSet) { $0.metadata.annotations[AnnotationKey.ownerUID] = "5e7" }
    #expect(Retention(record, try Self.facts { $0.set = Self.set() }) == .keep)
    #expect(Retention(record, try Self.facts()) == .release(.setGone(Self.set)))
    let deleting = Self.set { Self.leaving(&$0.metadata) }
    #expect(Retention(record, try Self.facts { $0.set = deleting }) == .release(.setDeleting(Self.set)))
    let another = Self.set { $0.metadata.uid = "other" }
    #expect(Retention(record, try Self.facts { $0.set = another }) == .release(.setReplaced(Self.set)))
    #expect(Retention(Self.record("web-0", .statefulSet), try Self.facts { $0.set = another }) == .keep)
    #expect(Retention(Self.record("web", .statefulSet), try Self.facts { $0.set = Self.set() }) == .release(.noOrdinal(pod: "web")))
    #expect(
      Retention(
        record,
        try Self.facts {
          $0.set = deleting
          $0.pods = [pod()]
        }) == .keep)
  }

  @Test("a kept address must still be one of its subnet's")
  func subnets() throws {
    func verdict(_ address: String, _ state: RetentionFacts.SubnetState, _ kind: PodOwner.Kind = .statefulSet) throws -> Retention {
      let facts = try Self.facts {
        $0.set = Self.set()
        $0.machine = VirtualMachine(metadata: ObjectMeta(name: "web-0", namespace: "team-a"))
        $0.subnet = state
      }
      return Retention(Self.record("web-0", kind, address: address), facts)
    }
    let block = try #require(CIDRBlock("10.0.0.0/30,fd00::/126"))
    for kind in [PodOwner.Kind.statefulSet, .virtualMachine] {
      #expect(try verdict("10.0.0.2,fd00::2", .serving(block), kind) == .keep)
      #expect(
        try verdict("10.0.0.5", .serving(block), kind) == .release(.outside("10.0.0.5", subnet: "net-a", cidr: "10.0.0.0/30,fd00::/126")))
      #expect(try verdict("10.0.0.3", .serving(block), kind) != .keep)
      #expect(try verdict("10.0.0.2,fd00::9", .serving(block), kind) != .keep)
      #expect(try verdict("nonsense", .serving(block), kind) == .keep)
      #expect(try verdict("10.0.0.5", .unknown, kind) == .keep)
      #expect(try verdict("10.0.0.2", .deleting, kind) == .release(.subnetDeleting("net-a")))
      #expect(try verdict("10.0.0.2", .gone, kind) == .release(.subnetGone("net-a")))
    }
  }

  @Test(
    "a template that names another subnet lets go; one that names this subnet, or speaks of another network, does not",
    arguments: [
      ("macvlan.default", "macvlan.default", "net-b", false), ("macvlan.default", "macvlan.default", "net-a", true),
      ("macvlan.default", "macvlan.default", "", true), ("macvlan.default", "other.default", "net-b", true),
      ("macvlan.default.net1", "macvlan.default", "net-b", false), ("macvlan.default.net1", "macvlan.default.net1", "net-b", false),
      ("macvlan.default", "macvlan.default.net1", "net-b", true), ("attach.default.ovn.net1", "attach.default.ovn", "net-b", false),
      ("attach.default.ovn", "attach.default", "net-b", true), ("ovn", "ovn", "net-b", false),
    ])
  func templates(provider: String, named: String, subnet: String, isKept: Bool) throws {
    let owner = PodOwner(namespace: "team-a", name: "web-0", uid: "", kind: .statefulSet)
    let record = Self.record("web-0", .statefulSet) { $0.metadata.name = owner.recordName(ProviderName(provider)) }
    let facts = try Self.facts {
      $0.set = Self.set { $0.templateAnnotations[ProviderName(named).key(.logicalSwitch)] = subnet }
    }
    #expect(Retention(record, facts) == (isKept ? .keep : .release(.movedTo(subnet: "net-b", by: Self.set))))
  }

  @Test("a virtual machine keeps its address while it exists or, without a machine, while its instance does")
  func machines() throws {
    let key = ObjectKey(namespace: "team-a", name: "vm")
    let machine = VirtualMachine(metadata: ObjectMeta(name: "vm", namespace: "team-a"))
    let instance = VirtualMachineInstance(metadata: ObjectMeta(name: "vm", namespace: "team-a"))
    var goingMachine = machine
    Self.leaving(&goingMachine.metadata)
    var goingInstance = instance
    Self.leaving(&goingInstance.metadata)
    func verdict(_ machine: VirtualMachine?, _ instance: VirtualMachineInstance?, keeps: Bool = true) throws -> Retention {
      Retention(
        Self.record("vm", .virtualMachine),
        try Self.facts {
          $0.machine = machine
          $0.instance = instance
          $0.keepsMachines = keeps
        })
    }
    #expect(try verdict(machine, instance) == .keep)
    #expect(try verdict(machine, nil) == .keep)
    #expect(try verdict(machine, goingInstance) == .keep)
    #expect(try verdict(goingMachine, goingInstance) == .keep)
    #expect(try verdict(goingMachine, nil) == .release(.machineDeleting(key)))
    #expect(try verdict(nil, instance) == .keep)
    #expect(try verdict(nil, goingInstance) == .release(.machineDeleting(key)))
    #expect(try verdict(nil, nil) == .release(.machineGone(key)))
    #expect(try verdict(machine, instance, keeps: false) == .release(.machinesNotKept(key)))
  }

  @Test(
    "reasons name who is gone",
    arguments: [
      (ReleaseReason.podGone(set), "pod team-a/web does not exist"),
      (
        .scaledDown(set, ordinal: 4, first: 2, replicas: 1),
        "StatefulSet team-a/web has 1 replicas from ordinal 2, so that there is no pod 4"
      ),
      (.outside("10.0.0.9", subnet: "s", cidr: "10.0.0.0/30"), "10.0.0.9 is no address of subnet s (10.0.0.0/30) any more"),
    ])
  func reasons(reason: ReleaseReason, text: String) { #expect(reason.description == text) }

  @Test("a record of an older version is read from its two families")
  func oldRecord() {
    var spec = IPRecord.Spec()
    spec.v4IPAddress = "10.0.0.9"
    spec.v6IPAddress = "FD00::9"
    #expect(IPRecord(metadata: ObjectMeta(name: "r"), spec: spec).addresses?.description == "10.0.0.9,fd00::9")
    spec.v4IPAddress = "x"
    #expect(IPRecord(metadata: ObjectMeta(name: "r"), spec: spec).addresses == nil)
  }
}
