/// What a runtime says through environment variables.
package struct CNIEnvironment: Sendable, Hashable {
  /// The variables of the specification and of the reference library.
  package enum Variable: String, Sendable, CaseIterable {
    case command = "CNI_COMMAND"
    case containerID = "CNI_CONTAINERID"
    case networkNamespace = "CNI_NETNS"
    case interfaceName = "CNI_IFNAME"
    case arguments = "CNI_ARGS"
    case path = "CNI_PATH"
    /// `true` or `1`: the plugin may run in the pod's own network namespace (virtual machine runtimes).
    case namespaceOverride = "CNI_NETNS_OVERRIDE"
  }

  /// The verb as given; `command` is nil when it is none of ours.
  package let verb: String
  package let containerID: String
  /// A path, or empty (DEL).
  package let networkNamespace: String
  package let interfaceName: String
  /// `KEY=VALUE;KEY=VALUE`, still to be read by `CNIArguments`.
  package let arguments: String
  package let path: String
  package let allowsOwnNamespace: Bool

  package var command: CNICommand? { CNICommand(rawValue: verb) }

  /// Reads the variables and checks what the verb requires of them. CNI_COMMAND must not be empty: that case is the caller's.
  package init(_ variables: [String: String]) throws(CNIError) {
    func value(_ variable: Variable) -> String { variables[variable.rawValue] ?? "" }
    verb = value(.command)
    containerID = value(.containerID)
    networkNamespace = value(.networkNamespace)
    interfaceName = value(.interfaceName)
    arguments = value(.arguments)
    path = value(.path)
    let override = value(.namespaceOverride)
    allowsOwnNamespace = override == "1" || override.uppercased() == "TRUE"

    let required = command?.requiredVariables ?? []
    if required.contains(.containerID), !containerID.isEmpty { try Self.check(containerID: containerID) }
    if required.contains(.interfaceName), !interfaceName.isEmpty { try Self.check(interfaceName: interfaceName) }
    let missing = required.filter { value($0).isEmpty }.map(\.rawValue)
    guard missing.isEmpty else {
      throw CNIError(.invalidEnvironment, "required env variables [\(missing.joined(separator: ","))] missing")
    }
  }

  private static func check(containerID: String) throws(CNIError) {
    guard isIdentifier(containerID) else {
      throw CNIError(.invalidEnvironment, "invalid characters in containerID", details: containerID)
    }
  }

  /// The kernel's rules for interface names, in the reference library's words.
  private static func check(interfaceName name: String) throws(CNIError) {
    guard name.utf8.count <= 15 else {
      throw CNIError(
        .invalidEnvironment, "interface name is too long", details: "interface name should be less than 16 characters")
    }
    guard name != ".", name != ".." else { throw CNIError(.invalidEnvironment, "interface name is . or ..") }
    guard !name.contains(where: { $0 == "/" || $0 == ":" || $0.isWhitespace }) else {
      throw CNIError(.invalidEnvironment, "interface name contains / or : or whitespace characters")
    }
  }

  /// Letters, digits, `_`, `.` and `-`, beginning with a letter or digit: the rule for container ids and network names.
  static func isIdentifier(_ text: String) -> Bool {
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      default: false
      }
    }
    guard let first = text.utf8.first, isAlphanumeric(first) else { return false }
    return text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x5F || $0 == 0x2E || $0 == 0x2D }
  }
}
