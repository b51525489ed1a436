package import KubeAPI
package import WireJSON

/// Something worth telling about an object, before it is an Event.
package struct EventDraft: Sendable, Hashable {
  package enum Level: String, Sendable { case normal = "Normal", warning = "Warning" }

  package let type: ResourceType
  package let object: ObjectKey
  package let uid: String
  package let level: Level
  package let reason: String
  package let message: String

  package init(type: ResourceType, object: ObjectKey, uid: String, level: Level, reason: String, message: String) {
    self.type = type
    self.object = object
    self.uid = uid
    self.level = level
    self.reason = reason
    self.message = Self.bounded(message)
  }

  /// The API server refuses longer messages.
  static let messageLimit = 1024

  private static func bounded(_ text: String) -> String {
    guard text.utf8.count > messageLimit else { return text }
    var bytes = Array(text.utf8.prefix(messageLimit - 3))
    while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
    if let last = bytes.last, last & 0x80 != 0 { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self) + "..."
  }
}

/// Turns repeats of one thing into a rising `count` on one Event, as every Kubernetes component does (operations.md).
package struct EventAggregator: Sendable {
  package enum Write: Sendable, Equatable {
    case create(namespace: String, body: JSONValue)
    case patch(ObjectKey, body: JSONValue)
  }

  private struct Known: Sendable {
    let name: ObjectKey
    var count: Int64
    var last: Timestamp
  }

  private var known: [EventDraft: Known] = [:]
  private let component: String
  private let host: String
  private var sequence: UInt64 = 0

  /// How long a repeat counts as one: the lifetime of Events in a cluster.
  static let memory: Int64 = 3600
  static let capacity = 8192

  package init(component: String, host: String = "") {
    self.component = component
    self.host = host
  }

  /// What to send for a draft. The caller reports a failed patch with `forget`, so that the next repeat is a new Event.
  package mutating func write(_ draft: EventDraft, now: Timestamp) -> Write {
    if var seen = known[draft], now.seconds - seen.last.seconds < Self.memory {
      seen.count += 1
      seen.last = now
      known[draft] = seen
      return .patch(seen.name, body: ["count": .integer(seen.count), "lastTimestamp": .string(now.description)])
    }
    if known.count >= Self.capacity { dropOld(now) }
    sequence += 1
    let namespace = draft.object.namespace.isEmpty ? "default" : draft.object.namespace
    let suffix = String(UInt64(bitPattern: now.microseconds) &* 4096 &+ sequence % 4096, radix: 16)
    let name = "\(Self.nameStart(draft.object.name)).\(suffix)"
    known[draft] = Known(name: ObjectKey(namespace: namespace, name: name), count: 1, last: now)
    return .create(namespace: namespace, body: body(draft, name: name, namespace: namespace, now: now))
  }

  /// The beginning of an Event's name: names have at most 253 bytes, and each part between dots ends in a letter or digit.
  private static func nameStart(_ name: String) -> Substring {
    var start = name.prefix(230)
    while let last = start.utf8.last, last == 0x2D || last == 0x2E { start = start.dropLast() }
    return start
  }

  package mutating func forget(_ draft: EventDraft) { known[draft] = nil }

  /// How many things a repeat would be known of.
  var knownCount: Int { known.count }

  /// The expired ones, or failing that the older half.
  private mutating func dropOld(_ now: Timestamp) {
    known = known.filter { now.seconds - $0.value.last.seconds < Self.memory }
    guard known.count >= Self.capacity else { return }
    let times = known.values.map(\.last).sorted()
    let middle = times[times.count / 2]
    known = known.filter { $0.value.last > middle }
  }

  private func body(_ draft: EventDraft, name: String, namespace: String, now: Timestamp) -> JSONValue {
    var object: JSONValue = [
      "apiVersion": .string(draft.type.apiVersion), "kind": .string(draft.type.kind), "name": .string(draft.object.name),
    ]
    if !draft.object.namespace.isEmpty { object["namespace"] = .string(draft.object.namespace) }
    if !draft.uid.isEmpty { object["uid"] = .string(draft.uid) }
    var source: JSONValue = ["component": .string(component)]
    if !host.isEmpty { source["host"] = .string(host) }
    return [
      "apiVersion": "v1", "kind": "Event", "metadata": ["name": .string(name), "namespace": .string(namespace)],
      "involvedObject": object, "reason": .string(draft.reason), "message": .string(draft.message), "type": .string(draft.level.rawValue),
      "count": 1, "firstTimestamp": .string(now.description), "lastTimestamp": .string(now.description), "source": source,
      "reportingComponent": .string(component), "reportingInstance": .string(host),
    ]
  }
}
