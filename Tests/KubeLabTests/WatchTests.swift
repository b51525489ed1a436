import HTTPMessage
import Testing
import WireJSON

@testable import KubeLab

@Suite("Lists and watches")
struct WatchTests {
  private func version(_ object: JSONValue) -> String { object[path: ["metadata", "resourceVersion"]]?.string ?? "" }

  @Test("a watch from a version replays what came after it, in order")
  func replay() async throws {
    let lab = try await LabClient()
    let first = try await lab.makeGauge("a")
    try await lab.makeGauge("b")
    try await lab.patch(LabClient.gauges + "/a", ["spec": ["mode": "manual"]])
    try await lab.expect(200, "DELETE", LabClient.gauges + "/b")
    try await lab.watch("\(LabClient.gauges)?watch=1&resourceVersion=\(version(first))") { events in
      #expect(try await events.next(3) == ["ADDED b", "MODIFIED a", "DELETED b"])
      try await lab.makeGauge("c")
      #expect(try await events.next(1) == ["ADDED c"])
    }
  }

  @Test("a selector makes additions and deletions of objects that come and go")
  func selector() async throws {
    let lab = try await LabClient()
    let pod = try await lab.makePod("p")
    try await lab.watch("\(LabClient.pods)?watch=1&labelSelector=on%3Dyes&resourceVersion=\(version(pod))") { events in
      for (value, type) in [("yes", "ADDED"), ("no", "DELETED")] {
        try await lab.patch(LabClient.pods + "/p", ["metadata": ["labels": ["on": .string(value)]]])
        #expect(try await events.next(1) == ["\(type) p"])
      }
    }
  }

  @Test("a version from before a compaction is 410, and a running watch goes on")
  func compaction() async throws {
    let lab = try await LabClient()
    let old = try await lab.makeGauge("a")
    try await lab.watch("\(LabClient.gauges)?watch=1&resourceVersion=\(version(old))") { events in
      lab.server.compact()
      let status = try await lab.expect(410, "GET", "\(LabClient.gauges)?watch=1&resourceVersion=\(version(old))")
      #expect(status["reason"] == "Expired")
      try await lab.expect(410, "GET", "\(LabClient.gauges)?resourceVersion=\(version(old))&resourceVersionMatch=Exact")
      try await lab.makeGauge("b")
      #expect(try await events.next(1) == ["ADDED b"])
    }
  }

  @Test("a watch that the history has overtaken ends with an ERROR event of code 410")
  func overtaken() async throws {
    let lab = try await LabClient { $0.historyLimit = 4 }
    let first = try await lab.makeGauge("a")
    try await lab.watch("\(LabClient.gauges)?watch=1&resourceVersion=\(version(first))") { events in
      // Nobody reads meanwhile: the pipe holds one chunk, the rest stays in the history and is forgotten there.
      for index in 0..<40 { try await lab.makeGauge("n\(index)") }
      var last: JSONValue = .null
      while let event = try await events.next() { last = event }
      #expect(last["type"] == "ERROR" && last[path: ["object", "code"]] == 410)
    }
  }

  @Test("bookmarks come by the clock, and the last one before the time-out")
  func bookmarks() async throws {
    let lab = try await LabClient { $0.bookmarkInterval = .seconds(60) }
    let first = try await lab.makeGauge("a")
    try await lab.watch(
      "\(LabClient.gauges)?watch=1&allowWatchBookmarks=true&timeoutSeconds=90&resourceVersion=\(version(first))"
    ) { events in
      await lab.clock.waitForSleepers(1)
      try await lab.makePod("elsewhere")
      let revision = String(lab.server.revision)
      lab.clock.advance(by: .seconds(60))
      let bookmark = try #require(try await events.next())
      #expect(bookmark["type"] == "BOOKMARK" && bookmark["object"].map(version) == revision)
      await lab.clock.waitForSleepers(1)
      lab.clock.advance(by: .seconds(30))
      #expect(try await events.next()?["type"] == "BOOKMARK")
      let end = try await events.next()
      #expect(end == nil)
    }
  }

  @Test("without allowWatchBookmarks a watch just ends in time")
  func timeout() async throws {
    let lab = try await LabClient()
    try await lab.watch("\(LabClient.gauges)?watch=1&timeoutSeconds=3") { events in
      await lab.clock.waitForSleepers(1)
      lab.clock.advance(by: .seconds(3))
      let end = try await events.next()
      #expect(end == nil)
    }
  }

