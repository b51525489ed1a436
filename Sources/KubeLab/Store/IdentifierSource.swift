import Synchronization

/// Makes uids and the random ends of generated names. With a seed the same calls give the same texts.
package final class IdentifierSource: Sendable {
  private let state: Mutex<UInt64>

  /// Without a seed the sequence starts at a random place.
  package init(seed: UInt64? = nil) { state = Mutex(seed ?? UInt64.random(in: 0...UInt64.max)) }

  /// A version 4 UUID.
  package func uid() -> String {
    let (high, low) = state.withLock { (Self.next(&$0), Self.next(&$0)) }
    let a = (high & ~0xF000) | 0x4000
    let b = (low & ~0xC000_0000_0000_0000) | 0x8000_0000_0000_0000
    return [
      Self.hex(a >> 32, 8), Self.hex(a >> 16 & 0xFFFF, 4), Self.hex(a & 0xFFFF, 4), Self.hex(b >> 48, 4),
      Self.hex(b & 0xFFFF_FFFF_FFFF, 12),
    ]
    .joined(separator: "-")
  }

  /// Five characters without vowels, as Kubernetes appends to `generateName`.
  package func suffix() -> String {
    let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
    return state.withLock { state in String((0..<5).map { _ in alphabet[Int(Self.next(&state) % UInt64(alphabet.count))] }) }
  }

  /// SplitMix64.
  private static func next(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  private static func hex(_ value: UInt64, _ width: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: width - text.utf8.count) + text
  }
}
