import KubeAPI
import KubeRuntime
import Testing
import WireJSON

@Suite struct EventAggregatorTests {
  private func draft(_ message: String = "m", object: ObjectKey = ObjectKey(namespace: "d", name: "p")) -> EventDraft {
    EventDraft(type: Pod.resourceType, object: object, uid: "u", level: .warning, reason: "R", message: message)
  }

  private let now = Timestamp(seconds: 1_800_000_000)

  @Test("the first is created, repeats raise the count of the same Event")
  func aggregates() throws {
    var aggregator = EventAggregator(component: "kube-ovn-controller")
    guard case .create(let namespace, let body) = aggregator.write(draft(), now: now) else {
      Issue.record("expected a create")
      return
    }
    #expect(namespace == "d")
    let name = try #require(body[path: ["metadata", "name"]]?.string)
    #expect(name.hasPrefix("p."))
    #expect(body["involvedObject"] == ["apiVersion": "v1", "kind": "Pod", "namespace": "d", "name": "p", "uid": "u"])
    #expect(body["count"] == 1 && body["type"] == "Warning" && body["source"] == ["component": "kube-ovn-controller"])
    for count in 2...3 {
      let write = aggregator.write(draft(), now: now.advanced(bySeconds: 10))
      #expect(
        write
          == .patch(
            ObjectKey(namespace: "d", name: name),
            body: ["count": .integer(count), "lastTimestamp": .string(now.advanced(bySeconds: 10).description)]))
    }
  }

  @Test("another message, and a repeat after an hour or after a failed patch, are new Events")
  func separates() {
    var aggregator = EventAggregator(component: "c")
    var names: Set<String> = []
    func create(_ draft: EventDraft, _ time: Timestamp) {
      guard case .create(_, let body) = aggregator.write(draft, now: time) else {
        Issue.record("expected a create")
        return
      }
      names.insert(body[path: ["metadata", "name"]]?.string ?? "")
    }
    create(draft(), now)
    create(draft("other"), now)
    create(draft(), now.advanced(bySeconds: 3601))
    aggregator.forget(draft())
    create(draft(), now.advanced(bySeconds: 3602))
    #expect(names.count == 4)
  }

  @Test("events about cluster-scoped objects go to namespace default")
  func clusterScoped() {
    var aggregator = EventAggregator(component: "c", host: "n1")
    let subnet = EventDraft(
      type: Subnet.resourceType, object: ObjectKey(name: "s"), uid: "", level: .normal, reason: "R", message: "m")
    guard case .create(let namespace, let body) = aggregator.write(subnet, now: now) else {
      Issue.record("expected a create")
      return
    }
    #expect(namespace == "default" && body["involvedObject"] == ["apiVersion": "kubeovn.io/v1", "kind": "Subnet", "name": "s"])
    #expect(body["source"] == ["component": "c", "host": "n1"])
  }

  @Test("a long message is cut at a character, within what the API server takes")
  func cuts() {
    let message = draft(String(repeating: "é", count: 2000)).message
    #expect(message.utf8.count <= 1024 && message.utf8.count >= 1020)
    #expect(message.hasSuffix("é..."))
    #expect(draft(String(repeating: "a", count: 1024)).message.utf8.count == 1024)
  }

  @Test("memory is bounded")
  func bounded() {
    var aggregator = EventAggregator(component: "c")
    for index in 0..<20_000 { _ = aggregator.write(draft("\(index)"), now: now.advanced(bySeconds: Int64(index / 100))) }
    guard case .patch = aggregator.write(draft("19999"), now: now.advanced(bySeconds: 200)) else {
      Issue.record("the newest are remembered")
      return
    }
  }
}
