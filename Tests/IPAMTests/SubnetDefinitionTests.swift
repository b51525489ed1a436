import IPAM
import NetAddress
import Testing

@Suite struct SubnetDefinitionTests {
  @Test(
    "a gateway that cannot work is refused",
    arguments: [("10.0.0.0/24", "10.0.0.0"), ("10.0.0.0/24", "10.0.0.255"), ("fd00::/112", "fd00::")])
  func unusableGateway(_ cidr: String, _ gateway: String) throws {
    let expected = DefinitionError.gatewayUnusable(subnet: "s", try IPAddress(parsing: gateway))
    let error = #expect(throws: expected) { try Bed.definition("s", cidr, gateway: gateway) }
    #expect(error?.description.contains(gateway) == true)
  }

  @Test("a gateway outside the CIDR, or of a family without CIDR, is refused", arguments: ["10.0.1.1", "fd00::1"])
  func outsideGateway(_ gateway: String) throws {
    #expect(throws: DefinitionError.gatewayOutside(subnet: "s", try IPAddress(parsing: gateway))) {
      try Bed.definition("s", "10.0.0.0/24", gateway: gateway)
    }
  }

  @Test(
    "IPv6's all-ones host and both ends of a pair may be the gateway",
    arguments: [
      ("190:255::1:0/112", "190:255::1:ffff"), ("10.0.0.0/31", "10.0.0.0"), ("10.0.0.0/31", "10.0.0.1"), ("fd00::/127", "fd00::"),
    ])
  func allowedGateway(_ cidr: String, _ gateway: String) throws {
    #expect(try Bed.definition("s", cidr, gateway: gateway).gateways.description == gateway)
  }

  @Test("a CIDR of one address is refused with its mask", arguments: ["10.0.0.1/32", "fd00::1/128", "10.0.0.0/24,fd00::/128"])
  func hostMask(_ cidr: String) throws {
    let error = #expect(throws: DefinitionError.self) { try Bed.definition("s", cidr) }
    #expect(error?.word == .cidrInvalid)
    #expect(error?.description.contains("mask is invalid") == true)
    #expect(error?.description.contains(cidr.hasPrefix("10.0.0.1") ? "/32" : "/128") == true)
  }

  @Test("host bits are dropped, so the same network written twice is the same definition")
  func normalised() throws {
    #expect(try Bed.definition("s", "192.168.0.1/24") == Bed.definition("s", "192.168.0.0/24"))
    #expect(try Bed.definition("s", "FD00::ABCD/112,192.168.0.1/24").cidrs.description == "192.168.0.0/24,fd00::/112")
    #expect(try Bed.definition("s", "").protocol == .mac)
  }

  @Test(
    "a pool takes one address, a range, a CIDR, and both families mixed", arguments: [true, false])
  func poolEntries(_ isNew: Bool) throws {
    let bed = Bed()
    try bed.subnet("10.0.0.0/24,fd00::/112")
    if !isNew { try bed.pool("p", ["10.0.0.77"]) }
    try bed.pool("p", ["10.0.0.5", "10.0.0.10..10.0.0.12", "10.0.0.32/30", "FD00::0010/126", "192.168.0.1"])
    #expect(try bed.lists(pool: "p").v4.members.description == "10.0.0.5,10.0.0.10-10.0.0.12,10.0.0.32-10.0.0.35")
    #expect(try bed.lists(pool: "p").v6.members.description == "fd00::10-fd00::13")
    let error = #expect(throws: DefinitionError.self) { try bed.pool("p", ["10.0.0.10-10.0.0.12"]) }
    #expect(error?.description.contains("..") == true)
  }
}
