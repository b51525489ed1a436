import IPAM
import KubeAPI
import KubeClient
import KubeRuntime
import NetAddress
import PodNetwork

/// Writes the counts and ranges of a Subnet when they changed: one write for a burst, none when idle.
struct SubnetStatusWriter: Sendable {
  let stores: ClusterStores
  let book: AddressBook
  let writer: ClusterWriter
  let signals: ControllerSignals
  let usageChanged: @Sendable (Subnet, PodNetwork.FamilyUsage, PodNetwork.FamilyUsage) -> Void

  func reconcile(_ key: ObjectKey) async throws -> ReconcileResult {
    guard let subnet = stores.subnets[key], let usage = book.allocator.usage(ofSubnet: key.name) else { return .done }
    // The last one out is no news for the subnet's own object.
    if subnet.metadata.isDeleting, usage.v4.using == 0, usage.v6.using == 0 { signals.subnets.add(key) }
    let (v4, v6) = (PodNetwork.FamilyUsage(usage.v4), PodNetwork.FamilyUsage(usage.v6))
    usageChanged(subnet, v4, v6)
    guard let patch = SubnetStatus.counts(subnet, v4: v4, v6: v6) else { return .done }
    do {
      try await writer.patchSubnet(key.name, patch, status: true)
    } catch let error as APIError where error.isNotFound {
      return .done
    }
    return .done
  }
}

extension PodNetwork.FamilyUsage {
  init(_ usage: IPAM.FamilyUsage) {
    self.init(
      available: usage.available, using: usage.using, availableRange: usage.availableRanges, usingRange: usage.usingRanges)
  }
}
