import WireJSON

/// CustomResourceDefinitions, and the resources that they make.
enum CustomResources {
  /// Held until the last object of the kind is gone.
  static let cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io"

  /// One definition for each served version of a CRD.
  static func definitions(_ crd: JSONValue) -> [ResourceDefinition] {
    let spec = crd["spec"] ?? [:]
    let names = spec["names"] ?? [:]
    let kind = names["kind"]?.string ?? ""
    return (spec["versions"]?.array ?? []).filter { $0["served"]?.bool == true }.map { version in
      var definition = ResourceDefinition(
        group: spec["group"]?.string ?? "", version: version["name"]?.string ?? "", plural: names["plural"]?.string ?? "",
        singular: names.text("singular") ?? kind.lowercased(), kind: kind, listKind: names.text("listKind") ?? kind + "List",
        isNamespaced: spec["scope"]?.string == "Namespaced", isCustom: true,
        schema: Schema(customResource: version[path: ["schema", "openAPIV3Schema"]] ?? [:]))
      definition.shortNames = (names["shortNames"]?.array ?? []).compactMap(\.string)
      definition.categories = (names["categories"]?.array ?? []).compactMap(\.string)
      if version[path: ["subresources", "status"]] != nil { definition.subresources.insert("status") }
      definition.columns = TableColumn.custom(version["additionalPrinterColumns"]?.array ?? [])
      definition.fieldLabels = Set(
        (version["selectableFields"]?.array ?? []).compactMap { $0["jsonPath"]?.string }.map { String($0.drop { $0 == "." }) })
      definition.rules.allowsUnconditionalUpdate = false
      let schema = definition.schema
      definition.rules.validate = { new, _ in
        var errors: [FieldError] = []
        var object = new
        object["metadata"] = nil
        schema.validate(object, into: &errors)
        // The schema may require what every object has and the store keeps elsewhere.
        return errors.filter { !($0.kind == .required && ["apiVersion", "kind", "metadata"].contains($0.field)) }
      }
      return definition
    }
  }

  static func rules() -> KindRules {
    var rules = KindRules()
    rules.allowsUnconditionalUpdate = false
    rules.defaults = { crd in
      crd.edit("spec") { spec in
        spec.setDefault("conversion", ["strategy": "None"])
        spec.edit("names") { names in
          let kind = names["kind"]?.string ?? ""
          names.setDefault("singular", .string(kind.lowercased()))
          names.setDefault("listKind", .string(kind + "List"))
        }
        spec.editEach("versions") { version in
          version.edit("schema") { $0.setDefault("openAPIV3Schema", ["type": "object"]) }
        }
      }
    }
    rules.begin = { crd, context in
      crd["status"] = status(crd, context.now)
      let finalizers = crd[path: ["metadata", "finalizers"]]?.array ?? []
      crd["metadata"]?["finalizers"] = .array(finalizers.filter { $0.string != cleanupFinalizer } + [.string(cleanupFinalizer)])
    }
    rules.validate = { new, old in errors(new, old) }
    return rules
  }

  /// Names are accepted and the kind is served with the very write that creates it.
  private static func status(_ crd: JSONValue, _ now: Timestamp) -> JSONValue {
    func condition(_ type: String, _ reason: String, _ message: String) -> JSONValue {
      [
        "type": .string(type), "status": "True", "reason": .string(reason), "message": .string(message),
        "lastTransitionTime": .string(now.text),
      ]
    }
    let versions = crd[path: ["spec", "versions"]]?.array ?? []
    return [
      "acceptedNames": crd[path: ["spec", "names"]] ?? [:],
      "conditions": [
        condition("NamesAccepted", "NoConflicts", "no conflicts found"),
        condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
      ],
      "storedVersions": .array(versions.filter { $0["storage"]?.bool == true }.compactMap { $0["name"] }),
    ]
  }

  private static func errors(_ new: JSONValue, _ old: JSONValue?) -> [FieldError] {
    var errors: [FieldError] = []
    let spec = new["spec"] ?? [:]
    let (group, names) = (spec["group"]?.string ?? "", spec["names"] ?? [:])
    let plural = names["plural"]?.string ?? ""
    if group.isEmpty { errors.append(.required("spec.group")) }
    for name in ["plural", "kind"] where names.text(name) == nil { errors.append(.required("spec.names." + name)) }
    if new[path: ["metadata", "name"]]?.string != plural + "." + group {
      errors.append(
        .invalid("metadata.name", new[path: ["metadata", "name"]] ?? "", "must be spec.names.plural+\".\"+spec.group"))
    }
    PodRules.check(spec, "scope", ["Cluster", "Namespaced"], "spec", &errors)
    if spec["scope"] == nil { errors.append(.required("spec.scope")) }
    let versions = spec["versions"]?.array ?? []
    if versions.count(where: { $0["storage"]?.bool == true }) != 1 {
      errors.append(.invalid("spec.versions", "", "must have exactly one version marked as storage version"))
    }
    for (index, version) in versions.enumerated() {
      let path = "spec.versions[\(index)].schema.openAPIV3Schema"
      guard let schema = version[path: ["schema", "openAPIV3Schema"]] else {
        errors.append(.required(path, "schemas are required"))
        continue
      }
      if schema["type"]?.string != "object" { errors.append(.invalid(path + ".type", schema["type"] ?? "", "must be object at the root")) }
      checkStructure(schema, path, &errors)
    }
    for name in ["group", "scope"] {
      if let before = old?[path: ["spec", name]], before != spec[name] {
        errors.append(.invalid("spec." + name, spec[name] ?? .null, "field is immutable"))
      }
    }
    return errors
  }

  /// The rules of structural schemas that would change what the server does with objects.
  private static func checkStructure(_ schema: JSONValue, _ path: String, _ errors: inout [FieldError]) {
    let isFree = schema["x-kubernetes-int-or-string"]?.bool == true || schema["x-kubernetes-preserve-unknown-fields"]?.bool == true
    if schema.text("type") == nil, !isFree { errors.append(.required(path + ".type", "must not be empty for specified object fields")) }
    if let type = schema.text("type"), !["object", "array", "string", "integer", "number", "boolean"].contains(type) {
      errors.append(.notSupported(path + ".type", .string(type), ["array", "boolean", "integer", "number", "object", "string"]))
    }
    if schema["type"] == "array", schema["items"]?.object == nil { errors.append(.required(path + ".items", "must be specified")) }
    if let pattern = schema["pattern"]?.string, (try? Regex(pattern)) == nil {
      errors.append(.invalid(path + ".pattern", .string(pattern), "must be a valid regular expression"))
    }
    if schema["properties"]?.object != nil, schema["additionalProperties"]?.object != nil {
      errors.append(.forbidden(path + ".additionalProperties", "additionalProperties and properties are mutual exclusive"))
    }
    for (name, property) in (schema["properties"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      checkStructure(property, "\(path).properties[\(name)]", &errors)
    }
    if let items = schema["items"], items.object != nil { checkStructure(items, path + ".items", &errors) }
    if let rest = schema["additionalProperties"], rest.object != nil { checkStructure(rest, path + ".additionalProperties", &errors) }
  }
}
