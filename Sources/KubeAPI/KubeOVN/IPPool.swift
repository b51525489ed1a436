package import WireJSON

/// An IPPool as stored: some addresses of a Subnet set apart. Texts are as the user wrote them, which may be nonsense;
/// `PodNetwork.PoolPlan` judges them.
package struct IPPool: Resource, Equatable {
  package static let resourceType = ResourceType.kubeOVN(plural: "ippools", kind: "IPPool")

  package var metadata: ObjectMeta
  package var spec = Spec()
  package var status = UsageStatus()

  package init(metadata: ObjectMeta, spec: Spec = Spec()) {
    self.metadata = metadata
    self.spec = spec
  }

  package struct Spec: Sendable, Equatable {
    package var subnet = ""
    /// `ip`, `a..b` or a CIDR each.
    package var ips: [String] = []
    /// Whose pods take their addresses here, and the only ones that may; empty: any pod that names the pool.
    package var namespaces: [String] = []
    /// Read for the OVN controller; without effect on addresses.
    package var enableAddressSet = false

    package init() {}
  }

  package init(from reader: inout JSONReader) throws(JSONError) {
    metadata = ObjectMeta()
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "metadata": metadata = try ObjectMeta(from: &reader)
      case "spec": try spec.read(&reader)
      case "status": status = try UsageStatus(from: &reader, .pool)
      default: try reader.skipValue()
      }
    }
  }
}

extension IPPool.Spec {
  fileprivate mutating func read(_ reader: inout JSONReader) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "subnet": subnet = try reader.readStringOrNull()
      case "ips": ips = try reader.readStrings()
      case "namespaces": namespaces = try reader.readStrings()
      case "enableAddressSet": enableAddressSet = try reader.readBoolOrNull() ?? false
      default: try reader.skipValue()
      }
    }
  }
}

/// Reasons of IPPool conditions and of the events that go with them; the types are those of Subnets.
package enum PoolCondition {
  package static let updateSuccess = "UpdateIPAMSucceeded"
  package static let updateFailed = "UpdateIPAMFailed"
}
