/// Which connections a pool has and who waits for one. Waiters are served in the order in which they came.
struct PoolState<Connection, Waiter> {
  /// What somebody who wants a connection gets.
  enum Grant {
    case reuse(Connection)
    /// Leave to open one: it counts as open from now on, and `closed` must be called if it comes to nothing.
    case open
    case mustWait(id: UInt64)
    case shutDown
  }

  /// What to do with a connection, or a place for one, that became free.
  enum Handover {
    case none
    case close
    case serve(Waiter)
  }

  private struct Entry {
    let id: UInt64
    let waiter: Waiter
  }

  let limit: Int
  private(set) var isShutDown = false
  /// Kept for the next request; the most recently used is last and goes first.
  private var idle: [Connection] = []
  /// Open, or being opened.
  private(set) var open = 0
  private var entries: [Entry] = []
  /// Waiters that have an id and are not yet in the list.
  private var arriving: Set<UInt64> = []
  private var nextID: UInt64 = 0

  init(limit: Int) { self.limit = limit }

  mutating func acquire() -> Grant {
    if isShutDown { return .shutDown }
    if let connection = idle.popLast() { return .reuse(connection) }
    if open < limit {
      open += 1
      return .open
    }
    nextID += 1
    arriving.insert(nextID)
    return .mustWait(id: nextID)
  }

  /// Puts a waiter into the list; false if it was withdrawn meanwhile. A connection may have become free since `acquire`.
  mutating func enqueue(_ id: UInt64, _ waiter: Waiter) -> Grant? {
    guard arriving.remove(id) != nil else { return nil }
    if isShutDown { return .shutDown }
    if let connection = idle.popLast() { return .reuse(connection) }
    if open < limit {
      open += 1
      return .open
    }
    entries.append(Entry(id: id, waiter: waiter))
    return .mustWait(id: id)
  }

  /// Takes a waiter back; nil when it was served already or has not arrived.
  mutating func withdraw(_ id: UInt64) -> Waiter? {
    if arriving.remove(id) != nil { return nil }
    guard let index = entries.firstIndex(where: { $0.id == id }) else { return nil }
    return entries.remove(at: index).waiter
  }

  /// A connection can take another request.
  mutating func release(_ connection: Connection) -> Handover {
    if isShutDown { return .close }
    if entries.isEmpty {
      idle.append(connection)
      return .none
    }
    return .serve(entries.removeFirst().waiter)
  }

  /// A connection is gone, or was never made. The first waiter takes over its place.
  mutating func closed(where isIt: (Connection) -> Bool) -> Handover {
    idle.removeAll(where: isIt)
    guard !isShutDown, !entries.isEmpty else {
      open -= 1
      return .none
    }
    return .serve(entries.removeFirst().waiter)
  }

  /// Gives up all idle connections: one of them was found dead, so the peer has likely been restarted. They are to be closed.
  mutating func takeIdle() -> [Connection] {
    defer { idle = [] }
    return idle
  }

  /// Refuses everybody from now on. The waiters are to be told.
  mutating func shutDown() -> [Waiter] {
    isShutDown = true
    defer { entries = [] }
    return entries.map(\.waiter)
  }
}
