import KubeAPI
import NetAddress
import PodNetwork

/// What a pod's annotations say it was given on one network; nil unless they say so in full.
struct AnnotatedAddress: Sendable, Equatable {
  let addresses: AddressPair
  let cidrs: CIDRBlock
  let mac: MACAddress?
  /// The subnet, where the annotations name it.
  let subnet: String?

  init?(_ pod: Pod, _ provider: ProviderName) {
    let annotations = pod.metadata.annotations
    guard pod.ownsItsGrants, annotations[provider.key(.allocated)] == "true", let ips = annotations[provider.key(.ipAddress)],
      let addresses = AddressPair(ips), let cidrs = annotations[provider.key(.cidr)].flatMap({ CIDRBlock($0) })
    else { return nil }
    self.addresses = addresses
    self.cidrs = cidrs.masked
    mac = annotations[provider.key(.macAddress)].flatMap { MACAddress($0) }
    subnet = annotations[provider.key(.logicalSwitch)].flatMap { $0.isEmpty ? nil : $0 }
  }
}
