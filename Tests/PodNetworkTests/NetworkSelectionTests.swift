import Foundation
import KubeAPI
import PodNetwork
import Testing
import WireJSON

/// The values that were recorded from the library which Multus and Kube-OVN use (data/README.md).
@Suite struct NetworkSelectionReplayTests {
  struct Recorded: Sendable, CustomTestStringConvertible {
    let annotation: String
    let podNamespace: String
    /// nil where the library refuses (or crashes).
    let networks: [JSONValue]?

    var testDescription: String { annotation.debugDescription }
    /// Ours refuses elements that come out without a name.
    var unnamedPosition: Int? { networks?.firstIndex { $0["name"]?.string == "" }.map { $0 + 1 } }
  }

  static func recorded() throws -> [Recorded] {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/networks-annotation", withExtension: "json"))
    let cases = try #require(try JSONValue(parsing: Array(Data(contentsOf: url))).array)
    return try cases.map { entry in
      Recorded(
        annotation: try #require(entry["annotation"]?.string), podNamespace: try #require(entry["podNamespace"]?.string),
        networks: entry["networks"]?.array)
    }
  }

  @Test("the recording is whole")
  func count() throws {
    let cases = try Self.recorded()
    #expect(cases.count == 66)
    #expect(cases.filter { $0.unnamedPosition != nil }.count == 9)
    #expect(cases.filter { $0.networks == nil }.count == 18)
  }

  @Test("every recorded value is accepted or refused as the library does, with the same elements", arguments: try recorded())
  func replay(_ recorded: Recorded) throws {
    let outcome = Result { () throws(NetworkSelectionError) in
      try NetworkSelection.parse(recorded.annotation, podNamespace: recorded.podNamespace)
    }
    if recorded.annotation.isEmpty {
      #expect(outcome == .failure(.empty))
    } else if let position = recorded.unnamedPosition {
      #expect(outcome == .failure(.unnamed(position: position)))
    } else if let networks = recorded.networks {
      #expect(try outcome.get().map(\.recordedForm) == networks)
    } else {
      guard case .failure(let error) = outcome else {
        Issue.record("accepted: \(outcome)")
        return
      }
      #expect(!error.description.isEmpty && error != .empty)
    }
  }
}

extension NetworkSelection {
  /// As the recording writes an element: what is empty is left out.
  fileprivate var recordedForm: JSONValue {
    var form: JSONValue = ["name": .string(network.name), "namespace": .string(network.namespace)]
    func set(_ key: String, _ text: String) { if !text.isEmpty { form[key] = .string(text) } }
    func set(_ key: String, _ texts: [String]) { if !texts.isEmpty { form[key] = .array(texts.map { .string($0) }) } }
    set("interface", interface)
    set("ips", ips)
    set("mac", mac)
    set("default-route", defaultRoute)
    set("infiniband-guid", infinibandGUID)
    set("ipam-claim-reference", ipamClaimReference)
    form["cni-args"] = cniArguments
    form["portMappings"] = portMappings
    form["bandwidth"] = bandwidth
    return form
  }
}

@Suite struct NetworkSelectionTests {
  private func parse(_ text: String) throws(NetworkSelectionError) -> [NetworkSelection] {
    try NetworkSelection.parse(text, podNamespace: "team-a")
  }

  @Test(
    "of two members that mean one field the last in the text counts, whatever their case",
    arguments: [
      (#"[{"name":"a","Name":"b"}]"#, "b"), (#"[{"Name":"b","name":"a"}]"#, "a"), (#"[{"NAME":"a","name":null}]"#, "a"),
      (#"[{"n\u0061me":"x"}]"#, "x"),
    ])
  func lastMember(text: String, name: String) throws {
    #expect(try parse(text).map(\.network.name) == [name])
  }

  @Test(
    "what Go's decoder passes over is passed over",
    arguments: [
      #"[{"name":"m","portMappings":[null]}]"#, #"[{"name":"m","bandwidth":{"note":"fast","ingressRate":null}}]"#,
      #"[{"name":"m","deviceID":5}]"#, #"[{"name":"m","portMappings":[{"hostPort":80,"name":{}}]}]"#,
      #"[{"name":"m","default-route":[""]}]"#,
      #"[{"name":"m","default-route":[null]}]"#, #"[{"name":"m","ips":[null]}]"#,
    ])
  func lenient(text: String) throws { #expect(try parse(text).map(\.network.name) == ["m"]) }

  @Test(
    "a member of a type that Go's decoder refuses is named with the place of its element",
    arguments: [
      (#"{"name":5}"#, "name"), (#"{"namespace":[]}"#, "namespace"), (#"{"name":"m","interface":1}"#, "interface"),
      (#"{"name":"m","mac":{}}"#, "mac"), (#"{"name":"m","ips":{}}"#, "ips"), (#"{"name":"m","ips":[1]}"#, "ips"),
      (#"{"name":"m","default-route":["1.2.3"]}"#, "default-route"), (#"{"name":"m","infiniband-guid":1}"#, "infiniband-guid"),
      (#"{"name":"m","ipam-claim-reference":true}"#, "ipam-claim-reference"), (#"{"name":"m","cni-args":"x"}"#, "cni-args"),
      (#"{"name":"m","portMappings":{}}"#, "portMappings"), (#"{"name":"m","portMappings":[1]}"#, "portMappings"),
      (#"{"name":"m","portMappings":[{"hostPort":"80"}]}"#, "portMappings"),
      (#"{"name":"m","portMappings":[{"hostPort":80.5}]}"#, "portMappings"),
      (#"{"name":"m","portMappings":[{"protocol":6}]}"#, "portMappings"), (#"{"name":"m","bandwidth":[]}"#, "bandwidth"),
      (#"{"name":"m","bandwidth":{"egressRate":"1"}}"#, "bandwidth"),
    ])
  func wrongType(element: String, key: String) {
    let error = #expect(throws: NetworkSelectionError.self) { try parse(#"[{"name":"first"},"# + element + "]") }
    #expect(error?.description.contains("element 2") == true && error?.description.contains(key) == true, "\(error as Any)")
  }

  @Test("what is hostile is an error, not a crash")
  func hostile() {
    let deep = String(repeating: "[", count: 100_000)
    for text in [deep, #"[{"name":"\ud800"}"#, "[{\"name\":\"m\"\u{0}}]", "\u{FEFF}[]", #"[{"name":"m"},]"#, "[\u{301}"] {
      #expect(throws: NetworkSelectionError.self) { try parse(text) }
    }
  }

  @Test("a device is read where it is a text")
  func device() throws {
    #expect(try parse(#"[{"name":"m","deviceID":"0000:03:02.0"},{"name":"n","deviceID":5}]"#).map(\.deviceID) == ["0000:03:02.0", ""])
  }

  @Test("errors say which network is wrong and how")
  func texts() {
    #expect(throws: NetworkSelectionError.malformedItem("x/y/z", "more than one '/'")) { try parse("a, x/y/z ,b") }
    #expect(throws: NetworkSelectionError.malformedItem("a@b@c", "more than one '@'")) { try parse("a@b@c") }
    #expect(NetworkSelectionError.unnamed(position: 2).description == "network 2 in the networks annotation has no name")
    let upper = #expect(throws: NetworkSelectionError.self) { try parse("ns/a@Net1") }
    #expect(upper?.description.contains("'Net1'") == true)
  }
}
