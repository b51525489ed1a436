package import NetAddress

/// One line of the table that `kube-ovn-lab run` ends with: a NIC that a pod asked for, and what became of it.
package struct NICRow: Sendable, Equatable {
  package enum State: String, Sendable {
    /// Everything agrees: annotations, record and the real interface.
    case ready
    /// The NIC is there, and something about it is not what was recorded.
    case mismatch
    /// No address, or no interface, yet.
    case waiting
    /// It will not come without somebody's help.
    case failed
    /// The pod ended before anybody looked: its record told that it had what it asked for.
    case done
  }

  package var pod: String
  package var node: String
  package var interface: String
  /// Empty for a NIC whose addresses are none of ours.
  package var provider: String
  package var subnet: String
  package var addresses: [IPAddress]
  package var mac: MACAddress?
  /// Name of the IP object.
  package var record: String
  package var state: State
  package var reason: String

  package init(pod: String, interface: String, state: State, reason: String = "") {
    self.pod = pod
    self.interface = interface
    self.state = state
    self.reason = reason
    (node, provider, subnet, record) = ("", "", "", "")
    addresses = []
  }

  /// Whether the pod has this NIC as it asked for it.
  package var isGood: Bool { state == .ready || state == .done }
}

/// The table as text: columns as wide as they must be, the reason last because it may be long.
package enum NICTable {
  private static let header = ["POD", "NODE", "INTERFACE", "PROVIDER", "SUBNET", "ADDRESS", "MAC", "IP", "STATE", "REASON"]

  /// Lines without the line ends. A dash stands for nothing.
  package static func lines(_ rows: [NICRow]) -> [String] {
    let cells = [header] + rows.map(cells)
    let widths = header.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    return cells.map { row in
      var line = ""
      for (column, text) in row.enumerated() {
        line += text
        if column + 1 < row.count { line += String(repeating: " ", count: widths[column] - text.count + 3) }
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
  }

  private static func cells(_ row: NICRow) -> [String] {
    let texts = [
      row.pod, row.node, row.interface, row.provider, row.subnet, row.addresses.map(\.description).joined(separator: ","),
      row.mac?.description ?? "", row.record, row.state.rawValue,
    ]
    // A reason may come from anywhere: one line, whatever is in it.
    return texts.map { $0.isEmpty ? "-" : $0 } + [row.reason.split(whereSeparator: \.isNewline).joined(separator: " ")]
  }
}
