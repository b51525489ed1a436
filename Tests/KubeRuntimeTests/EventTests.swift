import HTTPMessage
import KubeAPI
import KubeClient
import KubeTesting
import Synchronization
import Testing
import WireJSON

@testable import KubeRuntime

private func draft(_ message: String = "no address", object: String = "a", namespace: String = "default") -> EventDraft {
  EventDraft(
    type: Pod.resourceType, object: ObjectKey(namespace: namespace, name: object), uid: "u", level: .warning,
    reason: "AcquireAddressFailed",
    message: message)
}

@Suite("events", .timeLimit(.minutes(10))) struct EventTests {
  private let noon = Timestamp(seconds: 1_764_072_000)

  @Test("a first occurrence is an Event with everything that kubectl shows; a repeat raises its count")
  func counting() throws {
    var aggregator = EventAggregator(component: "kube-ovn-controller", host: "n1")
    guard case .create(let namespace, let body) = aggregator.write(draft(), now: noon) else {
      Issue.record("must create")
      return
    }
    let name = try #require(body["metadata"]?["name"]?.string)
    #expect(namespace == "default" && name.hasPrefix("a.") && name.utf8.allSatisfy { $0 < 0x7B })
    #expect(
      body["involvedObject"]
        == ["apiVersion": "v1", "kind": "Pod", "name": "a", "namespace": "default", "uid": "u"])
    #expect(body["source"] == ["component": "kube-ovn-controller", "host": "n1"])
    #expect(body["count"]?.int == 1 && body["type"]?.string == "Warning" && body["reason"]?.string == "AcquireAddressFailed")
    #expect(body["firstTimestamp"] == body["lastTimestamp"])
    for count in 2...4 {
      let later = noon.advanced(bySeconds: Int64(count))
      #expect(
        aggregator.write(draft(), now: later)
          == .patch(
            ObjectKey(namespace: "default", name: name),
            body: ["count": .integer(count), "lastTimestamp": .string(later.description)]))
    }
  }

  @Test("another message, object or reason is another Event with another name, even in the same instant")
  func distinct() {
    var aggregator = EventAggregator(component: "c")
    var names: Set<String> = []
    for draft in [draft(), draft("other"), draft(object: "b")] {
      guard case .create(_, let body) = aggregator.write(draft, now: noon) else {
        Issue.record("must create")
        continue
      }
      names.insert(body["metadata"]?["name"]?.string ?? "")
    }
    #expect(names.count == 3)
  }

  @Test("after an hour without a repeat, and after a failure, it is a new Event")
  func memory() {
    var aggregator = EventAggregator(component: "c")
    func isCreated(_ write: EventAggregator.Write) -> Bool {
      if case .create = write { true } else { false }
    }
    #expect(isCreated(aggregator.write(draft(), now: noon)))
    #expect(!isCreated(aggregator.write(draft(), now: noon.advanced(bySeconds: 3599))))
    #expect(isCreated(aggregator.write(draft(), now: noon.advanced(bySeconds: 3599 + 3600))))
    aggregator.forget(draft())
    #expect(isCreated(aggregator.write(draft(), now: noon.advanced(bySeconds: 7300))))
  }

  @Test("an Event about an object of the cluster is in namespace default and names none")
  func clusterScoped() {
    var aggregator = EventAggregator(component: "c")
    let about = EventDraft(type: Subnet.resourceType, object: ObjectKey(name: "net1"), uid: "", level: .normal, reason: "R", message: "m")
    guard case .create(let namespace, let body) = aggregator.write(about, now: noon) else {
      Issue.record("must create")
      return
    }
    #expect(namespace == "default" && body["metadata"]?["namespace"]?.string == "default")
    #expect(body["involvedObject"] == ["apiVersion": "kubeovn.io/v1", "kind": "Subnet", "name": "net1"])
  }

  @Test("messages are cut to what the server takes, never within a character", arguments: ["x", "ü", "€", "😀"])
  func messages(character: String) {
    for length in [1000, 1024, 1025, 1026, 1027, 1028, 5000] {
      let text = String(repeating: character, count: length / character.utf8.count)
      let message = draft(text).message
      #expect(message.utf8.count <= 1024)
      #expect(text.utf8.count <= 1024 ? message == text : message.hasSuffix("...") && text.hasPrefix(message.dropLast(3)))
      #expect(!message.contains("\u{FFFD}"))
    }
  }

  @Test("the longest names give valid names of Events")
  func names() {
    var aggregator = EventAggregator(component: "c")
    for name in [String(repeating: "a", count: 253), String(repeating: "a", count: 229) + "-." + String(repeating: "b", count: 20)] {
      guard case .create(_, let body) = aggregator.write(draft(object: name), now: noon), let event = body["metadata"]?["name"]?.string
      else {
        Issue.record("must create")
        continue
      }
      #expect(event.utf8.count <= 253)
      #expect(
        event.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { $0.last?.isLetter == true || $0.last?.isNumber == true })
    }
  }

  @Test("what is remembered is bounded")
  func bounded() {
    var aggregator = EventAggregator(component: "c")
    for number in 0..<(EventAggregator.capacity * 2) {
      _ = aggregator.write(draft("\(number)"), now: noon.advanced(bySeconds: Int64(number / 100)))
    }
    #expect(aggregator.knownCount <= EventAggregator.capacity)
    // The latest are still known.
    guard case .patch = aggregator.write(draft("\(EventAggregator.capacity * 2 - 1)"), now: noon.advanced(bySeconds: 200)) else {
      Issue.record("the latest is forgotten")
      return
    }
  }

  @Test("recording never waits; what fails is forgotten, what expired is made anew, and the rest goes on")
  func recorder() async throws {
    let done = Latch()
    let exchange = ScriptedExchange { _, number in
      switch number {
      case 1: return HTTPResponse(status: 404, text: "expired")
      case 3: return HTTPResponse(status: 403, text: "no")
      default:
        if number == 5 { done.open() }
        return HTTPResponse(status: 200, json: Array(#"{"metadata":{"name":"e"}}"#.utf8))
      }
    }
    let recorder = EventRecorder(
      client: KubeClient(exchange, limiter: nil), component: "c", logger: quiet, now: { Timestamp(seconds: 1_764_072_000) })
    // 0: create, 1: patch finds nothing, 2: create again, 3: refused, 4: and so created again, 5: another.
    for _ in 0..<4 { recorder.record(draft()) }
    recorder.record(draft("other"))
    let run = Task { await recorder.run() }
    await done.wait()
    run.cancel()
    await run.value
    #expect(exchange.requests.map(\.method) == ["POST", "PATCH", "POST", "PATCH", "POST", "POST"])
    // Nobody sends any more, and still nobody waits.
    for number in 0..<(EventRecorder.capacity + 100) { recorder.record(draft("\(number)")) }
  }
}
