package import WireJSON

/// A coordination.k8s.io Lease, whole: the one kind that we replace rather than patch.
package struct Lease: Resource, Equatable {
  package static let resourceType = ResourceType(
    group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease", isNamespaced: true)

  package var metadata: ObjectMeta
  package var holderIdentity = ""
  package var leaseDurationSeconds: Int64 = 0
  package var leaseTransitions: Int64 = 0
  package var acquireTime: Timestamp?
  package var renewTime: Timestamp?

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
      case "holderIdentity": holderIdentity = try reader.readStringOrNull()
      case "leaseDurationSeconds": leaseDurationSeconds = try reader.readInt64OrNull() ?? 0
      case "leaseTransitions": leaseTransitions = try reader.readInt64OrNull() ?? 0
      case "acquireTime": acquireTime = Timestamp(try reader.readStringOrNull())
      case "renewTime": renewTime = Timestamp(try reader.readStringOrNull())
      default: try reader.skipValue()
      }
    }
  }

  /// The body of a create (no resourceVersion) or a replace.
  package var body: JSONValue {
    var metadata: JSONValue = ["name": .string(self.metadata.name), "namespace": .string(self.metadata.namespace)]
    if !self.metadata.resourceVersion.isEmpty { metadata["resourceVersion"] = .string(self.metadata.resourceVersion) }
    if !self.metadata.labels.isEmpty { metadata["labels"] = .object(self.metadata.labels.mapValues { .string($0) }) }
    if !self.metadata.annotations.isEmpty { metadata["annotations"] = .object(self.metadata.annotations.mapValues { .string($0) }) }
    var spec: JSONValue = [
      "holderIdentity": .string(holderIdentity), "leaseDurationSeconds": .integer(leaseDurationSeconds),
      "leaseTransitions": .integer(leaseTransitions),
    ]
    if let acquireTime { spec["acquireTime"] = .string(acquireTime.microText) }
    if let renewTime { spec["renewTime"] = .string(renewTime.microText) }
    return ["apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec]
  }
}
