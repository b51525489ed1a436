package import WireJSON

/// A Subnet as stored: texts as the user wrote them, which may be nonsense. `PodNetwork.SubnetPlan` judges and normalises them.
package struct Subnet: Resource, Equatable {
  package static let resourceType = ResourceType.kubeOVN(plural: "subnets", kind: "Subnet")

  package var metadata: ObjectMeta
  package var spec = Spec()
  package var status = Status()

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

  /// Counts as literal text: they exceed 64 bits, and a kube-apiserver rounds them (crds.md).
  package struct Status: Sendable, Equatable {
    package var conditions: [Condition] = []
    package var v4Available = JSONNumber(literal: "0")
    package var v4Using = JSONNumber(literal: "0")
    package var v6Available = JSONNumber(literal: "0")
    package var v6Using = JSONNumber(literal: "0")
    package var v4AvailableRange = ""
    package var v4UsingRange = ""
    package var v6AvailableRange = ""
    package var v6UsingRange = ""
    /// Whether the object had a status with counts at all.
    package var hasCounts = false

    package init() {}
  }

  package init(from reader: inout JSONReader) throws(JSONError) {
    metadata = ObjectMeta()
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "metadata": metadata = try ObjectMeta(from: &reader)
      case "spec": try spec.read(&reader)
      case "status": try status.read(&reader)
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

extension Subnet.Status {
  fileprivate mutating func read(_ reader: inout JSONReader) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "conditions": conditions = try reader.readObjects { (reader) throws(JSONError) in try Condition(from: &reader) }
      case "v4availableIPs":
        v4Available = try reader.readCount()
        hasCounts = true
      case "v4usingIPs": v4Using = try reader.readCount()
      case "v6availableIPs": v6Available = try reader.readCount()
      case "v6usingIPs": v6Using = try reader.readCount()
      case "v4availableIPrange": v4AvailableRange = try reader.readStringOrNull()
      case "v4usingIPrange": v4UsingRange = try reader.readStringOrNull()
      case "v6availableIPrange": v6AvailableRange = try reader.readStringOrNull()
      case "v6usingIPrange": v6UsingRange = try reader.readStringOrNull()
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

extension JSONReader {
  /// A count of addresses: bare digits, digits in quotes (older versions), or null.
  package mutating func readCount() throws(JSONError) -> JSONNumber {
    if try readNull() { return JSONNumber(literal: "0") }
    guard try peekKind() == .string else { return try readNumber() }
    let text = try readString()
    return JSONNumber(literal: text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } && !text.isEmpty ? text : "0")
  }
}
