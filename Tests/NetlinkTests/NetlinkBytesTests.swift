import CLinux
import Glibc
import NetAddress
import Testing

@testable import Netlink

/// Bytes written as annotated lines: hexadecimal digits, then `|` and what they are.
func bytes(_ lines: String) -> [UInt8] {
  var result: [UInt8] = []
  for line in lines.split(separator: "\n") {
    let digits = Array(line.prefix { $0 != "|" }.filter(\.isHexDigit))
    for index in stride(from: 0, to: digits.count - 1, by: 2) {
      result.append(UInt8(String(digits[index...index + 1]), radix: 16) ?? 0)
    }
  }
  return result
}

private func name(_ text: String) throws -> InterfaceName { try InterfaceName(parsing: text) }

@Suite struct NetlinkRequestTests {
  @Test("an interface is set up by one flag and its mask")
  func setUp() {
    #expect(
      LinkRequest.change(index: 7, .up(true)).encoded
        == bytes(
          """
          20000000 | length 32
          1000     | RTM_NEWLINK
          0000     | flags, set by the socket
          00000000 | sequence
          00000000 | port: the kernel's
          00 00    | AF_UNSPEC, padding
          0000     | type
          07000000 | index
          01000000 | IFF_UP
          01000000 | mask: IFF_UP
          """))
    #expect(LinkRequest.change(index: 7, .up(false)).payload.suffix(8) == [0, 0, 0, 0, 1, 0, 0, 0])
  }

  @Test("a MAC address is an attribute of six bytes and two of padding")
  func setMAC() throws {
    #expect(
      LinkRequest.change(index: 258, .mac(try MACAddress(parsing: "00:00:00:53:6B:BB"))).encoded
        == bytes(
          """
          2c000000 1000 0000 00000000 00000000 | 44 bytes, RTM_NEWLINK
          00 00 0000 02010000 00000000 00000000 | index 258, no flags
          0a00 0100 | length 10, IFLA_ADDRESS
          000000536bbb 0000 | the address, padding
          """))
  }

  @Test("a veth pair describes its second end inside the first one's data")
  func veth() throws {
    #expect(
      LinkRequest.createVeth(NewLink(try name("a0")), peer: NewLink(try name("b0"))).encoded
        == bytes(
          """
          54000000 1000 0006 00000000 00000000 | 84 bytes, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL
          00000000 00000000 00000000 00000000 | struct ifinfomsg
          0700 0300 613000 00 | IFLA_IFNAME "a0", padding
          2c00 1200 | IFLA_LINKINFO, 44 bytes
          0800 0100 76657468 | IFLA_INFO_KIND "veth"
          2000 0200 | IFLA_INFO_DATA, 32 bytes
          1c00 0100 | VETH_INFO_PEER, 28 bytes
          00000000 00000000 00000000 00000000 | struct ifinfomsg
          0700 0300 623000 00 | IFLA_IFNAME "b0", padding
          """))
  }

  @Test("an address is local and peer at once; without duplicate detection it says so")
  func addAddress() throws {
    #expect(
      AddressRequest.add(try CIDR(parsing: "172.17.0.100/16"), interface: 7, detectsDuplicates: false).encoded
        == bytes(
          """
          28000000 1400 0006 00000000 00000000 | 40 bytes, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL
          02 10 02 00 | AF_INET, /16, IFA_F_NODAD, universe
          07000000 | interface
          0800 0200 ac110064 | IFA_LOCAL
          0800 0100 ac110064 | IFA_ADDRESS
          """))
    let v6 = AddressRequest.add(try CIDR(parsing: "fd00::e/64"), interface: 7, detectsDuplicates: true)
    #expect(Array(v6.payload.prefix(4)) == [10, 64, 0, 0])
    #expect(v6.payload.count == 8 + 20 + 20)
  }

  @Test("a default route has no destination attribute")
  func addDefaultRoute() throws {
    let route = Route(try CIDR(parsing: "0.0.0.0/0"), gateway: try IPAddress(parsing: "172.17.0.1"), interface: 7)
    #expect(
      RouteRequest.add(route, onConflict: .replace).encoded
        == bytes(
          """
          2c000000 1800 0005 00000000 00000000 | 44 bytes, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE
          02 00 00 00 | AF_INET, /0, source /0, type of service
          fe 03 00 01 | RT_TABLE_MAIN, RTPROT_BOOT, universe, RTN_UNICAST
          00000000 | flags
          0800 0500 ac110001 | RTA_GATEWAY
          0800 0400 07000000 | RTA_OIF
          """))
  }

  @Test("a route's destination loses its host bits; without a gateway an IPv4 one is of link scope")
  func addLinkRoute() throws {
    var route = Route(try CIDR(parsing: "10.1.2.3/8"), interface: 3, source: try IPAddress(parsing: "10.9.9.9"), priority: 50)
    route.table = 1000
    #expect(
      RouteRequest.add(route, onConflict: .refuse).encoded
        == bytes(
          """
          44000000 1800 0006 00000000 00000000 | 68 bytes, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL
          02 08 00 00 00 03 fd 01 00000000 | AF_INET, /8, table below, RTPROT_BOOT, link scope, unicast
          0800 0100 0a000000 | RTA_DST
          0800 0400 03000000 | RTA_OIF
          0800 0700 0a090909 | RTA_PREFSRC
          0800 0600 32000000 | RTA_PRIORITY
          0800 0f00 e8030000 | RTA_TABLE
          """))
  }
}

