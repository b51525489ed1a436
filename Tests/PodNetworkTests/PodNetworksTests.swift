import KubeAPI
import PodNetwork
import Testing

@Suite struct PodNetworksTests {
  private func providers(_ pod: Pod) -> [String] { PodNetworks(of: pod, definitions: Sample.usual).attachments.map(\.provider.text) }

  @Test(
    "elements become attachments in order, foreign networks yield nothing",
    arguments: [
      ("default/macvlan", ["macvlan.default"], ["net1"]), ("default/macvlan@lan0", ["macvlan.default"], ["lan0"]),
      ("default/vlan, default/macvlan", ["vlan.default", "macvlan.default"], ["net1", "net2"]),
      // A foreign network has its place in Multus' numbering all the same.
      ("default/foreign,default/macvlan", ["macvlan.default"], ["net2"]), ("default/foreign", [], []), ("[]", [], []),
      (
        #"[{"name":"attach","namespace":"default","interface":"eth9"},{"name":"vlan","namespace":"default"}]"#,
        ["attach.default.ovn", "vlan.default"], ["eth9", "net2"]
      ),
    ])
  func order(text: String, providers: [String], interfaces: [String]) {
    let networks = PodNetworks(of: Sample.networks(text), definitions: Sample.usual)
    #expect(networks.attachments.map(\.provider.text) == providers)
    #expect(networks.attachments.map(\.subnetProvider.text) == providers)
    #expect(networks.attachments.map(\.interface) == interfaces)
    #expect(networks.refusals.isEmpty && networks.notices.isEmpty)
  }

  @Test("an absent or empty annotation asks for nothing", arguments: [nil, ""])
  func absent(text: String?) {
    let pod = Sample.pod(text.map { [AnnotationKey.networks: $0, AnnotationKey.defaultNetwork: $0] } ?? [:])
    #expect(PodNetworks(of: pod, definitions: Sample.usual) == PodNetworks())
  }

  @Test("an attachment carries what the element and the configuration say")
  func fields() throws {
    let definitions = Sample.definitions([
      "macvlan": #"{"plugins":[{"type":"macvlan","capabilities":{"mac":true},"ipam":{"type":"kube-ovn","provider":"macvlan.default"}}]}"#
    ])
    let text = #"[{"name":"macvlan","namespace":"default","ips":["10.0.0.5/24","fd00::5"],"mac":"00-00-5E-00-53-01","interface":"lan0"}]"#
    let attachment = try #require(PodNetworks(of: Sample.networks(text), definitions: definitions).attachments.first)
    #expect(attachment.network == ObjectKey(namespace: "default", name: "macvlan"))
    #expect(attachment.requestedAddresses == ["10.0.0.5/24", "fd00::5"])
    #expect(attachment.requestedMAC == "00-00-5E-00-53-01")
    #expect(attachment.pluginType == "macvlan" && attachment.pluginTakesMAC && attachment.namesInterface)
    #expect(!attachment.isOVN && !attachment.isDefaultNetwork)
    let plain = try #require(PodNetworks(of: Sample.networks("default/attach"), definitions: Sample.usual).attachments.first)
    #expect(plain.isOVN && plain.pluginType == "kube-ovn" && !plain.namesInterface && !plain.pluginTakesMAC)
  }

  @Test("the default network comes first, as eth0, and does not count in Multus' numbering")
  func defaultNetwork() {
    let pod = Sample.networks("default/vlan", [AnnotationKey.defaultNetwork: "default/macvlan"])
    let networks = PodNetworks(of: pod, definitions: Sample.usual)
    #expect(networks.attachments.map(\.provider.text) == ["macvlan.default", "vlan.default"])
    #expect(networks.attachments.map(\.interface) == ["eth0", "net1"])
    #expect(networks.attachments.map(\.isDefaultNetwork) == [true, false])
  }

  @Test("a second default network is refused, since Multus does")
  func twoDefaultNetworks() {
    let pod = Sample.pod([AnnotationKey.defaultNetwork: "default/macvlan,default/vlan"])
    let refusals = PodNetworks(of: pod, definitions: Sample.usual).refusals
    #expect(refusals.map(\.subject) == [AnnotationKey.defaultNetwork])
    #expect(refusals.first?.isFinal == true && refusals.first?.reason.contains("names 2 networks") == true)
  }

