import NetAddress
package import WireJSON

extension CNIResult {
  /// Reads what a plugin printed. A result without `cniVersion` is in the version of the configuration it was asked with.
  package init(parsing bytes: [UInt8], configuredVersion: CNIVersion) throws(CNIError) {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: bytes)
    } catch {
      throw CNIError(.decodingFailure, "failed to unmarshal raw result: \(error)")
    }
    try self.init(value, configuredVersion: configuredVersion)
  }

  /// The same for a result that stands inside a configuration (`prevResult`).
  package init(_ value: JSONValue, configuredVersion: CNIVersion) throws(CNIError) {
    guard let members = value.object else { throw CNIError(.decodingFailure, "failed to unmarshal raw result: an object is expected") }
    let object = ResultObject(members: members)
    let text = try object.text(.cniVersion)
    var version = configuredVersion
    if !text.isEmpty {
      guard let known = CNIVersion.supported.first(where: { $0.description == text }) else {
        throw CNIError(.decodingFailure, "unsupported CNI result version \"\(text)\"")
      }
      version = known
    }
    self.init()
    dns = try object.dns
    if version < .v0_3_0 {
      for key in [Key.ip4, .ip6] {
        guard let family = try object.object(key) else { continue }
        addresses.append(Address(try family.cidr(.ip), gateway: try family.address(.gateway)))
        routes += try family.objects(.routes).map { (route) throws(CNIError) in try Route(route) }
      }
    } else {
      interfaces = try object.objects(.interfaces).map { (interface) throws(CNIError) in try Interface(interface) }
      addresses = try object.objects(.ips).map { (address) throws(CNIError) in try Address(address) }
      routes = try object.objects(.routes).map { (route) throws(CNIError) in try Route(route) }
    }
  }
}

extension CNIResult.Interface {
  fileprivate init(_ object: ResultObject) throws(CNIError) {
    self.init(
      name: try object.text(.name), mac: try object.text(.mac), mtu: try object.integer(.mtu) ?? 0, sandbox: try object.text(.sandbox))
    socketPath = try object.text(.socketPath)
    pciID = try object.text(.pciID)
  }
}

extension CNIResult.Address {
  fileprivate init(_ object: ResultObject) throws(CNIError) {
    self.init(try object.cidr(.address), gateway: try object.address(.gateway), interface: try object.integer(.interface))
  }
}

extension CNIResult.Route {
  fileprivate init(_ object: ResultObject) throws(CNIError) {
    self.init(try object.cidr(.destination), gateway: try object.address(.routeGateway))
    mtu = try object.integer(.mtu) ?? 0
    advertisedMSS = try object.integer(.advertisedMSS) ?? 0
    priority = try object.integer(.priority) ?? 0
    table = try object.integer(.table)
    scope = try object.integer(.scope)
  }
}

/// An object of a result; absent and null members are alike.
private struct ResultObject {
  let members: [String: JSONValue]

  subscript(key: CNIResult.Key) -> JSONValue? {
    guard let value = members[key.rawValue], !value.isNull else { return nil }
    return value
  }

  func text(_ key: CNIResult.Key) throws(CNIError) -> String {
    guard let value = self[key] else { return "" }
    guard let text = value.string else { throw mismatch(key, "a string") }
    return text
  }

  func integer(_ key: CNIResult.Key) throws(CNIError) -> Int? {
    guard let value = self[key] else { return nil }
    guard let integer = value.int else { throw mismatch(key, "an integer") }
    return integer
  }

  func cidr(_ key: CNIResult.Key) throws(CNIError) -> CIDR {
    let text = try text(key)
    guard let cidr = CIDR(text) else { throw CNIError(.decodingFailure, "failed to unmarshal raw result: invalid CIDR address: \(text)") }
    return cidr
  }

  func address(_ key: CNIResult.Key) throws(CNIError) -> IPAddress? {
    let text = try text(key)
    guard !text.isEmpty else { return nil }
    guard let address = IPAddress(text) else {
      throw CNIError(.decodingFailure, "failed to unmarshal raw result: invalid IP address: \(text)")
    }
    return address
  }

  func object(_ key: CNIResult.Key) throws(CNIError) -> ResultObject? {
    guard let value = self[key] else { return nil }
    guard let members = value.object else { throw mismatch(key, "an object") }
    return ResultObject(members: members)
  }

  func objects(_ key: CNIResult.Key) throws(CNIError) -> [ResultObject] {
    guard let value = self[key] else { return [] }
    guard let elements = value.array else { throw mismatch(key, "an array") }
    return try elements.map { (element) throws(CNIError) in
      guard let members = element.object else { throw mismatch(key, "an array of objects") }
      return ResultObject(members: members)
    }
  }

  var dns: DNSConfiguration {
    get throws(CNIError) {
      guard let value = self[.dns] else { return DNSConfiguration() }
      do throws(JSONError) {
        return try JSONReader.parse(value.bytes) { (reader) throws(JSONError) in try DNSConfiguration(from: &reader) }
      } catch {
        throw mismatch(.dns, "an object of texts (\(error))")
      }
    }
  }

  private func mismatch(_ key: CNIResult.Key, _ expected: String) -> CNIError {
    CNIError(.decodingFailure, "failed to unmarshal raw result: \"\(key.rawValue)\" must be \(expected)")
  }
}
