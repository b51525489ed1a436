import NetAddress
import Testing

@Suite struct MACAddressTests {
  @Test(
    "every accepted form is one value, printed in lower case with colons",
    arguments: ["00:00:00:53:6B:B6", "00:00:00:53:6b:b6", "00-00-00-53-6B-B6", "0000.0053.6bb6", "0000.0053.6BB6"])
  func forms(_ text: String) throws {
    #expect(try MACAddress(parsing: text).description == "00:00:00:53:6b:b6")
    #expect(MACAddress(text) == MACAddress(rawValue: 0x536b_b6))
  }

  @Test(
    "anything else is refused by name",
    arguments: [
      "", "00:00:00:53:6b", "00:00:00:53:6b:b6:01", "0:0:0:53:6b:b6", "00:00-00:53:6b:b6", "0g:00:00:53:6b:b6", "000000536bb6",
      "0000.0053-6bb6", "00:00:00:53:6b:b6 ", "00.00.00.53.6b.b6", "0000:0053:6bb6",
    ])
  func refuses(_ text: String) {
    let error = #expect(throws: AddressError.self) { try MACAddress(parsing: text) }
    #expect(error?.description.contains("\"\(text)\"") == true)
  }

  @Test("a random address is locally administered unicast")
  func random() {
    let seed: UInt64 = 7
    var generator = SeededGenerator(seed: seed)
    var lows: Set<UInt8> = []
    for _ in 0..<10_000 {
      let mac = MACAddress.random(using: &generator)
      #expect(mac.bytes[0] & 0b11 == 0b10, "\(mac) seed \(seed)")
      #expect(!mac.isMulticast, "\(mac) seed \(seed)")
      #expect(mac.rawValue >> 48 == 0, "\(mac) seed \(seed)")
      lows.insert(mac.bytes[0])
    }
    #expect(lows.count == 64)
  }

  @Test("bytes lead back; the group bit is seen")
  func bytes() throws {
    let mac = try MACAddress(parsing: "01:02:03:04:05:06")
    #expect(mac.bytes == [1, 2, 3, 4, 5, 6])
    #expect(MACAddress(bytes: mac.bytes) == mac)
    #expect(MACAddress(bytes: [1, 2, 3]) == nil)
    #expect(mac.isMulticast)
    #expect(MACAddress(rawValue: 0).isZero)
  }
}
