import NetAddress

/// The lists of one pool in one family. `free`, `released`, `using` and the excluded addresses that are not in use are disjoint
/// and together make `members`.
struct FamilyPool<Address: FamilyAddress>: Sendable, Hashable {
  /// Every usable address of the pool.
  private(set) var members = AddressRangeSet<Address>()
  /// How many of them are excluded; kept, so that the message for a full pool costs no walk.
  private(set) var excludedCount: UInt128 = 0
  /// Given lowest first.
  var free = AddressRangeSet<Address>()
  /// Given back; becomes `free` when that is empty, so that an address is used again as late as possible.
  var released = AddressRangeSet<Address>()
  /// Held, excluded ones included.
  var using = AddressRangeSet<Address>()

  var availableCount: UInt128 { free.count + released.count }

  var occupancy: Occupancy { Occupancy(using: using.count, excluded: excludedCount, size: members.count) }

  /// Builds all lists anew: what is neither used nor excluded is free, nothing counts as released any more.
  mutating func rebuild(
    members: AddressRangeSet<Address>, using: AddressRangeSet<Address>, excluded: AddressRangeSet<Address>
  ) {
    self.members = members
    self.using = using.intersection(members)
    excludedCount = excluded.intersection(members).count
    free = members.subtracting(excluded).subtracting(self.using)
    released = AddressRangeSet()
  }

  /// Takes over the members of a pool that goes. Its released addresses stay released.
  mutating func absorb(_ other: FamilyPool) {
    members = members.union(other.members)
    excludedCount += other.excludedCount
    free = free.union(other.free)
    released = released.union(other.released)
    using = using.union(other.using)
  }
}
