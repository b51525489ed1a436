import NetAddress
import Testing

@Suite struct AddressRangeTests {
  @Test(
    "a specification range prints as a..b and its status form as a-b",
    arguments: [
      ("10.0.0.1", "10.0.0.1", "10.0.0.1", UInt128(1)), ("10.0.0.10..10.0.0.10", "10.0.0.10", "10.0.0.10", 1),
      ("10.0.0.10..10.0.0.15", "10.0.0.10..10.0.0.15", "10.0.0.10-10.0.0.15", 6),
      ("FD00::A..fd00::000f", "fd00::a..fd00::f", "fd00::a-fd00::f", 6),
      ("10.16.0.0..10.16.0.20", "10.16.0.0..10.16.0.20", "10.16.0.0-10.16.0.20", 21),
    ])
  func forms(_ text: String, _ specification: String, _ status: String, _ count: UInt128) throws {
    let range = try AddressRange(parsing: text)
    #expect(range.description == specification)
    #expect(range.statusText == status)
    #expect(range.count == count)
    #expect(try AddressRange(parsingStatus: status) == range)
  }

  @Test("a reversed range names both ends")
  func reversed() {
    let error = #expect(throws: AddressError.self) { try AddressRange(parsing: "10.16.0.20..10.16.0.1") }
    #expect(error?.description.contains("10.16.0.20") == true)
    #expect(error?.description.contains("after its end 10.16.0.1") == true)
  }

  @Test("a dash in a specification is refused with a hint")
  func dash() {
    let error = #expect(throws: AddressError.self) { try AddressRange(parsing: "10.0.0.1-10.0.0.9") }
    #expect(error?.description.contains("..") == true)
    #expect(error == .invalidRange("10.0.0.1-10.0.0.9", reason: .dashInSpecification))
  }

  @Test(
    "malformed ranges are refused",
    arguments: [
      "", "..", "10.0.0.1..", "..10.0.0.1", "10.0.0.1..10.0.0.2..10.0.0.3", "10.0.0.1..fd00::1", "10.0.0.1...10.0.0.3", "10.0.0.261",
      "x..y",
    ])
  func refuses(_ text: String) {
    #expect(throws: AddressError.self) { try AddressRange(parsing: text) }
    #expect(AddressRange(text) == nil)
  }

  @Test("a pool entry may be a CIDR, which means every address of it")
  func poolEntry() throws {
    #expect(try AddressRange(parsingPoolEntry: "10.0.0.16/28").statusText == "10.0.0.16-10.0.0.31")
    #expect(try AddressRange(parsingPoolEntry: "fd00::/126").statusText == "fd00::-fd00::3")
    #expect(try AddressRange(parsingPoolEntry: "10.0.0.7").statusText == "10.0.0.7")
    #expect(throws: AddressError.self) { try AddressRange(parsingPoolEntry: "10.0.0.1-10.0.0.9") }
  }

  @Test("intersection, containment and overlap stay within a family")
  func algebra() throws {
    let range = try AddressRange(parsing: "10.0.0.10..10.0.0.20")
    #expect(range.intersection(try AddressRange(parsing: "10.0.0.15..10.0.0.30"))?.statusText == "10.0.0.15-10.0.0.20")
    #expect(range.intersection(try AddressRange(parsing: "10.0.0.21..10.0.0.30")) == nil)
    #expect(range.intersection(try AddressRange(parsing: "::..ffff::")) == nil)
    #expect(range.contains(try AddressRange(parsing: "10.0.0.10..10.0.0.20")))
    #expect(!range.contains(try IPAddress(parsing: "10.0.0.21")))
    #expect(range.overlaps(try AddressRange(parsing: "10.0.0.20")))
    #expect(try AddressRange(parsing: "::..ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").count == .max)
  }
}
