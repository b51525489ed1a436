package import WireJSON

/// The custom resource of kind IP: the record that an address is held (decisions.md §5.1).
package struct IPRecord: Resource, Equatable {
  package static let resourceType = ResourceType.kubeOVN(plural: "ips", kind: "IP")

  package var metadata: ObjectMeta
  package var spec = Spec()

  package init(metadata: ObjectMeta, spec: Spec = Spec()) {
    self.metadata = metadata
    self.spec = spec
  }

  package struct Spec: Sendable, Equatable {
    package var podName = ""
    package var namespace = ""
    package var subnet = ""
    package var nodeName = ""
    /// `v4`, `v6` or `v4,v6`.
    package var ipAddress = ""
    package var v4IPAddress = ""
    package var v6IPAddress = ""
    package var macAddress = ""
    package var containerID = ""
    /// "", `StatefulSet` or `VirtualMachine`.
    package var podType = ""

    package init() {}

    /// Every field is always written, as Kube-OVN does; the attach lists stay empty (one record a NIC).
    package var json: JSONValue {
      [
        "podName": .string(podName), "namespace": .string(namespace), "subnet": .string(subnet), "attachSubnets": [],
        "nodeName": .string(nodeName), "ipAddress": .string(ipAddress), "v4IpAddress": .string(v4IPAddress),
        "v6IpAddress": .string(v6IPAddress), "attachIps": [], "macAddress": .string(macAddress), "attachMacs": [],
        "containerID": .string(containerID), "podType": .string(podType),
      ]
    }
  }

  package init(from reader: inout JSONReader) throws(JSONError) {
    metadata = ObjectMeta()
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "metadata": metadata = try ObjectMeta(from: &reader)
      case "spec": try spec.read(&reader)
      default: try reader.skipValue()
      }
    }
  }
}

extension IPRecord.Spec {
  fileprivate mutating func read(_ reader: inout JSONReader) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "podName": podName = try reader.readSharedStringOrNull()
      case "namespace": namespace = try reader.readSharedStringOrNull()
      case "subnet": subnet = try reader.readSharedStringOrNull()
      case "nodeName": nodeName = try reader.readSharedStringOrNull()
      case "ipAddress": ipAddress = try reader.readStringOrNull()
      case "v4IpAddress": v4IPAddress = try reader.readStringOrNull()
      case "v6IpAddress": v6IPAddress = try reader.readStringOrNull()
      case "macAddress": macAddress = try reader.readStringOrNull()
      case "containerID": containerID = try reader.readStringOrNull()
      case "podType": podType = try reader.readStringOrNull()
      default: try reader.skipValue()
      }
    }
  }
}
