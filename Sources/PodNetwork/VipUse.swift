package import KubeAPI
package import NetAddress

/// The Vip whose addresses one NIC of a pod has (annotation `ovn.kubernetes.io/vip`, allocation.md §5).
package struct VipUse: Sendable, Equatable {
  package let name: String
  package let subnet: String
  package let addresses: [IPAddress]
  package let mac: MACAddress?

  package init(name: String, subnet: String, addresses: [IPAddress], mac: MACAddress?) {
    self.name = name
    self.subnet = subnet
    self.addresses = addresses
    self.mac = mac
  }

  /// The Vip that a pod names; nil when it names none.
  package static func name(of pod: Pod) -> String? {
    pod.metadata.annotations[AnnotationKey.vip]?.trimmed.nilIfEmpty
  }

  /// Ties the pod's Vip to its NIC: the first one that the Vip's subnet may serve, in the order in which the pod names its networks. One
  /// that has its address already is left as it is.
  package static func bind(
    _ pod: Pod, _ attachments: [Attachment], kept: [Grant], vips: (String) -> Vip?, to bindings: inout [AttachmentBinding]
  ) throws(NetworkRefusal) {
    guard let name = name(of: pod), let first = bindings.first else { return }
    let use: VipUse
    do throws(Unusable) { use = try VipUse(vips(name), name) } catch {
      throw NetworkRefusal(subject: first.attachment.provider.text, reason: error.reason, isFinal: false)
    }
    for attachment in attachments {
      if kept.contains(where: { $0.attachment == attachment && $0.subnet.name == use.subnet }) { return }
      guard let index = bindings.firstIndex(where: { $0.attachment == attachment && $0.subnets.contains(use.subnet) }) else { continue }
      bindings[index].vip = try use.restricted(to: bindings[index])
      return
    }
    throw NetworkRefusal(
      subject: first.attachment.provider.text,
      reason: "vip '\(name)' is of subnet \(use.subnet), which serves none of the pod's networks ("
        + attachments.map(\.provider.text).joined(separator: ", ") + ")",
      isFinal: true)
  }

  /// Why a Vip cannot be used now. Every reason may pass by itself.
  private struct Unusable: Error {
    let reason: String
  }

  private init(_ vip: Vip?, _ name: String) throws(Unusable) {
    guard let vip else { throw Unusable(reason: "vip '\(name)' does not exist") }
    guard !vip.metadata.isDeleting else { throw Unusable(reason: "vip '\(name)' is being deleted") }
    guard vip.isAssigned else {
      let why = vip.status.conditions.first { $0.type == SubnetCondition.ready }?.message ?? ""
      throw Unusable(reason: "vip '\(name)' has no address yet" + (why.isEmpty ? "" : ": \(why)"))
    }
    let stored: AddressPair
    do throws(ReservationProblem) { stored = try VipPlan.stored(vip) } catch {
      throw Unusable(reason: "vip '\(name)' cannot be used: \(error)")
    }
    self.init(
      name: name, subnet: vip.subnetName, addresses: stored.values, mac: MACAddress(vip.status.mac))
  }

  /// As far as the NIC can have it: the family that it wants, and no MAC where the interface shares its parent's.
  private func restricted(to binding: AttachmentBinding) throws(NetworkRefusal) -> VipUse {
    let wanted = addresses.filter { binding.wish.family == nil || binding.wish.family == $0.family }
    guard !wanted.isEmpty else {
      throw NetworkRefusal(
        subject: binding.attachment.provider.text,
        reason: "vip '\(name)' has no address of the requested ip family \(binding.wish.family.map(\.description) ?? "")", isFinal: true)
    }
    return VipUse(
      name: name, subnet: subnet, addresses: wanted, mac: binding.attachment.pluginType == "ipvlan" ? nil : mac ?? binding.wish.mac)
  }
}

extension String {
  /// nil for the empty text.
  fileprivate var nilIfEmpty: String? { isEmpty ? nil : self }
}
