import Controllers
import KubeAPI
import KubeClient
import Testing
import WireJSON

/// KubeVirt's machines own their addresses; pods come and go under them (allocation.md §7, cases.md J).
@Suite struct VirtualMachineTests {
  @Test(
    "J4: a machine keeps its address while it is stopped, over a restart too, and loses it when it is deleted", arguments: [false, true])
  func stopped(restarts: Bool) async throws {
    try await OwnerCluster.run(kubeVirt: true) { owners in
      let cluster = owners.cluster
      try await owners.createMachine("vm")
      let first = try await owners.createInstance("vm")
      let startsAgain: @Sendable () async throws -> Void = {
        try await owners.settle()
        try await owners.rivalWaits()
        let second = try await owners.createInstance("vm")
        try await owners.createPod("virt-launcher-vm-b", of: second)
        #expect(try await cluster.address("virt-launcher-vm-b", "macvlan") == "172.17.0.2")
        #expect(try await owners.standing("vm")?.podUID == second.metadata.uid)
        try await owners.delete(VirtualMachine.self, "vm")
        try await owners.delete(VirtualMachineInstance.self, "vm")
        try await owners.settle()
        // The machine's pod still runs on it.
        try await owners.rivalWaits()
        try await cluster.deletePod("virt-launcher-vm-b")
        #expect(try await cluster.address("rival", "macvlan") == "172.17.0.2")
        let told = try await owners.collectionEvent(about: "vm")
        #expect(told.contains("virtual machine t-owner/vm does not exist"), "\(told)")
      }
      try await owners.lead(1) {
        try await owners.createPod("virt-launcher-vm-a", of: first)
        #expect(try await cluster.address("virt-launcher-vm-a", "macvlan") == "172.17.0.2")
        let pod = try await cluster.pod("virt-launcher-vm-a", until: { _ in true })
        #expect(pod.metadata.annotations[owners.provider.key(.virtualMachine)] == "vm")
        #expect(pod.metadata.annotations[AnnotationKey.podUID] == pod.metadata.uid)
        let record = try #require(try await owners.standing("vm"))
        #expect(record.spec.podName == "vm" && record.spec.podType == "VirtualMachine" && record.podUID == first.metadata.uid)
        try await owners.fill(4)
        try await owners.createRival()
        try await owners.delete(VirtualMachineInstance.self, "vm")
        try await cluster.deletePod("virt-launcher-vm-a")
        try await owners.settle()
        try await owners.rivalWaits()
        #expect(try await owners.standing("vm") != nil)
        if !restarts { try await startsAgain() }
      }
      if restarts { try await owners.lead(2) { try await startsAgain() } }
    }
  }

  @Test(
    "J3: both pods of a machine that moves have one address and MAC and one quiet record; another machine is refused",
    arguments: [false, true])
  func moves(restarts: Bool) async throws {
    try await OwnerCluster.run(kubeVirt: true) { owners in
      let cluster = owners.cluster
      try await owners.createMachine("vm")
      let instance = try await owners.createInstance("vm")
      let mac = [owners.provider.key(.macAddress): "02:00:00:00:00:07"]
      let ends: @Sendable () async throws -> Void = {
        try await owners.settle()
        for pod in ["virt-launcher-vm-a", "virt-launcher-vm-b"] {
          #expect(try await cluster.address(pod, "macvlan") == "172.17.0.2")
          let annotations = try await cluster.pod(pod, until: { _ in true }).metadata.annotations
          #expect(annotations[owners.provider.key(.macAddress)] == "02:00:00:00:00:07")
        }
        let moving = try await cluster.subnet("s", until: { $0.status.v4Using.text == "1" })
        #expect(moving.status.v4UsingRange == "172.17.0.2")
        let other = try await owners.createInstance("other")
        try await owners.createPod("virt-launcher-other-a", of: other, [owners.provider.key(.ipAddress): "172.17.0.2"])
        let refusal = try await cluster.refusal("virt-launcher-other-a", containing: "AddressConflict")
        #expect(refusal.contains("t-owner/vm"), "\(refusal)")
        try await owners.phase("virt-launcher-vm-a", "Succeeded")
        try await cluster.deletePod("virt-launcher-vm-a")
        try await owners.settle()
        #expect(try await owners.standing("vm") != nil)
        #expect(try await cluster.address("virt-launcher-vm-b", "macvlan") == "172.17.0.2")
      }
      try await owners.lead(1) {
        try await owners.createPod("virt-launcher-vm-a", of: instance, mac)
        #expect(try await cluster.address("virt-launcher-vm-a", "macvlan") == "172.17.0.2")
        let before = try #require(try await owners.standing("vm"))
        try await owners.createPod("virt-launcher-vm-b", of: instance, mac.merging([AnnotationKey.migrationJob: "m"]) { $1 })
        #expect(try await cluster.address("virt-launcher-vm-b", "macvlan") == "172.17.0.2")
        try await owners.settle()
        #expect(try await owners.standing("vm")?.metadata.resourceVersion == before.metadata.resourceVersion)
        if !restarts { try await ends() }
      }
      if restarts { try await owners.lead(2) { try await ends() } }
    }
  }

