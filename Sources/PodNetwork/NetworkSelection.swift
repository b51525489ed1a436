package import KubeAPI
package import WireJSON

/// One element of `k8s.v1.cni.cncf.io/networks`: which NAD, under which interface name, with which wishes (annotations.md §6).
package struct NetworkSelection: Sendable, Equatable {
  /// The NAD; its namespace is the pod's where the element names none.
  package var network: ObjectKey
  /// Empty where the element names none.
  package var interface = ""
  /// Addresses asked for, as written: with or without a prefix length.
  package var ips: [String] = []
  /// As written; empty where there is none.
  package var mac = ""
  package var defaultRoute: [String] = []
  package var infinibandGUID = ""
  /// Multus' own addition, unknown to Kube-OVN's library: of another type it is none.
  package var deviceID = ""
  package var ipamClaimReference = ""
  package var portMappings: JSONValue?
  package var bandwidth: JSONValue?
  package var cniArguments: JSONValue?

  package init(network: ObjectKey) { self.network = network }

  /// All elements of an annotation's value, in order. Accepts and refuses what the library of Multus and Kube-OVN does, except that
  /// an element without a name is an error that says where it stands.
  package static func parse(_ text: String, podNamespace: String) throws(NetworkSelectionError) -> [NetworkSelection] {
    guard !text.isEmpty else { throw .empty }
    let isJSON = text.utf8.contains { $0 == 0x5B || $0 == 0x7B || $0 == 0x22 }
    var selections = isJSON ? try parseJSON(text) : try parseList(text)
    for index in selections.indices {
      guard !selections[index].network.name.isEmpty else { throw .unnamed(position: index + 1) }
      if selections[index].network.namespace.isEmpty {
        selections[index].network = ObjectKey(namespace: podNamespace, name: selections[index].network.name)
      }
    }
    return selections
  }

  // MARK: The short form

  /// `[namespace/]name[@interface]`, separated by commas.
  private static func parseList(_ text: String) throws(NetworkSelectionError) -> [NetworkSelection] {
    var selections: [NetworkSelection] = []
    for item in text.split(separator: ",", omittingEmptySubsequences: false) { selections.append(try parseItem(item)) }
    return selections
  }

  private static func parseItem(_ item: Substring) throws(NetworkSelectionError) -> NetworkSelection {
    let trimmed = item.trimmingSpace
    let halves = trimmed.split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count <= 2 else { throw .malformedItem(String(trimmed), "more than one '/'") }
    let named = (halves.last ?? "").split(separator: "@", omittingEmptySubsequences: false)
    guard named.count <= 2 else { throw .malformedItem(String(trimmed), "more than one '@'") }
    let namespace = halves.count == 2 ? halves[0].trimmingSpace : ""
    let name = named[0].trimmingSpace
    let interface = named.count == 2 ? named[1].trimmingSpace : ""
    for part in [namespace, name, interface] where !part.isEmpty && !isLabel(part) {
      throw .malformedItem(String(trimmed), "'\(part)' is not made of lower-case letters, digits and inner dashes")
    }
    var selection = NetworkSelection(network: ObjectKey(namespace: String(namespace), name: String(name)))
    selection.interface = String(interface)
    return selection
  }

  /// `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
  static func isLabel(_ text: some StringProtocol) -> Bool {
    let bytes = Array(text.utf8)
    func isAlphanumeric(_ byte: UInt8) -> Bool { (byte >= 0x61 && byte <= 0x7A) || (byte >= 0x30 && byte <= 0x39) }
    guard let first = bytes.first, let last = bytes.last, isAlphanumeric(first), isAlphanumeric(last) else { return false }
    return bytes.allSatisfy { isAlphanumeric($0) || $0 == 0x2D }
  }

  // MARK: The JSON form

  private static func parseJSON(_ text: String) throws(NetworkSelectionError) -> [NetworkSelection] {
    var elements: [[Member]] = []
    do throws(JSONError) {
      elements = try JSONReader.parse(Array(text.utf8)) { (reader) throws(JSONError) in try readElements(&reader) }
    } catch {
      throw .malformedJSON(error.description)
    }
    var selections: [NetworkSelection] = []
    for (index, members) in elements.enumerated() { selections.append(try NetworkSelection(members, position: index + 1)) }
    return selections
  }

  private struct Member {
    let key: String
    let value: JSONValue
  }

  /// Each element's members in the order of the text: of two that mean one field the last counts.
  private static func readElements(_ reader: inout JSONReader) throws(JSONError) -> [[Member]] {
    var elements: [[Member]] = []
    try reader.readArray { (reader) throws(JSONError) in
      var members: [Member] = []
      try reader.beginObject()
      while let key = try reader.nextKey() { members.append(Member(key: key.string, value: try reader.readValue())) }
      elements.append(members)
    }
    return elements
  }

  private init(_ members: [Member], position: Int) throws(NetworkSelectionError) {
    network = ObjectKey(name: "")
    var (name, namespace) = ("", "")
    for member in members where !member.value.isNull {
      let field = SelectionField(key: member.key, value: member.value, position: position)
      // Go's decoder, and so everybody's, matches names without regard to case.
      switch member.key.lowercased() {
      case "name": name = try field.text()
      case "namespace": namespace = try field.text()
      case "interface": interface = try field.text()
      case "mac": mac = try field.text()
      case "ips": ips = try field.texts()
      case "default-route": defaultRoute = try field.addresses()
      case "infiniband-guid": infinibandGUID = try field.text()
      case "deviceid": deviceID = member.value.string ?? ""
      case "ipam-claim-reference": ipamClaimReference = try field.text()
      case "portmappings": portMappings = try field.mappings()
      case "bandwidth": bandwidth = try field.rates()
      case "cni-args": cniArguments = try field.object()
      default: break
      }
    }
    network = ObjectKey(namespace: namespace, name: name)
  }
}

/// Why a networks annotation cannot be understood.
package enum NetworkSelectionError: Error, Equatable, CustomStringConvertible {
  case empty
  case malformedItem(String, String)
  case malformedJSON(String)
  case unnamed(position: Int)

  package var description: String {
    switch self {
    case .empty: "the networks annotation is empty"
    case .malformedItem(let item, let why): "network '\(item)' in the networks annotation is malformed: \(why)"
    case .malformedJSON(let why): "the networks annotation is not the JSON it should be: \(why)"
    case .unnamed(let position): "network \(position) in the networks annotation has no name"
    }
  }
}

extension Substring {
  /// Without blanks at both ends, as Go's `strings.TrimSpace`.
  var trimmingSpace: Substring {
    var result = self
    while let first = result.first, first.isWhitespace { result.removeFirst() }
    while let last = result.last, last.isWhitespace { result.removeLast() }
    return result
  }
}
