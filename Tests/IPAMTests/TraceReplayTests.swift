import Foundation
import IPAM
import NetAddress
import Testing

/// What Kube-OVN's own allocator answered, line by line (see Fixtures; recorded by running it).
@Suite struct TraceReplayTests {
  @Test(
    "every recorded line gets the same answer and the same state",
    arguments: [
      "dual-28-124", "dual-29-122-family", "v4-26-excludes", "v4-26-pools-excludes", "v4-26-pools", "v4-28", "v4-30", "v4-31", "v6-122",
      "v6-64",
    ])
  func replay(_ name: String) throws {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: "jsonl", subdirectory: "Fixtures"))
    let lines = try Data(contentsOf: url).split(separator: UInt8(ascii: "\n"))
    #expect(lines.count > 300)
    let decoder = JSONDecoder()
    var replay = Replay()
    var mismatches: [String] = []
    for (number, line) in lines.enumerated() {
      let expected = try decoder.decode(TraceLine.self, from: line)
      if let difference = try replay.step(expected) {
        mismatches.append("\(name):\(number + 1): \(difference) in \(String(decoding: line, as: UTF8.self))")
      }
    }
    #expect(mismatches.isEmpty, "\(mismatches.count) of \(lines.count): \(mismatches.prefix(3).joined(separator: "\n"))")
  }
}

/// One line; which fields are there depends on the operation.
private struct TraceLine: Decodable {
  let op: String
  let error: String?
  let cidr: String?
  let gateway: String?
  let exclude: [String]?
  let pod: String?
  let nic: String?
  let pool: String?
  let family: String?
  let skip: [String]?
  let ip: String?
  let name: String?
  let ips: [String]?
  let v4: String?
  let v6: String?
  let v4using: String?
  let v6using: String?
  let v4available: String?
  let v6available: String?
}

/// Carries out lines and tells where the answer differs.
private struct Replay {
  private var bed = Bed()

  mutating func step(_ line: TraceLine) throws -> String? {
    switch line.op {
    case "reset":
      bed = Bed()
    case "subnet":
      try bed.subnet(line.cidr ?? "", gateway: line.gateway ?? "", exclude: line.exclude ?? [])
      return difference("", line.error)
    case "random", "static":
      return try allocate(line)
    case "releasePod":
      bed.release(line.pod ?? "")
    case "releaseNic":
      bed.release(line.pod ?? "", nic: line.nic)
    case "pool":
      return difference(poolError(line), line.error)
    case "removePool":
      bed.allocator.removePool(line.name ?? "", in: "s")
    case "state":
      return try state(line)
    default:
      return "unknown operation"
    }
    return nil
  }

  private func allocate(_ line: TraceLine) throws -> String? {
    let family: AddressFamily? = line.family == "ipv4" ? .v4 : line.family == "ipv6" ? .v6 : nil
    // Taken only where a failure is expected: a failed request must leave every list as it was.
    let before = line.error == "" ? nil : bed.allocator.snapshot
    let pod = line.pod ?? ""
    do {
      let answer =
        line.op == "random"
        ? try bed.random(pod, nic: line.nic, pool: line.pool ?? "", family: family, skip: line.skip ?? [])
        : try bed.fixed(pod, line.ip ?? "", nic: line.nic, family: family)
      return difference("", line.error) ?? difference(answer.v4?.description ?? "", line.v4)
        ?? difference(answer.v6?.description ?? "", line.v6)
    } catch let failure as AllocationFailure {
      if let before, bed.allocator.snapshot != before { return "the failed request changed something" }
      return difference(failure.word.rawValue, line.error)
    }
  }

  private func poolError(_ line: TraceLine) -> String {
    do {
      try bed.pool(line.name ?? "", line.ips ?? [])
      return ""
    } catch {
      return "\(error)"
    }
  }

  private func state(_ line: TraceLine) throws -> String? {
    let usage = bed.allocator.usage(ofSubnet: "s") ?? Usage()
    return difference(usage.v4.usingRanges, line.v4using) ?? difference(usage.v6.usingRanges, line.v6using)
      ?? difference(usage.v4.availableRanges, line.v4available) ?? difference(usage.v6.availableRanges, line.v6available)
  }

  private func difference(_ got: String, _ expected: String?) -> String? {
    got == expected ? nil : "got \"\(got)\", expected \"\(expected ?? "nothing")\""
  }
}
