/// Hashes for `SlotTable`. Seeded, so that nobody who chooses names or addresses can aim at one bucket; several times faster than
/// the standard library's hasher, which would be a third of the cost of an allocation.
struct SeededHash: Sendable {
  private let seed = UInt64.random(in: 0 ... .max)

  private static let odd: UInt64 = 0x9e37_79b9_7f4a_7c15

  func of(_ number: UInt64) -> UInt32 { Self.short(Self.mixed(number ^ seed)) }

  func of(_ number: UInt128) -> UInt32 {
    let high = Self.mixed(UInt64(truncatingIfNeeded: number >> 64) ^ seed)
    return Self.short(Self.mixed(UInt64(truncatingIfNeeded: number) ^ high))
  }

  /// By bytes: two texts that Unicode calls equivalent may differ, as names of Kubernetes objects do.
  func of(_ text: String) -> UInt32 {
    text.utf8.withContiguousStorageIfAvailable { of(UnsafeRawBufferPointer($0)) } ?? Array(text.utf8).withUnsafeBytes { of($0) }
  }

  private func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var hash = Self.mixed(UInt64(bytes.count) ^ seed)
    var offset = 0
    while offset + 8 <= bytes.count {
      hash = Self.mixed(hash ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    var tail: UInt64 = 0
    while offset < bytes.count {
      tail = tail << 8 | UInt64(bytes[offset])
      offset += 1
    }
    return Self.short(Self.mixed(hash ^ tail))
  }

  /// One full-width multiplication, both halves folded: every input bit reaches every output bit.
  private static func mixed(_ number: UInt64) -> UInt64 {
    let product = number.multipliedFullWidth(by: odd)
    return product.high ^ product.low
  }

  private static func short(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash ^ hash >> 32) }
}
