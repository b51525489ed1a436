import HTTPMessage
import KubeClient
import Testing

@testable import KubeRuntime

@Suite("where a reflector goes on") struct WatchStateTests {
  private func watching(_ version: String) -> WatchState {
    var state = WatchState()
    state.listed(resourceVersion: version)
    return state
  }

  private func refusal(_ status: Int) -> APIError { APIError(status: status, reason: "", message: "") }

  @Test("first a list, then the watch from its version, and after each event from there")
  func course() {
    var state = WatchState()
    #expect(state.next == .list)
    state.listed(resourceVersion: "5")
    #expect(state.next == .watch(from: "5"))
    state.advanced(to: "7")
    #expect(state.next == .watch(from: "7"))
    state.advanced(to: "")
    #expect(state.next == .watch(from: "7"))
    #expect(state.delay(spread: 1) == .zero)
  }

  @Test(
    "what a failure means for the next step",
    arguments: [(410, WatchState.Step.list), (404, .list), (403, .watch(from: "5")), (500, .watch(from: "5")), (429, .watch(from: "5"))])
  func refusals(status: Int, next: WatchState.Step) {
    var state = watching("5")
    state.failed(refusal(status))
    #expect(state.next == next)
    #expect(state.isAbsent == (status == 404))
    #expect(state.delay(spread: 0) > .zero)
  }

  @Test("a broken connection goes on where it was; an event that cannot be read means a new list")
  func otherFailures() {
    var state = watching("5")
    state.failed(HTTPExchangeError.lostAnswer(peer: "p", reason: "r"))
    #expect(state.next == .watch(from: "5"))
    state.failed(WatchError.lineTooLong(bytes: 1))
    #expect(state.next == .list)
  }

  @Test("failures in a row double the wait, up to 30 s, half of it at random; success ends it")
  func backoff() {
    var state = watching("5")
    var longest: [Duration] = []
    for _ in 0..<14 {
      state.failed(refusal(500))
      longest.append(state.delay(spread: 1))
      #expect(state.delay(spread: 0) * 2 == longest.last)
    }
    #expect(longest[..<4] == [.milliseconds(50), .milliseconds(100), .milliseconds(200), .milliseconds(400)])
    #expect(longest.suffix(3) == [.seconds(30), .seconds(30), .seconds(30)])
    state.advanced(to: "6")
    #expect(state.delay(spread: 1) == .zero)
  }

  @Test("a kind that is not there is asked for every ten seconds")
  func absent() {
    var state = WatchState()
    for _ in 0..<3 {
      state.failed(refusal(404))
      #expect(state.delay(spread: 0) == .seconds(10))
    }
    state.listed(resourceVersion: "1")
    #expect(!state.isAbsent && state.delay(spread: 1) == .zero)
  }

  @Test("a server that ends every watch at once is not asked at full speed; one that ends it in time is")
  func ended() {
    var state = watching("5")
    state.ended(after: .milliseconds(3), from: "5")
    #expect(state.delay(spread: 1) > .zero)
    state = watching("5")
    state.ended(after: .seconds(300), from: "5")
    #expect(state.delay(spread: 1) == .zero)
    state = watching("5")
    state.advanced(to: "6")
    state.ended(after: .milliseconds(3), from: "5")
    #expect(state.delay(spread: 1) == .zero)
  }
}
