package import WireJSON

/// KubeVirt's VirtualMachine: while it exists, started or stopped, its addresses stay its own.
package struct VirtualMachine: Resource, Equatable {
  package static let resourceType = ResourceType.kubeVirt(plural: "virtualmachines", kind: "VirtualMachine")

  package var metadata: ObjectMeta

  package init(metadata: ObjectMeta) { self.metadata = metadata }

  package init(from reader: inout JSONReader) throws(JSONError) { metadata = try reader.readMetadataAlone() }
}

/// KubeVirt's VirtualMachineInstance: a virtual machine that runs, in one pod or, while it moves, in two. It has its machine's name.
package struct VirtualMachineInstance: Resource, Equatable {
  package static let resourceType = ResourceType.kubeVirt(plural: "virtualmachineinstances", kind: "VirtualMachineInstance")

  package var metadata: ObjectMeta

  package init(metadata: ObjectMeta) { self.metadata = metadata }

  package init(from reader: inout JSONReader) throws(JSONError) { metadata = try reader.readMetadataAlone() }
}

extension ResourceType {
  package static let kubeVirtGroup = "kubevirt.io"

  fileprivate static func kubeVirt(plural: String, kind: String) -> ResourceType {
    ResourceType(group: kubeVirtGroup, version: "v1", plural: plural, kind: kind, isNamespaced: true)
  }
}

extension JSONReader {
  /// An object of which only the metadata matters.
  fileprivate mutating func readMetadataAlone() throws(JSONError) -> ObjectMeta {
    var metadata = ObjectMeta()
    try readFields { (reader, key) throws(JSONError) in
      switch key {
      case "metadata": metadata = try ObjectMeta(from: &reader)
      default: try reader.skipValue()
      }
    }
    return metadata
  }
}
