package import WireJSON

/// A Subnet as stored: texts as the user wrote them, which may be nonsense. `PodNetwork.SubnetPlan` judges and normalises them.
package struct Subnet: Resource, Equatable {
  package static let resourceType = ResourceType.kubeOVN(plural: "subnets", kind: "Subnet")

  package var metadata: ObjectMeta
  package var spec = Spec()
  package var status = UsageStatus()

  package init(metadata: ObjectMeta, spec: Spec = Spec()) {
    self.metadata = metadata
    self.spec = spec
  }

  /// The fields of crds.md that a subnet of any provider uses; the OVN ones come with the OVN controller.
  package struct Spec: Sendable, Equatable {
    package var cidrBlock = ""
    package var protocolName = ""
    package var gateway = ""
    package var excludeIPs: [String] = []
    package var provider = ""
    package var namespaces: [String] = []
    package var namespaceSelectors: [LabelSelector] = []
    package var isDefault = false
    package var vpc = ""
    package var vlan = ""
    package var gatewayType = ""
    package var mtu: Int64 = 0
    package var enableLB: Bool?
    package var allowSubnets: [String] = []
    package var vips: [String] = []
    package var natOutgoing = false
    package var externalEgressGateway = ""
    package var logicalGateway = false
    package var u2oInterconnection = false

    package init() {}
  }

  package init(from reader: inout JSONReader) throws(JSONError) {
    metadata = ObjectMeta()
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "metadata": metadata = try ObjectMeta(from: &reader)
      case "spec": try spec.read(&reader)
      case "status": status = try UsageStatus(from: &reader, .subnet)
      default: try reader.skipValue()
      }
    }
  }
}

extension Subnet.Spec {
  fileprivate mutating func read(_ reader: inout JSONReader) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "cidrBlock": cidrBlock = try reader.readStringOrNull()
      case "protocol": protocolName = try reader.readStringOrNull()
      case "gateway": gateway = try reader.readStringOrNull()
      case "excludeIps": excludeIPs = try reader.readStrings()
      case "provider": provider = try reader.readStringOrNull()
      case "namespaces": namespaces = try reader.readStrings()
      case "namespaceSelectors":
        namespaceSelectors = try reader.readObjects { (reader) throws(JSONError) in try LabelSelector(from: &reader) }
      case "default": isDefault = try reader.readBoolOrNull() ?? false
      case "vpc": vpc = try reader.readStringOrNull()
      case "vlan": vlan = try reader.readStringOrNull()
      case "gatewayType": gatewayType = try reader.readStringOrNull()
      case "mtu": mtu = try reader.readInt64OrNull() ?? 0
      case "enableLb": enableLB = try reader.readBoolOrNull()
      case "allowSubnets": allowSubnets = try reader.readStrings()
      case "vips": vips = try reader.readStrings()
      case "natOutgoing": natOutgoing = try reader.readBoolOrNull() ?? false
      case "externalEgressGateway": externalEgressGateway = try reader.readStringOrNull()
      case "logicalGateway": logicalGateway = try reader.readBoolOrNull() ?? false
      case "u2oInterconnection": u2oInterconnection = try reader.readBoolOrNull() ?? false
      default: try reader.skipValue()
      }
    }
  }
}

extension ResourceType {
  /// A cluster-scoped kind of group `kubeovn.io/v1`.
  package static func kubeOVN(plural: String, kind: String) -> ResourceType {
    ResourceType(group: "kubeovn.io", version: "v1", plural: plural, kind: kind, isNamespaced: false)
  }
}
