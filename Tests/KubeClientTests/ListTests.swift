import HTTPMessage
import KubeAPI
import KubeTesting
import Testing
import WireJSON

@testable import KubeClient

@Suite("lists", .timeLimit(.minutes(10))) struct ListTests {
  private func client(_ exchange: ScriptedExchange) -> KubeClient {
    KubeClient(exchange, limiter: nil, time: TimeSource(ManualClock(isHasty: true)))
  }

  @Test("a list is read in pages, with its selection on each, and carries the version to watch from")
  func pages() async throws {
    let exchange = ScriptedExchange { request, number in
      listJSON([podJSON("p\(number)")], version: "10", next: number < 2 ? "token \(number)" : "")
    }
    let page = try await client(exchange).listAll(
      Pod.self, Selection(namespace: "ns", labelSelector: "a=b,c", fieldSelector: "spec.nodeName=n1"))
    #expect(page.items.map(\.metadata.name) == ["p0", "p1", "p2"])
    #expect(page.resourceVersion == "10" && page.continueToken.isEmpty)
    let selection = "labelSelector=a%3Db%2Cc&fieldSelector=spec.nodeName%3Dn1&limit=500"
    #expect(
      exchange.requests.map(\.target) == [
        "/api/v1/namespaces/ns/pods?\(selection)", "/api/v1/namespaces/ns/pods?\(selection)&continue=token%200",
        "/api/v1/namespaces/ns/pods?\(selection)&continue=token%201",
      ])
    // Never from the watch cache: a new leader must see every write that was answered.
    #expect(exchange.requests.allSatisfy { !$0.target.contains("resourceVersion") })
  }

  @Test("a list that grows too old while it is read is begun again, and nothing of the old state stays")
  func expired() async throws {
    let exchange = ScriptedExchange { _, number in
      switch number {
      case 0: listJSON([podJSON("old")], version: "1", next: "t")
      case 1: statusJSON(410, "Expired")
      case 2: listJSON([podJSON("a")], version: "5", next: "t")
      default: listJSON([podJSON("b")], version: "5")
      }
    }
    let page = try await client(exchange).listAll(Pod.self)
    #expect(page.items.map(\.metadata.name) == ["a", "b"])
    #expect(page.resourceVersion == "5")
  }

  @Test("a list that is always too old is an error in the end")
  func alwaysExpired() async throws {
    let exchange = ScriptedExchange { _, number in
      number.isMultiple(of: 2) ? listJSON([podJSON("a")], next: "t") : statusJSON(410, "Expired")
    }
    let error = await #expect(throws: APIError.self) { try await client(exchange).listAll(Pod.self) }
    #expect(error?.isExpired == true)
    #expect(exchange.requests.count == 10)
  }

  @Test("an object that cannot be read is left out and named; the others are there")
  func broken() async throws {
    let body = #"""
      {"kind":"SubnetList","apiVersion":"kubeovn.io/v1","metadata":{"resourceVersion":"3"},"items":[
        {"metadata":{"name":"a"},"spec":{"cidrBlock":"10.0.0.0/16"}},
        {"metadata":{"name":"b"},"spec":{"cidrBlock":{"not":["a","string"]},"x":1}},
        7,
        {"metadata":{"name":9}},
        {"spec":{"gateway":[]},"metadata":{"name":"c","namespace":"odd"}},
        {"metadata":{"name":"d"}}
      ]}
      """#
    let exchange = ScriptedExchange { _, _ in HTTPResponse(status: 200, json: Array(body.utf8)) }
    let page = try await client(exchange).listAll(Subnet.self)
    #expect(page.items.map(\.metadata.name) == ["a", "d"])
    #expect(page.undecodable.map(\.key) == [ObjectKey(name: "b"), nil, nil, ObjectKey(namespace: "odd", name: "c")])
    #expect(page.resourceVersion == "3")
  }

  @Test("a list without items, as Go writes an empty one")
  func empty() async throws {
    let exchange = ScriptedExchange { _, _ in
      HTTPResponse(status: 200, json: Array(#"{"items":null,"metadata":{"resourceVersion":"3"}}"#.utf8))
    }
    let page = try await client(exchange).listAll(Pod.self)
    #expect(page.items.isEmpty && page.undecodable.isEmpty && page.resourceVersion == "3")
  }

  @Test("a body that is no list is an error", arguments: ["", "[]", "{\"items\":[{]}", "{\"items\":7}", "null trailing"])
  func notAList(body: String) async throws {
    let exchange = ScriptedExchange { _, _ in HTTPResponse(status: 200, json: Array(body.utf8)) }
    await #expect(throws: UndecodableAnswer.self) { try await client(exchange).listAll(Pod.self) }
  }
}
