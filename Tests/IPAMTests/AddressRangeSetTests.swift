import IPAM
import NetAddress
import Testing

@Suite struct AddressRangeSetTests {
  @Test("ranges in any order become sorted, joined ranges")
  func building() throws {
    let set = try v4("10.0.0.7..10.0.0.9", "10.0.0.1", "10.0.0.2..10.0.0.3", "10.0.0.8..10.0.0.12", "10.0.0.14")
    #expect(set.description == "10.0.0.1-10.0.0.3,10.0.0.7-10.0.0.12,10.0.0.14")
    #expect(set.count == 10 && set.rangeCount == 3)
    #expect(set.first == IPv4Address(10, 0, 0, 1) && set.last == IPv4Address(10, 0, 0, 14))
    #expect(AddressRangeSet<IPv4Address>().description.isEmpty)
  }

  @Test("an address between two ranges joins them, one inside splits them")
  func joinAndSplit() throws {
    var set = try v4("10.0.0.1..10.0.0.3", "10.0.0.5..10.0.0.7")
    let inserted = [set.insert(IPv4Address(10, 0, 0, 4)), set.insert(IPv4Address(10, 0, 0, 4))]
    #expect(inserted == [true, false])
    #expect(set.description == "10.0.0.1-10.0.0.7")
    let removed = [set.remove(IPv4Address(10, 0, 0, 2)), set.remove(IPv4Address(10, 0, 0, 2))]
    #expect(removed == [true, false])
    #expect(set.description == "10.0.0.1,10.0.0.3-10.0.0.7")
    let popped = [set.popFirst(), set.popFirst()]
    #expect(popped == [IPv4Address(10, 0, 0, 1), IPv4Address(10, 0, 0, 3)])
    #expect(set.description == "10.0.0.4-10.0.0.7")
  }

  @Test("the ends of the families can be held, and nothing wraps round")
  func familyEnds() {
    var four = AddressRangeSet<IPv4Address>()
    four.insert(IPv4Address(rawValue: .max))
    four.insert(IPv4Address(rawValue: 0))
    #expect(four.description == "0.0.0.0,255.255.255.255")
    four.insert(IPv4Address(rawValue: 0)...IPv4Address(rawValue: .max))
    #expect(four.count == 1 << 32)
    four.remove(IPv4Address(rawValue: .max))
    four.remove(IPv4Address(rawValue: 0))
    #expect(four.description == "0.0.0.1-255.255.255.254")
    var six = AddressRangeSet(IPv6Address(rawValue: 0)...IPv6Address(rawValue: .max))
    #expect(six.count == .max)
    six.remove(IPv6Address(rawValue: 1)...IPv6Address(rawValue: .max))
    #expect(six.description == "::" && six.count == 1)
  }

  @Test("the lowest address that is not excluded is found across ranges")
  func firstExcept() throws {
    let set = try v4("10.0.0.1..10.0.0.2", "10.0.0.9")
    let skipped: Set = [IPv4Address(10, 0, 0, 1), IPv4Address(10, 0, 0, 2)]
    #expect(set.first(except: skipped.contains) == IPv4Address(10, 0, 0, 9))
    #expect(set.first(except: { _ in true }) == nil)
  }

  @Test("100,000 random changes agree with a plain array of flags, IPv4", arguments: [UInt64(11), 12, 13])
  func model4(_ seed: UInt64) {
    runModel(seed: seed, base: IPv4Address(10, 0, 0, 0), universe: 4096)
  }

  @Test("100,000 random changes agree with a plain array of flags, IPv6", arguments: [UInt64(21), 22, 23])
  func model6(_ seed: UInt64) {
    runModel(seed: seed, base: IPv6Address(rawValue: .max - 4095), universe: 4096)
  }

