/// An address of either family. Orders v4 before v6, then by value.
package enum IPAddress: Sendable, Hashable {
  case v4(IPv4Address)
  case v6(IPv6Address)

  @inlinable
  package init(_ address: IPv4Address) { self = .v4(address) }

  @inlinable
  package init(_ address: IPv6Address) { self = .v6(address) }

  /// Reads either family's text. An IPv4-mapped IPv6 text (`::ffff:10.0.0.1`) is the IPv4 address, as in Kube-OVN, whose
  /// `net.ParseIP` and `To4` make no difference between the two.
  package init(parsing text: String) throws(AddressError) {
    let bytes = text.utf8
    if let value = AddressText.ipv4(bytes) {
      self = .v4(IPv4Address(rawValue: value))
    } else if bytes.isEmpty {
      throw .invalidAddress(text, reason: .empty)
    } else if bytes.contains(.colon) {
      let address = try IPv6Address(parsing: text)
      self = address.mappedIPv4.map(IPAddress.v4) ?? .v6(address)
    } else {
      throw .invalidAddress(text, reason: .malformedIPv4)
    }
  }

  /// Four or sixteen bytes in network order, the form of netlink attributes. nil for any other number.
  package init?(bytes: some Collection<UInt8>) {
    if bytes.count == 4 {
      self = .v4(IPv4Address(rawValue: bytes.reduce(0) { $0 << 8 | UInt32($1) }))
    } else if let address = IPv6Address(bytes: bytes) {
      self = .v6(address)
    } else {
      return nil
    }
  }

  @inlinable
  package var family: AddressFamily {
    switch self {
    case .v4: .v4
    case .v6: .v6
    }
  }

  package var v4: IPv4Address? {
    if case .v4(let address) = self { address } else { nil }
  }

  package var v6: IPv6Address? {
    if case .v6(let address) = self { address } else { nil }
  }

  /// Network order: four or sixteen bytes.
  package var bytes: [UInt8] {
    switch self {
    case .v4(let address): address.bytes
    case .v6(let address): address.bytes
    }
  }

  /// The next higher address; nil at the family's end.
  package var successor: IPAddress? {
    switch self {
    case .v4(let address): address.successor.map(IPAddress.v4)
    case .v6(let address): address.successor.map(IPAddress.v6)
    }
  }

  package var isMulticast: Bool {
    switch self {
    case .v4(let address): address.isMulticast
    case .v6(let address): address.isMulticast
    }
  }

  /// 0.0.0.0 or ::.
  package var isUnspecified: Bool {
    switch self {
    case .v4(let address): address.rawValue == 0
    case .v6(let address): address.rawValue == 0
    }
  }
}

extension IPAddress: Comparable {
  @inlinable
  package static func < (left: IPAddress, right: IPAddress) -> Bool {
    switch (left, right) {
    case (.v4(let left), .v4(let right)): left < right
    case (.v6(let left), .v6(let right)): left < right
    case (.v4, .v6): true
    case (.v6, .v4): false
    }
  }
}

extension IPAddress: LosslessStringConvertible {
  package init?(_ description: String) {
    guard let address = try? IPAddress(parsing: description) else { return nil }
    self = address
  }

  /// The canonical text: dotted decimal or RFC 5952.
  package var description: String {
    switch self {
    case .v4(let address): address.description
    case .v6(let address): address.description
    }
  }
}
