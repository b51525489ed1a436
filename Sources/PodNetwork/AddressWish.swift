package import KubeAPI
package import NetAddress

/// Which address a pod wants on one NIC (allocation.md §5).
package enum AddressWish: Sendable, Equatable {
  /// Any free one.
  case any
  /// Any free one of an IPPool object.
  case pool(String)
  /// This one, or this pair.
  case fixed([RequestedAddress])
  /// The first of these that nobody holds; an item is an address or a pair.
  case oneOf([[IPAddress]])
}

/// An address as a pod asked for it.
package struct RequestedAddress: Sendable, Equatable {
  package let address: IPAddress
  /// From `ips` of the networks annotation, where Multus' users write it; must be the subnet's (decisions.md §4 row 7).
  package let prefixLength: Int?

  package init(address: IPAddress, prefixLength: Int? = nil) {
    self.address = address
    self.prefixLength = prefixLength
  }
}

/// Everything that a pod's annotations ask of one NIC, parsed.
package struct AttachmentWish: Sendable, Equatable {
  package var address = AddressWish.any
  /// nil: both families of the subnet.
  package var family: AddressFamily?
  package var mac: MACAddress?
  /// The subnet that an annotation names.
  package var subnet: String?
  package var notices: [String] = []

  package init() {}

  /// Reads the wish; throws what is malformed, always final.
  package init(of pod: Pod, for attachment: Attachment, keepsVMAddress: Bool = true) throws(NetworkRefusal) {
    let reader = WishReader(pod: pod, attachment: attachment)
    try reader.checkRecordName(PodOwner(pod, keepsVMAddress: keepsVMAddress))
    subnet = reader.value(.logicalSwitch)?.text
    family = try reader.family()
    try readMAC(reader)
    if let fixed = try reader.fixed() {
      address = fixed
    } else if let pool = try reader.pool() {
      address = pool
    }
  }

  private mutating func readMAC(_ reader: WishReader) throws(NetworkRefusal) {
    guard let asked = try reader.mac() else { return }
    let attachment = reader.attachment
    // ipvlan interfaces share their parent's MAC: nothing can change that.
    guard attachment.pluginType != "ipvlan" else {
      notices.append(
        "\(asked.source) asks for MAC \(asked.mac) on \(attachment.interface), but ipvlan interfaces share the MAC of their parent: ignored"
      )
      return
    }
    mac = asked.mac
    guard !attachment.isOVN, !(attachment.pluginTakesMAC && asked.isFromNetworks) else { return }
    notices.append(
      "MAC \(asked.mac) of \(attachment.interface) is set after plugin \(attachment.pluginType) has made the interface, so that the "
        + "plugin's own result names another one: with \"capabilities\": {\"mac\": true} in NetworkAttachmentDefinition "
        + "\(attachment.network) and \"mac\" in the networks annotation the plugin sets it itself")
  }
}

/// Looks up what a pod's annotations say for one NIC.
struct WishReader {
  let pod: Pod
  let attachment: Attachment

  struct Sourced {
    let text: String
    let source: String
  }

  struct RequestedMAC {
    let mac: MACAddress
    let source: String
    let isFromNetworks: Bool
  }

  private var annotations: [String: String] { pod.metadata.annotations }

  private func annotation(_ key: String) -> Sourced? {
    guard let text = annotations[key], !text.isEmpty else { return nil }
    return Sourced(text: text, source: "annotation \(key)")
  }

  /// The NIC's own key, else that of its NAD.
  func value(_ field: NetworkField) -> Sourced? {
    annotation(attachment.provider.key(field)) ?? annotation(attachment.subnetProvider.key(field))
  }

  private var isRepeated: Bool { attachment.provider != attachment.subnetProvider }

  /// `<nad>.<ns>.kubernetes.io/<field>.<interface>`: its prefix never has `.ovn` (annotations.md §3).
  private func perInterface(_ field: NetworkField) -> Sourced? {
    guard attachment.namesInterface || isRepeated else { return nil }
    return annotation(ProviderName(network: attachment.network, isOVN: false).key(field, interface: attachment.interface))
  }

  /// A key that can only mean one NIC: of a NAD that stands more than once, the plain key would give all of them the same value.
  private func single(_ field: NetworkField) throws(NetworkRefusal) -> Sourced? {
    if let own = annotation(attachment.provider.key(field)) { return own }
    guard isRepeated, let shared = annotation(attachment.subnetProvider.key(field)) else { return nil }
    // What a NIC of the same NAD that runs already has been given is nobody's wish for this one.
    guard annotations[attachment.subnetProvider.key(.allocated)] != "true" else { return nil }
    throw refusal(
      "\(shared.source) would give \(shared.text) to every NIC of \(attachment.network), which stands more than once in the pod: "
        + "use \(ProviderName(network: attachment.network, isOVN: false).key(field, interface: attachment.interface))")
  }

  func refusal(_ reason: String) -> NetworkRefusal {
    NetworkRefusal(subject: attachment.provider.text, reason: reason, isFinal: true)
  }

  /// The record of the address is an object of its own, whose name is put together from three that may each be long.
  func checkRecordName(_ owner: PodOwner) throws(NetworkRefusal) {
    let name = owner.recordName(attachment.provider)
    guard name.utf8.count > IPRecordBuilder.nameLimit else { return }
    throw refusal(
      "the IP object would be named \(name), which has \(name.utf8.count) characters and may have \(IPRecordBuilder.nameLimit): "
        + "shorten the name of the pod or of NetworkAttachmentDefinition \(attachment.network)")
  }

  func family() throws(NetworkRefusal) -> AddressFamily? {
    guard let asked = value(.ipFamily) else { return nil }
    switch asked.text {
    case "ipv4": return .v4
    case "ipv6": return .v6
    default: throw refusal("\(asked.text) is not a valid \(asked.source): it must be ipv4 or ipv6")
    }
  }