@Suite struct NetlinkReplyTests {
  static let link = bytes(
    """
    00 00 0100 | AF_UNSPEC, ARPHRD_ETHER
    05000000 | index 5
    43100100 | IFF_UP | IFF_BROADCAST | IFF_RUNNING | IFF_MULTICAST | lower up
    00000000 | change
    0900 0300 6e65743100 000000 | IFLA_IFNAME "net1"
    0800 0400 dc050000 | IFLA_MTU 1500
    0800 0500 02000000 | IFLA_LINK 2
    0800 0a00 09000000 | IFLA_MASTER 9
    0a00 0100 0a0000000001 0000 | IFLA_ADDRESS
    0800 2580 01000000 | IFLA_LINK_NETNSID 1, with a flag bit in its type
    1000 1200 | IFLA_LINKINFO
    0c00 0100 6d6163766c616e00 | IFLA_INFO_KIND "macvlan"
    """)

  @Test("an interface is read with all its attributes")
  func readLink() throws {
    let link = try Link(Self.link)
    #expect(link.index == 5)
    #expect(link.name == "net1")
    #expect(link.mac == MACAddress("0a:00:00:00:00:01"))
    #expect(link.mtu == 1500)
    #expect(link.lower == 2)
    #expect(link.master == 9)
    #expect(link.peerNamespaceID == 1)
    #expect(link.kind == "macvlan")
    #expect(link.isUp && link.isRunning && !link.isLoopback)
  }

  static let route = bytes(
    """
    02 00 00 00 fe 10 00 01 | AF_INET, default, RT_TABLE_MAIN, protocol 16, universe, unicast
    10000000 | RTNH_F_LINKDOWN
    0800 0f00 fe000000 | RTA_TABLE
    0800 0600 64000000 | RTA_PRIORITY 100
    2400 0900 | RTA_MULTIPATH
    1000 11 00 03000000 | next hop of 16 bytes: linkdown | dead, interface 3
    0800 0500 0a000001 | RTA_GATEWAY
    1000 04 00 04000000 | next hop: on link, interface 4
    0800 0500 0a000002 | RTA_GATEWAY
    """)

