package import KubeAPI
package import WireJSON

/// The status of an IPPool: counts, ranges and conditions (crds.md).
package enum PoolStatus {
  /// The patch that brings the counts up to date, nil when they are.
  package static func counts(_ pool: IPPool, v4: FamilyUsage, v6: FamilyUsage) -> JSONValue? {
    StatusPatch.counts(pool.status, v4: v4, v6: v6, .pool)
  }

  /// Conditions of a pool that is in force as it stands.
  package static func accepted(_ pool: IPPool, warning: String?, now: Timestamp) -> JSONValue? {
    StatusPatch.conditions(
      pool.status.conditions,
      [
        Condition(type: SubnetCondition.ready, status: "True", reason: PoolCondition.updateSuccess, message: warning ?? ""),
        Condition(type: SubnetCondition.error, status: "False", reason: PoolCondition.updateSuccess, message: ""),
      ], of: pool.metadata, now: now)
  }

  /// Conditions of one that is not.
  package static func refused(_ pool: IPPool, problem: PoolProblem, now: Timestamp) -> JSONValue? {
    StatusPatch.conditions(
      pool.status.conditions,
      [
        Condition(type: SubnetCondition.ready, status: "False", reason: PoolCondition.updateFailed, message: problem.description),
        Condition(type: SubnetCondition.error, status: "True", reason: PoolCondition.updateFailed, message: problem.description),
      ], of: pool.metadata, now: now)
  }
}
