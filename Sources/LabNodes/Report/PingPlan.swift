import KubeAPI
package import NetAddress

/// One ping to send: from inside a pod, out of one of its NICs, to an address of another pod's NIC on the same subnet.
package struct PingTarget: Sendable, Equatable {
  package var pod: String
  package var interface: String
  package var address: IPAddress
  /// Whose address that is.
  package var peer: String
  package var subnet: String
}

/// Which pings show that NICs of one subnet reach each other: every pair once, in both families where both NICs have them.
package enum PingPlan {
  package static func targets(_ rows: [NICRow]) -> [PingTarget] {
    let usable = rows.filter { $0.state == .ready && !$0.subnet.isEmpty }
    var targets: [PingTarget] = []
    for (subnet, nics) in Dictionary(grouping: usable, by: \.subnet).sorted(by: { $0.key < $1.key }) {
      for (index, nic) in nics.enumerated() {
        for peer in nics[(index + 1)...] where peer.pod != nic.pod {
          for address in peer.addresses where nic.addresses.contains(where: { $0.family == address.family }) {
            targets.append(
              PingTarget(pod: nic.pod, interface: nic.interface, address: address, peer: peer.pod + " " + peer.interface, subnet: subnet))
          }
        }
      }
    }
    return targets
  }

  /// The closing lines: what failed, and the count.
  package static func summary(_ targets: [PingTarget], failures: [PingTarget]) -> [String] {
    var lines = failures.map { "ping failed: \($0.pod) \($0.interface) -> \($0.address) (\($0.peer), subnet \($0.subnet))" }
    let subnets = Set(targets.map(\.subnet)).count
    if targets.isEmpty {
      lines.append("pings: none to send, no two NICs share a subnet")
    } else {
      lines.append("pings: \(targets.count - failures.count) of \(targets.count) answered, \(subnets) subnet\(subnets == 1 ? "" : "s")")
    }
    return lines
  }
}