  func mac() throws(NetworkRefusal) -> RequestedMAC? {
    let networks = attachment.requestedMAC
    let asked: Sourced?
    if let own = perInterface(.macAddress) {
      asked = own
    } else if !networks.isEmpty {
      asked = Sourced(text: networks, source: "mac in the networks annotation")
    } else {
      asked = try single(.macAddress)
    }
    guard let asked else { return nil }
    guard let mac = MACAddress(asked.text) else { throw refusal("\(asked.text) is not a valid MAC address (\(asked.source))") }
    guard !mac.isZero else { throw refusal("\(mac) is no MAC address that an interface can have (\(asked.source))") }
    guard !mac.isMulticast else { throw refusal("\(mac) is a multicast address and cannot be an interface's (\(asked.source))") }
    let isFromNetworks = !networks.isEmpty && MACAddress(networks) == mac
    return RequestedMAC(mac: mac, source: asked.source, isFromNetworks: isFromNetworks)
  }

  /// Per-interface key, then `ips` of the networks annotation, then the provider's key.
  func fixed() throws(NetworkRefusal) -> AddressWish? {
    if let own = perInterface(.ipAddress) { return .fixed(try addresses(own.text.commaItems, own.source, allowPrefix: false)) }
    if !attachment.requestedAddresses.isEmpty {
      return .fixed(try addresses(attachment.requestedAddresses, "ips in the networks annotation", allowPrefix: true))
    }
    guard let asked = try single(.ipAddress) else { return nil }
    return .fixed(try addresses(asked.text.commaItems, asked.source, allowPrefix: false))
  }

  private func addresses(_ texts: [String], _ source: String, allowPrefix: Bool) throws(NetworkRefusal) -> [RequestedAddress] {
    var requested: [RequestedAddress] = []
    for text in texts {
      let parsed: RequestedAddress
      if allowPrefix, text.contains("/"), let cidr = CIDR(text) {
        parsed = RequestedAddress(address: cidr.address, prefixLength: cidr.prefixLength)
      } else if let address = try? IPAddress(parsing: text) {
        parsed = RequestedAddress(address: address)
      } else {
        throw refusal("\"\(text)\" is not a valid IP address (\(source))")
      }
      guard !requested.contains(where: { $0.address.family == parsed.address.family }) else {
        throw refusal("\(source) asks for two \(parsed.address.family) addresses on one NIC")
      }
      requested.append(parsed)
    }
    if let family = try family(), let other = requested.first(where: { $0.address.family != family }) {
      throw refusal("\(other.address) does not match the requested ip family \(family) (\(source))")
    }
    return requested
  }

  /// allocation.md §5, step 9: a list with `;` or `,`, a pair of families, or the name of an IPPool.
  func pool() throws(NetworkRefusal) -> AddressWish? {
    guard let asked = value(.ipPool) else { return nil }
    let text = asked.text.trimmed
    guard !text.isEmpty else { throw refusal("\(asked.source) lists no address") }
    guard PoolText.isList(text) else { return .pool(text) }
    var items: [[IPAddress]] = []
    for item in PoolText.items(text) { items.append(try poolItem(item, asked.source)) }
    guard !items.isEmpty else { throw refusal("\(asked.source) lists no address") }
    if !text.contains(";"), items.count == 2, items[0][0].family != items[1][0].family { items = [items[0] + items[1]] }
    guard let set = PodOwner.statefulSet(of: pod) else { return .oneOf(items) }
    guard let ordinal = PodOwner.ordinal(of: pod.metadata.name) else {
      throw refusal("pod \(pod.key) belongs to StatefulSet \(set.name), but its name ends in no ordinal to choose from \(asked.source)")
    }
    guard ordinal < items.count else {
      throw refusal(
        "NoAvailableAddress: \(asked.source) lists \(items.count) addresses, so none is for ordinal \(ordinal) of StatefulSet \(set.name)")
    }
    return .oneOf([items[ordinal]])
  }

  private func poolItem(_ item: String, _ source: String) throws(NetworkRefusal) -> [IPAddress] {
    var addresses: [IPAddress] = []
    for text in item.commaItems {
      guard let address = try? IPAddress(parsing: text) else {
        let hint = text.contains("-") || text.contains("..") ? "; a list names single addresses, ranges belong into an IPPool" : ""
        throw refusal("\"\(text)\" is not a valid IP address (\(source))\(hint)")
      }
      guard !addresses.contains(where: { $0.family == address.family }) else {
        throw refusal("\"\(item)\" in \(source) pairs two \(address.family) addresses: separate alternatives by ;")
      }
      addresses.append(address)
    }
    return addresses
  }
}

/// The text forms of `ip_pool`.
enum PoolText {
  /// Addresses rather than the name of an IPPool. A name has none of these signs, so what cannot be one is told of as an address.
  static func isList(_ text: String) -> Bool {
    text.utf8.contains { ";,:/".utf8.contains($0) } || text.contains("..") || (try? IPAddress(parsing: text)) != nil
  }

  /// `;` separates items where there is one, else `,` does.
  static func items(_ text: String) -> [String] {
    text.split(separator: text.contains(";") ? ";" : ",", omittingEmptySubsequences: true).map { String($0.trimmingSpace) }
      .filter { !$0.isEmpty }
  }
}

extension String {
  /// The items of a comma list, trimmed; empty ones stay, to be told of as malformed.
  var commaItems: [String] { split(separator: ",", omittingEmptySubsequences: false).map { String($0.trimmingSpace) } }
  var trimmed: String { String(self[...].trimmingSpace) }
}
