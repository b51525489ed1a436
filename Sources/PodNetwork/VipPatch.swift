package import KubeAPI
package import NetAddress
package import WireJSON

/// What the allocator holds for a Vip.
package struct VipHolding: Sendable, Equatable {
  package let subnet: String
  package let addresses: AddressPair
  package let mac: MACAddress?
  /// The port of the pod that uses the Vip, where one does.
  package let user: String?

  package init(subnet: String, addresses: AddressPair, mac: MACAddress?, user: String?) {
    self.subnet = subnet
    self.addresses = addresses
    self.mac = mac
    self.user = user
  }
}

/// The one write that tells what became of a Vip: labels, spec, status and finalizer together, since its status is no subresource, bound
/// to the version that was judged.
package enum VipPatch {
  /// Whatever the Vip lacks of what is held for it; nil when it says all of it already.
  package static func held(_ vip: Vip, _ holding: VipHolding, now: Timestamp) -> JSONValue? {
    var metadata = MetadataPatch(of: vip.metadata)
    let labels = [LabelKey.subnet: holding.subnet, LabelKey.ipReserved: holding.user.map(VipPlan.label(ofUser:)) ?? ""]
    for (key, value) in labels where vip.metadata.labels[key] != value { metadata.labels[key] = value }
    metadata.finalizers = Finalizer.added(to: vip.metadata.finalizers)
    let spec = backFill(vip, holding)
    var status = statusChanges(vip, holding)
    let conditions = StatusPatch.conditions(
      vip.status.conditions, conditions(edit(of: vip, holding)), of: vip.metadata, now: now)
    if let conditions { status["conditions"] = conditions["status"]?["conditions"] }
    guard !metadata.isEmpty || !spec.isEmpty || !status.isEmpty else { return nil }
    var json = metadata.json
    if !spec.isEmpty { json["spec"] = .object(spec) }
    if !status.isEmpty { json["status"] = .object(status) }
    return json
  }

  /// Why the Vip has no address, or not the one that its status names; nil when it says so already.
  package static func refused(_ vip: Vip, _ problem: ReservationProblem, now: Timestamp) -> JSONValue? {
    let (reason, message) = (problem.reason, problem.description)
    let wanted = [
      Condition(
        type: SubnetCondition.validated, status: problem.isMalformed ? "False" : "True", reason: reason,
        message: problem.isMalformed ? message : ""),
      Condition(type: SubnetCondition.ready, status: "False", reason: reason, message: message),
      Condition(type: SubnetCondition.error, status: "True", reason: reason, message: message),
    ]
    guard let patch = StatusPatch.conditions(vip.status.conditions, wanted, of: vip.metadata, now: now) else { return nil }
    var json = MetadataPatch(of: vip.metadata).json
    json["status"] = patch["status"]
    return json
  }

  /// What the spec of an assigned Vip asks for that is not what it holds; nil when it asks for nothing else.
  package static func edit(of vip: Vip, _ holding: VipHolding) -> ReservationProblem? {
    guard vip.isAssigned else { return nil }
    var held = "\(holding.addresses) of subnet \(holding.subnet)"
    if let mac = holding.mac { held += " with MAC \(mac)" }
    let (spec, addresses) = (vip.spec, holding.addresses)
    if !spec.subnet.isEmpty, spec.subnet != holding.subnet { return .change("spec.subnet is \(spec.subnet)", held: held) }
    for (field, text, address) in [("v4ip", spec.v4IP, addresses.v4), ("v6ip", spec.v6IP, addresses.v6)] {
      guard !text.isEmpty, address == nil || (try? IPAddress(parsing: text)) != address else { continue }
      return .change("spec.\(field) is \(text)", held: held)
    }
    if !spec.macAddress.isEmpty, MACAddress(spec.macAddress) != holding.mac || holding.mac == nil {
      return .change("spec.macAddress is \(spec.macAddress)", held: held)
    }
    return nil
  }

  /// Fields that the user left empty, and at the assignment itself the canonical spelling of those that were given.
  private static func backFill(_ vip: Vip, _ holding: VipHolding) -> [String: JSONValue] {
    var changes: [String: JSONValue] = [:]
    let fields = [
      ("v4ip", vip.spec.v4IP, holding.addresses.v4?.description), ("v6ip", vip.spec.v6IP, holding.addresses.v6?.description),
      ("macAddress", vip.spec.macAddress, holding.mac?.description),
    ]
    for (field, stored, held) in fields {
      guard let held, stored != held, stored.isEmpty || !vip.isAssigned else { continue }
      changes[field] = .string(held)
    }
    return changes
  }

  private static func statusChanges(_ vip: Vip, _ holding: VipHolding) -> [String: JSONValue] {
    var changes: [String: JSONValue] = [:]
    let stored = vip.status
    func compare(_ field: String, _ stored: String, _ wanted: String) { if stored != wanted { changes[field] = .string(wanted) } }
    compare("v4ip", stored.v4IP, holding.addresses.v4?.description ?? "")
    compare("v6ip", stored.v6IP, holding.addresses.v6?.description ?? "")
    compare("mac", stored.mac, holding.mac?.description ?? "")
    // What it was when the address was given.
    if !vip.isAssigned { compare("type", stored.type, vip.spec.type) }
    return changes
  }

  private static func conditions(_ edit: ReservationProblem?) -> [Condition] {
    let (reason, message) = (edit?.reason ?? EventReason.addressReserved, edit?.description ?? "")
    let hasEdit = edit != nil
    return [
      Condition(type: SubnetCondition.validated, status: hasEdit ? "False" : "True", reason: reason, message: message),
      Condition(type: SubnetCondition.ready, status: "True", reason: EventReason.addressReserved, message: ""),
      Condition(type: SubnetCondition.error, status: hasEdit ? "True" : "False", reason: reason, message: message),
    ]
  }
}
