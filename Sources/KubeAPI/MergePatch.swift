package import WireJSON

/// A JSON merge patch (RFC 7386) of an object's metadata, with the preconditions that fence a deposed leader (decisions.md §5.2).
package struct MetadataPatch: Sendable, Equatable {
  /// nil removes the annotation.
  package var annotations: [String: String?] = [:]
  package var labels: [String: String?] = [:]
  /// The whole list: merge patches replace lists. nil leaves it alone.
  package var finalizers: [String]?
  /// The object's identity as the decider saw it; the server answers 409 when it is another by now.
  package var uid = ""
  package var resourceVersion = ""

  package init() {}

  /// A patch of the object that `metadata` shows, and of no later state of it.
  package init(of metadata: ObjectMeta) {
    uid = metadata.uid
    resourceVersion = metadata.resourceVersion
  }

  package var isEmpty: Bool { annotations.isEmpty && labels.isEmpty && finalizers == nil }

  package var json: JSONValue {
    var metadata: [String: JSONValue] = [:]
    if !uid.isEmpty { metadata["uid"] = .string(uid) }
    if !resourceVersion.isEmpty { metadata["resourceVersion"] = .string(resourceVersion) }
    if !annotations.isEmpty { metadata["annotations"] = Self.object(annotations) }
    if !labels.isEmpty { metadata["labels"] = Self.object(labels) }
    if let finalizers { metadata["finalizers"] = .array(finalizers.map { .string($0) }) }
    return ["metadata": .object(metadata)]
  }

  private static func object(_ texts: [String: String?]) -> JSONValue {
    .object(texts.mapValues { $0.map { .string($0) } ?? .null })
  }
}
