/// Why a text is no address, CIDR, range or MAC. Every case keeps the refused text so that an operator finds it in the object.
package enum AddressError: Error, Sendable, Hashable {
  /// Neither IPv4 nor IPv6 (or not of the family that was asked for).
  case invalidAddress(String, reason: Reason)
  /// Not `address/prefix`.
  case invalidCIDR(String, reason: Reason)
  /// Not `a`, `a..b` (or `a-b` where a status text is read).
  case invalidRange(String, reason: Reason)
  /// Not six bytes of hexadecimal digits.
  case invalidMAC(String)
  /// Two values of one family, or more than two, where one a family is meant.
  case invalidDualStack(String)
  /// Values that must share a family do not.
  case familyMismatch(String, expected: AddressFamily)

  /// What is wrong with the text.
  package enum Reason: Sendable, Hashable {
    case empty
    /// Four decimal numbers 0–255 without leading zeros are wanted.
    case malformedIPv4
    /// Eight groups of one to four hexadecimal digits, at most one `::`.
    case malformedIPv6
    /// `fe80::1%eth0`: a zone means nothing to a cluster.
    case zone
    case prefixMissing
    /// Not a decimal number within the family's width.
    case prefix(maximum: Int)
    /// `::ffff:10.0.0.0/104`: an IPv4 network in IPv6 clothes.
    case mappedIPv4
    /// `a-b` in a specification, where `a..b` is the form.
    case dashInSpecification
    case tooManyEnds
    case mixedFamilies
    case reversed(first: IPAddress, last: IPAddress)
    case inner(AddressErrorText)
  }
}

/// The text of one end of a range and what is wrong with that end.
package struct AddressErrorText: Sendable, Hashable {
  package let text: String
  package let why: String
}

extension AddressError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .invalidAddress(let text, let reason): "invalid IP address \"\(text)\": \(reason)"
    case .invalidCIDR(let text, let reason): "invalid CIDR \"\(text)\": \(reason)"
    case .invalidRange(let text, let reason): "invalid address range \"\(text)\": \(reason)"
    case .invalidMAC(let text): "invalid MAC address \"\(text)\": six bytes like 02:00:00:00:00:01 are wanted"
    case .invalidDualStack(let text): "\"\(text)\" must be one value, or one IPv4 and one IPv6 value joined by a comma"
    case .familyMismatch(let text, let expected): "\"\(text)\" is not \(expected)"
    }
  }
}

extension AddressError.Reason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .empty: "the text is empty"
    case .malformedIPv4: "four decimal numbers 0-255 without leading zeros are wanted"
    case .malformedIPv6: "eight groups of one to four hexadecimal digits are wanted, at most one ::"
    case .zone: "an address with a zone (%) cannot be used in a cluster"
    case .prefixMissing: "the prefix length (/n) is missing"
    case .prefix(let maximum): "the prefix length must be a number from 0 to \(maximum)"
    case .mappedIPv4: "write an IPv4 network in IPv4 form"
    case .dashInSpecification: "write first..last with two dots, not a dash"
    case .tooManyEnds: "more than one .. in it"
    case .mixedFamilies: "one end is IPv4, the other IPv6"
    case .reversed(let first, let last): "it starts at \(first), after its end \(last)"
    case .inner(let end): "\"\(end.text)\": \(end.why)"
    }
  }
}
