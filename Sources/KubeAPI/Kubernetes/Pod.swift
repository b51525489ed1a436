package import WireJSON

/// The projection of a Pod that addresses depend on: no labels, and of the annotations those that some network may read.
package struct Pod: Resource, Equatable {
  package static let resourceType = ResourceType(group: "", version: "v1", plural: "pods", kind: "Pod", isNamespaced: true)

  package var metadata: ObjectMeta
  /// Empty until the pod is bound.
  package var nodeName = ""
  package var isHostNetwork = false
  /// `Always`, `OnFailure` or `Never`.
  package var restartPolicy = "Always"
  /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
  package var phase = ""
  /// Why a pod is in its phase, e.g. `Evicted`.
  package var reason = ""
  package var terminationGracePeriodSeconds: Int64?

  package init(metadata: ObjectMeta) { self.metadata = metadata }

  package init(from reader: inout JSONReader) throws(JSONError) {
    metadata = ObjectMeta()
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "metadata":
        metadata = try ObjectMeta(from: &reader, labels: { _ in false }, annotations: AnnotationKey.concernsNetworks)
      case "spec": try readSpec(&reader)
      case "status": try readStatus(&reader)
      default: try reader.skipValue()
      }
    }
  }

  private mutating func readSpec(_ reader: inout JSONReader) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "nodeName": nodeName = try reader.readSharedStringOrNull()
      case "hostNetwork": isHostNetwork = try reader.readBoolOrNull() ?? false
      case "restartPolicy": restartPolicy = try reader.readStringOrNull()
      case "terminationGracePeriodSeconds": terminationGracePeriodSeconds = try reader.readInt64OrNull()
      default: try reader.skipValue()
      }
    }
  }

  private mutating func readStatus(_ reader: inout JSONReader) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "phase": phase = try reader.readStringOrNull()
      case "reason": reason = try reader.readStringOrNull()
      default: try reader.skipValue()
      }
    }
  }
}
