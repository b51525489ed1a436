import NetAddress

/// Whole sets and ranges at once. These walk both sets and are for changes of a subnet or a pool, not for one address.
extension AddressRangeSet {
  /// Everything in either set.
  package func union(_ other: AddressRangeSet) -> AddressRangeSet {
    guard !other.isEmpty else { return self }
    guard !isEmpty else { return other }
    var merged: [Span] = []
    var left = spans.makeIterator()
    var right = other.spans.makeIterator()
    var nextLeft = left.next()
    var nextRight = right.next()
    while let span = nextLeft ?? nextRight {
      if let candidate = nextRight, nextLeft == nil || candidate.lower < span.lower {
        merged.append(candidate)
        nextRight = right.next()
      } else {
        merged.append(span)
        nextLeft = left.next()
      }
    }
    return AddressRangeSet(sorted: merged)
  }

  /// Everything in both sets.
  package func intersection(_ other: AddressRangeSet) -> AddressRangeSet {
    var common: [Span] = []
    var left = spans.makeIterator()
    var right = other.spans.makeIterator()
    var nextLeft = left.next()
    var nextRight = right.next()
    while let mine = nextLeft, let theirs = nextRight {
      let lower = max(mine.lower, theirs.lower)
      let upper = min(mine.upper, theirs.upper)
      if lower <= upper { common.append(Span(lower: lower, upper: upper)) }
      if mine.upper < theirs.upper { nextLeft = left.next() } else { nextRight = right.next() }
    }
    return AddressRangeSet(sorted: common)
  }

  /// What is here and not in `other`.
  package func subtracting(_ other: AddressRangeSet) -> AddressRangeSet {
    guard !isEmpty, !other.isEmpty else { return self }
    var rest: [Span] = []
    var holes = other.spans.makeIterator()
    var hole = holes.next()
    for span in spans {
      var lower = span.lower
      var isUsedUp = false
      while let current = hole, current.lower <= span.upper {
        if current.upper >= lower {
          if current.lower > lower { rest.append(Span(lower: lower, upper: current.lower - 1)) }
          if current.upper >= span.upper {
            isUsedUp = true
            break
          }
          lower = current.upper + 1
        }
        hole = holes.next()
      }
      if !isUsedUp { rest.append(Span(lower: lower, upper: span.upper)) }
    }
    return AddressRangeSet(sorted: rest)
  }

  /// Adds every address of a range.
  package mutating func insert(_ range: ClosedRange<Address>) {
    self = union(AddressRangeSet(range))
  }

  /// Removes every address of a range.
  package mutating func remove(_ range: ClosedRange<Address>) {
    self = subtracting(AddressRangeSet(range))
  }

  /// The ranges in ascending order.
  package var ranges: some Sequence<ClosedRange<Address>> {
    spans.lazy.map { Address(rawValue: $0.lower)...Address(rawValue: $0.upper) }
  }
}

extension AddressRangeSet: Hashable {
  /// Compares members; how the ranges are cut into chunks does not matter.
  package static func == (left: AddressRangeSet, right: AddressRangeSet) -> Bool {
    left.count == right.count && left.spans.elementsEqual(right.spans)
  }

  package func hash(into hasher: inout Hasher) {
    for span in spans { hasher.combine(span) }
  }
}

extension AddressRangeSet: CustomStringConvertible {
  /// The form of a status: `a` and `a-b`, ascending, joined by commas; empty for the empty set.
  package var description: String {
    var text = ""
    for span in spans {
      if !text.isEmpty { text += "," }
      text += Address(rawValue: span.lower).description
      if span.upper > span.lower { text += "-" + Address(rawValue: span.upper).description }
    }
    return text
  }
}
