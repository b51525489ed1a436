import KubeAPI
import NetAddress
import PodNetwork
import Testing

/// What pods' annotations ask for on one NIC (annotations.md §3, §6; allocation.md §5).
@Suite struct AddressWishTests {
  private let key = "macvlan.default.kubernetes.io/"

  private func wish(_ annotations: [String: String], _ attachment: Attachment = Sample.attachment()) throws(NetworkRefusal) -> AddressWish {
    try AttachmentWish(of: Sample.pod(annotations), for: attachment).address
  }

  private func fixed(_ texts: String...) throws -> AddressWish {
    .fixed(try texts.map { RequestedAddress(address: try IPAddress(parsing: $0)) })
  }

  @Test("without a word any address will do; an empty annotation is no word")
  func any() throws {
    #expect(try wish([:]) == .any)
    #expect(try wish([key + "ip_address": "", key + "ip_pool": ""]) == .any)
    // Of other networks, and of interfaces that the pod does not ask for by name.
    #expect(try wish(["vlan.default.kubernetes.io/ip_address": "10.0.0.9", key + "ip_address.net1": "10.0.0.9"]) == .any)
  }

  @Test("a fixed address in any spelling, alone or as a pair in any order (D12)")
  func spellings() throws {
    #expect(try wish([key + "ip_address": "10.0.0.9"]) == fixed("10.0.0.9"))
    #expect(try wish([key + "ip_address": "FD00:10:16::000E"]) == fixed("fd00:10:16::e"))
    #expect(try wish([key + "ip_address": " fd00::9 , 10.0.0.9"]) == fixed("fd00::9", "10.0.0.9"))
  }

  @Test("the key of the interface wins over the networks annotation, which wins over the key of the network")
  func precedence() throws {
    var attachment = Sample.attachment(named: true)
    let annotations = [key + "ip_address": "10.0.0.1", key + "ip_address.net1": "10.0.0.3", key + "ip_pool": "10.0.0.4"]
    attachment.requestedAddresses = ["10.0.0.2"]
    #expect(try wish(annotations, attachment) == fixed("10.0.0.3"))
    attachment.namesInterface = false
    #expect(try wish(annotations, attachment) == fixed("10.0.0.2"))
    attachment.requestedAddresses = []
    #expect(try wish(annotations, attachment) == fixed("10.0.0.1"))
  }

  @Test("ips of the networks annotation may have a prefix length, annotations may not (row 7)")
  func prefixes() throws {
    var attachment = Sample.attachment()
    attachment.requestedAddresses = ["10.0.0.5/24", "FD00::5/64"]
    let pair = [
      RequestedAddress(address: try IPAddress(parsing: "10.0.0.5"), prefixLength: 24),
      RequestedAddress(address: try IPAddress(parsing: "fd00::5"), prefixLength: 64),
    ]
    #expect(try wish([:], attachment) == .fixed(pair))
    let own = try refusal { () throws(NetworkRefusal) in try wish([key + "ip_address": "10.0.0.5/24"]) }
    #expect(own.reason == #""10.0.0.5/24" is not a valid IP address (annotation macvlan.default.kubernetes.io/ip_address)"#)
  }

  @Test(
    "what is no address is refused for good, with the annotation it stands in",
    arguments: ["10.0.0", "10.0.0.256", "010.0.0.1", "fe80::1%eth0", "10.0.0.1,", "10.0.0.1;10.0.0.2", "10.0.0.1..10.0.0.3", "web", " "])
  func malformed(text: String) throws {
    let refused = try refusal { () throws(NetworkRefusal) in try wish([key + "ip_address": text]) }
    #expect(refused.subject == "macvlan.default" && refused.isFinal)
    #expect(refused.reason.contains("is not a valid IP address (annotation macvlan.default.kubernetes.io/ip_address)"))
  }

  @Test("bad ips of the networks annotation are refused for good", arguments: ["bad", "", "10.0.0.5/33", "10.0.0.5/", "10.0.0.5/24/1"])
  func malformedIPs(text: String) throws {
    var attachment = Sample.attachment()
    attachment.requestedAddresses = [text]
    let refused = try refusal { () throws(NetworkRefusal) in try wish([:], attachment) }
    #expect(refused.reason == "\"\(text)\" is not a valid IP address (ips in the networks annotation)")
  }

  @Test("one NIC has one address a family")
  func twoOfOneFamily() throws {
    let refused = try refusal { () throws(NetworkRefusal) in try wish([key + "ip_address": "10.0.0.1,fd00::1,10.0.0.2"]) }
    #expect(refused.reason.contains("two IPv4 addresses on one NIC"))
  }

