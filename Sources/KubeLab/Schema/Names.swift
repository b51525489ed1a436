import WireJSON

/// The forms that names, labels and annotations may have.
enum Names {
  static let subdomainRule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    + "alphanumeric character (e.g. 'example.com', regex used for validation is "
    + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
  static let labelRule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
    + "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
  static let labelValueRule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    + "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
  static let qualifiedRule =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. "
    + "'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
  private static let annotationLimit = 256 * 1024

  static func isLabel(_ text: some StringProtocol) -> Bool {
    text.utf8.count <= 63 && isEdged(text, edge: isLowerAlphanumeric) { isLowerAlphanumeric($0) || $0 == 0x2D }
  }

  static func isSubdomain(_ text: String) -> Bool {
    text.utf8.count <= 253
      && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
        isEdged(part, edge: isLowerAlphanumeric) { isLowerAlphanumeric($0) || $0 == 0x2D }
      }
  }

  static func isLabelValue(_ text: String) -> Bool {
    text.isEmpty || (text.utf8.count <= 63 && isEdged(text, edge: isAlphanumeric, inside: isNameByte))
  }

  /// `[prefix/]name`.
  static func isQualified(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard let name = parts.last, parts.count <= 2, name.utf8.count <= 63, isEdged(name, edge: isAlphanumeric, inside: isNameByte) else {
      return false
    }
    return parts.count == 1 || isSubdomain(parts[0])
  }

  /// What is wrong with an object's metadata; the old one is nil at creation.
  static func check(_ metadata: JSONValue, old: JSONValue?, _ definition: ResourceDefinition) -> [FieldError] {
    var errors: [FieldError] = []
    let name = metadata["name"] ?? ""
    if old == nil, let text = name.string, let rule = nameRule(text, definition) { errors.append(.invalid("metadata.name", name, rule)) }
    for (key, value) in sorted(metadata["labels"]) {
      if !isQualified(key) { errors.append(.invalid("metadata.labels", .string(key), qualifiedRule)) }
      if let text = value.string, !isLabelValue(text) { errors.append(.invalid("metadata.labels", value, labelValueRule)) }
    }
    var size = 0
    for (key, value) in sorted(metadata["annotations"]) {
      if !isQualified(key.lowercased()) { errors.append(.invalid("metadata.annotations", .string(key), qualifiedRule)) }
      size += key.utf8.count + (value.string?.utf8.count ?? 0)
    }
    if size > annotationLimit { errors.append(.tooLong("metadata.annotations", limit: annotationLimit)) }
    for finalizer in metadata["finalizers"]?.array ?? [] where !isQualified(finalizer.string ?? "") {
      errors.append(.invalid("metadata.finalizers", finalizer, qualifiedRule))
    }
    errors += ownerErrors(metadata)
    if let old { errors += finalizerErrors(metadata, old: old) }
    return errors
  }

  private static func nameRule(_ text: String, _ definition: ResourceDefinition) -> String? {
    if definition.rules.hasPathNames {
      return text == "." || text == ".." || text.contains("/") || text.contains("%") ? "may not contain '/'" : nil
    }
    if definition.plural == "namespaces" || definition.plural == "services" { return isLabel(text) ? nil : labelRule }
    return isSubdomain(text) ? nil : subdomainRule
  }

  private static func ownerErrors(_ metadata: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    var controllers = 0
    for (index, owner) in (metadata["ownerReferences"]?.array ?? []).enumerated() {
      for field in ["apiVersion", "kind", "name", "uid"] where (owner[field]?.string ?? "").isEmpty {
        errors.append(.invalid("metadata.ownerReferences[\(index)].\(field)", "", "must not be empty"))
      }
      if owner["controller"]?.bool == true { controllers += 1 }
    }
    if controllers > 1 {
      errors.append(.invalid("metadata.ownerReferences", "", "Only one reference can have Controller set to true"))
    }
    return errors
  }

  /// Nobody may join once deletion has begun.
  private static func finalizerErrors(_ metadata: JSONValue, old: JSONValue) -> [FieldError] {
    guard old["deletionTimestamp"] != nil else { return [] }
    let before = old["finalizers"]?.array ?? []
    let added = (metadata["finalizers"]?.array ?? []).filter { !before.contains($0) }
    guard !added.isEmpty else { return [] }
    let list = added.map(\.text).joined(separator: ", ")
    return [
      .forbidden(
        "metadata.finalizers",
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{\(list)}")
    ]
  }

  private static func sorted(_ value: JSONValue?) -> [(String, JSONValue)] {
    (value?.object ?? [:]).sorted { $0.key < $1.key }
  }

  private static func isEdged(
    _ text: some StringProtocol, edge: (UInt8) -> Bool, inside: (UInt8) -> Bool
  ) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last, edge(first), edge(last) else { return false }
    return bytes.allSatisfy(inside)
  }

  private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
  private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLowerAlphanumeric(byte) || (0x41...0x5A).contains(byte) }
  private static func isNameByte(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == 0x2D || byte == 0x5F || byte == 0x2E }
}
