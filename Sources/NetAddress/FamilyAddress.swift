/// What `IPv4Address` and `IPv6Address` have in common: a number of fixed width. Lets one algorithm serve both families
/// without a choice per address.
package protocol FamilyAddress: Comparable, Hashable, Sendable, LosslessStringConvertible {
  associatedtype RawValue: FixedWidthInteger & UnsignedInteger & Sendable

  static var family: AddressFamily { get }

  /// The address as a number in host order.
  var rawValue: RawValue { get }

  init(rawValue: RawValue)

  /// Reads the family's text form.
  init(parsing text: String) throws(AddressError)
}

extension FamilyAddress {
  /// The next higher address; nil at the family's end.
  @inlinable
  package var successor: Self? { rawValue == .max ? nil : Self(rawValue: rawValue + 1) }

  /// The next lower address; nil at zero.
  @inlinable
  package var predecessor: Self? { rawValue == .min ? nil : Self(rawValue: rawValue - 1) }

  package init?(_ description: String) {
    guard let address = try? Self(parsing: description) else { return nil }
    self = address
  }
}
