import CNI
import Foundation
import NetAddress
import Testing
import WireJSON

/// One entry of the reference library's own output (Fixtures/cni-results.json).
struct RecordedResult: Sendable, CustomTestStringConvertible {
  let index: Int
  let result: JSONValue
  /// Configuration version to what the library printed.
  let printed: [String: JSONValue]
  let errors: [String: String]

  var testDescription: String { "recorded result \(index)" }

  static let all: [RecordedResult] = {
    guard let url = Bundle.module.url(forResource: "cni-results", withExtension: "json", subdirectory: "Fixtures"),
      let data = try? Data(contentsOf: url), let list = try? JSONValue(parsing: [UInt8](data)).array
    else { return [] }
    return list.enumerated().map { index, entry in
      RecordedResult(
        index: index, result: entry["result"] ?? .null, printed: entry["printed"]?.object ?? [:],
        errors: (entry["errors"]?.object ?? [:]).compactMapValues(\.string))
    }
  }()
}

@Suite struct CNIResultTests {
  @Test("the fixture is there and whole")
  func fixture() {
    #expect(RecordedResult.all.count == 7)
    #expect(RecordedResult.all.allSatisfy { $0.printed.count + $0.errors.count == 9 })
  }

  @Test("every recorded result prints in every version as the reference library prints it", arguments: RecordedResult.all)
  func printing(recorded: RecordedResult) throws {
    let result = try CNIResult(recorded.result, configuredVersion: .current)
    for (version, expected) in recorded.printed {
      let printed = try result.json(versionText: version)
      #expect(try JSONValue(parsing: printed) == expected, "version \"\(version)\"")
    }
    for (version, message) in recorded.errors {
      #expect(throws: CNIError(.internal, message)) { try result.json(versionText: version) }
    }
  }

  @Test("a result reads back from every version as far as the version can carry it", arguments: RecordedResult.all)
  func parsing(recorded: RecordedResult) throws {
    for (version, printed) in recorded.printed {
      let configured = version.isEmpty ? CNIVersion.assumed : try CNIVersion.requested(by: version)
      let result = try CNIResult(parsing: printed.bytes, configuredVersion: .current)
      #expect(try JSONValue(parsing: try result.json(version: configured)) == printed, "version \"\(version)\"")
      var unversioned = printed
      unversioned["cniVersion"] = nil
      #expect(try CNIResult(unversioned, configuredVersion: configured) == result, "version \"\(version)\" left out")
    }
  }

  @Test("the text of a 0.3.1 result is the reference library's byte for byte")
  func exactText() throws {
    let result = CNIResult(
      interfaces: [.init(name: "eth0", mac: "00:00:00:53:6b:b6", mtu: 1400, sandbox: "/run/netns/p")],
      addresses: [.init(try CIDR(parsing: "10.16.0.15/16"), gateway: try IPAddress(parsing: "10.16.0.1"), interface: 0)],
      routes: [.init(try CIDR(parsing: "0.0.0.0/0"), gateway: try IPAddress(parsing: "10.16.0.1"))])
    let expected = """
      {
          "cniVersion": "0.3.1",
          "interfaces": [
              {
                  "name": "eth0",
                  "mac": "00:00:00:53:6b:b6",
                  "sandbox": "/run/netns/p"
              }
          ],
          "ips": [
              {
                  "version": "4",
                  "interface": 0,
                  "address": "10.16.0.15/16",
                  "gateway": "10.16.0.1"
              }
          ],
          "routes": [
              {
                  "dst": "0.0.0.0/0",
                  "gw": "10.16.0.1"
              }
          ],
          "dns": {}
      }
      """
    #expect(String(decoding: try result.json(version: .v0_3_1), as: UTF8.self) == expected)
  }

