/// Runs jobs beside `body` and ends them, by cancellation, when it has ended; returns when all have.
func withBackground<Result: Sendable>(
  _ jobs: [@Sendable () async -> Void], _ body: @Sendable () async throws -> Result
) async throws -> Result {
  try await withThrowingTaskGroup(of: Void.self) { group in
    for job in jobs { group.addTask { await job() } }
    defer { group.cancelAll() }
    return try await body()
  }
}

/// The same for a body that throws nothing.
func withBackgroundTasks(_ jobs: [@Sendable () async -> Void], _ body: @Sendable () async -> Void) async {
  await withTaskGroup(of: Void.self) { group in
    for job in jobs { group.addTask { await job() } }
    await body()
    group.cancelAll()
  }
}

/// Whether `job` ended by itself before the time was up; it is cancelled then, and its end awaited. Throws when the task was cancelled.
package func finishes(within limit: Duration, _ job: @escaping @Sendable () async -> Void) async throws -> Bool {
  let inTime = await withTaskGroup(of: Bool.self) { race in
    race.addTask {
      await job()
      return !Task.isCancelled
    }
    race.addTask {
      try? await Task.sleep(for: limit)
      return false
    }
    let first = await race.next() ?? false
    race.cancelAll()
    return first
  }
  try Task.checkCancellation()
  return inTime
}
