import Synchronization

/// Texts that come again in object after object, kept in memory once. A hundred thousand pods have the same annotation keys, owners and
/// nodes, and a Swift text beyond 15 bytes is an allocation of its own.
///
/// A table of fixed size in which a new text takes the place of the last one with the same hash: nothing grows, and whatever a peer sends
/// costs at most the sharing.
final class StringPool: Sendable {
  static let shared = StringPool()

  /// Shorter texts have no memory of their own; longer ones seldom come again.
  static let lengths = 16...96
  private static let size = 4096

  private let slots = Mutex<[String]>(Array(repeating: "", count: size))

  /// `bytes` as a text, the one that was made before where it still stands.
  func string(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    let slot = Int(truncatingIfNeeded: Self.hash(bytes) % UInt64(Self.size))
    return slots.withLock { slots in
      if Self.isEqual(slots[slot], bytes) { return slots[slot] }
      let text = String(decoding: bytes, as: UTF8.self)
      slots[slot] = text
      return text
    }
  }

  private static func isEqual(_ text: String, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    text.utf8.withContiguousStorageIfAvailable { stored in
      stored.count == bytes.count && zip(stored, bytes).allSatisfy { $0 == $1 }
    } ?? false
  }

  /// FNV-1a over words of eight bytes, then over the rest.
  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    var index = 0
    let base = UnsafeRawPointer(bytes.baseAddress)
    while let base, index + 8 <= bytes.count {
      hash = (hash ^ base.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* 0x0000_0100_0000_01B3
      index += 8
    }
    for byte in bytes[index...] { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash ^ (hash >> 29)
  }
}
