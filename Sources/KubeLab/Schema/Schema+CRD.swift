import WireJSON

/// Reading `openAPIV3Schema` (apiextensions.k8s.io/v1 JSONSchemaProps).
extension Schema {
  convenience init(openAPI value: JSONValue) {
    var fields = Fields()
    fields.source = value
    fields.description = value["description"]?.string
    fields.type = value["type"]?.string
    fields.format = value["format"]?.string
    fields.properties = value["properties"]?.object?.mapValues { Schema(openAPI: $0) } ?? [:]
    fields.required = value["required"]?.array?.compactMap(\.string) ?? []
    switch value["additionalProperties"] {
    case .object?: fields.additional = value["additionalProperties"].map { Schema(openAPI: $0) }
    case .bool(true)?: fields.keepsUnknown = true
    default: break
    }
    if value["x-kubernetes-preserve-unknown-fields"]?.bool == true { fields.keepsUnknown = true }
    fields.items = value["items"]?.object.map { Schema(openAPI: .object($0)) }
    fields.isNullable = value["nullable"]?.bool ?? false
    fields.isIntOrString = value["x-kubernetes-int-or-string"]?.bool ?? false
    fields.isEmbeddedResource = value["x-kubernetes-embedded-resource"]?.bool ?? false
    fields.defaultValue = value["default"]
    fields.listType = value["x-kubernetes-list-type"]?.string.flatMap { ListType(rawValue: $0) } ?? .atomic
    fields.listKeys = value["x-kubernetes-list-map-keys"]?.array?.compactMap(\.string) ?? []
    fields.isAtomicMap = value["x-kubernetes-map-type"]?.string == "atomic"
    fields.limits = Limits(openAPI: value)
    self.init(fields)
  }
}

extension Schema {
  /// A CRD version's schema; whatever it says of `metadata`, that is an ObjectMeta.
  convenience init(customResource value: JSONValue) {
    var fields = Schema(openAPI: value).fields
    fields.properties["metadata"] = BuiltinKinds.metadata
    self.init(fields)
  }
}

extension Schema.Limits {
  init(openAPI value: JSONValue) {
    func schemas(_ name: String) -> [Schema] { value[name]?.array?.map { Schema(openAPI: $0) } ?? [] }
    allowed = value["enum"]?.array
    minimum = value["minimum"]?.number
    maximum = value["maximum"]?.number
    isMinimumExclusive = value["exclusiveMinimum"]?.bool ?? false
    isMaximumExclusive = value["exclusiveMaximum"]?.bool ?? false
    multipleOf = value["multipleOf"]?.number
    minLength = value["minLength"]?.int
    maxLength = value["maxLength"]?.int
    pattern = value["pattern"]?.string
    minItems = value["minItems"]?.int
    maxItems = value["maxItems"]?.int
    uniqueItems = value["uniqueItems"]?.bool ?? false
    minProperties = value["minProperties"]?.int
    maxProperties = value["maxProperties"]?.int
    allOf = schemas("allOf")
    anyOf = schemas("anyOf")
    oneOf = schemas("oneOf")
    not = value["not"]?.object.map { Schema(openAPI: .object($0)) }
  }
}
