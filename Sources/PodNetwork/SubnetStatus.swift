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
    StatusPatch.counts(subnet.status, v4: v4, v6: v6, .subnet)
  }

  /// Conditions of an accepted subnet.
  package static func accepted(_ subnet: Subnet, warning: String?, now: Timestamp) -> JSONValue? {
    let readyReason = ProviderName(subnet.spec.provider).isOVN ? "ResetLogicalSwitchAclSuccess" : SubnetCondition.nonOVNSuccess
    return StatusPatch.conditions(
      subnet.status.conditions,
      [
        Condition(type: SubnetCondition.validated, status: "True", reason: SubnetCondition.validateSuccess, message: ""),
        Condition(type: SubnetCondition.ready, status: "True", reason: readyReason, message: warning ?? ""),
        Condition(type: SubnetCondition.error, status: "False", reason: readyReason, message: ""),
      ], of: subnet.metadata, now: now)
  }

  /// Conditions of a refused one.
  package static func refused(_ subnet: Subnet, problem: SubnetProblem, now: Timestamp) -> JSONValue? {
    let reason = SubnetCondition.validateFailed
    return StatusPatch.conditions(
      subnet.status.conditions,
      [
        Condition(type: SubnetCondition.validated, status: "False", reason: reason, message: problem.description),
        Condition(type: SubnetCondition.ready, status: "False", reason: reason, message: problem.description),
        Condition(type: SubnetCondition.error, status: "True", reason: reason, message: problem.description),
      ], of: subnet.metadata, now: now)
  }
}
