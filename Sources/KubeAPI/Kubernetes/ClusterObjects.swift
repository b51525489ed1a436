package import WireJSON

/// A Namespace: its annotations bind it to subnets and pools.
package struct Namespace: Resource, Equatable {
  package static let resourceType = ResourceType(
    group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)

  package var metadata: ObjectMeta

  package init(metadata: ObjectMeta) { self.metadata = metadata }

  package init(from reader: inout JSONReader) throws(JSONError) {
    metadata = ObjectMeta()
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "metadata": metadata = try ObjectMeta(from: &reader)
      default: try reader.skipValue()
      }
    }
  }
}

/// A Node: its labels, and the addresses that pods must not get.
package struct Node: Resource, Equatable {
  package static let resourceType = ResourceType(group: "", version: "v1", plural: "nodes", kind: "Node", isNamespaced: false)

  package var metadata: ObjectMeta
  /// `status.addresses[]` of type InternalIP, in order.
  package var internalAddresses: [String] = []

  package init(metadata: ObjectMeta) { self.metadata = metadata }

  package init(from reader: inout JSONReader) throws(JSONError) {
    metadata = ObjectMeta()
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "metadata": metadata = try ObjectMeta(from: &reader)
      case "status":
        try reader.readFields { (reader, key) throws(JSONError) in
          switch key {
          case "addresses":
            let addresses = try reader.readObjects { (reader) throws(JSONError) in try NodeAddress(from: &reader) }
            internalAddresses = addresses.filter { $0.type == "InternalIP" }.map(\.address)
          default: try reader.skipValue()
          }
        }
      default: try reader.skipValue()
      }
    }
  }
}

/// One entry of a Node's `status.addresses`.
private struct NodeAddress {
  var type = ""
  var address = ""

  init(from reader: inout JSONReader) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "type": type = try reader.readStringOrNull()
      case "address": address = try reader.readStringOrNull()
      default: try reader.skipValue()
      }
    }
  }
}

/// Multus' NetworkAttachmentDefinition: a CNI configuration as text.
package struct NetworkAttachmentDefinition: Resource, Equatable {
  package static let resourceType = ResourceType(
    group: "k8s.cni.cncf.io", version: "v1", plural: "network-attachment-definitions", kind: "NetworkAttachmentDefinition",
    isNamespaced: true)

  package var metadata: ObjectMeta
  /// JSON text as the user wrote it; empty when the NAD relies on a file on the node.
  package var config = ""

  package init(metadata: ObjectMeta, config: String) {
    self.metadata = metadata
    self.config = config
  }

  package init(from reader: inout JSONReader) throws(JSONError) {
    metadata = ObjectMeta()
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "metadata": metadata = try ObjectMeta(from: &reader)
      case "spec":
        try reader.readFields { (reader, key) throws(JSONError) in
          switch key {
          case "config": config = try reader.readStringOrNull()
          default: try reader.skipValue()
          }
        }
      default: try reader.skipValue()
      }
    }
  }
}
