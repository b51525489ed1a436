import KubeAPI
import Testing

@testable import Controllers

@Suite struct WaitingPodsTests {
  private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "d", name: name) }

  private func parked() -> WaitingPods {
    var waiting = WaitingPods()
    waiting.park(key("young"), created: Timestamp(seconds: 30), subnets: ["a", "b"])
    waiting.park(key("old"), created: Timestamp(seconds: 10), subnets: ["a"])
    waiting.park(key("middle"), created: Timestamp(seconds: 20), subnets: ["b"])
    waiting.park(key("edit"), created: Timestamp(seconds: 5), subnets: [])
    return waiting
  }

  @Test("one pod is woken for each freed address, the oldest first, and only those that want that subnet")
  func wakes() {
    let waiting = parked()
    #expect(waiting.toWake(subnet: "a", freed: 1) == [key("old")])
    #expect(waiting.toWake(subnet: "a", freed: 9) == [key("old"), key("young")])
    #expect(waiting.toWake(subnet: "b", freed: 2) == [key("middle"), key("young")])
    #expect(waiting.toWake(subnet: "c", freed: 2).isEmpty)
    #expect(waiting.toWake(subnet: "a", freed: 0).isEmpty)
  }

  @Test("an edit wakes everybody, the oldest first")
  func wakesAll() {
    #expect(parked().all == [key("edit"), key("old"), key("middle"), key("young")])
  }

  @Test("a pod that is served, or parked anew, leaves its former places")
  func leaves() {
    var waiting = parked()
    waiting.remove(key("old"))
    waiting.park(key("young"), created: Timestamp(seconds: 30), subnets: ["b"])
    #expect(waiting.toWake(subnet: "a", freed: 9).isEmpty)
    #expect(waiting.entries.count == 3)
  }

  @Test("of one age, the name decides")
  func ties() {
    var waiting = WaitingPods()
    for name in ["b", "a", "c"] { waiting.park(key(name), created: Timestamp(seconds: 1), subnets: ["s"]) }
    #expect(waiting.toWake(subnet: "s", freed: 2) == [key("a"), key("b")])
  }
}