  @Test("the key of a repeated NAD's interface has no .ovn in its prefix")
  func interfaceKeyOfOVN() throws {
    var attachment = Sample.repeated("net2")
    attachment.provider = ProviderName("macvlan.default.ovn.net2")
    attachment.subnetProvider = ProviderName("macvlan.default.ovn")
    attachment.isOVN = true
    #expect(try wish([key + "ip_address.net2": "10.0.0.7", key + "ip_address.net1": "10.0.0.6"], attachment) == fixed("10.0.0.7"))
  }

  @Test("one fixed address for all NICs of a repeated NAD is refused, with the key that would do")
  func sharedKey() throws {
    let refused = try refusal { () throws(NetworkRefusal) in
      try wish([key + "ip_address": "10.0.0.1"], Sample.repeated("net2"))
    }
    #expect(refused.subject == "macvlan.default.net2" && refused.isFinal)
    #expect(refused.reason.contains("use macvlan.default.kubernetes.io/ip_address.net2"))
    #expect(try wish(["macvlan.default.net2.kubernetes.io/ip_address": "10.0.0.8"], Sample.repeated("net2")) == fixed("10.0.0.8"))
  }

  @Test("what the NIC that runs already has been given is no wish of the one that comes")
  func siblingGrant() throws {
    let given = [key + "allocated": "true", key + "ip_address": "10.0.0.1", key + "mac_address": "02:00:00:00:00:01"]
    let wish = try AttachmentWish(of: Sample.pod(given), for: Sample.repeated("net2"))
    #expect(wish.address == .any && wish.mac == nil)
  }

  @Test("an IP object's name has 253 characters at most")
  func recordName() throws {
    let pod = Sample.pod(name: String(repeating: "p", count: 240))
    let refused = try refusal { () throws(NetworkRefusal) in try AttachmentWish(of: pod, for: Sample.attachment()) }
    #expect(refused.isFinal && refused.reason.contains("263 characters"))
  }
}

@Suite struct PoolWishTests {
  private let key = "macvlan.default.kubernetes.io/ip_pool"

  private func wish(_ text: String, name: String = "web-7d9f", set: String? = nil) throws(NetworkRefusal) -> AddressWish {
    let pod = Sample.pod([key: text], name: name, owner: set.map { Sample.statefulSet($0) })
    return try AttachmentWish(of: pod, for: Sample.attachment()).address
  }

  @Test(
    "the forms of ip_pool (E1)",
    arguments: [
      ("10.0.0.1,10.0.0.2,10.0.0.3", [["10.0.0.1"], ["10.0.0.2"], ["10.0.0.3"]]), ("10.0.0.1,fd00::1", [["10.0.0.1", "fd00::1"]]),
      ("10.0.0.1,fd00::1;10.0.0.2,fd00::2", [["10.0.0.1", "fd00::1"], ["10.0.0.2", "fd00::2"]]),
      ("10.0.0.1;10.0.0.2", [["10.0.0.1"], ["10.0.0.2"]]), (" 10.0.0.1 ; 10.0.0.2 ", [["10.0.0.1"], ["10.0.0.2"]]),
      (" 10.0.0.1 , 10.0.0.2 ", [["10.0.0.1"], ["10.0.0.2"]]), ("10.0.0.1", [["10.0.0.1"]]), ("10.0.0.1;", [["10.0.0.1"]]),
      ("10.0.0.1,fd00::1;", [["10.0.0.1", "fd00::1"]]), ("FD00::1;fd00::0002", [["fd00::1"], ["fd00::2"]]),
      ("10.0.0.1,fd00::1,10.0.0.2", [["10.0.0.1"], ["fd00::1"], ["10.0.0.2"]]), ("10.0.0.1,10.0.0.2", [["10.0.0.1"], ["10.0.0.2"]]),
      ("10.0.0.1,,10.0.0.2", [["10.0.0.1"], ["10.0.0.2"]]),
    ])
  func forms(text: String, items: [[String]]) throws {
    let expected = try items.map { item in try item.map { try IPAddress(parsing: $0) } }
    #expect(try wish(text) == .oneOf(expected))
  }

  @Test("a name is that of an IPPool, also for a StatefulSet", arguments: ["blue", " blue ", "pool-10.0.0.1", "10.0.0.1-10.0.0.5"])
  func name(text: String) throws {
    let name = text == " blue " ? "blue" : text
    #expect(try wish(text) == .pool(name))
    #expect(try wish(text, name: "web-3", set: "web") == .pool(name))
  }

