import KubeAPI
import WireJSON

/// The value of `ovn.kubernetes.io/allocation_error`: why networks of a pod have no address yet (decisions.md §4 row 2).
package struct AllocationErrors: Sendable, Equatable {
  package struct Entry: Sendable, Equatable {
    package var reason: String
    /// Whether only an edit can help, so that a waiting ADD may fail at once.
    package var isFinal: Bool
  }

  /// By provider, or by network name where no provider can be told.
  package var entries: [String: Entry] = [:]

  package init() {}

  /// Of several reasons of one subject the first final one counts, else the first.
  package init(_ refusals: [NetworkRefusal]) {
    for refusal in refusals {
      if let known = entries[refusal.subject], known.isFinal || !refusal.isFinal { continue }
      entries[refusal.subject] = Entry(reason: refusal.reason, isFinal: refusal.isFinal)
    }
  }

  /// What the annotation says; entries that make no sense are passed over, since only a text for people is lost with them.
  package init(annotation: String?) {
    guard let annotation, let members = (try? JSONValue(parsing: annotation))?.object else { return }
    for (subject, value) in members {
      guard let reason = value["reason"]?.string else { continue }
      entries[subject] = Entry(reason: reason, isFinal: value["final"]?.bool ?? false)
    }
  }

  /// Sorted by subject, so that equal reasons are equal texts and nothing is written twice.
  package var annotation: String {
    JSONValue.object(entries.mapValues { ["reason": .string($0.reason), "final": .bool($0.isFinal)] }).text
  }

  /// What to tell the caller that waits for one provider: its own reason, else that of another network of the pod, since a pod gets
  /// all of its addresses or none.
  package func reason(for provider: String, network: String) -> Entry? {
    if let own = entries[provider] ?? entries[network] { return own }
    guard let subject = entries.keys.sorted().first(where: { entries[$0]?.isFinal == true }) ?? entries.keys.min(),
      let other = entries[subject]
    else { return nil }
    return Entry(
      reason: "the pod gets all of its addresses or none, and network \(subject) cannot be served: \(other.reason)", isFinal: other.isFinal)
  }
}
