/// A point in time as Kubernetes writes it: RFC 3339 in UTC, whole seconds or microseconds.
package struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Since 1970-01-01T00:00:00Z.
  package let microseconds: Int64

  package init(microseconds: Int64) { self.microseconds = microseconds }
  package init(seconds: Int64) { self = Timestamp(microseconds: 0).advanced(bySeconds: seconds) }

  /// Whole seconds, rounded towards the past.
  package var seconds: Int64 { microseconds / 1_000_000 - (microseconds % 1_000_000 < 0 ? 1 : 0) }

  /// Stops at the ends of what can be told: a pod may ask for any 64-bit number of seconds of grace.
  package func advanced(bySeconds seconds: Int64) -> Timestamp {
    let span = seconds.multipliedReportingOverflow(by: 1_000_000)
    let sum = microseconds.addingReportingOverflow(span.partialValue)
    guard span.overflow || sum.overflow else { return Timestamp(microseconds: sum.partialValue) }
    return Timestamp(microseconds: seconds < 0 ? .min : .max)
  }

  package static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

  /// Parses `2026-11-25T01:02:03[.ffffff](Z|±hh:mm)`; nil for anything else, also for the empty text.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    func number(_ start: Int, _ count: Int) -> Int64? {
      guard start + count <= bytes.count else { return nil }
      var value: Int64 = 0
      for byte in bytes[start..<(start + count)] {
        guard byte >= 0x30, byte <= 0x39 else { return nil }
        value = value * 10 + Int64(byte - 0x30)
      }
      return value
    }
    guard bytes.count >= 20, bytes[4] == 0x2D, bytes[7] == 0x2D, bytes[10] | 0x20 == 0x74, bytes[13] == 0x3A, bytes[16] == 0x3A,
      let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), (1...12).contains(month), (1...31).contains(day),
      let hour = number(11, 2), let minute = number(14, 2), let second = number(17, 2), hour < 24, minute < 60, second <= 60
    else { return nil }
    var index = 19
    var fraction: Int64 = 0
    if bytes[index] == 0x2E {
      index += 1
      var digits = 0
      while index < bytes.count, let digit = number(index, 1) {
        if digits < 6 { fraction = fraction * 10 + digit }
        digits += 1
        index += 1
      }
      guard digits > 0 else { return nil }
      for _ in min(digits, 6)..<6 { fraction *= 10 }
    }
    guard index < bytes.count else { return nil }
    var offset: Int64 = 0
    switch bytes[index] {
    case 0x5A, 0x7A: guard index + 1 == bytes.count else { return nil }
    case 0x2B, 0x2D:
      guard index + 6 == bytes.count, bytes[index + 3] == 0x3A, let hours = number(index + 1, 2), let minutes = number(index + 4, 2)
      else { return nil }
      offset = (hours * 60 + minutes) * 60 * (bytes[index] == 0x2B ? 1 : -1)
    default: return nil
    }
    let days = Self.days(year: year, month: month, day: day)
    guard Self.civil(days).day == day else { return nil }
    microseconds = ((days * 24 + hour) * 60 + minute) * 60_000_000 + (second - offset) * 1_000_000 + fraction
  }

  /// `2026-11-25T01:02:03Z`, as `metav1.Time`.
  package var description: String { Self.clock(seconds) + "Z" }

  /// `2026-11-25T01:02:03.000004Z`, as `metav1.MicroTime` (Leases).
  package var microText: String {
    let rest = microseconds % 1_000_000
    let fraction = String(rest < 0 ? rest + 1_000_000 : rest)
    return Self.clock(seconds) + "." + String(repeating: "0", count: 6 - fraction.count) + fraction + "Z"
  }

  private static func clock(_ seconds: Int64) -> String {
    let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    let rest = seconds - days * 86_400
    let date = civil(days)
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let year = String(date.year)
    return String(repeating: "0", count: max(0, 4 - year.count)) + year + "-" + two(date.month) + "-" + two(date.day) + "T"
      + two(rest / 3600) + ":" + two(rest / 60 % 60) + ":" + two(rest % 60)
  }

  /// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in eras of 400 years that begin in March.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private struct CivilDate {
    let year: Int64
    let month: Int64
    let day: Int64
  }

  /// The inverse of `days(year:month:day:)`.
  private static func civil(_ days: Int64) -> CivilDate {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return CivilDate(
      year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month, day: dayOfYear - (153 * marchMonth + 2) / 5 + 1)
  }
}
