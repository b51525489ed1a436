import CLinux
import Glibc

/// What the kernel, or the way to it, refused.
package struct NetlinkError: Error, Sendable, Hashable {
  package enum Reason: Sendable, Hashable {
    /// An errno, with the sentence that newer kernels add to it (extended acknowledgement); empty when there is none.
    case system(Int32, kernelText: String)
    /// The kernel's bytes are not what they should be.
    case malformed(String)
    /// No answer in this time.
    case timedOut(Duration)
    /// The table changed under every attempt to list it.
    case changedWhileListed
    /// A name that no interface or namespace can have.
    case invalidName(String, rule: String)
  }

  /// What was tried, as an infinitive with its objects: `set the MAC address of net1 to 0a:00:00:00:00:01`.
  package let operation: String
  package let reason: Reason

  package init(_ operation: String, _ reason: Reason) {
    self.operation = operation
    self.reason = reason
  }

  init(_ operation: String, errno error: Int32) {
    self.init(operation, .system(error, kernelText: ""))
  }

  /// The errno, when it was the kernel that refused.
  package var code: Int32? {
    if case .system(let code, _) = reason { code } else { nil }
  }

  /// The interface, address, route or file that the call is about is not there.
  package var isAbsence: Bool {
    switch code {
    case ENODEV, ENOENT, ESRCH, EADDRNOTAVAIL, ENXIO: true
    default: false
    }
  }

  /// What was to be made is there already.
  package var isPresence: Bool { code == EEXIST }
}

extension NetlinkError: CustomStringConvertible {
  package var description: String { "cannot \(operation): \(reason)" }
}

extension NetlinkError.Reason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .system(let code, let text):
      [Self.name(of: code), text.isEmpty ? nil : text, Self.advice(for: code)].compactMap { $0 }.joined(separator: ": ")
    case .malformed(let what): "the kernel's answer is malformed: \(what)"
    case .timedOut(let limit): "the kernel did not answer within \(limit)"
    case .changedWhileListed: "the table changed at every attempt to read it"
    case .invalidName(let name, let rule): "\"\(name)\" is no possible name: \(rule)"
    }
  }

  private static func name(of code: Int32) -> String {
    let text = String(cString: strerror(code))
    guard let name = clinux_error_name(code) else { return "error \(code) (\(text))" }
    return "\(String(cString: name)) (\(text))"
  }

  /// What to look at, for the errors whose cause is nearly always the same.
  private static func advice(for code: Int32) -> String? {
    switch code {
    case EPERM, EACCES: "the process needs CAP_NET_ADMIN and CAP_SYS_ADMIN (run as root)"
    case ENODEV: "there is no such interface in this network namespace"
    case EOPNOTSUPP: "this kernel or this kind of interface does not support it"
    case EEXIST: "it exists already"
    case ENETUNREACH: "the gateway is not reachable through any address of the interface"
    default: nil
    }
  }
}
