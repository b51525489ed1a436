package import WireJSON

/// A kind that we read: a projection of the stored object that keeps only the fields we use, so that 100,000 pods fit in memory.
/// Nothing here is ever written back whole; changes go out as merge patches (docs/architecture.md).
package protocol Resource: Sendable {
  static var resourceType: ResourceType { get }
  var metadata: ObjectMeta { get }

  /// Decodes one object straight from the bytes of a list or a watch. Unknown fields are skipped, `null` is an absent field,
  /// a field of the wrong type throws: the object is then reported and left out, and nothing else suffers.
  init(from reader: inout JSONReader) throws(JSONError)
}

extension Resource {
  package var key: ObjectKey { ObjectKey(namespace: metadata.namespace, name: metadata.name) }

  package init(decoding bytes: [UInt8]) throws(JSONError) {
    self = try JSONReader.parse(bytes) { (reader) throws(JSONError) in try Self(from: &reader) }
  }
}
