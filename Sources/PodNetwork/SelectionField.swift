import NetAddress
import WireJSON

/// One member of a network element, checked for the type that Go's decoder would demand.
struct SelectionField {
  let key: String
  let value: JSONValue
  let position: Int

  func text() throws(NetworkSelectionError) -> String {
    guard let text = value.string else { throw wrong("a string") }
    return text
  }

  func texts() throws(NetworkSelectionError) -> [String] {
    guard let elements = value.array else { throw wrong("a list of strings") }
    var texts: [String] = []
    for element in elements {
      guard let text = element.isNull ? "" : element.string else { throw wrong("a list of strings") }
      texts.append(text)
    }
    return texts
  }

  /// IP addresses as text; Go decodes them as `net.IP`, for which "" is allowed and means none.
  func addresses() throws(NetworkSelectionError) -> [String] {
    let texts = try texts()
    for text in texts where !text.isEmpty && (try? IPAddress(parsing: text)) == nil {
      throw .malformedJSON("element \(position): '\(text)' in \(key) is not an IP address")
    }
    return texts
  }

  func object() throws(NetworkSelectionError) -> JSONValue {
    guard value.object != nil else { throw wrong("an object") }
    return value
  }

  func mappings() throws(NetworkSelectionError) -> JSONValue {
    guard let elements = value.array else { throw wrong("a list of port mappings") }
    for element in elements where !element.isNull {
      guard let members = element.object else { throw wrong("a list of port mappings") }
      for (name, member) in members where !member.isNull {
        switch name.lowercased() {
        case "hostport", "containerport": guard member.number?.int64 != nil else { throw wrong("mappings with whole port numbers") }
        case "protocol", "hostip": guard member.string != nil else { throw wrong("mappings with textual protocol and hostIP") }
        default: break
        }
      }
    }
    return value
  }

  func rates() throws(NetworkSelectionError) -> JSONValue {
    guard let members = value.object else { throw wrong("an object of rates") }
    for (name, member) in members where !member.isNull && Self.rateNames.contains(name.lowercased()) {
      guard member.number?.int64 != nil else { throw wrong("an object of rates in whole numbers") }
    }
    return value
  }

  private static let rateNames: Set<String> = ["ingressrate", "ingressburst", "egressrate", "egressburst"]

  private func wrong(_ expected: String) -> NetworkSelectionError {
    .malformedJSON("element \(position): \(key) must be \(expected)")
  }
}