  @Test("a route with several next hops is read")
  func readRoute() throws {
    let route = try #require(try Route(Self.route))
    #expect(route.isDefault && route.isUnicast)
    #expect(route.priority == 100)
    #expect(
      route.nextHops == [
        .init(gateway: IPAddress("10.0.0.1"), interface: 3), .init(gateway: IPAddress("10.0.0.2"), interface: 4),
      ])
  }

  @Test("what is put back says nothing of the moment it was listed")
  func restoration() throws {
    let removed = try #require(try RemovedRoute(Self.route))
    let payload = removed.restoration.payload
    #expect(Array(payload[8..<12]) == [0, 0, 0, 0])
    #expect(payload[12 + 8 + 8 + 4 + 2] == 0)
    #expect(payload[12 + 8 + 8 + 4 + 16 + 2] == 4)
    #expect(try RemovedRoute(payload)?.route == removed.route)
    #expect(removed.deletion.payload == payload)
  }

  @Test("the kernel's cached paths and foreign families are passed over")
  func passedOver() throws {
    var cloned = Self.route
    cloned[9] = 2  // RTM_F_CLONED
    #expect(try Route(cloned) == nil)
    var foreign = Self.route
    foreign[0] = 7
    #expect(try Route(foreign) == nil)
    #expect(try InterfaceAddress([7, 0, 0, 0, 1, 0, 0, 0]) == nil)
  }

  @Test("an interface address is the local one, with the flags of the attribute")
  func readAddress() throws {
    let address = try #require(
      try InterfaceAddress(
        bytes(
          """
          02 1e 80 00 07000000 | AF_INET, /30, IFA_F_PERMANENT
          0800 0100 0a000002 | IFA_ADDRESS: the other end
          0800 0200 0a000001 | IFA_LOCAL
          0800 0800 40020000 | IFA_FLAGS
          """)))
    #expect(address.address == CIDR("10.0.0.1/30"))
    #expect(address.flags == 0x240)
    #expect(address.isTentative)
  }

  @Test(
    "lengths that lie are errors, not crashes",
    arguments: [
      "0f000000 0000 0000 00000000 00000000 | shorter than its header", "11000000 0000 0000 00000000 00000000 | longer than the datagram",
      "10000000 0000 | cut off", "ffffffff 0000 0000 00000000 00000000 | absurd",
    ])
  func lyingMessages(line: String) {
    #expect(throws: NetlinkFormatError.self) { try NetlinkMessage.decode(bytes(line)) }
  }

  @Test("no prefix of a good answer, and no damaged one, is read past its end")
  func damaged() {
    for count in 0..<Self.link.count { _ = try? Link(Array(Self.link.prefix(count))) }
    for count in 0..<Self.route.count {
      _ = try? Route(Array(Self.route.prefix(count)))
      _ = try? RemovedRoute(Array(Self.route.prefix(count)))
    }
    let seed = UInt64.random(in: .min ... .max)
    var generator = SplitMix(state: seed)
    for round in 0..<20_000 {
      var payload = round.isMultiple(of: 2) ? Self.route : Self.link
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        payload[Int.random(in: 0..<payload.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      if let route = try? RemovedRoute(payload) {
        #expect(route.restoration.payload.count >= 12, "seed \(seed)")
      }
      _ = try? Link(payload)
      _ = try? InterfaceAddress(payload)
    }
  }
}

/// A small generator whose seed a failure can print.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@Suite struct NetlinkExchangeTests {
  private func acknowledgement(sequence: UInt32, code: Int32 = 0, flags: UInt16 = 0, rest: [UInt8] = []) -> [UInt8] {
    var payload = NetlinkBuilder()
    payload.append(code)
    payload.append(bytes: rest)
    return NetlinkMessage(type: UInt16(NLMSG_ERROR), flags: flags, sequence: sequence, payload: payload.bytes).encoded
  }

  private func part(sequence: UInt32, flags: UInt16 = 0) -> NetlinkMessage {
    NetlinkMessage(type: UInt16(RTM_NEWLINK), flags: flags, sequence: sequence, payload: NetlinkReplyTests.link)
  }

  private func end(sequence: UInt32, payload: [UInt8] = [0, 0, 0, 0], flags: UInt16 = 0) -> [UInt8] {
    NetlinkMessage(type: UInt16(NLMSG_DONE), flags: flags, sequence: sequence, payload: payload).encoded
  }

  /// The header of the request that an error answers.
  private let requestHeader = bytes("20000000 1000 0500 07000000 00000000")

  @Test("a request is done with its acknowledgement; answers to older requests do not count")
  func acknowledged() throws {
    var exchange = NetlinkExchange(sequence: 7, isDump: false)
    #expect(try exchange.receive(acknowledgement(sequence: 6, code: -1)) == .incomplete)
    #expect(try exchange.receive(part(sequence: 7).encoded) == .incomplete)
    #expect(try exchange.receive(acknowledgement(sequence: 7, rest: requestHeader)) == .complete([part(sequence: 7)]))
  }

  @Test("a refusal carries the errno and the kernel's sentence")
  func refused() throws {
    var attributes = NetlinkBuilder()
    attributes.attribute(1, Array("Nexthop has invalid gateway".utf8) + [0])
    var exchange = NetlinkExchange(sequence: 7, isDump: false)
    let capped = acknowledgement(
      sequence: 7, code: -ENETUNREACH, flags: UInt16(NLM_F_CAPPED | NLM_F_ACK_TLVS), rest: requestHeader + attributes.bytes)
    #expect(try exchange.receive(capped) == .refused(errno: ENETUNREACH, kernelText: "Nexthop has invalid gateway"))
    let echoed = acknowledgement(
      sequence: 7, code: -ENETUNREACH, flags: UInt16(NLM_F_ACK_TLVS),
      rest: requestHeader + [UInt8](repeating: 0, count: 16) + attributes.bytes)
    #expect(try exchange.receive(echoed) == .refused(errno: ENETUNREACH, kernelText: "Nexthop has invalid gateway"))
    #expect(try exchange.receive(acknowledgement(sequence: 7, code: -ENODEV)) == .refused(errno: ENODEV, kernelText: ""))
  }

  @Test("a listing ends with its end message, over several datagrams")
  func listed() throws {
    var exchange = NetlinkExchange(sequence: 1, isDump: true)
    #expect(try exchange.receive(part(sequence: 1).encoded + part(sequence: 1).encoded) == .incomplete)
    #expect(
      try exchange.receive(part(sequence: 1).encoded + end(sequence: 1))
        == .complete([part(sequence: 1), part(sequence: 1), part(sequence: 1)]))
    var empty = NetlinkExchange(sequence: 1, isDump: true)
    #expect(try empty.receive(end(sequence: 1, payload: [])) == .complete([]))
  }

  @Test("a listing during which the table changed is to be asked for again")
  func interrupted() throws {
    var exchange = NetlinkExchange(sequence: 1, isDump: true)
    #expect(try exchange.receive(part(sequence: 1, flags: UInt16(NLM_F_DUMP_INTR)).encoded) == .incomplete)
    #expect(try exchange.receive(end(sequence: 1)) == .interrupted)
    var atEnd = NetlinkExchange(sequence: 1, isDump: true)
    #expect(try atEnd.receive(end(sequence: 1, flags: UInt16(NLM_F_DUMP_INTR))) == .interrupted)
  }

  @Test("a listing can be refused at its end")
  func refusedListing() throws {
    var exchange = NetlinkExchange(sequence: 1, isDump: true)
    let payload = withUnsafeBytes(of: -EINVAL) { Array($0) }
    #expect(try exchange.receive(end(sequence: 1, payload: payload)) == .refused(errno: EINVAL, kernelText: ""))
  }

  @Test("a lost part is an error")
  func overrun() {
    var exchange = NetlinkExchange(sequence: 1, isDump: true)
    let overrun = NetlinkMessage(type: UInt16(NLMSG_OVERRUN), flags: 0, sequence: 1, payload: []).encoded
    #expect(throws: NetlinkFormatError.self) { try exchange.receive(overrun) }
  }
}

@Suite struct InterfaceNameTests {
  @Test("names the kernel takes", arguments: ["a", "eth0", "net1", "fifteen-letters", "..a", "ö", "br-int@x"])
  func good(text: String) throws {
    #expect(try InterfaceName(parsing: text).text == text)
  }

  @Test(
    "names it does not take, or takes for something else",
    arguments: ["", ".", "..", "sixteen-letters-", "a/b", "a b", "a\tb", "a:b", "veth%d", "a\0"])
  func bad(text: String) {
    #expect(throws: NetlinkError.self) { try InterfaceName(parsing: text) }
  }
}

@Suite struct NetlinkErrorTests {
  @Test("an error says what was tried, what the kernel said and what to look at")
  func description() {
    #expect(
      NetlinkError("set the MTU of net1 to 9000", .system(EINVAL, kernelText: "mtu greater than device maximum")).description
        == "cannot set the MTU of net1 to 9000: EINVAL (Invalid argument): mtu greater than device maximum")
    #expect(
      NetlinkError("find interface net1", errno: ENODEV).description
        == "cannot find interface net1: ENODEV (No such device): there is no such interface in this network namespace")
    #expect(NetlinkError("x", errno: 0x7FFF).description.hasPrefix("cannot x: error 32767"))
  }
}
