import LabNodes

/// Whether a process that was killed, and that is no child of ours, ends. A zombie has ended; init reaps it sooner or later.
func ends(process pid: Int32) async throws -> Bool {
  try await finishes(within: .seconds(180)) {
    while !Task.isCancelled {
      guard let text = TextFile.read("/proc/\(pid)/stat"), let state = text.split(separator: " ").dropFirst(2).first else { return }
      if state == "Z" || state == "X" { return }
      await Task.yield()
    }
  }
}
