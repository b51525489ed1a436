/// The pause before a dead program is started again: none to speak of for the first death, doubled up to half a minute while it keeps
/// dying young, back to the start once it has lived for a while.
package struct RestartBackoff: Sendable, Equatable {
  private var deaths = 0

  package init() {}

  /// Called with how long the program lived.
  package mutating func pause(afterLiving lived: Duration) -> Duration {
    if lived >= .seconds(30) { deaths = 0 }
    deaths += 1
    return min(.milliseconds(200) * (1 << min(deaths - 1, 10)), .seconds(30))
  }
}
