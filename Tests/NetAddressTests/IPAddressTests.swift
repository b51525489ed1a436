import NetAddress
import Testing

@Suite struct IPAddressTests {
  @Test(
    "an address prints canonically whatever form it came in",
    arguments: [
      ("0.0.0.0", "0.0.0.0"), ("10.16.0.2", "10.16.0.2"), ("255.255.255.255", "255.255.255.255"),
      ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::A", "2001:db8::a"),
      ("fd00:10:16::000E", "fd00:10:16::e"), ("FD00:10:16::000E", "fd00:10:16::e"),
      ("fd00:0010:0016:0:0:0:0:000e", "fd00:10:16::e"), ("fd:db8:abcd:12::", "fd:db8:abcd:12::"),
      ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"), ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
      ("0:0:0:0:0:0:0:1", "::1"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
      ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("::1.2.3.4", "::102:304"),
      ("190:255::1:ffff", "190:255::1:ffff"), ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
      ("::ffff:1.2.3.4", "1.2.3.4"), ("::FFFF:0a00:0001", "10.0.0.1"),
    ])
  func prints(_ text: String, _ canonical: String) throws {
    let address = try IPAddress(parsing: text)
    #expect(address.description == canonical)
    #expect(try IPAddress(parsing: canonical) == address)
  }

  @Test(
    "a text that Go's net.ParseIP refuses is refused, and the error names it",
    arguments: [
      "", " ", "not-an-ip", "10.0.0", "10.0.0.0.1", "10.0.0.256", "10.0.0.01", "10.0.0.1 ", " 10.0.0.1", "10..0.1", ".10.0.0.1",
      "10.0.0.1.",
      "1e1.0.0.1", "+1.0.0.1", "10.0.0.1/24", "١٠.0.0.1", "10.0.0.261",
      ":", ":::", "1:", ":1", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "00000::1",
      "g::1", "fe80::1%eth0", "::1.2.3", "::1.2.3.4:5", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "::01.2.3.4", "1:2:3:4::5:6:7:8", "[::1]",
    ])
  func refuses(_ text: String) {
    let error = #expect(throws: AddressError.self) { try IPAddress(parsing: text) }
    #expect(error?.description.contains("\"\(text)\"") == true)
    #expect(IPAddress(text) == nil)
  }

  @Test("the error begins with Kube-OVN's words")
  func words() {
    let error = #expect(throws: AddressError.self) { try IPAddress(parsing: "not-an-ip") }
    #expect(error?.description.hasPrefix("invalid IP address \"not-an-ip\"") == true)
  }

  @Test("an IPv6Address keeps a mapped value, IPAddress folds it into IPv4")
  func mapped() throws {
    let six = try IPv6Address(parsing: "::ffff:10.0.0.1")
    #expect(six.description == "::ffff:10.0.0.1")
    #expect(six.mappedIPv4 == IPv4Address(10, 0, 0, 1))
    #expect(six == IPv6Address(mapping: IPv4Address(10, 0, 0, 1)))
    #expect(try IPAddress(parsing: "::ffff:10.0.0.1") == .v4(IPv4Address(10, 0, 0, 1)))
    #expect(try IPAddress(parsing: "::fffe:10.0.0.1").family == .v6)
  }

  @Test("addresses order v4 before v6, then by value")
  func order() throws {
    let texts = ["fd00::2", "10.0.0.10", "10.0.0.9", "::1", "255.0.0.0"]
    let sorted = try texts.map { try IPAddress(parsing: $0) }.sorted().map(\.description)
    #expect(sorted == ["10.0.0.9", "10.0.0.10", "255.0.0.0", "::1", "fd00::2"])
  }

  @Test("bytes are network order and lead back to the address", arguments: ["10.1.2.3", "fd00::1:2"])
  func bytes(_ text: String) throws {
    let address = try IPAddress(parsing: text)
    #expect(IPAddress(bytes: address.bytes) == address)
    #expect(address.bytes.last == (address.family == .v4 ? 3 : 2))
    #expect(IPAddress(bytes: address.bytes.dropLast()) == nil)
  }

  @Test("successor and predecessor stop at the family's ends")
  func ends() {
    #expect(IPv4Address(rawValue: .max).successor == nil)
    #expect(IPv4Address(rawValue: 0).predecessor == nil)
    #expect(IPv4Address(10, 0, 0, 255).successor == IPv4Address(10, 0, 1, 0))
    #expect(IPv6Address(rawValue: .max).successor == nil)
  }

  @Test("any 128-bit value survives printing and reading")
  func roundTrip() throws {
    let seed: UInt64 = 0x5eed_0001
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<20_000 {
      // Zeroed groups make `::` appear in every place.
      let mask = (0..<8).reduce(UInt128(0)) { mask, _ in mask << 16 | (Bool.random(using: &generator) ? 0xffff : 0) }
      let address = IPv6Address(rawValue: UInt128.random(in: 0 ... .max, using: &generator) & mask)
      #expect(try IPv6Address(parsing: address.description) == address, "seed \(seed)")
      #expect(try IPv6Address(parsing: address.description.uppercased()) == address, "seed \(seed)")
      let four = IPv4Address(rawValue: UInt32.random(in: 0 ... .max, using: &generator))
      #expect(try IPv4Address(parsing: four.description) == four, "seed \(seed)")
    }
  }

  @Test("random bytes never crash the reader, and what it accepts it prints readably")
  func hostile() throws {
    let seed: UInt64 = 0x5eed_0002
    var generator = SeededGenerator(seed: seed)
    let alphabet = Array("0123456789abcdefABCDEF:::...%/-x".utf8)
    for _ in 0..<50_000 {
      let length = Int.random(in: 0...24, using: &generator)
      let text = String(decoding: (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }, as: UTF8.self)
      guard let address = IPAddress(text) else { continue }
      #expect(IPAddress(address.description) == address, "\(text) seed \(seed)")
    }
  }
}

/// SplitMix64: small, seedable, the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
