package import KubeAPI
package import NetAddress
package import WireJSON

/// What one NIC has been given: the input of every text that is written about it.
package struct Grant: Sendable, Equatable {
  package let attachment: Attachment
  package let subnet: SubnetPlan
  package let addresses: AddressPair
  package let mac: MACAddress?

  package init(attachment: Attachment, subnet: SubnetPlan, addresses: AddressPair, mac: MACAddress?) {
    self.attachment = attachment
    self.subnet = subnet
    self.addresses = addresses
    self.mac = mac
  }

  /// `provider=P subnet=S ip=I mac=M`, as Kube-OVN's events say it; without a MAC that word is left out.
  package var summary: String {
    var text = "provider=\(attachment.provider) subnet=\(subnet.name) ip=\(addresses)"
    if let mac { text += " mac=\(mac)" }
    return text
  }
}

/// The annotation patch that tells the node and the user what a pod has been given (annotations.md §2).
package enum AllocationPatch {
  /// One patch for all NICs, bound to the pod as it was when this was decided. `machine` is the virtual machine that owns them.
  package static func grant(_ grants: [Grant], to pod: Pod, machine: String? = nil) -> MetadataPatch {
    let present = pod.metadata.annotations
    var patch = MetadataPatch(of: pod.metadata)
    func set(_ key: String, _ value: String?) {
      if present[key] != value { patch.annotations[key] = .some(value) }
    }
    for grant in grants {
      let provider = grant.attachment.provider
      set(provider.key(.ipAddress), grant.addresses.description)
      set(provider.key(.macAddress), grant.mac?.description)
      set(provider.key(.cidr), grant.subnet.cidrs.description)
      set(provider.key(.gateway), grant.subnet.gateways.description)
      if grant.attachment.isOVN { set(provider.key(.logicalSwitch), grant.subnet.name) }
      set(provider.key(.virtualMachine), machine)
      set(provider.key(.allocated), "true")
    }
    if !grants.isEmpty { set(AnnotationKey.podUID, pod.metadata.uid) }
    set(AnnotationKey.allocationError, nil)
    return patch
  }

  /// The reasons why a pod has to wait; empty when they stand there already.
  package static func refuse(_ errors: AllocationErrors, pod: Pod) -> MetadataPatch {
    var patch = MetadataPatch(of: pod.metadata)
    let text = errors.entries.isEmpty ? nil : errors.annotation
    if pod.metadata.annotations[AnnotationKey.allocationError] != text { patch.annotations[AnnotationKey.allocationError] = .some(text) }
    return patch
  }

  /// Removes what was written about NICs that the pod asks for no more; never of the primary network (annotations.md §10).
  package static func withdraw(_ providers: [ProviderName], from pod: Pod) -> MetadataPatch {
    var patch = MetadataPatch(of: pod.metadata)
    for provider in providers where provider != .primary {
      for field in NetworkField.granted where pod.metadata.annotations[provider.key(field)] != nil {
        patch.annotations[provider.key(field)] = .some(nil)
      }
    }
    return patch
  }
}

extension NetworkField {
  /// The fields that the controller writes when it grants addresses.
  static let granted: [NetworkField] = [
    .ipAddress, .macAddress, .cidr, .gateway, .logicalSwitch, .podNICType, .virtualMachine, .allocated, .routed,
  ]
}

/// The IP CR of a NIC (crds.md, IP).
package enum IPRecordBuilder {
  /// The longest name of a Kubernetes object.
  package static let nameLimit = 253

  /// The body that creates the record.
  package static func create(_ grant: Grant, owner: PodOwner, nodeName: String) -> JSONValue {
    [
      "apiVersion": .string(IPRecord.resourceType.apiVersion), "kind": .string(IPRecord.resourceType.kind),
      "metadata": [
        "name": .string(owner.recordName(grant.attachment.provider)),
        "labels": .object(labels(grant, nodeName: nodeName).mapValues { .string($0) }),
        "annotations": .object(annotations(owner).mapValues { .string($0) }), "finalizers": [.string(Finalizer.controller)],
      ],
      "spec": spec(grant, owner: owner, nodeName: nodeName).json,
    ]
  }

  /// The patch that makes a record that exists already say what it has to, bound to the version seen; nil when it does.
  package static func update(_ record: IPRecord, _ grant: Grant, owner: PodOwner, nodeName: String) -> JSONValue? {
    // The node of a pod that the record is for already is the daemon's to write, when the NIC comes up there: two writers would undo
    // each other's work while a machine moves, and cost a write a pod.
    let isSameOwner = record.metadata.annotations[AnnotationKey.podUID] == owner.uid
    let node = nodeName.isEmpty || isSameOwner ? record.spec.nodeName : nodeName
    var wanted = spec(grant, owner: owner, nodeName: node)
    wanted.containerID = record.spec.containerID
    var patch = MetadataPatch(of: record.metadata)
    for (key, value) in labels(grant, nodeName: node) where record.metadata.labels[key] != value {
      let isLeftAlone = key == LabelKey.ipReserved || (key == LabelKey.nodeName && isSameOwner)
      if !isLeftAlone || record.metadata.labels[key] == nil { patch.labels[key] = value }
    }
    // Made by hand for the address that its pod has: it is to outlive the pod.
    if ReservationPlan.isPending(record), ReservationPlan.isServed(record, by: grant) { patch.labels[LabelKey.ipReserved] = "true" }
    if record.spec.subnet != wanted.subnet, !record.spec.subnet.isEmpty { patch.labels[record.spec.subnet] = .some(nil) }
    for (key, value) in annotations(owner) where record.metadata.annotations[key] != value { patch.annotations[key] = value }
    if owner.setUID == nil, record.metadata.annotations[AnnotationKey.ownerUID] != nil {
      patch.annotations[AnnotationKey.ownerUID] = .some(nil)
    }
    patch.finalizers = Finalizer.added(to: record.metadata.finalizers)
    guard !patch.isEmpty || record.spec != wanted else { return nil }
    var json = patch.json
    if record.spec != wanted { json["spec"] = wanted.json }
    return json
  }

  private static func spec(_ grant: Grant, owner: PodOwner, nodeName: String) -> IPRecord.Spec {
    var spec = IPRecord.Spec()
    spec.podName = owner.name
    spec.namespace = owner.namespace
    spec.subnet = grant.subnet.name
    spec.nodeName = nodeName
    spec.ipAddress = grant.addresses.description
    spec.v4IPAddress = grant.addresses.v4?.description ?? ""
    spec.v6IPAddress = grant.addresses.v6?.description ?? ""
    spec.macAddress = grant.mac?.description ?? ""
    spec.podType = owner.kind.rawValue
    return spec
  }

  private static func annotations(_ owner: PodOwner) -> [String: String] {
    var annotations = [AnnotationKey.podUID: owner.uid]
    if let set = owner.setUID { annotations[AnnotationKey.ownerUID] = set }
    return annotations
  }

  private static func labels(_ grant: Grant, nodeName: String) -> [String: String] {
    [
      LabelKey.subnet: grant.subnet.name, LabelKey.nodeName: nodeName, grant.subnet.name: "", LabelKey.ipReserved: "false",
    ]
  }
}
