package import WireJSON

/// An apps/v1 StatefulSet, as far as the addresses of its pods depend on it (allocation.md §7).
package struct StatefulSet: Resource, Equatable {
  package static let resourceType = ResourceType(
    group: "apps", version: "v1", plural: "statefulsets", kind: "StatefulSet", isNamespaced: true)

  package var metadata: ObjectMeta
  /// How many pods it wants; the API server's default is 1.
  package var replicas: Int64 = 1
  /// The ordinal of the first pod (`spec.ordinals.start`).
  package var firstOrdinal: Int64 = 0
  /// The annotations that new pods get.
  package var templateAnnotations: [String: String] = [:]

  package init(metadata: ObjectMeta) { self.metadata = metadata }

  package init(from reader: inout JSONReader) throws(JSONError) {
    metadata = ObjectMeta()
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "metadata": metadata = try ObjectMeta(from: &reader)
      case "spec": try readSpec(&reader)
      default: try reader.skipValue()
      }
    }
  }

  private mutating func readSpec(_ reader: inout JSONReader) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "replicas": replicas = try reader.readInt64OrNull() ?? 1
      case "ordinals":
        try reader.readFields { (reader, key) throws(JSONError) in
          switch key {
          case "start": firstOrdinal = try reader.readInt64OrNull() ?? 0
          default: try reader.skipValue()
          }
        }
      case "template": templateAnnotations = try reader.readTemplateAnnotations()
      default: try reader.skipValue()
      }
    }
  }

  /// Whether a pod of this number is one that the set wants; nonsense beyond 64 bits is none.
  package func wants(ordinal: Int64) -> Bool {
    let place = ordinal.subtractingReportingOverflow(firstOrdinal)
    return ordinal >= firstOrdinal && !place.overflow && place.partialValue < replicas
  }
}

extension JSONReader {
  /// `metadata.annotations` of a pod template.
  fileprivate mutating func readTemplateAnnotations() throws(JSONError) -> [String: String] {
    var annotations: [String: String] = [:]
    try readFields { (reader, key) throws(JSONError) in
      switch key {
      case "metadata":
        try reader.readFields { (reader, key) throws(JSONError) in
          switch key {
          case "annotations": annotations = try reader.readStringMap()
          default: try reader.skipValue()
          }
        }
      default: try reader.skipValue()
      }
    }
    return annotations
  }
}
