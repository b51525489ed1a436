import HTTPMessage
import Testing
import WireJSON

@testable import KubeLab

@Suite("Custom resources")
struct CustomResourceTests {
  @Test("defaults are filled in and unknown fields pruned, free ones kept")
  func defaulting() async throws {
    let lab = try await LabClient()
    let gauge = try await lab.makeGauge("a") {
      $0["spec"] = [
        "cidr": "10.0.0.0/8", "extra": 1, "mode": nil, "free": ["x": [1, "y"]], "rules": [["id": 1, "odd": true]], "note": nil,
      ]
    }
    #expect(
      gauge["spec"] == [
        "cidr": "10.0.0.0/8", "mode": "auto", "free": ["x": [1, "y"]], "rules": [["id": 1, "action": "allow"]], "note": nil,
      ])
  }

  @Test(
    "values against the schema are refused by field",
    arguments: [
      (#"{"cidr":5}"#, #"spec.cidr: Invalid value: "integer": spec.cidr in body must be of type string: "integer""#),
      ("{}", "spec.cidr: Required value"), (#"{"cidr":"1.0.0.0/8","mode":"odd"}"#, #"spec.mode: Unsupported value: "odd""#),
      (#"{"cidr":"1.0.0.0/8","count":11}"#, "spec.count: Invalid value: 11: spec.count in body should be less than or equal to 10"),
      (#"{"cidr":"1.0.0.0/8","count":-1}"#, "spec.count: Invalid value: -1"), (#"{"cidr":"xyz"}"#, "spec.cidr in body should match"),
      (#"{"cidr":"1.0.0.0/888888888888888888"}"#, "spec.cidr: Too long: may not be more than 20 bytes"),
      (#"{"cidr":"1.0.0.0/8","port":true}"#, "spec.port: Invalid value"), (#"{"cidr":null}"#, #"spec.cidr: Invalid value: "null""#),
      (#"{"cidr":"1.0.0.0/8","labels":{"a":1}}"#, "spec.labels[a]"),
      (#"{"cidr":"1.0.0.0/8","rules":[{}]}"#, "spec.rules[0].id: Required value"),
      (#"{"cidr":"1.0.0.0/8","tags":["a","a"]}"#, #"spec.tags[1]: Duplicate value: "a""#),
      (#"{"cidr":"1.0.0.0/8","rules":[{"id":1},{"id":1}]}"#, #"spec.rules[1]: Duplicate value: {"id":1}"#),
      (#"{"cidr":"1.0.0.0/8","total":"5"}"#, "spec.total in body must be of type number"),
      (#"{"cidr":"1.0.0.0/8","count":1.5}"#, "spec.count in body must be of type integer"),
    ])
  func validation(spec: String, message: String) async throws {
    let lab = try await LabClient()
    var gauge = LabClient.gauge("bad")
    gauge["spec"] = try JSONValue(parsing: spec)
    let status = try await lab.expect(422, "POST", LabClient.gauges, gauge)
    let text = status["message"]?.string ?? ""
    #expect(text.contains(message), "\(text)")
  }

  @Test("strict field validation names what is unknown")
  func strict() async throws {
    let lab = try await LabClient()
    var gauge = LabClient.gauge("s")
    gauge["spec"]?["nonsense"] = 1
    let status = try await lab.expect(400, "POST", LabClient.gauges + "?fieldValidation=Strict", gauge)
    #expect(status["message"]?.string?.contains("strict decoding error: unknown field \"spec.nonsense\"") == true)
  }

  @Test(
    "definitions that are not structural are refused",
    arguments: [
      #"{"type":"string"}"#, #"{"type":"object","properties":{"a":{}}}"#, #"{"type":"object","properties":{"a":{"type":"array"}}}"#,
      #"{"type":"object","properties":{"a":{"type":"strange"}}}"#, #"{"type":"object","properties":{"a":{"type":"string","pattern":"("}}}"#,
    ])
  func structural(schema: String) async throws {
    let lab = try await LabClient()
    let definition: JSONValue = [
      "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": ["name": "things.x.example.org"],
      "spec": [
        "group": "x.example.org", "scope": "Cluster", "names": ["plural": "things", "kind": "Thing"],
        "versions": [
          ["name": "v1", "served": true, "storage": true, "schema": ["openAPIV3Schema": try JSONValue(parsing: schema)]]
        ],
      ],
    ]
    try await lab.expect(422, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
  }

  @Test("a definition goes with its objects, the last of which may take its time")
  func removal() async throws {
    let lab = try await LabClient()
    let definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gauges.lab.example.org"
    try await lab.makeGauge("a")
    try await lab.makeGauge("b") { $0["metadata"]?["finalizers"] = ["example.org/a"] }
    try await lab.expect(200, "DELETE", definition)
    try await lab.expect(404, "GET", LabClient.gauges + "/a")
    try await lab.expect(200, "GET", definition)
    try await lab.patch(LabClient.gauges + "/b", ["metadata": ["finalizers": nil]])
    try await lab.expect(404, "GET", definition)
    try await lab.expect(404, "GET", LabClient.gauges)
  }

  @Test("discovery and OpenAPI follow the definitions")
  func discovery() async throws {
    let lab = try await LabClient()
    let list = try await lab.expect(200, "GET", "/apis/lab.example.org/v1")
    #expect(list["resources"]?.array?.compactMap { $0["name"]?.string } == ["gauges", "gauges/status"])
    let document = try await lab.expect(200, "GET", "/openapi/v3/apis/lab.example.org/v1")
    let schema = document[path: ["components", "schemas", "org.example.lab.v1.Gauge", "properties", "spec", "properties", "cidr"]]
    #expect(schema?["description"] == "the range that the gauge measures")
    let aggregated = try await lab.ask(
      "GET", "/apis", headers: ["Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"]
    ).body
    #expect(aggregated["items"]?.array?.contains { $0[path: ["metadata", "name"]] == "lab.example.org" } == true)
  }
}