  @Test(
    "what is no result is refused, in words",
    arguments: [
      ("", "failed to unmarshal raw result: JSON ends early at byte 0"),
      ("[]", "failed to unmarshal raw result: an object is expected"),
      (#"{"cniVersion":"9.9.9"}"#, #"unsupported CNI result version "9.9.9""#),
      (#"{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.1"}]}"#, "failed to unmarshal raw result: invalid CIDR address: 10.0.0.1"),
      (#"{"cniVersion":"1.0.0","ips":[{}]}"#, "failed to unmarshal raw result: invalid CIDR address: "),
      (#"{"cniVersion":"1.0.0","ips":{}}"#, #"failed to unmarshal raw result: "ips" must be an array"#),
      (#"{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.1/8","gateway":"x"}]}"#, "failed to unmarshal raw result: invalid IP address: x"),
      (#"{"cniVersion":"1.0.0","interfaces":[{"name":1}]}"#, #"failed to unmarshal raw result: "name" must be a string"#),
    ])
  func malformed(text: String, message: String) {
    #expect(throws: CNIError(.decodingFailure, message)) {
      try CNIResult(parsing: Array(text.utf8), configuredVersion: .v1_0_0)
    }
  }
}

@Suite struct DaemonResultTests {
  private func request(_ type: String = "macvlan") -> DaemonRequest {
    DaemonRequest(cniType: type, containerID: "c1", networkNamespace: "/run/netns/p", interfaceName: "net1", provider: "macvlan.default")
  }

  private func result(_ response: DaemonResponse, version: CNIVersion = .v1_0_0) throws -> JSONValue {
    try JSONValue(parsing: try CNIResult(response, to: request()).json(version: version))
  }

  @Test("addresses alone give one nameless interface, no gateway, no route")
  func addressesOnly() throws {
    let response = DaemonResponse(addresses: [DaemonAddress(family: "IPv4", address: "172.17.0.100", cidr: "172.17.0.0/16")])
    #expect(
      try result(response) == [
        "cniVersion": "1.0.0", "interfaces": [["name": "", "sandbox": "/run/netns/p"]],
        "ips": [["address": "172.17.0.100/16", "interface": 0]],
      ])
  }

  @Test("without routes of the daemon's, each gateway makes a default route of its family")
  func defaultRoutes() throws {
    let response = DaemonResponse(addresses: [
      DaemonAddress(family: "IPv4", address: "10.16.0.15", cidr: "10.16.0.0/16", gateway: "10.16.0.1"),
      DaemonAddress(family: "IPv6", address: "FD00:10:16::000E", cidr: "fd00:10:16::/64", gateway: "fd00:10:16::1"),
    ])
    #expect(
      try result(response, version: .v0_4_0) == [
        "cniVersion": "0.4.0", "interfaces": [["name": "", "sandbox": "/run/netns/p"]],
        "ips": [
          ["version": "4", "address": "10.16.0.15/16", "gateway": "10.16.0.1", "interface": 0],
          ["version": "6", "address": "fd00:10:16::e/64", "gateway": "fd00:10:16::1", "interface": 0],
        ],
        "routes": [["dst": "0.0.0.0/0", "gw": "10.16.0.1"], ["dst": "::/0", "gw": "fd00:10:16::1"]], "dns": [:],
      ])
  }

  @Test("the daemon's routes replace the default ones; a missing destination is the default of the gateway's family")
  func daemonRoutes() throws {
    var response = DaemonResponse(
      addresses: [DaemonAddress(family: "IPv4", address: "10.16.0.15", cidr: "10.16.0.0/16", gateway: "10.16.0.1")],
      routes: [
        DaemonRoute(destination: "192.168.3.7/24", gateway: "10.16.0.254"), DaemonRoute(gateway: "10.16.0.9"),
        DaemonRoute(gateway: "fd00::1"), DaemonRoute(destination: "10.16.0.0/16", gateway: "nonsense"),
      ])
    response.macAddress = "00:00:00:53:6b:b6"
    response.mtu = 1400
    response.interfaceName = "eth0"
    #expect(
      try result(response, version: .v1_1_0) == [
        "cniVersion": "1.1.0",
        "interfaces": [["name": "eth0", "mac": "00:00:00:53:6b:b6", "mtu": 1400, "sandbox": "/run/netns/p"]],
        "ips": [["address": "10.16.0.15/16", "gateway": "10.16.0.1", "interface": 0]],
        "routes": [
          ["dst": "192.168.3.0/24", "gw": "10.16.0.254"], ["dst": "0.0.0.0/0", "gw": "10.16.0.9"],
          ["dst": "::/0", "gw": "fd00::1"], ["dst": "10.16.0.0/16"],
        ],
      ])
  }

  @Test(
    "an answer that cannot be used is an internal error that says what",
    arguments: [
      (DaemonResponse(addresses: [DaemonAddress(address: "10.16.0.300", cidr: "10.16.0.0/16")]), #"invalid IP address "10.16.0.300""#),
      (
        DaemonResponse(addresses: [DaemonAddress(address: "10.16.0.3", cidr: "10.16.0.0")]),
        #"invalid CIDR "10.16.0.0" of address 10.16.0.3"#
      ),
      (
        DaemonResponse(addresses: [DaemonAddress(address: "10.16.0.3", cidr: "fd00::/64")]),
        "address 10.16.0.3 and CIDR fd00::/64 are of different families"
      ),
      (DaemonResponse(routes: [DaemonRoute()]), #"a default route without a gateway ("")"#),
      (DaemonResponse(routes: [DaemonRoute(destination: "x")]), #"invalid route destination "x""#),
    ])
  func unusable(response: DaemonResponse, what: String) {
    #expect(throws: CNIError(.internal, "the node daemon's answer cannot be used: \(what)")) {
      try CNIResult(response, to: request())
    }
  }
}
