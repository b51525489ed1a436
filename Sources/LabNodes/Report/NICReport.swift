package import KubeAPI
import NetAddress
import PodNetwork
import WireJSON

/// Compares what pods asked for, what was recorded, and what is really there. Pure: everything is handed in.
package struct NICReport: Sendable {
  package var definitions: [ObjectKey: NetworkAttachmentDefinition] = [:]
  package var records: [String: IPRecord] = [:]
  /// Real interfaces by pod uid; none for a pod without a network namespace.
  package var interfaces: [String: [PodInterface]] = [:]
  /// The latest warning about a pod, by uid: why it does not come up.
  package var warnings: [String: String] = [:]

  package init() {}

  /// One row for each NIC that each pod asked for, in order of pods and of their elements.
  package func rows(_ pods: [PodObject]) -> [NICRow] { pods.sorted { $0.key < $1.key }.flatMap(rows) }

  /// Whether every NIC that the pod asked for is recorded and reported: what `run` waits for, without looking at the interfaces.
  package func isSettled(_ pod: PodObject) -> Bool {
    if PodFacts(pod).isTerminal { return true }
    guard pod.status["phase"]?.string == "Running" else { return false }
    let reported = Set(NetworkStatus.read(pod.metadata.annotations[AnnotationKey.networkStatus]).map(\.interface))
    return elements(of: pod).allSatisfy { reported.contains($0.interface) }
  }

  /// One network that a pod names.
  private struct Element {
    let network: ObjectKey
    let interface: String
  }

  private func elements(of pod: PodObject) -> [Element] {
    guard pod.spec["hostNetwork"]?.bool != true else { return [] }
    func selections(_ key: String) -> [NetworkSelection] {
      guard let text = pod.metadata.annotations[key], !text.isEmpty else { return [] }
      return (try? NetworkSelection.parse(text, podNamespace: pod.metadata.namespace)) ?? []
    }
    var elements = selections(AnnotationKey.defaultNetwork).prefix(1).map { Element(network: $0.network, interface: "eth0") }
    for (index, selection) in selections(AnnotationKey.networks).enumerated() {
      elements.append(
        Element(network: selection.network, interface: selection.interface.isEmpty ? "net\(index + 1)" : selection.interface))
    }
    return elements
  }

  private func rows(_ object: PodObject) -> [NICRow] {
    guard object.spec["hostNetwork"]?.bool != true, let pod = try? Pod(decoding: object.value.bytes) else { return [] }
    let networks = PodNetworks(of: pod, definitions: { definitions[$0] })
    let errors = AllocationErrors(annotation: pod.metadata.annotations[AnnotationKey.allocationError])
    var rows: [NICRow] = []
    for element in elements(of: object) {
      if let attachment = networks.attachments.first(where: { $0.interface == element.interface && $0.network == element.network }) {
        rows.append(row(of: attachment, object, pod, errors))
      } else {
        rows.append(row(of: element, object, networks.refusals, errors))
      }
    }
    // An annotation that cannot be read has no elements: its refusal is all there is to show.
    for refusal in networks.refusals where refusal.subject == AnnotationKey.networks || refusal.subject == AnnotationKey.defaultNetwork {
      rows.append(NICRow(pod: pod.key.description, interface: "", state: .failed, reason: refusal.reason))
    }
    for index in rows.indices { rows[index].node = pod.nodeName }
    return rows
  }

  /// A NIC that we give the address.
  private func row(of attachment: Attachment, _ object: PodObject, _ pod: Pod, _ errors: AllocationErrors) -> NICRow {
    var row = NICRow(pod: pod.key.description, interface: attachment.interface, state: .waiting)
    row.provider = attachment.provider.text
    let annotations = pod.metadata.annotations
    let recordName = PodOwner(pod, keepsVMAddress: true).recordName(attachment.provider)
    let record = records[recordName]
    row.subnet = record?.spec.subnet ?? annotations[attachment.provider.key(.logicalSwitch)] ?? ""
    if record != nil { row.record = recordName }
    // Before the allocation the same keys hold what the user asks for.
    let isAllocated = annotations[attachment.provider.key(.allocated)] == "true"
    if isAllocated {
      row.addresses = annotations[attachment.provider.key(.ipAddress)].flatMap { AddressPair($0)?.values } ?? []
      row.mac = annotations[attachment.provider.key(.macAddress)].flatMap { MACAddress($0) }
    }
    // A NIC of Kube-OVN's own may be without an address: a subnet with MAC addresses only.
    if row.addresses.isEmpty, !(isAllocated && attachment.isOVN) {
      let error = errors.reason(for: attachment.provider.text, network: attachment.network.description)
      row.state = error?.isFinal == true ? .failed : .waiting
      row.reason = error?.reason ?? warnings[pod.metadata.uid] ?? "no address allocated yet"
      return row
    }
    return compare(row, record, object)
  }

  /// A NIC whose addresses come from elsewhere, or one that cannot be served.
  private func row(of element: Element, _ object: PodObject, _ refusals: [NetworkRefusal], _ errors: AllocationErrors) -> NICRow {
    var row = NICRow(pod: object.key.description, interface: element.interface, state: .waiting)
    let bases = [false, true].map { ProviderName(network: element.network, isOVN: $0).text } + [element.network.description]
    if let refusal = refusals.first(where: { bases.contains($0.subject) }) {
      row.provider = refusal.subject == element.network.description ? "" : refusal.subject
      row.state = refusal.isFinal ? .failed : .waiting
      row.reason = errors.entries[refusal.subject]?.reason ?? refusal.reason
      return row
    }
    let status = NetworkStatus.read(object.metadata.annotations[AnnotationKey.networkStatus]).first { $0.interface == element.interface }
    row.addresses = status?.ips.compactMap { IPAddress($0) } ?? []
    row.mac = status.flatMap { MACAddress($0.mac) }
    return compare(row, nil, object)
  }

  /// Puts what is recorded beside what is there.
  private func compare(_ row: NICRow, _ record: IPRecord?, _ object: PodObject) -> NICRow {
    var row = row
    if PodFacts(object).isTerminal {
      row.state = .done
      return row
    }
    guard let present = interfaces[object.metadata.uid]?.first(where: { $0.name == row.interface }) else {
      row.reason = warnings[object.metadata.uid] ?? "the interface is not there yet"
      return row
    }
    var faults: [String] = []
    let real = Set(present.addresses.map(\.address))
    let missing = row.addresses.filter { !real.contains($0) }
    let extra = real.subtracting(row.addresses).sorted()
    if !missing.isEmpty { faults.append("not on the interface: " + missing.map(\.description).joined(separator: ",")) }
    if !extra.isEmpty { faults.append("on the interface beside: " + extra.map(\.description).joined(separator: ",")) }
    if let wanted = row.mac, wanted != present.mac {
      faults.append("the interface's MAC is \(present.mac?.description ?? "none"), not \(wanted)")
    }
    if !present.isUp { faults.append("the interface is down") }
    if !row.provider.isEmpty {
      if let record {
        let recorded = Set((AddressPair(record.spec.ipAddress)?.values ?? []))
        if recorded != Set(row.addresses) { faults.append("the IP object says \(record.spec.ipAddress)") }
      } else {
        faults.append("there is no IP object")
      }
    }
    // Shown is what the interface has, where nothing else was asked for.
    if row.mac == nil { row.mac = present.mac }
    row.state = faults.isEmpty ? .ready : .mismatch
    row.reason = faults.joined(separator: "; ")
    return row
  }
}
