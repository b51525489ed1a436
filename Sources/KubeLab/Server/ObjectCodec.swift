import WireJSON

/// Between what clients send and what the store keeps.
struct ObjectCodec {
  /// What to do about members that the schema does not know.
  enum Strictness: String { case ignore = "Ignore", warn = "Warn", strict = "Strict" }

  let definition: ResourceDefinition
  let strictness: Strictness
  /// Sentences for the answer's Warning headers.
  private(set) var warnings: [String] = []

  init(_ call: APICall) throws(APIStatus) {
    definition = call.definition
    guard let text = call.query["fieldValidation"], !text.isEmpty else {
      strictness = .warn
      return
    }
    guard let strictness = Strictness(rawValue: text) else { throw .badRequest("fieldValidation: Unsupported value: \"\(text)\"") }
    self.strictness = strictness
  }

  /// Checks the type, drops what is unknown and fills in defaults; the result has neither `apiVersion` nor `kind`.
  mutating func decode(_ sent: JSONValue) throws -> JSONValue {
    var object = try decodeAsStated(sent)
    fillDefaults(&object)
    return object
  }

  func fillDefaults(_ object: inout JSONValue) {
    if definition.isCustom { definition.schema.fillDefaults(&object) } else { definition.rules.defaults(&object) }
  }

  /// The same without defaults: what an applied configuration states itself.
  mutating func decodeAsStated(_ sent: JSONValue) throws -> JSONValue {
    guard case .object(var members) = GoNumber.normalize(sent) else { throw APIStatus.badRequest("the body is no object") }
    try checkType(members)
    members["apiVersion"] = nil
    members["kind"] = nil
    var dropped: [String] = []
    var object: JSONValue
    do {
      object = try definition.isCustom ? decodeCustom(members, &dropped) : definition.schema.decode(.object(members), dropped: &dropped)
    } catch {
      throw APIStatus.badRequest(
        "\(definition.kind) in version \"\(definition.version)\" cannot be handled as a \(definition.kind): \(error.line)")
    }
    try report(dropped)
    Self.dropEmptyMetadata(&object)
    return object
  }

  private func checkType(_ members: [String: JSONValue]) throws(APIStatus) {
    let (version, kind) = (members["apiVersion"]?.string ?? "", members["kind"]?.string ?? "")
    if !version.isEmpty, version != definition.apiVersion {
      throw .badRequest("the API version in the data (\(version)) does not match the expected API version (\(definition.apiVersion))")
    }
    if !kind.isEmpty, kind != definition.kind {
      throw .badRequest(
        "\(kind) in version \"\(definition.version)\" cannot be handled as a \(definition.kind): the kind in the data does not match")
    }
    if definition.isCustom, kind.isEmpty || version.isEmpty {
      throw .badRequest("Object '\(kind.isEmpty ? "Kind" : "apiVersion")' is missing in the data")
    }
  }

  private func decodeCustom(_ members: [String: JSONValue], _ dropped: inout [String]) throws(FieldError) -> JSONValue {
    var rest = members
    rest["metadata"] = nil
    var object = definition.schema.prune(.object(rest), dropped: &dropped)
    if let metadata = members["metadata"], !metadata.isNull {
      object["metadata"] = try BuiltinKinds.metadata.decode(metadata, path: "metadata", dropped: &dropped)
    }
    return object
  }

  private mutating func report(_ dropped: [String]) throws(APIStatus) {
    guard !dropped.isEmpty else { return }
    let lines = dropped.sorted().map { "unknown field \"\($0)\"" }
    switch strictness {
    case .ignore: return
    case .warn: warnings += lines
    case .strict:
      throw .badRequest(
        "\(definition.kind) in version \"\(definition.version)\" cannot be handled as a \(definition.kind): strict decoding error: "
          + lines.joined(separator: ", "))
    }
  }

  /// Empty maps and lists of metadata are the same as none.
  private static func dropEmptyMetadata(_ object: inout JSONValue) {
    guard var metadata = object["metadata"] else {
      object["metadata"] = .object([:])
      return
    }
    for name in ["labels", "annotations", "finalizers", "ownerReferences", "managedFields"] {
      if metadata[name]?.object?.isEmpty == true || metadata[name]?.array?.isEmpty == true { metadata[name] = nil }
    }
    for name in ["name", "namespace", "generateName", "resourceVersion", "uid"] where metadata[name] == "" { metadata[name] = nil }
    object["metadata"] = metadata
  }
}
