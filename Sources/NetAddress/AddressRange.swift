/// An inclusive range of addresses of one family; never empty, never reversed.
package enum AddressRange: Sendable, Hashable {
  case v4(ClosedRange<IPv4Address>)
  case v6(ClosedRange<IPv6Address>)

  /// One address.
  package init(_ address: IPAddress) {
    switch address {
    case .v4(let address): self = .v4(address...address)
    case .v6(let address): self = .v6(address...address)
    }
  }

  /// `first` and `last` inclusive. Throws for mixed families and a reversed range.
  package init(first: IPAddress, last: IPAddress) throws(AddressError) {
    try self.init(first: first, last: last, text: "\(first)..\(last)")
  }

  /// The form of specifications: `a` or `a..b`.
  package init(parsing text: String) throws(AddressError) {
    try self.init(text: text, separator: "..")
  }

  /// The form of a status: `a` or `a-b`.
  package init(parsingStatus text: String) throws(AddressError) {
    try self.init(text: text, separator: "-")
  }

  /// An entry of `IPPool.spec.ips`: `a`, `a..b`, or a CIDR, which means all its addresses.
  package init(parsingPoolEntry text: String) throws(AddressError) {
    guard text.utf8.contains(.slash) else {
      try self.init(parsing: text)
      return
    }
    self = try CIDR(parsing: text).range
  }

  private init(text: String, separator: String) throws(AddressError) {
    guard !text.isEmpty else { throw .invalidRange(text, reason: .empty) }
    let ends = text.ends(separatedBy: separator)
    guard ends.count <= 2 else { throw .invalidRange(text, reason: .tooManyEnds) }
    if ends.count == 1, separator == "..", text.utf8.contains(.dash) {
      throw .invalidRange(text, reason: .dashInSpecification)
    }
    if ends.count == 1 {
      self.init(try IPAddress(parsing: text))
      return
    }
    let first = try Self.end(ends[0], of: text)
    let last = try Self.end(ends[1], of: text)
    try self.init(first: first, last: last, text: text)
  }

  private init(first: IPAddress, last: IPAddress, text: String) throws(AddressError) {
    guard first.family == last.family else { throw .invalidRange(text, reason: .mixedFamilies) }
    guard first <= last else { throw .invalidRange(text, reason: .reversed(first: first, last: last)) }
    switch (first, last) {
    case (.v4(let first), .v4(let last)): self = .v4(first...last)
    case (.v6(let first), .v6(let last)): self = .v6(first...last)
    default: throw .invalidRange(text, reason: .mixedFamilies)
    }
  }

  private static func end(_ end: String, of text: String) throws(AddressError) -> IPAddress {
    do {
      return try IPAddress(parsing: end)
    } catch .invalidAddress(let part, let reason) {
      throw .invalidRange(text, reason: .inner(AddressErrorText(text: part, why: reason.description)))
    }
  }

  package var family: AddressFamily {
    switch self {
    case .v4: .v4
    case .v6: .v6
    }
  }

  package var first: IPAddress {
    switch self {
    case .v4(let range): .v4(range.lowerBound)
    case .v6(let range): .v6(range.lowerBound)
    }
  }

  package var last: IPAddress {
    switch self {
    case .v4(let range): .v4(range.upperBound)
    case .v6(let range): .v6(range.upperBound)
    }
  }

  package var v4: ClosedRange<IPv4Address>? {
    if case .v4(let range) = self { range } else { nil }
  }

  package var v6: ClosedRange<IPv6Address>? {
    if case .v6(let range) = self { range } else { nil }
  }

  /// How many addresses; `::/0` counts one less, since 2^128 does not fit.
  package var count: UInt128 {
    switch self {
    case .v4(let range):
      return UInt128(range.upperBound.rawValue - range.lowerBound.rawValue) + 1
    case .v6(let range):
      let distance = range.upperBound.rawValue - range.lowerBound.rawValue
      return distance == .max ? .max : distance + 1
    }
  }

  package func contains(_ address: IPAddress) -> Bool {
    address.family == family && first <= address && address <= last
  }

  package func contains(_ other: AddressRange) -> Bool {
    other.family == family && first <= other.first && other.last <= last
  }

  package func overlaps(_ other: AddressRange) -> Bool {
    other.family == family && first <= other.last && other.first <= last
  }

  /// What both hold; nil when nothing.
  package func intersection(_ other: AddressRange) -> AddressRange? {
    switch (self, other) {
    case (.v4(let left), .v4(let right)): left.overlaps(right) ? .v4(left.clamped(to: right)) : nil
    case (.v6(let left), .v6(let right)): left.overlaps(right) ? .v6(left.clamped(to: right)) : nil
    default: nil
    }
  }

  /// `a` or `a..b`, as specifications write it.
  package var specificationText: String { first == last ? first.description : "\(first)..\(last)" }

  /// `a` or `a-b`, as a status writes it.
  package var statusText: String { first == last ? first.description : "\(first)-\(last)" }
}

extension AddressRange: LosslessStringConvertible {
  package init?(_ description: String) {
    guard let range = try? AddressRange(parsing: description) else { return nil }
    self = range
  }

  package var description: String { specificationText }
}

extension String {
  /// The parts between occurrences of a one- or two-byte separator.
  fileprivate func ends(separatedBy separator: String) -> [String] {
    let marker = Array(separator.utf8)
    var parts: [String] = []
    var rest = utf8[...]
    while let place = rest.firstPlace(of: marker) {
      parts.append(String(rest[..<place]) ?? "")
      rest = rest[rest.index(place, offsetBy: marker.count)...]
    }
    parts.append(String(rest) ?? "")
    return parts
  }
}

extension Substring.UTF8View {
  fileprivate func firstPlace(of marker: [UInt8]) -> Index? {
    var rest = self[...]
    while !rest.isEmpty {
      if rest.starts(with: marker) { return rest.startIndex }
      rest = rest.dropFirst()
    }
    return nil
  }
}
