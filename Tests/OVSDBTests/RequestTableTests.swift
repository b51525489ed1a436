import Testing

@testable import OVSDB

struct RequestTableTests {
  private func table(waiting: Int = 3, inFlight: Int = 2) -> RequestTable { RequestTable(maxWaiting: waiting, maxInFlight: inFlight) }

  @Test("requests go out in order, as many as may be under way")
  func order() throws {
    var table = table()
    for id in 1...3 { #expect(table.add(UInt64(id), [UInt8(id)], deadline: .seconds(9)) == nil) }
    #expect(table.send()?.id == 1 && table.send()?.parameters == [2] && table.send() == nil)
    #expect(table.inFlight == 2 && table.waiting == 1)
    #expect(table.answer(2, .success([0])) == .init(id: 2, outcome: .success([0])))
    #expect(table.send()?.id == 3)
  }

  @Test("one too many is refused and never sent")
  func full() {
    var table = table(waiting: 1)
    #expect(table.add(1, [], deadline: .zero) == nil)
    #expect(table.add(2, [], deadline: .zero)?.outcome == .failure(.notSent("1 requests are waiting to be sent already")))
    _ = table.send()
    #expect(table.add(3, [], deadline: .zero) == nil)
  }

  @Test("an answer counts once, and only for what was sent")
  func answers() {
    var table = table()
    _ = table.add(1, [], deadline: .seconds(1))
    #expect(table.answer(1, .success([])) == nil)
    _ = table.send()
    #expect(table.answer(1, .success([])) != nil && table.answer(1, .success([])) == nil && table.answer(7, .success([])) == nil)
    #expect(table.isEmpty && table.earliestDeadline == nil)
  }

  @Test("with the connection go the answers, and those that wait stay")
  func connectionLost() {
    var table = table()
    for id in 1...3 { _ = table.add(UInt64(id), [], deadline: .seconds(9)) }
    _ = table.send()
    _ = table.send()
    #expect(table.connectionLost("gone") == [1, 2].map { .init(id: $0, outcome: .failure(.outcomeUnknown("gone"))) })
    #expect(table.waiting == 1 && table.inFlight == 0 && table.send()?.id == 3)
  }

  @Test("at its deadline a request ends as what is known of it")
  func deadlines() {
    var table = table()
    _ = table.add(1, [], deadline: .seconds(5))
    _ = table.add(2, [], deadline: .seconds(3))
    _ = table.add(3, [], deadline: .seconds(3))
    _ = table.send()
    _ = table.send()
    #expect(table.earliestDeadline == .seconds(3))
    #expect(table.expire(.seconds(2), "why").isEmpty)
    let ended = table.expire(.seconds(3), "why")
    #expect(ended.map(\.wasSent) == [true, false])
    #expect(ended[0].1 == .init(id: 2, outcome: .failure(.outcomeUnknown("no answer in time"))))
    #expect(ended[1].1 == .init(id: 3, outcome: .failure(.notSent("no connection in time: why"))))
    #expect(table.earliestDeadline == .seconds(5) && table.send() == nil && table.inFlight == 1)
  }

  @Test("who is cancelled learns whether the request was sent")
  func withdraw() {
    var table = table()
    _ = table.add(1, [], deadline: .seconds(5))
    _ = table.add(2, [], deadline: .seconds(5))
    _ = table.send()
    #expect(table.withdraw(2)?.wasSent == false && table.withdraw(1)?.wasSent == true && table.withdraw(1) == nil)
    #expect(table.isEmpty && table.send() == nil)
  }

  @Test("a stop ends all, each as what is known of it")
  func stop() {
    var table = table()
    _ = table.add(1, [], deadline: .seconds(5))
    _ = table.add(2, [], deadline: .seconds(5))
    _ = table.send()
    #expect(
      table.stop() == [
        .init(id: 1, outcome: .failure(.outcomeUnknown("the client was stopped"))),
        .init(id: 2, outcome: .failure(.notSent("the client was stopped"))),
      ])
    #expect(table.isEmpty)
  }

  @Test("thousands of requests that come and go leave nothing behind", arguments: [31, 32] as [UInt64])
  func manyRequests(_ seed: UInt64) {
    var dice = Dice(seed)
    var table = table(waiting: 100, inFlight: 64)
    var endings: [UInt64: Int] = [:]
    let last = 5000 as UInt64
    for id in 1...last {
      let deadline = Duration.seconds(Int64(id / 50) + Int64(dice.roll(20)))
      var ended = [table.add(id, [], deadline: deadline)].compactMap(\.self)
      while table.send() != nil {}
      ended += [table.answer(id - UInt64(dice.roll(80)) % id, .success([]))].compactMap(\.self)
      if id % 7 == 0 { ended += [table.withdraw(id - UInt64(dice.roll(80)) % id)?.1].compactMap(\.self) }
      if id % 50 == 0 { ended += table.expire(.seconds(Int64(id / 50)), "").map(\.1) }
      if id % 900 == 0 { ended += table.connectionLost("") }
      for ending in ended { endings[ending.id, default: 0] += 1 }
    }
    for ending in table.stop() { endings[ending.id, default: 0] += 1 }
    #expect(endings.count == Int(last) && endings.values.allSatisfy { $0 == 1 }, "seed \(seed)")
    #expect(table.isEmpty && table.inFlight == 0 && table.waiting == 0, "seed \(seed)")
  }
}