  @Test(
    "what is neither a list nor a name is refused for good",
    arguments: [
      (" ", "lists no address"), (",", "lists no address"), (" ; ", "lists no address"),
      ("10.0.0.1;web", "\"web\" is not a valid IP address"),
      ("10.0.0.1..10.0.0.5", "ranges belong into an IPPool"), ("10.0.0.1-10.0.0.5;10.0.0.9", "ranges belong into an IPPool"),
      ("10.0.0.0/24", "\"10.0.0.0/24\" is not a valid IP address"), ("fd00::g", "\"fd00::g\" is not a valid IP address"),
      ("10.0.0.1,10.0.0.2;10.0.0.3", "pairs two IPv4 addresses: separate alternatives by ;"),
    ])
  func refused(text: String, words: String) throws {
    let refused = try refusal { () throws(NetworkRefusal) in try wish(text) }
    #expect(refused.isFinal && refused.reason.contains(words), "\(refused.reason)")
    #expect(refused.reason.contains(key))
  }

  @Test(
    "a StatefulSet's pod takes the item of its absolute ordinal (E5)",
    arguments: [("web-0", "10.0.0.1"), ("web-2", "10.0.0.3"), ("web-02", "10.0.0.3")])
  func ordinal(name: String, address: String) throws {
    #expect(try wish("10.0.0.1,10.0.0.2,10.0.0.3", name: name, set: "web") == .oneOf([[IPAddress(parsing: address)]]))
  }

  @Test("beyond the list there is no address, and the set and its ordinal are named")
  func beyond() throws {
    let refused = try refusal { () throws(NetworkRefusal) in try wish("10.0.0.1;10.0.0.2", name: "web-5", set: "web") }
    #expect(refused.isFinal)
    #expect(refused.reason == "NoAvailableAddress: annotation \(key) lists 2 addresses, so none is for ordinal 5 of StatefulSet web")
    let pair = try refusal { () throws(NetworkRefusal) in try wish("10.0.0.1,fd00::1", name: "web-1", set: "web") }
    #expect(pair.reason.contains("lists 1 address"))
    for name in ["web-x", "web-99999999999999999999", "web"] {
      let odd = try refusal { () throws(NetworkRefusal) in try wish("10.0.0.1;10.0.0.2", name: name, set: "web") }
      #expect(odd.reason.contains("team-a/\(name)") && odd.reason.contains("no ordinal"))
    }
  }

  @Test("all NICs of a repeated NAD may share a pool, and one may have its own")
  func repeated() throws {
    let pod = Sample.pod([key: "blue", "macvlan.default.net2.kubernetes.io/ip_pool": "red"])
    #expect(try AttachmentWish(of: pod, for: Sample.repeated("net1")).address == .pool("blue"))
    #expect(try AttachmentWish(of: pod, for: Sample.repeated("net2")).address == .pool("red"))
  }
}

@Suite struct FamilyAndMACWishTests {
  private let key = "macvlan.default.kubernetes.io/"

  private func wish(_ annotations: [String: String], _ attachment: Attachment = Sample.attachment()) throws(NetworkRefusal)
    -> AttachmentWish
  {
    try AttachmentWish(of: Sample.pod(annotations), for: attachment)
  }

