import Synchronization
package import WireJSON

/// Where an object stands in its resource: namespace (empty for cluster scope) and name.
package struct ObjectKey: Hashable, Sendable {
  package let namespace: String
  package let name: String
  /// What lists sort by: `namespace/name`, or the name alone.
  package let text: String

  package init(namespace: String = "", name: String) {
    self.namespace = namespace
    self.name = name
    text = namespace.isEmpty ? name : namespace + "/" + name
  }
}

/// One object at one revision: never changes, so lists, watches and readers share it and its encoded bytes.
package final class StoredObject: Sendable {
  package let key: ObjectKey
  /// Without `apiVersion` and `kind`: those belong to the version in which somebody reads it.
  package let object: JSONValue
  package let revision: Int64
  private let encoded = Mutex<[UInt8]?>(nil)

  init(key: ObjectKey, object: JSONValue, revision: Int64) {
    self.key = key
    self.object = object
    self.revision = revision
  }

  /// The object as JSON text, made at the first request and kept.
  package var bytes: [UInt8] {
    encoded.withLock { bytes in
      if let bytes { return bytes }
      let made = object.bytes
      bytes = made
      return made
    }
  }

  package var uid: String { object[path: ["metadata", "uid"]]?.string ?? "" }
}
