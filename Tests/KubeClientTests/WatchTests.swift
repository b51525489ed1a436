import HTTPMessage
import KubeAPI
import KubeTesting
import Testing
import WireJSON

@testable import KubeClient

@Suite("watches", .timeLimit(.minutes(10))) struct WatchTests {
  private func client(_ exchange: ScriptedExchange) -> KubeClient { KubeClient(exchange, limiter: nil) }

  private func summary(_ event: WatchEvent<Pod>) -> String {
    switch event {
    case .added(let pod): "added \(pod.metadata.name)"
    case .modified(let pod): "modified \(pod.metadata.name)"
    case .deleted(let pod): "deleted \(pod.metadata.name)"
    case .bookmark(let version): "bookmark \(version)"
    case .failed(let error): "failed \(error)"
    case .undecodable(let object, let version, let isDeletion): "undecodable \(object.key?.name ?? "-") \(version) \(isDeletion)"
    }
  }

  private func events(_ chunks: [String]) async throws -> [String] {
    let exchange = ScriptedExchange { _, _ in
      HTTPResponse(
        status: 200,
        body: .stream { writer in
          for chunk in chunks { try await writer.write(Array(chunk.utf8)) }
        })
    }
    var seen: [String] = []
    try await client(exchange).watch(Pod.self, from: "5", timeoutSeconds: 60) { seen.append(summary($0)) }
    return seen
  }

  @Test("every kind of event is decoded, whatever its members' order and however the bytes are cut", arguments: [1, 7, 1000])
  func decoding(size: Int) async throws {
    let text =
      #"{"type":"ADDED","object":{"metadata":{"name":"a","namespace":"d"}}}"# + "\n\n"
      + #"{"object":{"metadata":{"name":"b"}},"type":"MODIFIED"}"# + "\n"
      + #"{"type":"DELETED","object":{"metadata":{"name":"c"}},"extra":1}"# + "\n"
      + #"{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"77","annotations":{}}}}"# + "\n"
      + #"{"type":"MODIFIED","object":{"metadata":{"name":"x","resourceVersion":"78"},"spec":{"nodeName":[]}}}"# + "\n"
      + #"{"type":"DELETED","object":{"spec":7,"metadata":{"resourceVersion":"79","name":"y"}}}"# + "\n"
      + #"{"type":"PATCHED","object":{"metadata":{"name":"z"}}}"# + "\n"
      + #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#
    let bytes = Array(text.utf8)
    let chunks = stride(from: 0, to: bytes.count, by: size).map { start in
      String(decoding: bytes[start..<min(start + size, bytes.count)], as: UTF8.self)
    }
    #expect(
      try await events(chunks) == [
        "added a", "modified b", "deleted c", "bookmark 77", "undecodable x 78 false", "undecodable y 79 true", "undecodable z  false",
        "failed 410 Expired: too old",
      ])
  }

  @Test("the request says where to go on from, and for how long")
  func request() async throws {
    let exchange = ScriptedExchange { _, _ in HTTPResponse(status: 200) }
    var isConnected = false
    try await client(exchange).watch(
      Pod.self, Selection(fieldSelector: "spec.nodeName=n1"), from: "5", timeoutSeconds: 300, connected: { isConnected = true }
    ) { _ in }
    #expect(isConnected)
    #expect(
      exchange.requests.map(\.target) == [
        "/api/v1/pods?fieldSelector=spec.nodeName%3Dn1&watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=300"
      ])
  }

  @Test("a refused watch throws the refusal, and never counts as connected")
  func refused() async throws {
    let exchange = ScriptedExchange { _, _ in statusJSON(410, "Expired") }
    let error = await #expect(throws: APIError.self) {
      try await client(exchange).watch(Pod.self, from: "5", timeoutSeconds: 1, connected: { Issue.record("connected") }) { _ in }
    }
    #expect(error?.isExpired == true)
  }

  @Test("a line that is no event ends the watch by an error", arguments: ["{", "[]", "{}", #"{"type":"ADDED"}"#, "nonsense\n"])
  func malformed(line: String) async throws {
    await #expect(throws: WatchError.self) { try await events([line]) }
  }

  @Test("a line without end is given up before it fills the memory")
  func endless() async throws {
    var splitter = LineSplitter()
    let chunk = [UInt8](repeating: 0x20, count: 1024 * 1024)
    var count = 0
    while splitter.lines(chunk) != nil { count += 1 }
    #expect(count == 16)
  }

  @Test("lines are cut out whole")
  func lines() {
    var splitter = LineSplitter()
    #expect(splitter.lines(Array("ab\ncd".utf8)) == [Array("ab".utf8)])
    #expect(splitter.lines(Array("e\n\nf".utf8)) == [Array("cde".utf8)])
    #expect(splitter.lines([]) == [])
    #expect(splitter.takeRest() == Array("f".utf8))
    #expect(splitter.takeRest() == [])
  }

  @Test("cancelling ends a watch that is silent")
  func cancelled() async throws {
    let begun = ManualClock()
    let exchange = ScriptedExchange { _, _ in
      HTTPResponse(status: 200, body: .stream { _ in try await begun.sleep(for: .seconds(1)) })
    }
    let client = client(exchange)
    let watch = Task { try await client.watch(Pod.self, from: "5", timeoutSeconds: 1) { _ in } }
    await begun.waitForSleepers()
    watch.cancel()
    await #expect(throws: CancellationError.self) { try await watch.value }
  }
}
