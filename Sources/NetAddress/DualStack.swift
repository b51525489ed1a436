/// A value that belongs to one address family.
package protocol FamilyValue: Sendable, Hashable, CustomStringConvertible {
  var family: AddressFamily { get }
  init(parsing text: String) throws(AddressError)
}

extension IPAddress: FamilyValue {}
extension CIDR: FamilyValue {}

/// At most one value a family: the comma texts of the field (`cidrBlock`, `gateway`, `ip_address`). Prints v4 first.
package struct DualStack<Value: FamilyValue>: Sendable, Hashable {
  package private(set) var v4: Value?
  package private(set) var v6: Value?

  /// Nothing of either family.
  package init() {}

  /// One value.
  package init(_ value: Value) {
    self[value.family] = value
  }

  /// One value a family in any order; throws for two of one family.
  package init(_ values: [Value]) throws(AddressError) {
    for value in values {
      guard self[value.family] == nil else {
        throw .invalidDualStack(values.map(\.description).joined(separator: ","))
      }
      self[value.family] = value
    }
  }

  /// `v4`, `v6`, `v4,v6` or `v6,v4`; blanks around the values do not matter. The empty text is refused.
  package init(parsing text: String) throws(AddressError) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count <= 2 else { throw .invalidDualStack(text) }
    for part in parts {
      let value = try Value(parsing: String(part.trimmingBlanks))
      guard self[value.family] == nil else { throw .invalidDualStack(text) }
      self[value.family] = value
    }
  }

  /// The value of a family.
  package private(set) subscript(family: AddressFamily) -> Value? {
    get { family == .v4 ? v4 : v6 }
    set { if family == .v4 { v4 = newValue } else { v6 = newValue } }
  }

  /// The values present, v4 first.
  package var values: [Value] { [v4, v6].compactMap { $0 } }

  package var isEmpty: Bool { v4 == nil && v6 == nil }

  /// Whether exactly these families are present.
  package var `protocol`: AddressProtocol { AddressProtocol(v4: v4 != nil, v6: v6 != nil) }
}

extension DualStack: LosslessStringConvertible {
  package init?(_ description: String) {
    guard let value = try? DualStack(parsing: description) else { return nil }
    self = value
  }

  /// `v4`, `v6` or `v4,v6`; empty when nothing is present.
  package var description: String { values.map(\.description).joined(separator: ",") }
}

/// The `cidrBlock` of a subnet.
package typealias CIDRBlock = DualStack<CIDR>

/// The addresses of one interface, or the gateways of one subnet.
package typealias AddressPair = DualStack<IPAddress>

extension DualStack where Value == IPAddress {
  /// Addresses that are already of known family.
  package init(v4: IPv4Address?, v6: IPv6Address?) {
    self.v4 = v4.map(IPAddress.v4)
    self.v6 = v6.map(IPAddress.v6)
  }
}

extension DualStack where Value == CIDR {
  /// The same blocks without host bits: what the controller writes back as `cidrBlock`.
  package var masked: CIDRBlock {
    var block = CIDRBlock()
    block.v4 = v4?.masked
    block.v6 = v6?.masked
    return block
  }

  /// The block that holds the address.
  package func containing(_ address: IPAddress) -> CIDR? {
    self[address.family].flatMap { $0.contains(address) ? $0 : nil }
  }

  /// Whether any family's blocks share an address.
  package func overlaps(_ other: CIDRBlock) -> Bool {
    AddressFamily.allCases.contains { family in
      guard let mine = self[family], let theirs = other[family] else { return false }
      return mine.overlaps(theirs)
    }
  }
}

extension Substring {
  /// Without spaces, tabs and line ends at both ends.
  fileprivate var trimmingBlanks: Substring {
    let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
    let head = drop(while: blank)
    guard let last = head.lastIndex(where: { !blank($0) }) else { return head }
    return head[...last]
  }
}