  @Test("an instance without a machine holds its address while it exists")
  func ephemeral() async throws {
    try await OwnerCluster.run(kubeVirt: true) { owners in
      let cluster = owners.cluster
      try await owners.lead(1) {
        let instance = try await owners.createInstance("vmi")
        try await owners.createPod("virt-launcher-vmi-a", of: instance)
        _ = try await cluster.address("virt-launcher-vmi-a", "macvlan")
        try await cluster.deletePod("virt-launcher-vmi-a")
        try await owners.settle()
        #expect(try await owners.standing("vmi") != nil)
        try await owners.delete(VirtualMachineInstance.self, "vmi")
        _ = try await cluster.record("vmi", "macvlan", exists: false)
        _ = try await cluster.subnet("s", until: { $0.status.hasCounts && $0.status.v4Using.text == "0" })
      }
    }
  }

  @Test("B12: a machine that asks for another address gives the old one up, over a restart too")
  func changedAddress() async throws {
    try await OwnerCluster.run(kubeVirt: true) { owners in
      let cluster = owners.cluster
      let address = owners.provider.key(.ipAddress)
      try await owners.createMachine("vm")
      let instance = try await owners.createInstance("vm")
      try await owners.lead(1) {
        try await owners.createPod("virt-launcher-vm-a", of: instance, [address: "172.17.0.3"])
        #expect(try await cluster.address("virt-launcher-vm-a", "macvlan") == "172.17.0.3")
        try await cluster.deletePod("virt-launcher-vm-a")
        try await owners.createPod("virt-launcher-vm-b", of: instance, [address: "172.17.0.4"])
        #expect(try await cluster.address("virt-launcher-vm-b", "macvlan") == "172.17.0.4")
      }
      try await owners.lead(2) {
        let other = try await owners.createInstance("other")
        try await owners.createPod("virt-launcher-other-a", of: other, [address: "172.17.0.3"])
        #expect(try await cluster.address("virt-launcher-other-a", "macvlan") == "172.17.0.3")
        _ = try await cluster.subnet("s", until: { $0.status.v4UsingRange == "172.17.0.3-172.17.0.4" })
      }
    }
  }

  @Test("--keep-vm-ip=false: pods own their addresses; what runs under the other rule stays as it is until it ends")
  func flag() async throws {
    try await OwnerCluster.run(kubeVirt: true) { owners in
      let cluster = owners.cluster
      var off = EmbeddedCluster.Setup()
      off.options.keepsVMAddress = false
      let without = off
      try await owners.createMachine("vm")
      let instance = try await owners.createInstance("vm")
      try await owners.lead(1) {
        try await owners.createPod("kept", of: instance)
        _ = try await cluster.address("kept", "macvlan")
      }
      try await owners.lead(2, without) {
        try await owners.settle()
        #expect(try await owners.standing("vm") != nil)
        try await cluster.deletePod("kept")
        _ = try await cluster.record("vm", "macvlan", exists: false)
        let told = try await owners.collectionEvent(about: "vm")
        #expect(told.contains("--keep-vm-ip=false"), "\(told)")
        try await owners.createPod("own", of: instance)
        _ = try await cluster.address("own", "macvlan")
        #expect(try await owners.standing("own")?.spec.podType == "")
      }
      try await owners.lead(3) {
        try await owners.settle()
        #expect(try await owners.standing("own") != nil)
        let pod = try await cluster.pod("own", until: { _ in true })
        #expect(pod.metadata.annotations[owners.provider.key(.virtualMachine)] == nil)
        try await cluster.deletePod("own")
        _ = try await cluster.record("own", "macvlan", exists: false)
      }
    }
  }

  @Test("a pod with the name of a machine does not share its address")
  func namesake() async throws {
    try await OwnerCluster.run(kubeVirt: true) { owners in
      let cluster = owners.cluster
      try await owners.lead(1) {
        let instance = try await owners.createInstance("vm")
        try await owners.createPod("virt-launcher-vm-a", of: instance)
        _ = try await cluster.address("virt-launcher-vm-a", "macvlan")
        try await owners.settle()
        try await cluster.createPod("vm", owners.networks)
        let refusal = try await cluster.refusal("vm", containing: "must have another name")
        #expect(refusal.contains("\"final\":false"), "\(refusal)")
        try await cluster.deletePod("vm")
        try await owners.settle()
        #expect(try await owners.standing("vm")?.podUID == instance.metadata.uid)
      }
    }
  }
}
