import WireJSON

/// Numbers as a kube-apiserver keeps them: an integer that fits 64 bits exactly, anything else as a double in the text that Go's encoder
/// gives it.
enum GoNumber {
  /// The value with every number in that form.
  static func normalize(_ value: JSONValue) -> JSONValue { changed(value) ?? value }

  /// Nil when nothing needs to change, which is nearly always: the tree is then shared, not copied.
  private static func changed(_ value: JSONValue) -> JSONValue? {
    switch value {
    case .number(let number):
      if number.int64 != nil { return number.text == "-0" ? 0 : nil }
      guard let double = number.double, double.isFinite else { return nil }
      let text = text(double)
      return text == number.text ? nil : .number(JSONNumber(literal: text))
    case .array(let elements):
      var copy: [JSONValue]?
      for (index, element) in elements.enumerated() {
        if let new = changed(element) { copy = copy ?? elements; copy?[index] = new }
      }
      return copy.map { .array($0) }
    case .object(let members):
      var copy: [String: JSONValue]?
      for (name, member) in members {
        if let new = changed(member) { copy = copy ?? members; copy?[name] = new }
      }
      return copy.map { .object($0) }
    default: return nil
    }
  }

  /// Shortest digits; plain notation from 1e-6 up to below 1e21, exponent notation beyond.
  static func text(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    let sign = value < 0 ? "-" : ""
    var (digits, point) = decimal(value.magnitude)
    guard value.magnitude >= 1e-6, value.magnitude < 1e21 else {
      let exponent = point - 1
      let head = String(digits.removeFirst())
      return sign + head + (digits.isEmpty ? "" : "." + digits) + "e" + (exponent < 0 ? "-" : "+") + padded(abs(exponent))
    }
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
    if point >= digits.count { return sign + digits + String(repeating: "0", count: point - digits.count) }
    let split = digits.index(digits.startIndex, offsetBy: point)
    return sign + digits[..<split] + "." + digits[split...]
  }

  /// Go writes at least two digits of a positive exponent, and its JSON encoder strips the zero of a negative one.
  private static func padded(_ exponent: Int) -> String { String(exponent) }

  /// The shortest digits of a positive number without leading or trailing zeros, and where the point stands: 0.d1d2… × 10^point.
  private static func decimal(_ value: Double) -> (digits: String, point: Int) {
    let text = "\(value)"
    let parts = text.split(separator: "e")
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let whole = mantissa[0]
    let fraction = mantissa.count > 1 ? mantissa[1] : ""
    var digits = Substring(whole + fraction)
    var point = whole.count + exponent
    while digits.first == "0", digits.count > 1 {
      digits.removeFirst()
      point -= 1
    }
    while digits.last == "0", digits.count > 1 { digits.removeLast() }
    return (String(digits), point)
  }
}
