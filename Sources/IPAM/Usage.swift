package import NetAddress

/// Counts and range texts of one family for a status. Each count is the size of the ranges beside it (decisions row 22).
package struct FamilyUsage: Sendable, Hashable {
  package var available: UInt128 = 0
  /// `a` and `a-b`, ascending, joined by commas.
  package var availableRanges = ""
  package var using: UInt128 = 0
  package var usingRanges = ""

  package init() {}

  init<Address>(available: AddressRangeSet<Address>, using: AddressRangeSet<Address>) {
    self.available = available.count
    availableRanges = available.description
    self.using = using.count
    usingRanges = using.description
  }
}

/// Usage of a subnet or a pool, by family; zeros and empty texts for a family that is not served.
package struct Usage: Sendable, Hashable {
  package var v4 = FamilyUsage()
  package var v6 = FamilyUsage()

  package init() {}

  package subscript(family: AddressFamily) -> FamilyUsage { family == .v4 ? v4 : v6 }
}

/// A family's lists taken out of the lock, where sharing costs next to nothing; texts are made from them outside it.
struct FamilyLists<Address: HeldAddress>: Sendable {
  let excluded: AddressRangeSet<Address>
  let pools: [FamilyPool<Address>]

  /// The subnet as its status shows it: an excluded address counts nowhere, even when a pod has it by name.
  var subnetUsage: FamilyUsage {
    let available = pools.reduce(AddressRangeSet<Address>()) { $0.union($1.free).union($1.released) }
    let using = pools.reduce(AddressRangeSet<Address>()) { $0.union($1.using) }
    return FamilyUsage(available: available.subtracting(excluded), using: using.subtracting(excluded))
  }

  /// A pool as an IPPool's status shows it: excluded addresses that are in use do count, as in Kube-OVN.
  func poolUsage(_ index: Int) -> FamilyUsage {
    FamilyUsage(available: pools[index].free.union(pools[index].released), using: pools[index].using)
  }
}

/// Both families' lists.
struct SubnetLists: Sendable {
  let v4: FamilyLists<IPv4Address>
  let v6: FamilyLists<IPv6Address>

  init(_ subnet: SubnetAllocator) {
    v4 = FamilyLists(excluded: subnet.v4.excluded, pools: subnet.v4.pools)
    v6 = FamilyLists(excluded: subnet.v6.excluded, pools: subnet.v6.pools)
  }

  var usage: Usage {
    var usage = Usage()
    usage.v4 = v4.subnetUsage
    usage.v6 = v6.subnetUsage
    return usage
  }

  func usage(pool: Int) -> Usage {
    var usage = Usage()
    usage.v4 = v4.poolUsage(pool)
    usage.v6 = v6.poolUsage(pool)
    return usage
  }
}