  @Test("set algebra agrees with plain sets", arguments: [UInt64(31), 32, 33])
  func algebra(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let left = randomMembers(&generator)
      let right = randomMembers(&generator)
      let (a, b) = (rangeSet(left), rangeSet(right))
      #expect(Set(members(a.union(b))) == left.union(right), "seed \(seed)")
      #expect(Set(members(a.intersection(b))) == left.intersection(right), "seed \(seed)")
      #expect(Set(members(a.subtracting(b))) == left.subtracting(right), "seed \(seed)")
      #expect(a.union(b).count == UInt128(left.union(right).count), "seed \(seed)")
      #expect((a == b) == (left == right), "seed \(seed)")
    }
  }

  @Test("the set costs by ranges, not by addresses: 30,000 ranges stay exact")
  func manyRanges() {
    let seed: UInt64 = 41
    var generator = SeededGenerator(seed: seed)
    var set = AddressRangeSet(IPv4Address(10, 0, 0, 0)...IPv4Address(10, 0, 255, 255))
    let odd = (0..<32_768).map { IPv4Address(rawValue: 0x0a00_0001 + UInt32($0) * 2) }.shuffled(using: &generator)
    for address in odd { set.remove(address) }
    #expect(set.rangeCount == 32_768 && set.count == 32_768)
    for address in odd.shuffled(using: &generator) { set.insert(address) }
    #expect(set.rangeCount == 1 && set.count == 65_536)
  }

  // MARK: - Helpers of this suite

  private func v4(_ texts: String...) throws -> AddressRangeSet<IPv4Address> {
    AddressRangeSet(try texts.compactMap { try AddressRange(parsing: $0).v4 })
  }

  private func runModel<Address: FamilyAddress>(seed: UInt64, base: Address, universe: Int) {
    var generator = SeededGenerator(seed: seed)
    var set = AddressRangeSet<Address>()
    var model = [Bool](repeating: false, count: universe)
    func address(_ index: Int) -> Address { Address(rawValue: base.rawValue + Address.RawValue(index)) }
    for step in 0..<100_000 {
      let index = Int.random(in: 0..<universe, using: &generator)
      // Slow swings of the balance make the set dense, sparse and finely cut in turn.
      switch (Int.random(in: 0..<100, using: &generator), step / 12_500 % 2) {
      case (0..<60, 0), (0..<35, 1):
        let changed = set.insert(address(index))
        #expect(changed == !model[index], "step \(step) seed \(seed)")
        model[index] = true
      case (60..<95, 0), (35..<95, 1):
        let changed = set.remove(address(index))
        #expect(changed == model[index], "step \(step) seed \(seed)")
        model[index] = false
      case (95..<98, _):
        let lowest = model.firstIndex(of: true)
        let popped = set.popFirst()
        #expect(popped == lowest.map(address), "step \(step) seed \(seed)")
        if let lowest { model[lowest] = false }
      default:
        #expect(set.contains(address(index)) == model[index], "step \(step) seed \(seed)")
      }
      if step % 2_500 == 0 { expectEqual(set, model, base: base, "step \(step) seed \(seed)") }
    }
    expectEqual(set, model, base: base, "end seed \(seed)")
  }

  private func expectEqual<Address: FamilyAddress>(
    _ set: AddressRangeSet<Address>, _ model: [Bool], base: Address, _ comment: Comment
  ) {
    var expected: [ClosedRange<Address>] = []
    var start: Int?
    func address(_ index: Int) -> Address { Address(rawValue: base.rawValue + Address.RawValue(index)) }
    for (index, isMember) in model.enumerated() {
      if isMember { start = start ?? index }
      if !isMember || index + 1 == model.count, let first = start {
        expected.append(address(first)...address(isMember ? index : index - 1))
        start = nil
      }
    }
    #expect(Array(set.ranges) == expected, comment)
    #expect(set.count == UInt128(model.count { $0 }), comment)
    #expect(set == AddressRangeSet(expected), comment)
    #expect(set.first == expected.first?.lowerBound && set.last == expected.last?.upperBound, comment)
  }

  private func randomMembers(_ generator: inout SeededGenerator) -> Set<UInt32> {
    let density = Int.random(in: 0...10, using: &generator)
    return Set((0..<200).filter { _ in Int.random(in: 0..<10, using: &generator) < density })
  }

  private func rangeSet(_ members: Set<UInt32>) -> AddressRangeSet<IPv4Address> {
    AddressRangeSet(members.map { IPv4Address(rawValue: $0)...IPv4Address(rawValue: $0) })
  }

  private func members(_ set: AddressRangeSet<IPv4Address>) -> [UInt32] {
    set.ranges.flatMap { Array($0.lowerBound.rawValue...$0.upperBound.rawValue) }
  }
}