  @Test("sendInitialEvents begins with all objects and a marked bookmark")
  func initialEvents() async throws {
    let lab = try await LabClient()
    for name in ["a", "b"] { try await lab.makeGauge(name) }
    let query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    try await lab.watch("\(LabClient.gauges)?\(query)") { events in
      #expect(try await events.next(2) == ["ADDED a", "ADDED b"])
      let end = try #require(try await events.next())
      #expect(end["type"] == "BOOKMARK")
      #expect(end[path: ["object", "metadata", "annotations", "k8s.io/initial-events-end"]] == "true")
    }
    try await lab.expect(422, "GET", "\(LabClient.gauges)?watch=1&sendInitialEvents=true")
  }

  @Test("closing the watches ends them")
  func closing() async throws {
    let lab = try await LabClient()
    try await lab.watch("\(LabClient.gauges)?watch=1") { events in
      await lab.clock.waitForSleepers(1)
      lab.server.closeWatches()
      let end = try await events.next()
      #expect(end == nil)
    }
  }

  @Test("pages show one version, whatever is written between them")
  func pages() async throws {
    let lab = try await LabClient()
    for index in 0..<7 { try await lab.makeGauge("p\(index)") }
    var names: [String] = []
    var token = ""
    var versions: Set<String> = []
    repeat {
      let page = try await lab.expect(200, "GET", "\(LabClient.gauges)?limit=3&continue=\(PercentEncoding.encode(token))")
      names += page["items"]?.array?.compactMap { $0[path: ["metadata", "name"]]?.string } ?? []
      versions.insert(version(page))
      token = page[path: ["metadata", "continue"]]?.string ?? ""
      if names.count == 3 {
        #expect(page[path: ["metadata", "remainingItemCount"]] == 4)
        try await lab.expect(200, "DELETE", LabClient.gauges + "/p5")
        try await lab.makeGauge("p55")
        try await lab.patch(LabClient.gauges + "/p6", ["spec": ["mode": "manual"]])
      }
    } while !token.isEmpty
    #expect(names == (0..<7).map { "p\($0)" })
    #expect(versions.count == 1)
  }

  @Test("a page's token expires with the history, and rubbish is refused")
  func tokens() async throws {
    let lab = try await LabClient()
    for index in 0..<3 { try await lab.makeGauge("p\(index)") }
    let page = try await lab.expect(200, "GET", LabClient.gauges + "?limit=1")
    let token = PercentEncoding.encode(page[path: ["metadata", "continue"]]?.string ?? "")
    lab.server.compact()
    try await lab.expect(410, "GET", "\(LabClient.gauges)?limit=1&continue=\(token)")
    try await lab.expect(400, "GET", LabClient.gauges + "?limit=1&continue=rubbish")
    try await lab.expect(400, "GET", LabClient.gauges + "?limit=x")
  }

  @Test(
    "selectors that make no sense are 400",
    arguments: ["labelSelector=a%20b", "labelSelector=a%20in%20(", "fieldSelector=spec.bogus%3D1", "fieldSelector=nonsense"])
  func badSelectors(query: String) async throws {
    let lab = try await LabClient()
    try await lab.expect(400, "GET", LabClient.pods + "?" + query)
  }

  @Test("tables have the columns of the kind, partial metadata nothing but metadata")
  func forms() async throws {
    let lab = try await LabClient()
    try await lab.makePod("p") { $0["spec"]?["nodeName"] = "n1" }
    lab.clock.advance(by: .seconds(65))
    let table = try await lab.ask(
      "GET", LabClient.pods, headers: ["Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"]
    ).body
    let columns = table["columnDefinitions"]?.array?.compactMap { $0["name"]?.string }
    #expect(
      columns == ["Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node", "Readiness Gates"])
    #expect(
      table["rows"]?[0]?["cells"] == ["p", "0/1", "Pending", "0", "65s", "<none>", "n1", "<none>", "<none>"])
    let partial = try await lab.ask(
      "GET", LabClient.pods + "/p", headers: ["Accept": "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"]
    ).body
    #expect(partial["kind"] == "PartialObjectMetadata" && partial["spec"] == nil)
  }
}
