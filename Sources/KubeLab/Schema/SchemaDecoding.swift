import WireJSON

/// Reading built-in kinds as a typed server does: unknown members are reported and dropped, nulls are absent, dates take one form, and
/// a value of the wrong type is an error.
extension Schema {
  func decode(_ value: JSONValue, path: String = "", dropped: inout [String]) throws(FieldError) -> JSONValue {
    if isOpen { return value }
    if let form = fields.timeForm { return try decodeTime(value, form, path) }
    switch value {
    case .object(let members):
      guard fields.type == "object" else { throw mismatch(value, path) }
      guard !fields.properties.isEmpty || fields.additional != nil else { return value }
      var kept: [String: JSONValue] = [:]
      kept.reserveCapacity(members.count)
      for (name, member) in members where !member.isNull {
        guard let schema = self.member(name) else {
          dropped.append(Self.join(path, name))
          continue
        }
        kept[name] = try schema.decode(member, path: Self.join(path, name), dropped: &dropped)
      }
      return .object(kept)
    case .array(let elements):
      guard fields.type == "array" else { throw mismatch(value, path) }
      guard let items = fields.items else { return value }
      var kept: [JSONValue] = []
      kept.reserveCapacity(elements.count)
      for (index, element) in elements.enumerated() { kept.append(try items.decode(element, path: "\(path)[\(index)]", dropped: &dropped)) }
      return .array(kept)
    default:
      guard isScalarOfType(value) else { throw mismatch(value, path) }
      return value
    }
  }

  private func isScalarOfType(_ value: JSONValue) -> Bool {
    let found = Self.typeName(value)
    if fields.isIntOrString { return found == "string" || found == "integer" || found == "number" }
    guard let type = fields.type else { return true }
    if type == "integer", fields.format == "int32" { return value.number?.int64.flatMap { Int32(exactly: $0) } != nil }
    if type == "integer" { return value.number?.int64 != nil }
    return found == type || (type == "number" && found == "integer")
  }

  private func mismatch(_ value: JSONValue, _ path: String) -> FieldError {
    .wrongType(path, found: Self.typeName(value), expected: fields.isIntOrString ? "integer,string" : fields.type ?? "any")
  }

  private func decodeTime(_ value: JSONValue, _ form: TimeForm, _ path: String) throws(FieldError) -> JSONValue {
    guard let text = value.string, let moment = Timestamp(rfc3339: text) else {
      throw .invalid(path, value, "must be a time like 2006-01-02T15:04:05Z")
    }
    switch form {
    case .seconds: return .string(moment.text)
    case .micro:
      // A MicroTime is read with exactly six digits behind the point (metav1.RFC3339Micro).
      guard text.utf8.count > 26, Array(text.utf8)[19] == 0x2E, [0x5A, 0x2B, 0x2D].contains(Array(text.utf8)[26]) else {
        throw .invalid(path, value, "must be a time with microseconds like 2006-01-02T15:04:05.000000Z")
      }
      return .string(moment.microText)
    }
  }
}
