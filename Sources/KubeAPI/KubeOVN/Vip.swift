package import WireJSON

/// The custom resource of kind Vip: an address that is held under the Vip's own name (crds.md). Texts as stored, which may be nonsense;
/// `PodNetwork.VipPlan` judges them.
package struct Vip: Resource, Equatable {
  package static let resourceType = ResourceType.kubeOVN(plural: "vips", kind: "Vip")

  package var metadata: ObjectMeta
  package var spec = Spec()
  package var status = Status()

  package init(metadata: ObjectMeta, spec: Spec = Spec()) {
    self.metadata = metadata
    self.spec = spec
  }

  package struct Spec: Sendable, Equatable {
    package var namespace = ""
    package var subnet = ""
    /// "" for a reservation or an address pair, `switch_lb_vip`, `kube_host_vm_vip`.
    package var type = ""
    package var v4IP = ""
    package var v6IP = ""
    package var macAddress = ""

    package init() {}
  }

  /// A plain field, not a subresource: ordinary writes carry it.
  package struct Status: Sendable, Equatable {
    package var conditions: [Condition] = []
    package var type = ""
    package var v4IP = ""
    package var v6IP = ""
    package var mac = ""

    package init() {}
  }

  /// Whether an address was given. (Kube-OVN asks for the MAC, which a Vip of a subnet without MACs never has.)
  package var isAssigned: Bool { !status.v4IP.isEmpty || !status.v6IP.isEmpty }

  /// The subnet that the address is of, whatever the spec says by now; before the assignment the one that is wanted.
  package var subnetName: String {
    guard isAssigned, let label = metadata.labels[LabelKey.subnet], !label.isEmpty else { return spec.subnet }
    return label
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

extension Vip.Spec {
  fileprivate mutating func read(_ reader: inout JSONReader) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "namespace": namespace = try reader.readStringOrNull()
      case "subnet": subnet = try reader.readStringOrNull()
      case "type": type = try reader.readStringOrNull()
      case "v4ip": v4IP = try reader.readStringOrNull()
      case "v6ip": v6IP = try reader.readStringOrNull()
      case "macAddress": macAddress = try reader.readStringOrNull()
      default: try reader.skipValue()
      }
    }
  }
}

extension Vip.Status {
  fileprivate mutating func read(_ reader: inout JSONReader) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "conditions": conditions = try reader.readObjects { (reader) throws(JSONError) in try Condition(from: &reader) }
      case "type": type = try reader.readStringOrNull()
      case "v4ip": v4IP = try reader.readStringOrNull()
      case "v6ip": v6IP = try reader.readStringOrNull()
      case "mac": mac = try reader.readStringOrNull()
      default: try reader.skipValue()
      }
    }
  }
}
