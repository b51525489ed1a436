package import NetAddress

/// A set of addresses kept as sorted, disjoint, non-adjacent inclusive ranges.
///
/// The ranges lie in chunks of at most `chunkLimit`, with the first bound of every chunk in an array of its own. A search is two
/// binary searches, a change moves at most one chunk's ranges: the cost grows with the logarithm of the number of ranges and
/// depends neither on the number of addresses nor on the width of the family. The standard library's `RangeSet` is half open and
/// cannot hold a family's last address.
///
/// It lives beside the allocator, its only hot user: a generic type of package access is not specialised across a module line.
package struct AddressRangeSet<Address: FamilyAddress>: Sendable {
  /// Numbers of the family, in which the set thinks.
  package typealias Bound = Address.RawValue

  /// One inclusive range.
  struct Span: Sendable, Hashable {
    var lower: Bound
    var upper: Bound
  }

  /// Where a span lies.
  private struct Place {
    var chunk: Int
    var offset: Int
  }

  /// Spans in ascending order; no chunk is empty.
  private var chunks: [ContiguousArray<Span>] = []
  /// `lowers[i]` is `chunks[i][0].lower`.
  private var lowers: ContiguousArray<Bound> = []
  private var members: UInt128 = 0

  /// A chunk that grows beyond this is split in two.
  private static var chunkLimit: Int { 64 }
  /// A chunk that shrinks below this joins a neighbour, when both together stay well under the limit.
  private static var chunkFloor: Int { 16 }

  package init() {}

  /// One range.
  package init(_ range: ClosedRange<Address>) {
    self.init(sorted: CollectionOfOne(Span(lower: range.lowerBound.rawValue, upper: range.upperBound.rawValue)))
  }

  /// Ranges in any order, overlapping or not.
  package init(_ ranges: some Sequence<ClosedRange<Address>>) {
    let spans = ranges.map { Span(lower: $0.lowerBound.rawValue, upper: $0.upperBound.rawValue) }
    self.init(sorted: spans.sorted { $0.lower < $1.lower })
  }

  /// Spans by ascending lower bound; overlapping and adjacent ones are joined.
  init(sorted spans: some Sequence<Span>) {
    var last: Span?
    for span in spans {
      guard let previous = last else {
        last = span
        continue
      }
      if previous.upper == .max || span.lower <= previous.upper + 1 {
        last = Span(lower: previous.lower, upper: max(previous.upper, span.upper))
      } else {
        append(previous)
        last = span
      }
    }
    if let last { append(last) }
  }

  package var isEmpty: Bool { chunks.isEmpty }

  /// How many addresses; the whole of IPv6 counts one less, since 2^128 does not fit.
  package var count: UInt128 { members }

  /// All spans in ascending order.
  var spans: FlattenSequence<[ContiguousArray<Span>]> { chunks.joined() }

  /// How many ranges.
  package var rangeCount: Int { chunks.reduce(0) { $0 + $1.count } }

  /// The lowest address.
  package var first: Address? { lowers.first.map { Address(rawValue: $0) } }

  /// The highest address.
  package var last: Address? { chunks.last?.last.map { Address(rawValue: $0.upper) } }

  package func contains(_ address: Address) -> Bool {
    guard let place = place(before: address.rawValue) else { return false }
    return address.rawValue <= chunks[place.chunk][place.offset].upper
  }

  /// The lowest address for which `isExcluded` is false. Asks about each excluded address once, so it costs as many steps as
  /// there are excluded addresses at the bottom of the set.
  package func first(except isExcluded: (Address) -> Bool) -> Address? {
    for chunk in chunks {
      for span in chunk {
        var bound = span.lower
        while true {
          let address = Address(rawValue: bound)
          if !isExcluded(address) { return address }
          if bound == span.upper { break }
          bound += 1
        }
      }
    }
    return nil
  }

  // MARK: - Searching

  /// The last span whose lower bound is at most `bound`.
  private func place(before bound: Bound) -> Place? {
    let chunk = lowers.withUnsafeBufferPointer { Self.firstIndex(after: bound, count: $0.count, lower: $0) } - 1
    guard chunk >= 0 else { return nil }
    let offset = chunks[chunk].withUnsafeBufferPointer { spans -> Int in
      var low = 1
      var high = spans.count
      while low < high {
        let middle = (low + high) >> 1
        if spans[middle].lower <= bound { low = middle + 1 } else { high = middle }
      }
      return low - 1
    }
    return Place(chunk: chunk, offset: offset)
  }

  private static func firstIndex(after bound: Bound, count: Int, lower: UnsafeBufferPointer<Bound>) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) >> 1
      if lower[middle] <= bound { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The place after `place`; the first one for nil.
  private func next(after place: Place?) -> Place? {
    guard let place else { return chunks.isEmpty ? nil : Place(chunk: 0, offset: 0) }
    if place.offset + 1 < chunks[place.chunk].count { return Place(chunk: place.chunk, offset: place.offset + 1) }
    return place.chunk + 1 < chunks.count ? Place(chunk: place.chunk + 1, offset: 0) : nil
  }
}

// MARK: - Changing single addresses

