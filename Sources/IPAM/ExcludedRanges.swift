package import NetAddress

/// `Subnet.spec.excludeIps` against the subnet's CIDRs (allocation.md §10, decisions row 23): what is partly outside is clipped,
/// what is wholly outside is left out and reported, what cannot be read is left out and must be refused.
package struct ExcludedRanges: Sendable, Hashable {
  /// In the order of the texts, each within the usable addresses of its family's CIDR.
  package private(set) var ranges: [AddressRange] = []
  package private(set) var problems: [ExcludeProblem] = []

  package init(_ texts: [String], within cidrs: CIDRBlock) {
    for text in texts {
      do {
        add(try AddressRange(parsing: text), within: cidrs)
      } catch {
        problems.append(.invalid(text, error))
      }
    }
  }

  package init(_ ranges: [AddressRange], within cidrs: CIDRBlock) {
    for range in ranges { add(range, within: cidrs) }
  }

  private mutating func add(_ range: AddressRange, within cidrs: CIDRBlock) {
    guard let cidr = cidrs[range.family], cidr.range.overlaps(range) else {
      problems.append(.outside(range))
      return
    }
    let clipped = cidr.usable?.intersection(range)
    if let clipped { ranges.append(clipped) }
    if !cidr.range.contains(range) { problems.append(.clipped(range, to: clipped)) }
  }

  /// Whether an entry must be refused by a condition rather than merely told about.
  package var isRefused: Bool { problems.contains(where: \.isRefusal) }
}

/// An entry of `excludeIps` that does not count as it stands.
package enum ExcludeProblem: Sendable, Hashable {
  /// Unparsable, reversed or of mixed families.
  case invalid(String, AddressError)
  /// No address of it lies in the subnet.
  case outside(AddressRange)
  /// Some of it lies outside; nil when what is left is only the network or broadcast address.
  case clipped(AddressRange, to: AddressRange?)

  package var isRefusal: Bool {
    if case .invalid = self { true } else { false }
  }
}

extension ExcludeProblem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .invalid(_, let error): "excludeIps: \(error)"
    case .outside(let range): "excludeIps: \(range) lies outside the subnet and has no effect"
    case .clipped(let range, let rest?): "excludeIps: \(range) lies partly outside the subnet; \(rest) is excluded"
    case .clipped(let range, nil): "excludeIps: \(range) touches no address that the subnet could give"
    }
  }
}