  @Test("ip_family limits the NIC to one family", arguments: [("ipv4", AddressFamily.v4), ("ipv6", .v6)])
  func family(text: String, family: AddressFamily) throws { #expect(try wish([key + "ip_family": text]).family == family) }

  @Test("each NIC of a repeated NAD may have its own family")
  func familyPerInterface() throws {
    let annotations = [key + "ip_family": "ipv4", "macvlan.default.net2.kubernetes.io/ip_family": "ipv6"]
    #expect(try wish(annotations, Sample.repeated("net1")).family == .v4)
    #expect(try wish(annotations, Sample.repeated("net2")).family == .v6)
  }

  @Test("another word for a family is refused", arguments: ["IPv4", "v4", "dual", " ipv4", "4"])
  func badFamily(text: String) throws {
    let refused = try refusal { () throws(NetworkRefusal) in try wish([key + "ip_family": text]) }
    #expect(refused.isFinal && refused.reason.hasPrefix("\(text) is not a valid annotation macvlan.default.kubernetes.io/ip_family"))
  }

  @Test("a fixed address of the other family is refused")
  func familyMismatch() throws {
    let refused = try refusal { () throws(NetworkRefusal) in try wish([key + "ip_family": "ipv6", key + "ip_address": "10.0.0.5"]) }
    #expect(refused.reason.hasPrefix("10.0.0.5 does not match the requested ip family IPv6"))
  }

  @Test(
    "a MAC in any of its spellings (row 30)",
    arguments: ["00:00:5e:00:53:0a", "00:00:5E:00:53:0A", "00-00-5e-00-53-0a", "0000.5e00.530a"])
  func mac(text: String) throws {
    #expect(try wish([key + "mac_address": text]).mac?.description == "00:00:5e:00:53:0a")
    var attachment = Sample.attachment()
    attachment.requestedMAC = text
    #expect(try wish([:], attachment).mac?.description == "00:00:5e:00:53:0a")
  }

  @Test(
    "what no interface can have is refused",
    arguments: [
      ("01:00:5e:00:00:01", "multicast"), ("ff:ff:ff:ff:ff:ff", "multicast"),
      ("00:00:00:00:00:00", "no MAC address that an interface can have"),
      ("00:00:5e:00:53", "not a valid MAC"), ("00:00:5e:00:53:0g", "not a valid MAC"), ("00:00-5e:00:53:0a", "not a valid MAC"),
      ("x", "not a valid MAC"),
    ])
  func badMAC(text: String, words: String) throws {
    let refused = try refusal { () throws(NetworkRefusal) in try wish([key + "mac_address": text]) }
    #expect(refused.isFinal && refused.reason.contains(words) && refused.reason.contains(key + "mac_address"), "\(refused.reason)")
  }

  @Test("the interface's MAC wins over the networks annotation's, that over the network's; a repeated NAD's key is refused")
  func macPrecedence() throws {
    var attachment = Sample.attachment(named: true)
    attachment.requestedMAC = "02:00:00:00:00:02"
    let annotations = [key + "mac_address": "02:00:00:00:00:01", key + "mac_address.net1": "02:00:00:00:00:03"]
    #expect(try wish(annotations, attachment).mac?.description == "02:00:00:00:00:03")
    attachment.namesInterface = false
    #expect(try wish(annotations, attachment).mac?.description == "02:00:00:00:00:02")
    attachment.requestedMAC = ""
    #expect(try wish(annotations, attachment).mac?.description == "02:00:00:00:00:01")
    let shared = try refusal { () throws(NetworkRefusal) in try wish([key + "mac_address": "02:00:00:00:00:01"], Sample.repeated("net2")) }
    #expect(shared.reason.contains("use macvlan.default.kubernetes.io/mac_address.net2"))
  }

  @Test("an ipvlan NIC has its parent's MAC: told, not refused (row 4)")
  func ipvlan() throws {
    let wish = try wish([key + "mac_address": "02:00:00:00:00:01"], Sample.attachment(type: "ipvlan"))
    #expect(wish.mac == nil)
    #expect(wish.notices.count == 1 && wish.notices.first?.contains("ipvlan interfaces share the MAC of their parent") == true)
  }

  @Test("the capability is recommended unless the plugin sets this MAC itself (row 4)")
  func capability() throws {
    let annotations = [key + "mac_address": "02:00:00:00:00:01"]
    #expect(try wish(annotations).notices.count == 1)
    var attachment = Sample.attachment()
    attachment.requestedMAC = "02-00-00-00-00-01"
    #expect(try wish([:], attachment).notices.count == 1)
    attachment.pluginTakesMAC = true
    #expect(try wish([:], attachment).notices.isEmpty)
    attachment.requestedMAC = ""
    let notice = try #require(wish(annotations, attachment).notices.first)
    #expect(notice.contains(#""capabilities": {"mac": true}"#) && notice.contains("default/macvlan") && notice.contains("net1"))
    attachment.isOVN = true
    #expect(try wish(annotations, attachment).notices.isEmpty)
  }

  @Test("logical_switch names the subnet, for one NIC or for all of a repeated NAD")
  func logicalSwitch() throws {
    let annotations = [key + "logical_switch": "net-a", "macvlan.default.net2.kubernetes.io/logical_switch": "net-b"]
    #expect(try wish(annotations).subnet == "net-a")
    #expect(try wish(annotations, Sample.repeated("net1")).subnet == "net-a")
    #expect(try wish(annotations, Sample.repeated("net2")).subnet == "net-b")
    #expect(try wish([key + "logical_switch": ""]).subnet == nil)
  }
}
