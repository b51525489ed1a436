package import KubeAPI
package import WireJSON

/// One write that brings a workload nearer to what its spec says. Bodies are complete; namespaces come from the workload.
package enum WorkloadAction: Sendable, Equatable {
  case create(ResourceType, JSONValue)
  /// Deletes this very object: the uid is a precondition, so that a successor of the same name is safe.
  case delete(ResourceType, name: String, uid: String)
  /// A merge patch of the object itself.
  case patch(ResourceType, name: String, JSONValue)
  /// A merge patch of its status subresource.
  case patchStatus(ResourceType, name: String, JSONValue)
}

/// What to write for one workload now. Decided from consistent lists, so that doing it twice does no harm: the second plan is empty.
package struct WorkloadPlan: Sendable, Equatable {
  package var actions: [WorkloadAction] = []
  /// When to look again although nothing changed (a Job's back-off).
  package var again: Duration?

  package init() {}

  /// Adds a patch of the status with the members that differ from what is there.
  package mutating func update<Kind: RawKind>(_ object: RawObject<Kind>, status wanted: [String: JSONValue]) {
    var changes: [String: JSONValue] = [:]
    for (name, value) in wanted where (object.status[name] ?? .null) != value { changes[name] = value }
    guard !changes.isEmpty else { return }
    actions.append(.patchStatus(Kind.resourceType, name: object.metadata.name, ["status": .object(changes)]))
  }

  package mutating func delete(_ pod: PodFacts) {
    actions.append(.delete(Pod.resourceType, name: pod.key.name, uid: pod.uid))
  }

  package mutating func create(_ pod: JSONValue) { actions.append(.create(Pod.resourceType, pod)) }
}

/// `status.conditions`, changed as controllers change them: `lastTransitionTime` moves only when the status does.
package struct ConditionList: Sendable, Equatable {
  private var conditions: [JSONValue]

  package init(_ status: JSONValue) { conditions = status["conditions"]?.array ?? [] }

  package mutating func set(_ type: String, _ isTrue: Bool, reason: String, message: String, now: Timestamp) {
    let wanted: JSONValue = isTrue ? "True" : "False"
    let index = conditions.firstIndex { $0["type"]?.string == type }
    let old = index.map { conditions[$0] }
    var condition: JSONValue = old ?? ["type": .string(type)]
    if old?["status"] != wanted { condition["lastTransitionTime"] = .string(now.description) }
    condition["status"] = wanted
    condition["reason"] = .string(reason)
    condition["message"] = .string(message)
    if let index { conditions[index] = condition } else { conditions.append(condition) }
  }

  package var json: JSONValue { .array(conditions) }
}
