package import WireJSON

/// A core/v1 Event, of which we only ever need to know that it was taken.
package struct KubernetesEvent: Resource, Equatable {
  package static let resourceType = ResourceType(group: "", version: "v1", plural: "events", kind: "Event", isNamespaced: true)

  package var metadata: ObjectMeta
  package var reason = ""
  package var message = ""
  package var count: Int64 = 0
  /// `Normal` or `Warning`.
  package var level = ""
  /// Name of the object that it is about; its namespace is the event's own, or none.
  package var objectName = ""
  package var objectKind = ""

  package init(from reader: inout JSONReader) throws(JSONError) {
    metadata = ObjectMeta()
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "metadata": metadata = try ObjectMeta(from: &reader)
      case "reason": reason = try reader.readStringOrNull()
      case "message": message = try reader.readStringOrNull()
      case "type": level = try reader.readStringOrNull()
      case "count": count = try reader.readInt64OrNull() ?? 0
      case "involvedObject":
        try reader.readFields { (reader, key) throws(JSONError) in
          switch key {
          case "name": objectName = try reader.readStringOrNull()
          case "kind": objectKind = try reader.readStringOrNull()
          default: try reader.skipValue()
          }
        }
      default: try reader.skipValue()
      }
    }
  }
}
