import WireJSON

/// Validation of custom resources against their structural schema.
extension Schema {
  func validate(_ value: JSONValue, path: String = "", into errors: inout [FieldError]) {
    guard checkType(value, path, &errors) else { return }
    fields.limits.check(value, path, &errors)
    switch value {
    case .object(let members):
      for name in fields.required where members[name] == nil { errors.append(.required(Self.join(path, name))) }
      for name in members.keys.sorted() {
        guard let member = members[name] else { continue }
        let schema = fields.properties[name] ?? fields.additional
        schema?.validate(member, path: fields.properties[name] == nil ? "\(path)[\(name)]" : Self.join(path, name), into: &errors)
      }
    case .array(let elements):
      for (index, element) in elements.enumerated() { fields.items?.validate(element, path: "\(path)[\(index)]", into: &errors) }
      checkKeys(elements, path, &errors)
    default: break
    }
  }

  static func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : path + "." + name }

  /// The JSON type by the schema's word for it.
  static func typeName(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool: "boolean"
    case .number(let number): number.isInteger ? "integer" : "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }

  /// False when the type is wrong, so that nothing else need be said of the value.
  private func checkType(_ value: JSONValue, _ path: String, _ errors: inout [FieldError]) -> Bool {
    let found = Self.typeName(value)
    if value.isNull, fields.isNullable { return false }
    if fields.isIntOrString {
      guard found == "string" || found == "integer" else {
        errors.append(.wrongType(path, found: found, expected: "integer,string"))
        return false
      }
      return true
    }
    guard let type = fields.type else { return true }
    let fits = found == type || (type == "number" && found == "integer") || (type == "integer" && Self.isWhole(value))
    guard fits else {
      errors.append(.wrongType(path, found: found, expected: type))
      return false
    }
    if fields.format == "int32", let integer = value.number?.int64, Int32(exactly: integer) == nil {
      errors.append(.invalid(path, value, "\(path) in body must be of type int32: \(value.text)"))
    }
    if fields.format == "date-time", let text = value.string, Timestamp(rfc3339: text) == nil {
      errors.append(.invalid(path, value, "\(path) in body must be of type date-time: \(value.text)"))
    }
    return true
  }

  private static func isWhole(_ value: JSONValue) -> Bool {
    guard let double = value.number?.double else { return false }
    return double == double.rounded()
  }

  /// Keys of a map list and elements of a set occur once.
  private func checkKeys(_ elements: [JSONValue], _ path: String, _ errors: inout [FieldError]) {
    guard fields.listType != .atomic else { return }
    var seen: Set<JSONValue> = []
    for (index, element) in elements.enumerated() {
      let identity = fields.listType == .set ? element : listKey(of: element)
      if !seen.insert(identity).inserted { errors.append(.duplicate("\(path)[\(index)]", identity)) }
    }
  }

  /// The key members of a map list's element, with their defaults.
  func listKey(of element: JSONValue) -> JSONValue {
    var key: [String: JSONValue] = [:]
    for name in fields.listKeys { key[name] = element[name] ?? fields.items?.fields.properties[name]?.fields.defaultValue }
    return .object(key)
  }
}

extension Schema.Limits {
  func check(_ value: JSONValue, _ path: String, _ errors: inout [FieldError]) {
    if let allowed, !allowed.contains(value) { errors.append(.notSupported(path, value, allowed.map { $0.string ?? $0.text })) }
    switch value {
    case .number(let number): checkNumber(number, value, path, &errors)
    case .string(let text): checkText(text, value, path, &errors)
    case .array(let elements): checkCount(elements.count, value, path, "items", minItems, maxItems, &errors)
    case .object(let members): checkCount(members.count, value, path, "properties", minProperties, maxProperties, &errors)
    default: break
    }
    if uniqueItems, let elements = value.array, Set(elements).count != elements.count {
      errors.append(.invalid(path, value, "\(path) in body shouldn't contain duplicates"))
    }
    checkCombinations(value, path, &errors)
  }

  private func checkNumber(_ number: JSONNumber, _ value: JSONValue, _ path: String, _ errors: inout [FieldError]) {
    func isBelow(_ a: JSONNumber, _ b: JSONNumber) -> Bool {
      if let x = a.int64, let y = b.int64 { return x < y }
      return (a.double ?? 0) < (b.double ?? 0)
    }
    if let minimum, isBelow(number, minimum) || (isMinimumExclusive && !isBelow(minimum, number)) {
      errors.append(
        .invalid(path, value, "\(path) in body should be greater than \(isMinimumExclusive ? "" : "or equal to ")\(minimum.text)"))
    }
    if let maximum, isBelow(maximum, number) || (isMaximumExclusive && !isBelow(number, maximum)) {
      errors.append(.invalid(path, value, "\(path) in body should be less than \(isMaximumExclusive ? "" : "or equal to ")\(maximum.text)"))
    }
    if let divisor = multipleOf?.double, divisor > 0, let double = number.double {
      let quotient = double / divisor
      if quotient != quotient.rounded() { errors.append(.invalid(path, value, "\(path) in body should be a multiple of \(divisor)")) }
    }
  }

  private func checkText(_ text: String, _ value: JSONValue, _ path: String, _ errors: inout [FieldError]) {
    let length = text.unicodeScalars.count
    if let minLength, length < minLength {
      errors.append(.invalid(path, value, "\(path) in body should be at least \(minLength) chars long"))
    }
    if let maxLength, length > maxLength { errors.append(.tooLong(path, limit: maxLength)) }
    // A pattern that does not compile was refused with its CRD.
    if let pattern, let regex = try? Regex(pattern), (try? regex.firstMatch(in: text)) == nil {
      errors.append(.invalid(path, value, "\(path) in body should match '\(pattern)'"))
    }
  }

  private func checkCount(
    _ count: Int, _ value: JSONValue, _ path: String, _ what: String, _ minimum: Int?, _ maximum: Int?, _ errors: inout [FieldError]
  ) {
    if let minimum, count < minimum {
      errors.append(.invalid(path, .integer(count), "\(path) in body should have at least \(minimum) \(what)"))
    }
    if let maximum, count > maximum { errors.append(.tooMany(path, found: count, limit: maximum)) }
  }

  private func checkCombinations(_ value: JSONValue, _ path: String, _ errors: inout [FieldError]) {
    func fits(_ schema: Schema) -> Bool {
      var found: [FieldError] = []
      schema.validate(value, path: path, into: &found)
      return found.isEmpty
    }
    for schema in allOf { schema.validate(value, path: path, into: &errors) }
    if !anyOf.isEmpty, !anyOf.contains(where: fits) {
      errors.append(.invalid(path, "", "\(path) in body must validate at least one schema (anyOf)"))
    }
    if !oneOf.isEmpty, oneOf.count(where: fits) != 1 {
      errors.append(.invalid(path, "", "\(path) in body must validate one and only one schema (oneOf)"))
    }
    if let not, fits(not) { errors.append(.invalid(path, "", "\(path) in body must not validate the schema (not)")) }
  }
}
