/// A version of the CNI specification, compared by number.
package struct CNIVersion: Sendable, Hashable {
  package let major: Int
  package let minor: Int
  package let patch: Int

  package init(_ major: Int, _ minor: Int, _ patch: Int) {
    self.major = major
    self.minor = minor
    self.patch = patch
  }

  /// One to three decimal numbers with dots between; missing numbers are zero, as the reference library reads them.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 3 else { return nil }
    var numbers = [0, 0, 0]
    for (index, part) in parts.enumerated() {
      guard !part.isEmpty, part.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int(part) else { return nil }
      numbers[index] = number
    }
    self.init(numbers[0], numbers[1], numbers[2])
  }

  package static let v0_1_0 = CNIVersion(0, 1, 0)
  package static let v0_2_0 = CNIVersion(0, 2, 0)
  package static let v0_3_0 = CNIVersion(0, 3, 0)
  package static let v0_3_1 = CNIVersion(0, 3, 1)
  package static let v0_4_0 = CNIVersion(0, 4, 0)
  package static let v1_0_0 = CNIVersion(1, 0, 0)
  package static let v1_1_0 = CNIVersion(1, 1, 0)

  /// Every version the plugin reads and prints, oldest first: the list of the VERSION verb.
  package static let supported = [v0_1_0, v0_2_0, v0_3_0, v0_3_1, v0_4_0, v1_0_0, v1_1_0]

  /// The newest version we speak, which VERSION names as its own.
  package static let current = v1_1_0

  /// What a configuration without `cniVersion` means.
  package static let assumed = v0_1_0

  /// The version a configuration asks for. Only the exact texts of the specification's versions are served.
  package static func requested(by text: String) throws(CNIError) -> CNIVersion {
    guard !text.isEmpty else { return assumed }
    guard let version = supported.first(where: { $0.description == text }) else { throw .unsupportedVersion(text) }
    return version
  }
}

extension CNIVersion: Comparable {
  package static func < (left: CNIVersion, right: CNIVersion) -> Bool {
    (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
  }
}

extension CNIVersion: CustomStringConvertible {
  package var description: String { "\(major).\(minor).\(patch)" }
}
