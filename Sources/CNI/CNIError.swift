import WireJSON

/// The error a plugin prints on stdout (CNI specification, "Error"): what a container runtime shows to the person who looks at the pod.
package struct CNIError: Error, Sendable, Hashable {
  /// An open set: 1–99 belong to the specification, 100 and up to the plugins.
  package struct Code: RawRepresentable, Sendable, Hashable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let incompatibleVersion = Code(rawValue: 1)
    package static let unsupportedField = Code(rawValue: 2)
    package static let unknownContainer = Code(rawValue: 3)
    package static let invalidEnvironment = Code(rawValue: 4)
    package static let inputOutput = Code(rawValue: 5)
    package static let decodingFailure = Code(rawValue: 6)
    package static let invalidConfiguration = Code(rawValue: 7)
    /// Not in the specification; the reference library's code for a wrong CNI_NETNS.
    package static let invalidNamespace = Code(rawValue: 8)
    package static let tryAgainLater = Code(rawValue: 11)
    package static let pluginNotAvailable = Code(rawValue: 50)
    /// What the reference library wraps every other error in.
    package static let `internal` = Code(rawValue: 999)
  }

  package var code: Code
  package var message: String
  /// Left out of the JSON when empty.
  package var details: String

  package init(_ code: Code, _ message: String, details: String = "") {
    self.code = code
    self.message = message
    self.details = details
  }

  /// `code`, `msg`, `details` with four spaces of indent and no line end, as the reference library prints it.
  package var json: [UInt8] {
    var writer = JSONWriter(indentation: 4)
    writer.beginObject()
    writer.field(Key.code.rawValue, code.rawValue)
    writer.field(Key.message.rawValue, message)
    if !details.isEmpty { writer.field(Key.details.rawValue, details) }
    writer.endObject()
    return writer.bytes
  }

  /// Reads what a failed plugin printed; nil when that is no CNI error (empty, plain text, a result).
  package init?(parsing bytes: [UInt8]) {
    guard let object = try? JSONValue(parsing: bytes),
      let number = object[Key.code.rawValue]?.number?.int64,
      let code = UInt32(exactly: number)
    else { return nil }
    self.init(
      Code(rawValue: code), object[Key.message.rawValue]?.string ?? "", details: object[Key.details.rawValue]?.string ?? "")
  }

  private enum Key: String {
    case code
    case message = "msg"
    case details
  }
}

extension CNIError: CustomStringConvertible {
  /// `message; details`, the form in which runtimes join the two.
  package var description: String { details.isEmpty ? message : "\(message); \(details)" }
}

/// The errors that more than one place throws.
extension CNIError {
  package static func unsupportedVersion(_ text: String) -> CNIError {
    let supported = CNIVersion.supported.map { "\"\($0)\"" }.joined(separator: " ")
    return CNIError(.incompatibleVersion, "incompatible CNI versions", details: "config is \"\(text)\", plugin supports [\(supported)]")
  }

  /// A call of the node daemon that did not come to a good end. Runtimes try again after code 11.
  package static func callFailed(_ details: String) -> CNIError {
    CNIError(.tryAgainLater, "RPC failed", details: details)
  }

  static func invalidConfiguration(_ details: String) -> CNIError {
    CNIError(.invalidConfiguration, "Invalid Configuration", details: details)
  }

  static func unusableConfiguration(_ details: String) -> CNIError {
    CNIError(.decodingFailure, "failed to load netconf", details: details)
  }
}
