package import KubeAPI
import NetAddress
package import WireJSON

/// How many addresses of one family are free and taken, and which.
package struct FamilyUsage: Sendable, Equatable {
  package var available: UInt128 = 0
  package var using: UInt128 = 0
  /// `a` and `a-b`, joined by commas.
  package var availableRange = ""
  package var usingRange = ""

  package init(available: UInt128 = 0, using: UInt128 = 0, availableRange: String = "", usingRange: String = "") {
    self.available = available
    self.using = using
    self.availableRange = availableRange
    self.usingRange = usingRange
  }
}

/// The status of a Subnet: counts, ranges and conditions (crds.md).
package enum SubnetStatus {
  /// The patch that brings the counts up to date, nil when they are. The status goes last-writer-wins: it is derived, and the next
  /// change writes it anew.
  package static func counts(_ subnet: Subnet, v4: FamilyUsage, v6: FamilyUsage) -> JSONValue? {
    let stored = subnet.status
    var changes: [String: JSONValue] = [:]
    func count(_ key: String, _ stored: JSONNumber, _ wanted: UInt128) {
      let literal = JSONNumber(wanted)
      if !subnet.status.hasCounts || !same(stored, literal) { changes[key] = .number(literal) }
    }
    func range(_ key: String, _ stored: String, _ wanted: String) {
      if !subnet.status.hasCounts || stored != wanted { changes[key] = .string(wanted) }
    }
    count("v4availableIPs", stored.v4Available, v4.available)
    count("v4usingIPs", stored.v4Using, v4.using)
    count("v6availableIPs", stored.v6Available, v6.available)
    count("v6usingIPs", stored.v6Using, v6.using)
    range("v4availableIPrange", stored.v4AvailableRange, v4.availableRange)
    range("v4usingIPrange", stored.v4UsingRange, v4.usingRange)
    range("v6availableIPrange", stored.v6AvailableRange, v6.availableRange)
    range("v6usingIPrange", stored.v6UsingRange, v6.usingRange)
    return changes.isEmpty ? nil : ["status": .object(changes)]
  }

  /// A kube-apiserver keeps a number beyond 2^63−1 as a double, so both are compared in that form or the status would be written
  /// for ever.
  static func same(_ a: JSONNumber, _ b: JSONNumber) -> Bool {
    if a == b { return true }
    if a.int64 != nil, b.int64 != nil { return false }
    return a.double == b.double
  }

  /// Conditions of an accepted subnet.
  package static func accepted(_ subnet: Subnet, warning: String?, now: Timestamp) -> JSONValue? {
    let readyReason = ProviderName(subnet.spec.provider).isOVN ? "ResetLogicalSwitchAclSuccess" : SubnetCondition.nonOVNSuccess
    return conditions(
      subnet,
      [
        Condition(type: SubnetCondition.validated, status: "True", reason: SubnetCondition.validateSuccess, message: ""),
        Condition(type: SubnetCondition.ready, status: "True", reason: readyReason, message: warning ?? ""),
        Condition(type: SubnetCondition.error, status: "False", reason: readyReason, message: ""),
      ], now: now)
  }

  /// Conditions of a refused one.
  package static func refused(_ subnet: Subnet, problem: SubnetProblem, now: Timestamp) -> JSONValue? {
    let reason = SubnetCondition.validateFailed
    return conditions(
      subnet,
      [
        Condition(type: SubnetCondition.validated, status: "False", reason: reason, message: problem.description),
        Condition(type: SubnetCondition.ready, status: "False", reason: reason, message: problem.description),
        Condition(type: SubnetCondition.error, status: "True", reason: reason, message: problem.description),
      ], now: now)
  }

  /// The wanted conditions merged into the stored list, nil when nothing but times would change.
  private static func conditions(_ subnet: Subnet, _ wanted: [Condition], now: Timestamp) -> JSONValue? {
    var conditions = subnet.status.conditions
    var changed = false
    for var condition in wanted {
      condition.observedGeneration = subnet.metadata.generation
      condition.lastUpdateTime = now.description
      condition.lastTransitionTime = now.description
      guard let index = conditions.firstIndex(where: { $0.type == condition.type }) else {
        // A subnet that never failed needs no Error condition.
        if condition.type == SubnetCondition.error, condition.status == "False" { continue }
        conditions.append(condition)
        changed = true
        continue
      }
      let stored = conditions[index]
      let isSame = stored.status == condition.status && stored.reason == condition.reason && stored.message == condition.message
      if isSame { continue }
      if stored.status == condition.status { condition.lastTransitionTime = stored.lastTransitionTime }
      conditions[index] = condition
      changed = true
    }
    return changed ? ["status": ["conditions": .array(conditions.map(\.json))]] : nil
  }
}
