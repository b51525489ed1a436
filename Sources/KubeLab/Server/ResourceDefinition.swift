import WireJSON

/// A kind that the server serves in one version: its names, its schema and its rules.
struct ResourceDefinition: Sendable {
  var group: String
  var version: String
  var plural: String
  var singular: String
  var kind: String
  var listKind: String
  var shortNames: [String] = []
  var categories: [String] = []
  var isNamespaced: Bool
  /// Made by a CustomResourceDefinition.
  var isCustom = false
  /// Answers are computed, nothing is stored (access reviews).
  var isTransient = false
  /// `status`, `scale`, `binding`, `eviction`, `finalize`.
  var subresources: Set<String> = []
  var schema: Schema
  var columns: [TableColumn] = []
  /// What field selectors may name beside metadata.name and metadata.namespace.
  var fieldLabels: Set<String> = []
  var rules = KindRules()

  var apiVersion: String { group.isEmpty ? version : group + "/" + version }

  /// `plural.group`: the store's name of the resource, the same in all of its versions.
  var storage: String { qualifiedPlural }

  var qualifiedPlural: String { group.isEmpty ? plural : plural + "." + group }

  var hasStatus: Bool { subresources.contains("status") }

  var verbs: [String] {
    isTransient ? ["create"] : ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
  }

  /// The beginning of an object's JSON text, up to its first stored member.
  var typePrefix: String { "{\"apiVersion\":\"\(apiVersion)\",\"kind\":\"\(kind)\"," }
}

/// What a kind does beyond what its schema says.
struct KindRules: Sendable {
  /// Whether `metadata.generation` counts changes of the spec.
  var tracksGeneration = true
  /// Whether a PUT without resourceVersion is accepted.
  var allowsUnconditionalUpdate = true
  /// Whether labels, annotations, owners and finalizers can be changed through `/status`.
  var statusKeepsMetadata = true
  /// Whether names are DNS subdomains (most kinds) or free path segments (RBAC).
  var hasPathNames = false
  /// Fills in defaults, at creation and at every update.
  var defaults: @Sendable (inout JSONValue) -> Void = { _ in }
  /// What the server itself sets at creation.
  var begin: @Sendable (inout JSONValue, KindContext) -> Void = { _, _ in }
  /// Reasons to refuse the new object; the old one is nil at creation.
  var validate: @Sendable (_ new: JSONValue, _ old: JSONValue?) -> [FieldError] = { _, _ in [] }
}

/// What a kind's rules may ask of the server.
struct KindContext: Sendable {
  var now: Timestamp
  /// The next free address for a Service.
  var serviceAddress: @Sendable () -> String
  /// The next free port of 30000–32767 for a Service of type NodePort.
  var nodePort: @Sendable () -> Int
}
