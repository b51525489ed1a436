import Testing

@testable import OVSDB

struct EndpointTests {
  @Test(
    "a connection method is read and printed",
    arguments: [
      ("unix:/run/openvswitch/db.sock", Endpoint.unix(path: "/run/openvswitch/db.sock"), nil),
      ("tcp:10.0.0.1:6641", .tcp(host: "10.0.0.1", port: 6641), nil),
      ("tcp:[fd00::1]:6641", .tcp(host: "fd00::1", port: 6641), nil),
      ("ssl:nb.example:6642", .tls(host: "nb.example", port: 6642), nil),
      ("ssl:[fe80::1%eth0]:1", .tls(host: "fe80::1%eth0", port: 1), nil),
      ("tcp:[10.0.0.1]:6641", .tcp(host: "10.0.0.1", port: 6641), "tcp:10.0.0.1:6641"),
    ] as [(String, Endpoint, String?)])
  func methods(_ text: String, _ endpoint: Endpoint, _ printed: String?) throws {
    #expect(try Endpoint(text) == endpoint)
    #expect(endpoint.description == printed ?? text)
  }

  @Test(
    "what names no server is refused with the reason",
    arguments: [
      ("", EndpointError.Reason.unknownMethod), ("/run/db.sock", .unknownMethod), ("ptcp:6641", .unknownMethod), ("unix:", .noPath),
      ("unix:" + String(repeating: "x", count: 108), .pathTooLong(limit: 107)), ("tcp:", .noPort), ("tcp:10.0.0.1", .noPort),
      ("tcp:10.0.0.1:", .noPort), ("tcp::6641", .noHost), ("tcp:[]:6641", .noHost), ("tcp:fd00::1:6641", .unbracketedAddress),
      ("tcp:h:0", .malformedPort), ("tcp:h:65536", .malformedPort), ("tcp:h:+1", .malformedPort), ("tcp:h:66x", .malformedPort),
      ("ssl:a b:1", .malformedHost), ("ssl:[[::1]]:1", .malformedHost),
    ])
  func faults(_ text: String, _ reason: EndpointError.Reason) {
    let error = #expect(throws: EndpointError.self) { try Endpoint(text) }
    #expect(error?.reason == reason)
    #expect(error?.description.contains(text) == true)
  }

  @Test("a list has every server once, spaces around them, and perhaps the cluster")
  func lists() throws {
    let list = try EndpointList("tcp:a:1, tcp:[fd00::2]:2 ,tcp:a:1,cid:\(id(3))")
    #expect(list.endpoints == [.tcp(host: "a", port: 1), .tcp(host: "fd00::2", port: 2)])
    #expect(list.cluster == id(3))
    #expect(list.description == "tcp:a:1,tcp:[fd00::2]:2,cid:\(id(3))")
  }

  @Test(
    "a list with holes, without a server, or of two clusters is refused",
    arguments: ["", ",", "tcp:a:1,", "tcp:a:1,,tcp:b:1", "cid:x,tcp:a:1"])
  func badLists(_ text: String) { #expect(throws: EndpointError.self) { try EndpointList(text) } }

  @Test("two clusters in one list are refused, and a cluster alone is no server")
  func clusters() {
    #expect(throws: EndpointError.self) { try EndpointList("tcp:a:1,cid:\(id(3)),cid:\(id(4))") }
    #expect(throws: EndpointError.self) { try EndpointList("cid:\(id(3))") }
  }

  @Test("all servers are tried at once, then again after a pause that doubles up to its limit")
  func rotation() {
    let endpoints: [Endpoint] = [.unix(path: "a"), .unix(path: "b")]
    var rotation = EndpointRotation(endpoints, Backoff(initial: .seconds(1), longest: .seconds(5), jitter: { 1 }))
    var journal: [String] = []
    for _ in 0..<10 {
      let endpoint = rotation.take()
      journal.append("\(endpoint) \(rotation.failed().components.seconds)")
    }
    #expect(
      journal == [
        "unix:a 0", "unix:b 1", "unix:a 0", "unix:b 2", "unix:a 0", "unix:b 4", "unix:a 0", "unix:b 5", "unix:a 0", "unix:b 5",
      ])
    rotation.succeeded()
    #expect(rotation.take() == endpoints[0] && rotation.failed() == .zero)
  }

  @Test("a pause is shortened by the jitter")
  func jitter() {
    let backoff = Backoff(initial: .seconds(4), longest: .seconds(60), jitter: { 0.5 })
    #expect(backoff.delay(after: 1) == .seconds(2) && backoff.delay(after: 3) == .seconds(8) && backoff.delay(after: 900) == .seconds(30))
  }

  @Test("a silent peer is asked once and then given up; any sign of life begins anew")
  func probe() {
    var probe = InactivityProbe(interval: .seconds(5), now: .seconds(10))
    #expect(probe.deadline == .seconds(15) && probe.check(at: .seconds(14)) == .quiet)
    #expect(probe.check(at: .seconds(15)) == .sendEcho && probe.deadline == .seconds(20))
    #expect(probe.check(at: .seconds(19)) == .quiet)
    probe.heard(at: .seconds(19))
    #expect(probe.check(at: .seconds(20)) == .quiet && probe.deadline == .seconds(24))
    #expect(probe.check(at: .seconds(24)) == .sendEcho && probe.check(at: .seconds(29)) == .giveUp)
    var never = InactivityProbe(interval: nil, now: .zero)
    #expect(never.deadline == nil && never.check(at: .seconds(1 << 40)) == .quiet)
  }
}
