package import KubeAPI
import WireJSON

/// Job: pods until so many have succeeded, with a growing pause after each failure, and the end after too many.
///
/// Kept small: `NonIndexed` completion only, and no finalizer on the pods: what was counted once stays counted in the status.
package struct JobPlan {
  private let job: Job
  private let pods: [PodFacts]
  private let now: Timestamp
  private let backoff: Duration
  private var plan = WorkloadPlan()

  /// `backoff` is the pause after the first failure; it doubles up to six minutes. Kubernetes' own is 10 s.
  package static func make(_ job: Job, pods: [PodFacts], now: Timestamp, backoff: Duration = .seconds(10)) -> WorkloadPlan {
    var plan = JobPlan(
      job: job, pods: pods.filter { $0.ownerUID == job.metadata.uid }.sorted { $0.key < $1.key }, now: now, backoff: backoff)
    if !job.metadata.isDeleting { plan.reconcile() }
    return plan.plan
  }

  private var parallelism: Int { max(0, job.spec["parallelism"]?.int ?? 1) }
  /// nil: any success ends the Job.
  private var completions: Int? { job.spec["completions"]?.int }
  private var backoffLimit: Int { job.spec["backoffLimit"]?.int ?? 6 }
  private var active: [PodFacts] { pods.filter(\.isActive) }

  /// Counts never go back, also when somebody removes the pods they stand for.
  private func counted(_ phase: String, _ field: String) -> Int {
    max(pods.count { $0.phase == phase }, job.status[field]?.int ?? 0)
  }

  private mutating func reconcile() {
    let succeeded = counted("Succeeded", "succeeded")
    let failed = counted("Failed", "failed")
    if let outcome = finished ?? outcome(succeeded: succeeded, failed: failed) {
      for pod in active { plan.delete(pod) }
      writeStatus(succeeded: succeeded, failed: failed, outcome: outcome)
      return
    }
    let isSuspended = job.spec["suspend"]?.bool == true
    let running = active
    if isSuspended {
      for pod in running { plan.delete(pod) }
    } else {
      fill(running: running.count, succeeded: succeeded, failed: failed)
    }
    writeStatus(succeeded: succeeded, failed: failed, outcome: nil)
  }

  private enum Outcome {
    case complete
    case failed(reason: String, message: String)
  }

  /// The end that the status tells of already: it is never taken back.
  private var finished: Outcome? {
    if PodFacts.condition("Complete", of: job.status) == "True" { return .complete }
    guard PodFacts.condition("Failed", of: job.status) == "True" else { return nil }
    let condition = job.status["conditions"]?.array?.first { $0["type"]?.string == "Failed" }
    return .failed(reason: condition?["reason"]?.string ?? "", message: condition?["message"]?.string ?? "")
  }

  private func outcome(succeeded: Int, failed: Int) -> Outcome? {
    if failed > backoffLimit {
      return .failed(reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit")
    }
    if let completions { return succeeded >= completions ? .complete : nil }
    return succeeded > 0 && active.isEmpty ? .complete : nil
  }

  private mutating func fill(running: Int, succeeded: Int, failed: Int) {
    let wanted: Int
    if let completions {
      wanted = min(parallelism, completions - succeeded)
    } else {
      wanted = succeeded > 0 ? running : parallelism
    }
    for pod in active.reversed().prefix(max(0, running - wanted)) { plan.delete(pod) }
    guard wanted > running else { return }
    if let pause = pause(failed: failed) {
      plan.again = pause
      return
    }
    let template = PodTemplate(job.spec)
    let labels = [
      "batch.kubernetes.io/job-name": job.metadata.name, "job-name": job.metadata.name,
      "batch.kubernetes.io/controller-uid": job.metadata.uid, "controller-uid": job.metadata.uid,
    ]
    for _ in running..<wanted {
      plan.create(template.pod(.prefix(job.metadata.name + "-"), owner: job.controllerReference, labels: labels))
    }
  }

  /// What is left of the pause after the last failure; nil when it is over or nothing failed.
  private func pause(failed: Int) -> Duration? {
    guard failed > 0, let last = pods.filter({ $0.phase == "Failed" }).compactMap({ $0.finished ?? $0.created }).max() else { return nil }
    let grown = backoff * (1 << min(failed - 1, 10))
    let left = min(grown, .seconds(360)) - .microseconds(now.microseconds - last.microseconds)
    return left > .zero ? left : nil
  }

  private mutating func writeStatus(succeeded: Int, failed: Int, outcome: Outcome?) {
    var conditions = ConditionList(job.status)
    var status: [String: JSONValue] = [
      "active": .integer(outcome == nil ? active.count : 0), "ready": .integer(outcome == nil ? active.count(where: \.isReady) : 0),
      "succeeded": .integer(succeeded), "failed": .integer(failed),
      "startTime": job.status["startTime"] ?? .string(now.description),
    ]
    switch outcome {
    case .complete:
      conditions.set("Complete", true, reason: "CompletionsReached", message: "Reached expected number of succeeded pods", now: now)
      status["completionTime"] = job.status["completionTime"] ?? .string(now.description)
    case .failed(let reason, let message):
      conditions.set("Failed", true, reason: reason, message: message, now: now)
    case nil: break
    }
    if case .array(let list) = conditions.json, !list.isEmpty { status["conditions"] = conditions.json }
    plan.update(job, status: status)
  }
}
