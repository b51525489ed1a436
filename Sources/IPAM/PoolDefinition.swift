package import NetAddress

/// An IPPool as the allocator needs it. Addresses outside the subnet are kept, since the subnet's CIDR may grow over them.
package struct PoolDefinition: Sendable, Hashable {
  package let name: String
  package let ranges: [AddressRange]

  package init(name: String, ranges: [AddressRange]) throws(DefinitionError) {
    guard !name.isEmpty else { throw .poolUnnamed }
    self.name = name
    self.ranges = ranges
  }

  /// `IPPool.spec.ips`: `a`, `a..b` or a CIDR each.
  package init(name: String, entries: [String]) throws(DefinitionError) {
    var ranges: [AddressRange] = []
    for entry in entries {
      do {
        ranges.append(try AddressRange(parsingPoolEntry: entry))
      } catch {
        throw .poolEntry(pool: name, error)
      }
    }
    try self.init(name: name, ranges: ranges)
  }

  var v4: AddressRangeSet<IPv4Address> { AddressRangeSet(ranges.compactMap(\.v4)) }
  var v6: AddressRangeSet<IPv6Address> { AddressRangeSet(ranges.compactMap(\.v6)) }
}
