import NetAddress
import Testing

@Suite struct CIDRTests {
  /// One row of the usable-range table.
  struct Usable: CustomTestStringConvertible {
    let cidr: String
    let first: String?
    let last: String?
    let count: UInt128
    var testDescription: String { cidr }
  }

  @Test(
    "usable addresses leave out the first and the last, except in a pair",
    arguments: [
      Usable(cidr: "10.16.0.0/16", first: "10.16.0.1", last: "10.16.255.254", count: 65534),
      Usable(cidr: "10.0.0.5/30", first: "10.0.0.5", last: "10.0.0.6", count: 2),
      Usable(cidr: "10.0.0.1/31", first: "10.0.0.0", last: "10.0.0.1", count: 2),
      Usable(cidr: "10.0.0.1/32", first: nil, last: nil, count: 0),
      Usable(cidr: "0.0.0.0/0", first: "0.0.0.1", last: "255.255.255.254", count: 4_294_967_294),
      Usable(cidr: "2001:db8::/64", first: "2001:db8::1", last: "2001:db8::ffff:ffff:ffff:fffe", count: 18_446_744_073_709_551_614),
      Usable(cidr: "fd:db8:abcd:12::/96", first: "fd:db8:abcd:12::1", last: "fd:db8:abcd:12::ffff:fffe", count: 4_294_967_294),
      Usable(cidr: "fd00::/127", first: "fd00::", last: "fd00::1", count: 2),
      Usable(cidr: "fd00::/128", first: nil, last: nil, count: 0),
      Usable(cidr: "190:255::1:0/112", first: "190:255::1:1", last: "190:255::1:fffe", count: 65534),
      Usable(cidr: "::/0", first: "::1", last: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", count: .max - 1),
    ])
  func usable(_ row: Usable) throws {
    let cidr = try CIDR(parsing: row.cidr)
    #expect(cidr.firstUsable?.description == row.first)
    #expect(cidr.lastUsable?.description == row.last)
    #expect(cidr.usableCount == row.count)
  }

  @Test("host bits are kept until masked")
  func masked() throws {
    let cidr = try CIDR(parsing: "192.168.0.1/24")
    #expect(cidr.description == "192.168.0.1/24")
    #expect(cidr.masked.description == "192.168.0.0/24")
    #expect(cidr.network == IPAddress("192.168.0.0"))
    #expect(cidr.last == IPAddress("192.168.0.255"))
    #expect(try CIDR(parsing: "FD00::ABCD/112").masked.description == "fd00::/112")
  }

  @Test(
    "a malformed CIDR is refused by name",
    arguments: [
      "", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/ 8", "/8", "fd00::/129",
      "10.0.0/24", "::ffff:10.0.0.0/104", "fe80::%eth0/64", "10.0.0.0/99999999999999999999",
    ])
  func refuses(_ text: String) {
    let error = #expect(throws: AddressError.self) { try CIDR(parsing: text) }
    #expect(error?.description.contains("\"\(text)\"") == true)
  }

  @Test("a prefix length outside the width makes no CIDR")
  func prefixBounds() throws {
    let address = try IPAddress(parsing: "10.0.0.1")
    #expect(CIDR(address: address, prefixLength: 33) == nil)
    #expect(CIDR(address: address, prefixLength: -1) == nil)
    #expect(CIDR(address: address, prefixLength: 32)?.contains(address) == true)
  }

  @Test("overlap and containment compare values within one family")
  func overlap() throws {
    let wide = try CIDR(parsing: "10.0.0.0/8")
    let narrow = try CIDR(parsing: "10.16.0.0/16")
    let other = try CIDR(parsing: "11.0.0.0/8")
    let six = try CIDR(parsing: "::/0")
    #expect(wide.overlaps(narrow) && narrow.overlaps(wide))
    #expect(wide.contains(narrow) && !narrow.contains(wide))
    #expect(!wide.overlaps(other) && !six.overlaps(wide))
    #expect(!six.contains(try IPAddress(parsing: "10.0.0.1")))
  }

  @Test(
    "a block text is one CIDR or one of each family, printed v4 first",
    arguments: [
      ("10.16.0.0/16", "10.16.0.0/16", AddressProtocol.ipv4), ("fd00::/64", "fd00::/64", .ipv6),
      ("10.16.0.0/16,fd00::/64", "10.16.0.0/16,fd00::/64", .dual), ("FD00::/64, 10.16.0.0/16", "10.16.0.0/16,fd00::/64", .dual),
    ])
  func block(_ text: String, _ canonical: String, _ expected: AddressProtocol) throws {
    let block = try CIDRBlock(parsing: text)
    #expect(block.description == canonical)
    #expect(block.protocol == expected)
    #expect(block.values.map(\.family) == expected.families)
  }

  @Test(
    "two values of a family, three values or an empty part are refused",
    arguments: ["", "10.0.0.0/8,11.0.0.0/8", "fd00::/64,fd01::/64", "10.0.0.0/8,fd00::/64,11.0.0.0/8", "10.0.0.0/8,", ",fd00::/64"])
  func refusesBlock(_ text: String) {
    #expect(throws: AddressError.self) { try CIDRBlock(parsing: text) }
  }

  @Test("a pair knows its families and the block that holds an address")
  func pair() throws {
    let pair = AddressPair(v4: IPv4Address(10, 0, 0, 1), v6: nil)
    #expect(pair.description == "10.0.0.1")
    #expect(pair[.v6] == nil && pair[.v4] == .v4(IPv4Address(10, 0, 0, 1)))
    #expect(AddressPair().description.isEmpty && AddressPair().isEmpty)
    let block = try CIDRBlock(parsing: "10.0.0.7/24,fd00::7/64")
    #expect(block.masked.description == "10.0.0.0/24,fd00::/64")
    #expect(block.containing(.v4(IPv4Address(10, 0, 0, 200)))?.prefixLength == 24)
    #expect(block.containing(.v4(IPv4Address(10, 0, 1, 0))) == nil)
    #expect(block.overlaps(try CIDRBlock(parsing: "fd00::/112")))
    #expect(!block.overlaps(try CIDRBlock(parsing: "10.0.1.0/24")))
    #expect(throws: AddressError.self) { try AddressPair([.v4(IPv4Address(10, 0, 0, 1)), .v4(IPv4Address(10, 0, 0, 2))]) }
  }
}
