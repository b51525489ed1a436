/// Ages as kubectl shows them: two units at most, the coarser ones alone when they are large.
enum HumanDuration {
  static func text(seconds: Int64) -> String {
    if seconds < -1 { return "<invalid>" }
    if seconds < 0 { return "0s" }
    if seconds < 120 { return "\(seconds)s" }
    let minutes = seconds / 60
    if minutes < 10 { return pair(minutes, "m", seconds % 60, "s") }
    if minutes < 180 { return "\(minutes)m" }
    let hours = seconds / 3600
    if hours < 8 { return pair(hours, "h", minutes % 60, "m") }
    if hours < 48 { return "\(hours)h" }
    let days = hours / 24
    if hours < 192 { return pair(days, "d", hours % 24, "h") }
    if days < 730 { return "\(days)d" }
    let years = days / 365
    if years < 8 { return pair(years, "y", days % 365, "d") }
    return "\(years)y"
  }

  static func age(_ stamp: String?, now: Timestamp) -> String {
    guard let stamp, let moment = Timestamp(rfc3339: stamp) else { return "<unknown>" }
    return text(seconds: now.seconds - moment.seconds)
  }

  private static func pair(_ first: Int64, _ unit: String, _ second: Int64, _ rest: String) -> String {
    second == 0 ? "\(first)\(unit)" : "\(first)\(unit)\(second)\(rest)"
  }
}
