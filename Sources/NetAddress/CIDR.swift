/// An address with a prefix length. Keeps the host bits it was given (an interface's `10.0.0.5/24`); `masked` drops them.
package struct CIDR: Sendable, Hashable {
  /// The address as given, host bits included.
  package let address: IPAddress
  /// 0 to 32 or 128.
  package let prefixLength: Int

  /// nil for a prefix length outside the family's width.
  package init?(address: IPAddress, prefixLength: Int) {
    guard (0...address.family.bitWidth).contains(prefixLength) else { return nil }
    self.address = address
    self.prefixLength = prefixLength
  }

  /// `address/prefix`. Host bits are kept; an IPv4-mapped network is refused, since its prefix length would count from 96.
  package init(parsing text: String) throws(AddressError) {
    guard !text.isEmpty else { throw .invalidCIDR(text, reason: .empty) }
    let bytes = text.utf8
    guard let slash = bytes.firstIndex(of: .slash) else { throw .invalidCIDR(text, reason: .prefixMissing) }
    let head = String(text[..<slash])
    do {
      address = try IPAddress(parsing: head)
    } catch .invalidAddress(_, let reason) {
      throw .invalidCIDR(text, reason: reason)
    }
    guard address.family == .v6 || !head.utf8.contains(.colon) else { throw .invalidCIDR(text, reason: .mappedIPv4) }
    let width = address.family.bitWidth
    guard let length = AddressText.decimal(bytes[bytes.index(after: slash)...], maximum: width) else {
      throw .invalidCIDR(text, reason: .prefix(maximum: width))
    }
    prefixLength = length
  }

  package var family: AddressFamily { address.family }

  /// The first address of the block.
  package var network: IPAddress { range.first }

  /// The last address of the block: the broadcast address of an IPv4 network.
  package var last: IPAddress { range.last }

  /// The same block without host bits.
  package var masked: CIDR { CIDR(network: network, prefixLength: prefixLength) }

  /// Every address of the block, network and last included.
  package var range: AddressRange {
    switch address {
    case .v4(let address): .v4(address.block(prefixLength))
    case .v6(let address): .v6(address.block(prefixLength))
    }
  }

  /// What may be given to pods: without the first and the last address, for IPv6 too (Kube-OVN's rule, allocation.md §1);
  /// both addresses of a /31 or /127; nil for a /32 or /128, which no subnet may have.
  package var usable: AddressRange? {
    switch address {
    case .v4(let address): address.usableBlock(prefixLength).map(AddressRange.v4)
    case .v6(let address): address.usableBlock(prefixLength).map(AddressRange.v6)
    }
  }

  /// The first address that may be given to a pod; Kube-OVN's default gateway.
  package var firstUsable: IPAddress? { usable?.first }

  package var lastUsable: IPAddress? { usable?.last }

  /// How many addresses `usable` has: Kube-OVN's `AddressCount`.
  package var usableCount: UInt128 { usable?.count ?? 0 }

  package func contains(_ address: IPAddress) -> Bool { range.contains(address) }

  package func contains(_ other: CIDR) -> Bool { range.contains(other.range) }

  package func overlaps(_ other: CIDR) -> Bool { range.overlaps(other.range) }

  private init(network: IPAddress, prefixLength: Int) {
    address = network
    self.prefixLength = prefixLength
  }
}

extension CIDR: LosslessStringConvertible {
  package init?(_ description: String) {
    guard let cidr = try? CIDR(parsing: description) else { return nil }
    self = cidr
  }

  package var description: String { "\(address)/\(prefixLength)" }
}

extension FamilyAddress {
  /// The block of this prefix length around the address. `prefixLength` is within the family's width.
  fileprivate func block(_ prefixLength: Int) -> ClosedRange<Self> {
    let hostBits = RawValue.bitWidth - prefixLength
    // Smart shift: shifting by the whole width gives zero, so a prefix of 0 masks everything away.
    let host = ~(RawValue.max << RawValue(hostBits))
    return Self(rawValue: rawValue & ~host)...Self(rawValue: rawValue | host)
  }

  fileprivate func usableBlock(_ prefixLength: Int) -> ClosedRange<Self>? {
    let all = block(prefixLength)
    switch RawValue.bitWidth - prefixLength {
    case 0: return nil
    case 1: return all
    default: return Self(rawValue: all.lowerBound.rawValue + 1)...Self(rawValue: all.upperBound.rawValue - 1)
    }
  }
}