extension AddressRangeSet {
  /// Adds an address. False when it was there.
  @discardableResult
  package mutating func insert(_ address: Address) -> Bool {
    let bound = address.rawValue
    let before = place(before: bound)
    if let before, bound <= chunks[before.chunk][before.offset].upper { return false }
    let after = next(after: before)
    let touchesBefore = before.map { chunks[$0.chunk][$0.offset].upper + 1 == bound } ?? false
    let touchesAfter = after.map { chunks[$0.chunk][$0.offset].lower - 1 == bound } ?? false
    members += 1
    if touchesBefore, let before {
      if touchesAfter, let after {
        chunks[before.chunk][before.offset].upper = chunks[after.chunk][after.offset].upper
        removeSpan(at: after)
      } else {
        chunks[before.chunk][before.offset].upper = bound
      }
    } else if touchesAfter, let after {
      setLower(bound, at: after)
    } else {
      insertSpan(Span(lower: bound, upper: bound), after: before)
    }
    return true
  }

  /// Removes an address. False when it was not there.
  @discardableResult
  package mutating func remove(_ address: Address) -> Bool {
    let bound = address.rawValue
    guard let place = place(before: bound) else { return false }
    let span = chunks[place.chunk][place.offset]
    guard bound <= span.upper else { return false }
    members -= 1
    switch (bound == span.lower, bound == span.upper) {
    case (true, true):
      removeSpan(at: place)
    case (true, false):
      setLower(bound + 1, at: place)
    case (false, true):
      chunks[place.chunk][place.offset].upper = bound - 1
    case (false, false):
      chunks[place.chunk][place.offset].upper = bound - 1
      insertSpan(Span(lower: bound + 1, upper: span.upper), after: place)
    }
    return true
  }

  /// Takes the lowest address out.
  package mutating func popFirst() -> Address? {
    guard let bound = lowers.first else { return nil }
    members -= 1
    if chunks[0][0].upper == bound {
      removeSpan(at: Place(chunk: 0, offset: 0))
    } else {
      setLower(bound + 1, at: Place(chunk: 0, offset: 0))
    }
    return Address(rawValue: bound)
  }

  private mutating func setLower(_ bound: Bound, at place: Place) {
    chunks[place.chunk][place.offset].lower = bound
    if place.offset == 0 { lowers[place.chunk] = bound }
  }

  /// Puts a span right after `place`; at the front for nil.
  private mutating func insertSpan(_ span: Span, after place: Place?) {
    guard !chunks.isEmpty else {
      chunks.append([span])
      lowers.append(span.lower)
      return
    }
    let chunk = place?.chunk ?? 0
    let offset = place.map { $0.offset + 1 } ?? 0
    chunks[chunk].insert(span, at: offset)
    if offset == 0 { lowers[chunk] = span.lower }
    if chunks[chunk].count > Self.chunkLimit { splitChunk(chunk) }
  }

  private mutating func removeSpan(at place: Place) {
    chunks[place.chunk].remove(at: place.offset)
    if chunks[place.chunk].isEmpty {
      chunks.remove(at: place.chunk)
      lowers.remove(at: place.chunk)
      return
    }
    if place.offset == 0 { lowers[place.chunk] = chunks[place.chunk][0].lower }
    if chunks[place.chunk].count < Self.chunkFloor { joinChunk(place.chunk) }
  }

  private mutating func splitChunk(_ index: Int) {
    let half = chunks[index].count / 2
    var upper = ContiguousArray<Span>()
    upper.reserveCapacity(Self.chunkLimit + 1)
    upper.append(contentsOf: chunks[index][half...])
    chunks[index].removeSubrange(half...)
    lowers.insert(upper[0].lower, at: index + 1)
    chunks.insert(upper, at: index + 1)
  }

  /// Joins a small chunk with the neighbour after or before it, when the sum leaves room to grow.
  private mutating func joinChunk(_ index: Int) {
    let room = Self.chunkLimit - Self.chunkFloor
    if index + 1 < chunks.count, chunks[index].count + chunks[index + 1].count <= room {
      absorbNext(index)
    } else if index > 0, chunks[index - 1].count + chunks[index].count <= room {
      absorbNext(index - 1)
    }
  }

  private mutating func absorbNext(_ index: Int) {
    let next = chunks.remove(at: index + 1)
    lowers.remove(at: index + 1)
    chunks[index].append(contentsOf: next)
  }

  /// Adds a span that lies beyond every other and touches none.
  private mutating func append(_ span: Span) {
    members.add(Self.size(span))
    if chunks.isEmpty || chunks[chunks.count - 1].count >= Self.chunkLimit {
      chunks.append([span])
      lowers.append(span.lower)
    } else {
      chunks[chunks.count - 1].append(span)
    }
  }

  private static func size(_ span: Span) -> UInt128 {
    let distance = UInt128(span.upper - span.lower)
    return distance == .max ? .max : distance + 1
  }
}

extension UInt128 {
  /// Adds, stopping at the largest value.
  fileprivate mutating func add(_ other: UInt128) {
    let (sum, overflow) = addingReportingOverflow(other)
    self = overflow ? .max : sum
  }
}
