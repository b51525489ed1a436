import IPAM
import NetAddress
import Testing

@Suite struct ExcludedRangesTests {
  /// One row of Kube-OVN's TestExpandExcludeIPs.
  struct Row: CustomTestStringConvertible {
    let cidr: String
    let texts: [String]
    let ranges: [String]
    var problems = 0
    var isRefused = false
    var testDescription: String { "\(cidr) \(texts)" }
  }

  @Test(
    "excludes are clipped to what the subnet could give",
    arguments: [
      Row(
        cidr: "10.16.0.23/24", texts: ["10.16.0.0..10.16.0.20", "10.16.0.23", "10.16.0.255"],
        ranges: ["10.16.0.1..10.16.0.20", "10.16.0.23"]),
      Row(cidr: "10.16.0.0/24", texts: ["10.16.0.1..10.16.1.10"], ranges: ["10.16.0.1..10.16.0.254"], problems: 1),
      Row(cidr: "10.16.0.0/24", texts: ["10.16.0.10..10.16.0.10"], ranges: ["10.16.0.10"]),
      Row(cidr: "10.16.0.0/24", texts: ["10.16.0.20..10.16.0.1"], ranges: [], problems: 1, isRefused: true),
      Row(cidr: "10.16.0.0/24", texts: ["192.168.0.10..192.168.0.9"], ranges: [], problems: 1, isRefused: true),
      Row(cidr: "10.16.0.0/24", texts: ["10.16.1.5", "10.15.0.0..10.15.0.9"], ranges: [], problems: 2),
      Row(cidr: "10.16.0.0/24", texts: ["fd00::1"], ranges: [], problems: 1),
      Row(cidr: "10.16.0.0/24", texts: ["10.16.0.255..10.16.1.3"], ranges: [], problems: 1),
      Row(cidr: "10.16.0.0/24", texts: ["10.16.0.1..fd00::1"], ranges: [], problems: 1, isRefused: true),
      Row(cidr: "10.16.0.0/24", texts: ["", "10.16.0.1-10.16.0.3", "10.16.0.300"], ranges: [], problems: 3, isRefused: true),
      Row(cidr: "10.16.0.0/24,fd00::/112", texts: ["FD00::000A..fd00::F", "10.16.0.9"], ranges: ["fd00::a..fd00::f", "10.16.0.9"]),
      Row(cidr: "10.0.0.0/31", texts: ["10.0.0.0"], ranges: ["10.0.0.0"]),
      Row(cidr: "fd00::/126", texts: ["fd00::..fd00::ff"], ranges: ["fd00::1..fd00::2"], problems: 1),
    ])
  func expand(_ row: Row) throws {
    let excluded = ExcludedRanges(row.texts, within: try CIDRBlock(parsing: row.cidr))
    #expect(excluded.ranges.map(\.description) == row.ranges)
    #expect(excluded.problems.count == row.problems)
    #expect(excluded.isRefused == row.isRefused)
    for problem in excluded.problems { #expect(problem.description.hasPrefix("excludeIps: ")) }
  }

  @Test("a reversed range is told with both ends, one outside with its text")
  func messages() throws {
    let excluded = ExcludedRanges(["192.168.0.10..192.168.0.9", "172.16.0.1"], within: try CIDRBlock(parsing: "10.0.0.0/24"))
    #expect(excluded.problems.first?.description.contains("192.168.0.10") == true)
    #expect(excluded.problems.first?.description.contains("after its end 192.168.0.9") == true)
    #expect(excluded.problems.last == .outside(try AddressRange(parsing: "172.16.0.1")))
    #expect(excluded.problems.last?.isRefusal == false)
  }

  @Test("21 excluded and one more are 22")
  func count() throws {
    let ranges = try ["10.16.0.0..10.16.0.20", "10.16.0.30"].map { try AddressRange(parsing: $0) }
    #expect(ranges.reduce(0) { $0 + $1.count } == 22)
  }

  @Test("a stored exclude that makes no sense neither crashes nor hides the others")
  func stored() throws {
    let bed = Bed()
    for _ in 0..<2 {
      try bed.subnet("10.0.0.0/24", exclude: ["192.168.0.10..192.168.0.9", "10.0.0.1", "192.168.0.1", "10.0.0.250..10.0.5.0", "x"])
      #expect(try bed.usage().v4.availableRanges == "10.0.0.2-10.0.0.249")
    }
  }
}
