package import KubeAPI
package import NetAddress

/// An IPPool after judgement: every text parsed (crds.md, IPPool).
package struct PoolPlan: Sendable, Equatable {
  package let name: String
  package let subnet: String
  /// What the pool names, disjoint and ascending within a family; what lies outside the subnet is kept, since its CIDR may grow.
  package let ranges: [AddressRange]
  /// In order; empty: any pod that names the pool may use it.
  package let namespaces: [String]

  package init(_ pool: IPPool) throws(PoolProblem) {
    name = pool.metadata.name
    subnet = pool.spec.subnet
    guard !subnet.isEmpty else { throw .noSubnetNamed(pool: name) }
    var written: [AddressRange] = []
    for text in pool.spec.ips {
      do throws(AddressError) {
        written.append(try AddressRange(parsingPoolEntry: Self.withoutBlanks(text)))
      } catch {
        throw .entry(pool: name, subnet: subnet, text: text, error)
      }
    }
    ranges = Self.disjoint(written)
    namespaces = Set(pool.spec.namespaces).subtracting([""]).sorted()
  }

  /// Whether pods of a namespace may have the pool's addresses (decisions.md §4 row 17).
  package func admits(_ namespace: String) -> Bool { namespaces.isEmpty || namespaces.contains(namespace) }

  /// Whether the address is one of the pool's. Binary, since a list of a pod is asked entry by entry.
  package func contains(_ address: IPAddress) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if Self.lies(ranges[middle], before: address) { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].contains(address)
  }

  /// Accepted, but surely not meant: one sentence each.
  package func warnings(in subnet: SubnetPlan) -> [String] {
    if ranges.isEmpty { return ["ippool \(name) of subnet \(subnet.name) lists no address in spec.ips"] }
    return ranges.compactMap { range in
      if let usable = subnet.cidrs[range.family]?.usable, usable.overlaps(range) { return nil }
      return "\(range.specificationText) in spec.ips of ippool \(name) lies wholly outside subnet \(subnet.name) (\(subnet.cidrs))"
    }
  }

  /// `a .. b` is `a..b`: the CRD's rule lets such blanks through.
  private static func withoutBlanks(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 0x20 || $0 == 0x09 }) else { return text }
    return text.split(separator: "..", omittingEmptySubsequences: false).map { String($0.trimmingSpace) }.joined(separator: "..")
  }

  private static func disjoint(_ ranges: [AddressRange]) -> [AddressRange] {
    var merged: [AddressRange] = []
    for range in ranges.sorted(by: { $0.family != $1.family ? $0.family < $1.family : $0.first < $1.first }) {
      guard let last = merged.last, last.overlaps(range) else {
        merged.append(range)
        continue
      }
      if last.last < range.last, let joined = try? AddressRange(first: last.first, last: range.last) {
        merged[merged.count - 1] = joined
      }
    }
    return merged
  }

  /// IPv4 comes before IPv6.
  private static func lies(_ range: AddressRange, before address: IPAddress) -> Bool {
    range.family != address.family ? range.family < address.family : range.last < address
  }
}
