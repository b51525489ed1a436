/// Durations as Go's flags take them: `30s`, `1m30s`, `500ms`, `1.5h`; a bare number is seconds, as Kube-OVN's integer flags are.
package enum GoDuration {
  private static let units: [(suffix: String, nanoseconds: Double)] = [
    ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
  ]

  /// nil for anything else, and for negative durations.
  package static func parse(_ text: String) -> Duration? {
    guard !text.isEmpty, text.utf8.count < 64 else { return nil }
    if let seconds = Int64(text), seconds >= 0 { return .seconds(seconds) }
    var rest = Substring(text)
    var total = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isNumber || $0 == "." }
      guard let value = Double(String(digits)) else { return nil }
      rest = rest.dropFirst(digits.count)
      let letters = rest.prefix { !($0.isNumber || $0 == ".") }
      guard let unit = units.first(where: { $0.suffix == letters }) else { return nil }
      total += value * unit.nanoseconds
      rest = rest.dropFirst(letters.count)
    }
    guard total >= 0, total < 9e18 else { return nil }
    return .nanoseconds(Int64(total))
  }
}
