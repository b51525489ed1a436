package import WireJSON

/// The part of `metadata` that we use.
package struct ObjectMeta: Sendable, Equatable {
  package var name = ""
  package var namespace = ""
  package var uid = ""
  package var resourceVersion = ""
  package var generation: Int64 = 0
  package var labels: [String: String] = [:]
  package var annotations: [String: String] = [:]
  package var finalizers: [String] = []
  package var ownerReferences: [OwnerReference] = []
  package var creationTimestamp: Timestamp?
  /// When set, the object is being deleted: for a pod, the time by which it is to be gone.
  package var deletionTimestamp: Timestamp?
  package var deletionGracePeriodSeconds: Int64?

  package init(name: String = "", namespace: String = "") {
    self.name = name
    self.namespace = namespace
  }

  package init(from reader: inout JSONReader) throws(JSONError) {
    try self.init(from: &reader, labels: { _ in true }, annotations: { _ in true })
  }

  /// Keeps only the labels and annotations that are wanted: of kinds with very many objects, what is not needed is memory.
  package init(
    from reader: inout JSONReader, labels isLabelWanted: (JSONKey) -> Bool, annotations isAnnotationWanted: (JSONKey) -> Bool
  ) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "name": name = try reader.readSharedStringOrNull()
      case "namespace": namespace = try reader.readSharedStringOrNull()
      case "uid": uid = try reader.readSharedStringOrNull()
      case "resourceVersion": resourceVersion = try reader.readStringOrNull()
      case "generation": generation = try reader.readInt64OrNull() ?? 0
      case "labels": labels = try reader.readStringMap(where: isLabelWanted)
      case "annotations": annotations = try reader.readStringMap(where: isAnnotationWanted)
      case "finalizers": finalizers = try reader.readStrings()
      case "ownerReferences":
        ownerReferences = try reader.readObjects { (reader) throws(JSONError) in try OwnerReference(from: &reader) }
      case "creationTimestamp": creationTimestamp = Timestamp(try reader.readStringOrNull())
      case "deletionTimestamp": deletionTimestamp = Timestamp(try reader.readStringOrNull())
      case "deletionGracePeriodSeconds": deletionGracePeriodSeconds = try reader.readInt64OrNull()
      default: try reader.skipValue()
      }
    }
  }

  package var isDeleting: Bool { deletionTimestamp != nil }

  /// The owner that manages the object's life, where there is one.
  package var controller: OwnerReference? { ownerReferences.first { $0.isController } }
}

/// Who an object belongs to (`metadata.ownerReferences[]`).
package struct OwnerReference: Sendable, Hashable {
  package var apiVersion = ""
  package var kind = ""
  package var name = ""
  package var uid = ""
  package var isController = false

  package init(apiVersion: String, kind: String, name: String, uid: String, isController: Bool) {
    self.apiVersion = apiVersion
    self.kind = kind
    self.name = name
    self.uid = uid
    self.isController = isController
  }

  package init(from reader: inout JSONReader) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "apiVersion": apiVersion = try reader.readSharedStringOrNull()
      case "kind": kind = try reader.readSharedStringOrNull()
      case "name": name = try reader.readSharedStringOrNull()
      case "uid": uid = try reader.readSharedStringOrNull()
      case "controller": isController = try reader.readBoolOrNull() ?? false
      default: try reader.skipValue()
      }
    }
  }
}
