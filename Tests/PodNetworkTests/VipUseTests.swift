import KubeAPI
import NetAddress
import PodNetwork
import Testing

/// Which NIC of a pod gets the Vip that the pod names.
@Suite struct VipUseTests {
  private static let other = ProviderName("vlan.default")

  private static func vip(_ v4: String = "10.0.0.5", v6: String = "", _ change: (inout Vip) -> Void = { _ in }) -> Vip {
    var vip = Vip(metadata: ObjectMeta(name: "web"))
    vip.spec.subnet = "net-a"
    vip.status.v4IP = v4
    vip.status.v6IP = v6
    change(&vip)
    return vip
  }

  private static func binding(
    _ provider: ProviderName, _ subnets: [String], type: String = "macvlan", _ change: (inout AttachmentWish) -> Void = { _ in }
  ) -> AttachmentBinding {
    var wish = AttachmentWish()
    change(&wish)
    return AttachmentBinding(
      attachment: Sample.attachment(provider, type: type), wish: wish, places: subnets.map { AddressPlace(subnet: $0, wish: .any) })
  }

  private static func bind(
    _ bindings: [AttachmentBinding], vip: Vip? = vip(), named: String = "web", kept: [Grant] = []
  ) throws(NetworkRefusal) -> [VipUse?] {
    var bindings = bindings
    let pod = Sample.pod([AnnotationKey.vip: named])
    try VipUse.bind(
      pod, kept.map(\.attachment) + bindings.map(\.attachment), kept: kept, vips: { $0 == "web" ? vip : nil }, to: &bindings)
    return bindings.map(\.vip)
  }

  @Test("the first NIC that the Vip's subnet may serve gets it, and no other")
  func first() throws {
    let uses = try Self.bind([
      Self.binding(Self.other, ["vlan-1"]), Self.binding(Sample.macvlan, ["net-0", "net-a"]),
      Self.binding(Sample.macvlan.appending(interface: "net3"), ["net-a"]),
    ])
    #expect(uses.map { $0?.name } == [nil, "web", nil])
    #expect(uses[1]?.subnet == "net-a" && uses[1]?.addresses.map(\.description) == ["10.0.0.5"] && uses[1]?.mac == nil)
  }

  @Test("a NIC that has an address of that subnet already is the one that is meant: nothing is changed")
  func served() throws {
    let grant = Grant(
      attachment: Sample.attachment(), subnet: try Sample.plan(), addresses: try Sample.addresses("10.0.0.5"), mac: nil)
    let uses = try Self.bind([Self.binding(Sample.macvlan.appending(interface: "net2"), ["net-a"])], kept: [grant])
    #expect(uses == [nil])
    let elsewhere = Grant(
      attachment: Sample.attachment(Self.other), subnet: try Sample.plan("vlan-1"), addresses: try Sample.addresses("10.0.0.9"), mac: nil)
    #expect(try Self.bind([Self.binding(Sample.macvlan, ["net-a"])], kept: [elsewhere]).compactMap { $0 }.count == 1)
  }

  @Test("a pod without the annotation, or with an empty one, wants no Vip", arguments: ["", " "])
  func none(text: String) throws {
    #expect(try Self.bind([Self.binding(Sample.macvlan, ["net-a"])], named: text) == [nil])
    #expect(VipUse.name(of: Sample.pod([AnnotationKey.vip: " web "])) == "web")
  }

  @Test("what cannot be used is told at the NIC, and waited for")
  func unusable() throws {
    let bindings = [Self.binding(Sample.macvlan, ["net-a"])]
    func reason(_ vip: Vip?) throws -> String {
      let refusal = try refusal { () throws(NetworkRefusal) in try Self.bind(bindings, vip: vip) }
      #expect(refusal.subject == "macvlan.default" && !refusal.isFinal)
      return refusal.reason
    }
    #expect(try reason(nil) == "vip 'web' does not exist")
    #expect(try reason(Self.vip { $0.metadata.deletionTimestamp = Timestamp(seconds: 1) }) == "vip 'web' is being deleted")
    #expect(try reason(Self.vip("")) == "vip 'web' has no address yet")
    let waiting = Self.vip("") {
      $0.status.conditions = [Condition(type: "Ready", status: "False", reason: "NoSubnet", message: "subnet x does not exist")]
    }
    #expect(try reason(waiting) == "vip 'web' has no address yet: subnet x does not exist")
    #expect(try reason(Self.vip("nonsense")).contains("status.v4ip \"nonsense\" is not valid"))
  }

  @Test("a Vip of a subnet that serves no NIC of the pod is named with its subnet and the pod's providers")
  func foreignSubnet() throws {
    let refusal = try refusal { () throws(NetworkRefusal) in
      try Self.bind([Self.binding(Self.other, ["vlan-1"]), Self.binding(Sample.macvlan, ["net-b"])])
    }
    #expect(refusal.reason == "vip 'web' is of subnet net-a, which serves none of the pod's networks (vlan.default, macvlan.default)")
    #expect(refusal.isFinal)
  }

  @Test("the subnet is the one that the address is of, not the one that an edit names")
  func editedSubnet() throws {
    let vip = Self.vip {
      $0.metadata.labels[LabelKey.subnet] = "net-a"
      $0.spec.subnet = "net-b"
    }
    #expect(try Self.bind([Self.binding(Sample.macvlan, ["net-a"])], vip: vip)[0]?.subnet == "net-a")
  }

  @Test("of a pair the NIC gets the family that it wants")
  func family() throws {
    let dual = Self.vip("10.0.0.5", v6: "FD00::5")
    #expect(
      try Self.bind([Self.binding(Sample.macvlan, ["net-a"])], vip: dual)[0]?.addresses.map(\.description) == ["10.0.0.5", "fd00::5"])
    let six = Self.binding(Sample.macvlan, ["net-a"]) { $0.family = .v6 }
    #expect(try Self.bind([six], vip: dual)[0]?.addresses.map(\.description) == ["fd00::5"])
    let refusal = try refusal { () throws(NetworkRefusal) in try Self.bind([six]) }
    #expect(refusal.reason == "vip 'web' has no address of the requested ip family IPv6")
  }

  @Test("the Vip's MAC goes along, then the one wished for; an ipvlan interface has none")
  func mac() throws {
    let own = MACAddress("02:00:00:00:00:01")
    let wished = MACAddress("02:00:00:00:00:02")
    let withMAC = Self.vip { $0.status.mac = "02:00:00:00:00:01" }
    func mac(_ vip: Vip, type: String = "macvlan") throws -> MACAddress? {
      try Self.bind([Self.binding(Sample.macvlan, ["net-a"], type: type) { $0.mac = wished }], vip: vip)[0]?.mac
    }
    #expect(try mac(withMAC) == own && mac(Self.vip()) == wished && mac(withMAC, type: "ipvlan") == nil)
  }
}
