import Testing
import WireJSON

@testable import KubeLab

@Suite("Object store")
struct StoreTests {
  private static func object(_ name: String, _ value: Int = 0) -> JSONValue {
    ["metadata": ["name": .string(name), "uid": .string("u-" + name)], "value": .integer(value)]
  }

  @Test("a sorted table agrees with a plain dictionary over 20,000 random steps")
  func sortedTable() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    var table = SortedTable()
    var model: [String: Int64] = [:]
    for step in 0..<20_000 {
      let name = "n\(Int.random(in: 0..<3000, using: &generator))"
      if Int.random(in: 0..<3, using: &generator) == 0 {
        table.remove(ObjectKey(name: name))
        model[name] = nil
      } else {
        table.put(StoredObject(key: ObjectKey(name: name), object: [:], revision: Int64(step)))
        model[name] = Int64(step)
      }
    }
    var seen: [String] = []
    table.forEach { stored in
      seen.append(stored.key.name)
      return true
    }
    #expect(seen == model.keys.sorted(), "seed \(seed)")
    #expect(table.count == model.count, "seed \(seed)")
    #expect(model.allSatisfy { table[ObjectKey(name: $0.key)]?.revision == $0.value }, "seed \(seed)")
  }

  @Test("a copy of a table does not see later writes")
  func copies() {
    var table = SortedTable()
    for index in 0..<1000 { table.put(StoredObject(key: ObjectKey(name: "n\(index)"), object: [:], revision: 1)) }
    let copy = table
    for index in 0..<1000 { table.remove(ObjectKey(name: "n\(index)")) }
    #expect(table.count == 0)
    #expect(copy.count == 1000 && copy[ObjectKey(name: "n500")] != nil)
  }

  @Test("a snapshot of the past undoes creations, changes and removals")
  func pastSnapshot() throws {
    let store = ObjectStore(historyLimit: 100)
    let a = try store.create("things", ObjectKey(name: "a"), Self.object("a", 1))
    _ = try store.create("things", ObjectKey(name: "b"), Self.object("b", 1))
    let past = store.revision
    let changed = try store.replace("things", a, with: Self.object("a", 2))
    _ = try store.remove("things", changed, last: changed.object)
    _ = try store.create("things", ObjectKey(name: "c"), Self.object("c", 1))
    let table = try #require(store.snapshot("things", at: past)).table
    #expect(table.count == 2)
    #expect(table[ObjectKey(name: "a")]?.object["value"]?.int == 1)
    #expect(table[ObjectKey(name: "c")] == nil)
    store.compact()
    #expect(store.snapshot("things", at: past) == nil)
  }

  @Test("a write against a revision that is no longer current is refused")
  func conflicts() throws {
    let store = ObjectStore(historyLimit: 100)
    let first = try store.create("things", ObjectKey(name: "a"), Self.object("a"))
    _ = try store.replace("things", first, with: Self.object("a", 1))
    #expect(throws: StoreError.conflict("a")) { try store.replace("things", first, with: Self.object("a", 2)) }
    #expect(throws: StoreError.conflict("a")) { try store.remove("things", first, last: [:]) }
    #expect(throws: StoreError.exists("a")) { try store.create("things", ObjectKey(name: "a"), Self.object("a")) }
  }

  @Test("history keeps at least its limit and says when something is lost")
  func history() throws {
    let store = ObjectStore(historyLimit: 10)
    let start = store.revision
    for index in 0..<50 { _ = try store.create("things", ObjectKey(name: "n\(index)"), Self.object("n\(index)")) }
    #expect(store.changes("things", after: start) == nil)
    let recent = try #require(store.changes("things", after: store.revision - 10))
    #expect(recent.map(\.object.key.name) == (40..<50).map { "n\($0)" })
  }
}

/// SplitMix64: the same seed gives the same run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
