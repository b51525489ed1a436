/// IPv4 or IPv6. Orders v4 before v6, as every dual-stack text of the field does.
package enum AddressFamily: UInt8, Sendable, Hashable, CaseIterable, Comparable {
  case v4 = 4
  case v6 = 6

  /// Width of an address in bits: 32 or 128.
  @inlinable
  package var bitWidth: Int { self == .v4 ? 32 : 128 }

  /// The other one of the two.
  package var other: AddressFamily { self == .v4 ? .v6 : .v4 }

  @inlinable
  package static func < (left: AddressFamily, right: AddressFamily) -> Bool { left.rawValue < right.rawValue }
}

extension AddressFamily: CustomStringConvertible {
  /// `IPv4` or `IPv6`, as `spec.protocol` spells a single-stack subnet.
  package var description: String { self == .v4 ? "IPv4" : "IPv6" }
}

/// The words of `Subnet.spec.protocol`, always derived from `cidrBlock` (crds.md, Subnet).
package enum AddressProtocol: String, Sendable, Hashable, CaseIterable {
  case ipv4 = "IPv4"
  case ipv6 = "IPv6"
  case dual = "Dual"
  /// An underlay subnet without CIDR: it hands out MACs only.
  case mac = "Mac"

  /// The protocol that serves exactly these families.
  package init(v4: Bool, v6: Bool) {
    switch (v4, v6) {
    case (true, true): self = .dual
    case (true, false): self = .ipv4
    case (false, true): self = .ipv6
    case (false, false): self = .mac
    }
  }

  /// The families served, v4 first.
  package var families: [AddressFamily] {
    switch self {
    case .ipv4: [.v4]
    case .ipv6: [.v6]
    case .dual: [.v4, .v6]
    case .mac: []
    }
  }
}

extension AddressProtocol: CustomStringConvertible {
  package var description: String { rawValue }
}