  @Test("a NAD that stands more than once gives each NIC its own provider, by interface or Multus' numbering (row 3)")
  func repeated() {
    #expect(providers(Sample.networks("default/macvlan@a,default/macvlan@b")) == ["macvlan.default.a", "macvlan.default.b"])
    #expect(
      providers(Sample.networks("default/macvlan,default/vlan,default/macvlan")) == [
        "macvlan.default.net1", "vlan.default", "macvlan.default.net3",
      ])
    #expect(providers(Sample.networks("default/attach@a,default/attach")) == ["attach.default.ovn.a", "attach.default.ovn.net2"])
    let pod = Sample.networks("default/macvlan", [AnnotationKey.defaultNetwork: "default/macvlan"])
    let networks = PodNetworks(of: pod, definitions: Sample.usual)
    #expect(networks.attachments.map(\.provider.text) == ["macvlan.default.eth0", "macvlan.default.net1"])
    #expect(networks.attachments.allSatisfy { $0.subnetProvider == Sample.macvlan })
  }

  @Test("a repeated NAD needs interface names that annotation keys can carry", arguments: ["Net1", "net_1", "a/b", "-a", ".lan"])
  func unwritableInterface(interface: String) {
    let element = #"{"name":"macvlan","namespace":"default","interface":"\#(interface)"}"#
    let once = PodNetworks(of: Sample.networks("[\(element)]"), definitions: Sample.usual)
    #expect(once.attachments.map(\.interface) == [interface])
    let twice = PodNetworks(of: Sample.networks(#"[\#(element),{"name":"macvlan","namespace":"default"}]"#), definitions: Sample.usual)
    #expect(twice.attachments.map(\.interface) == ["net2"])
    #expect(twice.refusals.count == 1 && twice.refusals.first?.isFinal == true)
    #expect(twice.refusals.first?.reason.contains(interface) == true && twice.refusals.first?.reason.contains("default/macvlan") == true)
  }

  @Test("two networks under one interface name are refused, whether asked for or numbered")
  func doubleInterface() {
    for text in ["default/macvlan@a,default/vlan@a", "default/macvlan@net2,default/vlan", "default/macvlan@a,default/macvlan@a"] {
      let networks = PodNetworks(of: Sample.networks(text), definitions: Sample.usual)
      #expect(networks.refusals.count == 1 && networks.refusals.first?.isFinal == true, "\(text)")
      #expect(networks.refusals.first?.reason.hasPrefix("two networks of the pod ask for interface ") == true)
    }
  }
}

/// What a running pod's NICs are called already stays, however the networks annotation changes.
@Suite struct RunningPodNetworksTests {
  private let allocated = "macvlan.default.kubernetes.io/allocated"

  private func providers(_ text: String, _ annotations: [String: String]) -> [String] {
    PodNetworks(of: Sample.networks(text, annotations), definitions: Sample.usual).attachments.map(\.provider.text)
  }

  private func status(_ interfaces: String...) -> String {
    let entries = interfaces.map { #"{"name":"default/macvlan","interface":"\#($0)"}"# }
    return "[" + ([#"{"name":"cbr0","interface":"eth0"}"#] + entries).joined(separator: ",") + "]"
  }

  @Test("NICs that share Kube-OVN's one address keep it, while the pod starts and when it runs")
  func shared() {
    let text = "default/macvlan@net1,default/macvlan@net2"
    #expect(providers(text, [allocated: "true"]) == ["macvlan.default"])
    #expect(providers(text, [allocated: "true", AnnotationKey.networkStatus: status("net1", "net2")]) == ["macvlan.default"])
    #expect(providers(text, [allocated: "true", AnnotationKey.networkStatus: "{broken"]) == ["macvlan.default"])
    #expect(providers(text, [allocated: "false"]) == ["macvlan.default.net1", "macvlan.default.net2"])
  }

  @Test("a second NIC that comes to a running pod gets an address of its own, and the first keeps what it has")
  func plugged() {
    let annotations = [allocated: "true", AnnotationKey.networkStatus: status("net1")]
    #expect(providers("default/macvlan@net1,default/macvlan@net2", annotations) == ["macvlan.default", "macvlan.default.net2"])
  }

  @Test("the NIC that stays keeps its provider when the other one of the NAD goes")
  func unplugged() {
    let annotations = [
      "macvlan.default.net1.kubernetes.io/allocated": "true", "macvlan.default.net2.kubernetes.io/allocated": "true",
    ]
    #expect(providers("default/macvlan@net2", annotations) == ["macvlan.default.net2"])
    #expect(providers("default/macvlan@net1,default/macvlan@net2", annotations) == ["macvlan.default.net1", "macvlan.default.net2"])
    #expect(providers("default/macvlan@net3", annotations) == ["macvlan.default"])
  }

  @Test("NICs of Kube-OVN's own kind that share a port keep it")
  func sharedPort() {
    let text = "default/attach,default/attach"
    #expect(providers(text, ["attach.default.ovn.kubernetes.io/allocated": "true"]) == ["attach.default.ovn"])
  }
}

/// What tells an unplugged NIC, whose address is free, from one whose NAD is only missing or broken (row 11, B1).
@Suite struct ReferencedNetworksTests {
  private func networks(_ text: String, _ annotations: [String: String] = [:], without missing: String = "") -> PodNetworks {
    PodNetworks(of: Sample.networks(text, annotations)) { $0.name == missing ? nil : Sample.usual($0) }
  }

  @Test("a NAD that the pod names no more is not referenced")
  func gone() {
    let networks = networks("default/vlan")
    #expect(networks.isComplete && networks.referenced == [ObjectKey(namespace: "default", name: "vlan")])
    #expect(networks.references(ProviderName("vlan.default")))
    #expect(!networks.references(Sample.macvlan) && !networks.references(ProviderName("macvlan.default.net1")))
    #expect(!networks.references(ProviderName("vlan.default2")))
  }

  @Test("the NIC that goes is told from its sibling of the same NAD")
  func sibling() {
    let annotations = [
      "macvlan.default.net1.kubernetes.io/allocated": "true", "macvlan.default.net2.kubernetes.io/allocated": "true",
    ]
    let networks = networks("default/macvlan@net1", annotations)
    #expect(networks.references(ProviderName("macvlan.default.net1")))
    #expect(!networks.references(ProviderName("macvlan.default.net2")) && !networks.references(Sample.macvlan))
  }

  @Test("of a NAD that is missing, empty or broken every NIC may still be meant")
  func missing() {
    let text = "default/macvlan@net1,default/vlan"
    for networks in [
      networks(text, without: "macvlan"),
      PodNetworks(of: Sample.networks(text), definitions: Sample.definitions(["macvlan": "{", "vlan": ""])),
      PodNetworks(of: Sample.networks(text), definitions: Sample.definitions(["macvlan": Sample.ipam("wrong"), "vlan": "{}"])),
    ] {
      #expect(networks.isComplete)
      #expect(networks.references(Sample.macvlan) && networks.references(ProviderName("macvlan.default.net1")))
      #expect(networks.references(ProviderName("vlan.default")))
    }
  }

  @Test("an annotation that cannot be read says nothing about what is unplugged")
  func unreadable() {
    #expect(!networks("a/b/c").isComplete)
    #expect(!networks("default/macvlan", [AnnotationKey.defaultNetwork: "[null]"]).isComplete)
    #expect(networks("[]").isComplete && networks("").isComplete)
  }
}

@Suite struct PodNetworksRefusalTests {
  @Test("a NAD that does not exist may come: the pod waits")
  func missing() {
    let networks = PodNetworks(of: Sample.networks("gone,default/macvlan"), definitions: Sample.usual)
    let reason = "NetworkAttachmentDefinition team-a/gone does not exist"
    #expect(networks.refusals == [NetworkRefusal(subject: "team-a/gone", reason: reason, isFinal: false)])
    #expect(networks.attachments.map(\.provider) == [Sample.macvlan])
  }

  @Test("a NAD without configuration is told of once and blocks nothing (row 25)")
  func empty() {
    let definitions = Sample.definitions(["bare": "", "macvlan": Sample.ipam("macvlan.default")])
    let networks = PodNetworks(of: Sample.networks("default/bare,default/macvlan,default/bare"), definitions: definitions)
    #expect(networks.refusals.isEmpty && networks.attachments.map(\.interface) == ["net2"])
    #expect(networks.notices.count == 1 && networks.notices.first?.contains("default/bare") == true)
  }

  @Test("a broken configuration and a broken annotation are final and say where to look")
  func broken() {
    let definitions = Sample.definitions(["macvlan": "{"])
    let config = PodNetworks(of: Sample.networks("default/macvlan"), definitions: definitions).refusals
    #expect(config.map(\.subject) == ["default/macvlan"] && config.first?.isFinal == true)
    #expect(config.first?.reason.hasPrefix("NetworkAttachmentDefinition default/macvlan: its CNI configuration is malformed") == true)
    let annotation = PodNetworks(of: Sample.networks("[null]", [AnnotationKey.defaultNetwork: "a/b/c"]), definitions: definitions).refusals
    #expect(annotation.map(\.subject) == [AnnotationKey.defaultNetwork, AnnotationKey.networks])
    #expect(annotation.map(\.isFinal) == [true, true])
  }

  @Test(
    "a provider that subnet and annotations could not meet is refused at once, with provider and NAD in the text (F3)",
    arguments: [
      (Sample.ipam("macvlan"), "macvlan.default", #"names provider "macvlan""#), (Sample.ipam(nil), "macvlan.default", "names no provider"),
      (Sample.ipam(""), "macvlan.default", "names no provider"), (Sample.ipam("ovn"), "macvlan.default", #"names provider "ovn""#),
      (Sample.ipam("macvlan.default.ovn"), "macvlan.default", #"names provider "macvlan.default.ovn""#),
      (Sample.ovn("macvlan.default"), "macvlan.default.ovn", #"names provider "macvlan.default""#),
    ])
  func mismatch(config: String, expected: String, words: String) throws {
    let networks = PodNetworks(of: Sample.networks("default/macvlan"), definitions: Sample.definitions(["macvlan": config]))
    #expect(networks.attachments.isEmpty)
    let refusal = try #require(networks.refusals.first)
    #expect(refusal.subject == expected && refusal.isFinal)
    #expect(refusal.reason.hasPrefix("NetworkAttachmentDefinition default/macvlan \(words): "))
    #expect(refusal.reason.contains("must say \"\(expected)\""))
  }

  @Test("a name that no annotation key can carry is refused")
  func longProvider() throws {
    let name = String(repeating: "n", count: 250)
    let definitions = Sample.definitions([name: Sample.ipam(name + ".default")])
    let refusal = try #require(PodNetworks(of: Sample.networks("default/" + name), definitions: definitions).refusals.first)
    #expect(refusal.isFinal && refusal.reason.contains("239 characters at most"))
  }
}
