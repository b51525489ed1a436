package import NetAddress

/// What one NIC asks for.
package struct AllocationRequest: Sendable, Hashable {
  /// The port name, `<pod>.<ns>[.<provider>]`; unique within the owner.
  package let nic: String
  /// Tried in order until one can be had; a full or conflicting one is passed over.
  package let candidates: [Candidate]
  /// The only family wanted; nil: every family the subnet serves.
  package let family: AddressFamily?
  package let mac: MACChoice
  package let sharing: Sharing
  /// Whether a NIC that holds something else may lose it for this. Not where the request does not come from the NIC's own pod
  /// (an IP record made by hand): whoever runs on the address must keep it, so the answer is `.nicHolds`.
  package let mayMove: Bool

  package init(
    nic: String, candidates: [Candidate], family: AddressFamily? = nil, mac: MACChoice = .none, sharing: Sharing = .none,
    mayMove: Bool = true
  ) {
    self.nic = nic
    self.candidates = candidates
    self.family = family
    self.mac = mac
    self.sharing = sharing
    self.mayMove = mayMove
  }
}

/// With whom a NIC may hold one address or MAC.
package enum Sharing: Sendable, Hashable {
  /// With nobody.
  case none
  /// With whoever has it (live migration): Kube-OVN's `checkConflict = false`. The gateway's address is not refused either.
  case anyone
  /// With the NICs of this owner key and nobody else (a pod that uses a Vip).
  case with(String)
}

/// A subnet to try, and what to take from it.
package struct Candidate: Sendable, Hashable {
  package let subnet: String
  package let source: AddressSource

  package init(subnet: String, source: AddressSource) {
    self.subnet = subnet
    self.source = source
  }
}

/// Where the address comes from.
package enum AddressSource: Sendable, Hashable {
  /// The lowest free address of a pool (`""` is the subnet's own), never one of `skipping`. What the NIC has in the subnet
  /// already is kept, whatever the pool.
  case random(pool: String = "", skipping: Set<IPAddress> = [])
  /// These addresses, at most one a family. A dual-stack subnet completes the other family from its own pool.
  case fixed([IPAddress])
  /// `ip_pool` with literal addresses: the first entry that no other owner has, each entry as in `fixed`.
  case firstFree([[IPAddress]])
}

/// The MAC that goes with the address.
package enum MACChoice: Sendable, Hashable {
  /// The NIC needs none; one it has already is kept and reported.
  case none
  /// Any that is unique in the subnet; one it has already is kept.
  case random
  /// This one, unique in the subnet.
  case fixed(MACAddress)
}
