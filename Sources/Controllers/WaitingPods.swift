import KubeAPI

/// Pods that asked for addresses and could not have them, so that they are served the moment something changes (decisions.md §4
/// row 18): the oldest first, one for each address that becomes free, all of them after an edit.
struct WaitingPods: Sendable {
  struct Entry: Sendable, Equatable {
    let created: Timestamp
    /// The subnets that were full, or whose wanted address was taken; empty when only an edit can help.
    let subnets: Set<String>
  }

  private(set) var entries: [ObjectKey: Entry] = [:]
  private var bySubnet: [String: Set<ObjectKey>] = [:]

  mutating func park(_ key: ObjectKey, created: Timestamp, subnets: Set<String>) {
    remove(key)
    entries[key] = Entry(created: created, subnets: subnets)
    for subnet in subnets { bySubnet[subnet, default: []].insert(key) }
  }

  mutating func remove(_ key: ObjectKey) {
    guard let entry = entries.removeValue(forKey: key) else { return }
    for subnet in entry.subnets {
      bySubnet[subnet]?.remove(key)
      if bySubnet[subnet]?.isEmpty == true { bySubnet[subnet] = nil }
    }
  }

  /// The pods to try again after `freed` addresses came back to a subnet: as many as there are addresses, the oldest first. They stay
  /// parked until they are served or refused anew.
  func toWake(subnet: String, freed: Int) -> [ObjectKey] {
    guard freed > 0, let keys = bySubnet[subnet] else { return [] }
    let ordered = keys.sorted { a, b in
      let (x, y) = (entries[a]?.created, entries[b]?.created)
      if let x, let y, x != y { return x < y }
      return a < b
    }
    return Array(ordered.prefix(freed))
  }

  /// Every parked pod, the oldest first: some object was edited.
  var all: [ObjectKey] {
    entries.sorted { $0.value.created != $1.value.created ? $0.value.created < $1.value.created : $0.key < $1.key }.map(\.key)
  }
}
