/// Prometheus' text format, version 0.0.4.
extension MetricsRegistry {
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// Every metric that has been declared, in name order.
  package var prometheusText: String {
    var text = ""
    let families = snapshot
    for name in families.keys.sorted() {
      guard let family = families[name] else { continue }
      text += "# HELP \(name) \(Self.escapedHelp(family.help))\n# TYPE \(name) \(family.kind.rawValue)\n"
      for labels in family.series.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
        guard let series = family.series[labels] else { continue }
        text += family.kind == .histogram ? Self.histogram(name, labels, series, family.bounds) : Self.line(name, labels, series.value)
      }
    }
    return text
  }

  private static func histogram(_ name: String, _ labels: [Label], _ series: Series, _ bounds: [Double]) -> String {
    var text = ""
    var cumulative: UInt64 = 0
    for (bound, count) in zip(bounds, series.buckets) {
      cumulative += count
      text += line(name + "_bucket", labels + [Label("le", number(bound))], Double(cumulative))
    }
    text += line(name + "_bucket", labels + [Label("le", "+Inf")], Double(series.count))
    return text + line(name + "_sum", labels, series.value) + line(name + "_count", labels, Double(series.count))
  }

  private static func line(_ name: String, _ labels: [Label], _ value: Double) -> String {
    let inner = labels.map { "\($0.name)=\"\(escapedLabel($0.value))\"" }.joined(separator: ",")
    return name + (inner.isEmpty ? "" : "{\(inner)}") + " \(number(value))\n"
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded(.towardZero) && value.magnitude < 1e15 ? "\(Int64(value))" : "\(value)"
  }

  private static func escapedHelp(_ text: String) -> String { escaped(text, quotes: false) }
  private static func escapedLabel(_ text: String) -> String { escaped(text, quotes: true) }

  /// Scalar by scalar: a line feed behind a carriage return, or a quote under an accent, is no character of its own to Swift.
  private static func escaped(_ text: String, quotes: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
