/// Why a NIC got nothing: one error for each candidate tried, in order.
package struct NICFailure: Error, Sendable, Hashable {
  package let nic: String
  /// Never empty.
  package let attempts: [AllocationError]

  package init(nic: String, attempts: [AllocationError]) {
    self.nic = nic
    self.attempts = attempts
  }

  /// The error that says most: the last one that waiting can cure, else the last.
  package var error: AllocationError {
    attempts.last { !$0.isFinal } ?? attempts.last ?? .noCandidate
  }

  /// No candidate can serve the NIC until somebody edits something.
  package var isFinal: Bool { error.isFinal }
}

extension NICFailure: CustomStringConvertible {
  package var description: String {
    let others = attempts.filter { $0 != error }
    guard !others.isEmpty else { return "NIC \(nic): \(error)" }
    return "NIC \(nic): \(error) (tried before: \(others.map(\.description).joined(separator: "; ")))"
  }
}

/// A request that changed nothing, with a reason for every NIC that failed. NICs that are not named could have been served.
package struct AllocationFailure: Error, Sendable, Hashable {
  package let owner: Owner
  /// Never empty.
  package let nics: [NICFailure]

  package init(owner: Owner, nics: [NICFailure]) {
    self.owner = owner
    self.nics = nics
  }

  /// The word of the first NIC that failed.
  package var word: ErrorWord { nics.first?.error.word ?? .noSubnet }

  /// At least one NIC can only be served after an edit.
  package var isFinal: Bool { nics.contains(where: \.isFinal) }

  package subscript(nic: String) -> NICFailure? { nics.first { $0.nic == nic } }
}

extension AllocationFailure: CustomStringConvertible {
  package var description: String {
    "no address for \(owner): " + nics.map(\.description).joined(separator: "; ")
  }
}
