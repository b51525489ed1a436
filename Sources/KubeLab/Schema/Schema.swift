import WireJSON

/// What is known of one value: a CRD's structural schema, or a built-in type. One shape for all, because merging, applying, validating,
/// defaulting, pruning and explaining all ask the same questions.
package final class Schema: Sendable {
  package enum ListType: String, Sendable { case atomic, set, map }

  /// How a strategic merge patch treats a list or a map (built-in types only).
  struct PatchRule: Sendable {
    /// The merge key of a list of objects; nil for a list of scalars that merges like a set.
    var mergeKey: String?
    /// `retainKeys`: members that the patch does not name go away.
    var retainsKeys = false
  }

  /// A date, as the API's types know three.
  enum TimeForm: Sendable { case seconds, micro }

  struct Fields: Sendable {
    /// The name of a built-in type: what OpenAPI documents refer to.
    var name: String?
    var description: String?
    /// `object`, `array`, `string`, `integer`, `number`, `boolean`; nil is any.
    var type: String?
    var format: String?
    var properties: [String: Schema] = [:]
    var required: [String] = []
    /// The schema of members that `properties` does not name.
    var additional: Schema?
    /// Members that nothing names are kept.
    var keepsUnknown = false
    var items: Schema?
    var isNullable = false
    var isIntOrString = false
    var isEmbeddedResource = false
    var defaultValue: JSONValue?
    var listType = ListType.atomic
    var listKeys: [String] = []
    var isAtomicMap = false
    var patchRule: PatchRule?
    var timeForm: TimeForm?
    var limits = Limits()
    /// The CRD's own text, for OpenAPI.
    var source: JSONValue?
  }

  /// Value validations (OpenAPI v3 §Schema).
  struct Limits: Sendable {
    var allowed: [JSONValue]?
    var minimum: JSONNumber?
    var maximum: JSONNumber?
    var isMinimumExclusive = false
    var isMaximumExclusive = false
    var multipleOf: JSONNumber?
    var minLength: Int?
    var maxLength: Int?
    var pattern: String?
    var minItems: Int?
    var maxItems: Int?
    var uniqueItems = false
    var minProperties: Int?
    var maxProperties: Int?
    var allOf: [Schema] = []
    var anyOf: [Schema] = []
    var oneOf: [Schema] = []
    var not: Schema?
  }

  let fields: Fields

  init(_ fields: Fields) { self.fields = fields }

  /// A value of which nothing is known.
  static let open = Schema(Fields(keepsUnknown: true))

  /// The schema of a member; nil when members of this name are not known.
  func member(_ name: String) -> Schema? {
    fields.properties[name] ?? fields.additional ?? (fields.keepsUnknown ? Schema.open : nil)
  }

  /// Whether members belong to separate owners (a struct or a granular map).
  var isGranularMap: Bool { !fields.isAtomicMap }

  /// Whether nothing is modelled below this value.
  var isOpen: Bool { fields.keepsUnknown && fields.properties.isEmpty && fields.additional == nil && fields.items == nil }
}
