package import KubeAPI
package import WireJSON

/// A kind that the lab reads whole, because it copies parts of it (pod templates) or shows them.
package protocol RawKind: Sendable {
  static var resourceType: ResourceType { get }
}

/// An object as the API server keeps it, with its metadata parsed. The lab alone pays for whole objects: it holds dozens, not 100,000.
package struct RawObject<Kind: RawKind>: Resource, Equatable {
  package static var resourceType: ResourceType { Kind.resourceType }

  package let metadata: ObjectMeta
  package let value: JSONValue

  package init(_ value: JSONValue) throws(JSONError) {
    self.value = value
    metadata = try JSONReader.parse((value["metadata"] ?? [:]).bytes) { (reader) throws(JSONError) in try ObjectMeta(from: &reader) }
  }

  package init(from reader: inout JSONReader) throws(JSONError) { try self.init(try reader.readValue()) }

  package var spec: JSONValue { value["spec"] ?? [:] }
  package var status: JSONValue { value["status"] ?? [:] }

  /// This object as the owner that manages what it creates.
  package var controllerReference: JSONValue {
    [
      "apiVersion": .string(Kind.resourceType.apiVersion), "kind": .string(Kind.resourceType.kind),
      "name": .string(metadata.name), "uid": .string(metadata.uid), "controller": true, "blockOwnerDeletion": true,
    ]
  }
}

/// The kinds the lab works with. Their types are namespaces of nothing but a name.
package enum PodKind: RawKind { package static let resourceType = Pod.resourceType }
package enum NodeKind: RawKind { package static let resourceType = Node.resourceType }
package enum DeploymentKind: RawKind { package static let resourceType = ResourceType.apps(plural: "deployments", kind: "Deployment") }
package enum ReplicaSetKind: RawKind { package static let resourceType = ResourceType.apps(plural: "replicasets", kind: "ReplicaSet") }
package enum StatefulSetKind: RawKind { package static let resourceType = ResourceType.apps(plural: "statefulsets", kind: "StatefulSet") }
package enum DaemonSetKind: RawKind { package static let resourceType = ResourceType.apps(plural: "daemonsets", kind: "DaemonSet") }
package enum JobKind: RawKind {
  package static let resourceType = ResourceType(group: "batch", version: "v1", plural: "jobs", kind: "Job", isNamespaced: true)
}

package typealias PodObject = RawObject<PodKind>
package typealias NodeObject = RawObject<NodeKind>
package typealias Deployment = RawObject<DeploymentKind>
package typealias ReplicaSet = RawObject<ReplicaSetKind>
package typealias StatefulSetObject = RawObject<StatefulSetKind>
package typealias DaemonSet = RawObject<DaemonSetKind>
package typealias Job = RawObject<JobKind>

extension ResourceType {
  fileprivate static func apps(plural: String, kind: String) -> ResourceType {
    ResourceType(group: "apps", version: "v1", plural: plural, kind: kind, isNamespaced: true)
  }
}
