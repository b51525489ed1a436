package import KubeAPI

/// The networks of one pod: what we serve, what cannot be served, and what the user should know.
package struct PodNetworks: Sendable, Equatable {
  package var attachments: [Attachment] = []
  package var refusals: [NetworkRefusal] = []
  /// Harmless things that the user will want to hear of, one sentence each: an event on the pod.
  package var notices: [String] = []
  /// Every NAD that the pod names, whether it exists or is ours to serve.
  package private(set) var referenced: Set<ObjectKey> = []
  /// Those of them that exist and are none of our business.
  private var foreign: Set<ObjectKey> = []
  /// Whether the annotations could be read: only then does a network's absence mean that the pod does not want it.
  package private(set) var isComplete = true

  package init() {}

  /// Whether the pod still asks for a NIC of this provider, as far as can be told: of a NAD that is served every NIC is among the
  /// attachments, of one that is missing or broken any may be meant, and one that leaves addresses to others has none of ours.
  package func references(_ provider: ProviderName) -> Bool {
    if attachments.contains(where: { $0.provider == provider }) { return true }
    return referenced.subtracting(attachments.map(\.network)).subtracting(foreign).contains { network in
      let base = ProviderName(network: network, isOVN: false)
      return provider == base || provider.text.hasPrefix(base.text + ".")
    }
  }

  /// Reads the pod's annotations and the NADs that they name (annotations.md §6–§8): the default-network element first, then the
  /// networks in order. NADs that are none of our business yield nothing.
  package init(of pod: Pod, definitions: (ObjectKey) -> NetworkAttachmentDefinition?) {
    let annotations = pod.metadata.annotations
    var elements: [Element] = []
    if let text = annotations[AnnotationKey.defaultNetwork], !text.isEmpty {
      let selections = read(text, AnnotationKey.defaultNetwork, pod)
      elements += selections.prefix(1).map { Element(selection: $0, interface: "eth0", isDefault: true) }
      if selections.count > 1 { refuseDefaults(selections.count) }
    }
    if let text = annotations[AnnotationKey.networks], !text.isEmpty {
      for (index, selection) in read(text, AnnotationKey.networks, pod).enumerated() {
        let numbered = "net\(index + 1)"
        elements.append(
          Element(selection: selection, interface: selection.interface.isEmpty ? numbered : selection.interface, isDefault: false))
      }
    }
    referenced = Set(elements.map(\.selection.network))
    let references = Dictionary(grouping: elements, by: \.selection.network).mapValues(\.count)
    let form = ProviderForm(pod)
    for element in elements {
      guard let config = config(of: element.selection.network, definitions: definitions) else { continue }
      guard config.role != .foreign else {
        foreign.insert(element.selection.network)
        continue
      }
      attach(element, config, isRepeated: references[element.selection.network, default: 0] > 1, form: form)
    }
    refuseDoubles()
  }

  /// The NADs that a pod's annotations name, as far as they can be read.
  package static func named(by pod: Pod) -> Set<ObjectKey> {
    let texts = [AnnotationKey.defaultNetwork, AnnotationKey.networks].compactMap { pod.metadata.annotations[$0] }
    return Set(
      texts.filter { !$0.isEmpty }.flatMap { text in
        ((try? NetworkSelection.parse(text, podNamespace: pod.metadata.namespace)) ?? []).map(\.network)
      })
  }

  private struct Element {
    let selection: NetworkSelection
    let interface: String
    let isDefault: Bool
  }

  private mutating func read(_ text: String, _ key: String, _ pod: Pod) -> [NetworkSelection] {
    do throws(NetworkSelectionError) {
      return try NetworkSelection.parse(text, podNamespace: pod.metadata.namespace)
    } catch {
      refusals.append(NetworkRefusal(subject: key, reason: error.description, isFinal: true))
      isComplete = false
      return []
    }
  }

  private mutating func refuseDefaults(_ count: Int) {
    refusals.append(
      NetworkRefusal(
        subject: AnnotationKey.defaultNetwork,
        reason: "annotation \(AnnotationKey.defaultNetwork) names \(count) networks: a pod has one default network", isFinal: true))
  }

  /// What the NAD says, nil where it says nothing that could be served; why then stands among the refusals or notices.
  private mutating func config(
    of network: ObjectKey, definitions: (ObjectKey) -> NetworkAttachmentDefinition?
  ) -> AttachmentConfig? {
    guard let definition = definitions(network) else {
      refusals.append(
        NetworkRefusal(
          subject: network.description, reason: "NetworkAttachmentDefinition \(network) does not exist", isFinal: false))
      return nil
    }
    guard !definition.config.isEmpty else {
      let notice =
        "NetworkAttachmentDefinition \(network) has no spec.config: a configuration in a file on the node is not supported, "
        + "so Kube-OVN gives this NIC no address"
      if !notices.contains(notice) { notices.append(notice) }
      return nil
    }
    do throws(AttachmentConfigError) {
      return try AttachmentConfig(parsing: definition.config)
    } catch {
      refusals.append(
        NetworkRefusal(
          subject: network.description, reason: "NetworkAttachmentDefinition \(network): \(error.description)", isFinal: true))
      return nil
    }
  }

  private mutating func attach(_ element: Element, _ config: AttachmentConfig, isRepeated: Bool, form: ProviderForm) {
    let network = element.selection.network
    let base = ProviderName(network: network, isOVN: config.role == .ovn)
    if let refusal = Self.mismatch(config, network: network, expected: base) {
      refusals.append(refusal)
      return
    }
    let provider = form.provider(of: base, network: network, interface: element.interface, isRepeated: isRepeated)
    guard provider.isKeyPrefix else {
      refusals.append(
        NetworkRefusal(
          subject: base.text,
          reason: "no annotation can be named after \(provider) (NetworkAttachmentDefinition \(network), interface "
            + "\(element.interface)): a NAD that stands more than once in a pod needs interface names of lower-case letters, digits "
            + "and inner dashes, and all of it \(ProviderName.keyPrefixLimit) characters at most",
          isFinal: true))
      return
    }
    var attachment = Attachment(
      network: network, provider: provider, subnetProvider: base, interface: element.interface,
      namesInterface: !element.selection.interface.isEmpty)
    attachment.isDefaultNetwork = element.isDefault
    attachment.isOVN = config.role == .ovn
    attachment.requestedAddresses = element.selection.ips
    attachment.requestedMAC = element.selection.mac
    attachment.pluginType = config.pluginType
    attachment.pluginTakesMAC = config.takesMAC
    attachments.append(attachment)
  }

  /// What our plugin will send must be what we write: otherwise the address would be taken and never found.
  private static func mismatch(_ config: AttachmentConfig, network: ObjectKey, expected: ProviderName) -> NetworkRefusal? {
    guard config.provider != expected.text else { return nil }
    if config.provider == nil, config.role == .ovn { return nil }
    let found = config.provider.map { "names provider \"\($0)\"" } ?? "names no provider"
    return NetworkRefusal(
      subject: expected.text,
      reason: "NetworkAttachmentDefinition \(network) \(found): its configuration must say \"\(expected.text)\", "
        + "so that plugin, subnet and annotations meet",
      isFinal: true)
  }

  /// Two NICs of one provider share their address by design only where Kube-OVN's pods already run so; two NICs under one interface
  /// name can never come up.
  private mutating func refuseDoubles() {
    var seen: Set<String> = []
    for attachment in attachments where !seen.insert(attachment.interface).inserted {
      refusals.append(
        NetworkRefusal(
          subject: attachment.provider.text, reason: "two networks of the pod ask for interface \(attachment.interface)", isFinal: true))
    }
    var providers: Set<ProviderName> = []
    attachments.removeAll { !providers.insert($0.provider).inserted }
  }
}
