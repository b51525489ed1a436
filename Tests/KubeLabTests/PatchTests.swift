import Testing
import WireJSON

@testable import KubeLab

@Suite("Patches")
struct PatchTests {
  @Test(
    "merge patches follow RFC 7386",
    arguments: [
      (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
      (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
      (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#), (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
      (#"{"e":null}"#, #"{"a":1}"#, #"{"a":1,"e":null}"#), ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ])
  func merge(target: String, patch: String, result: String) throws {
    #expect(try MergePatch.apply(JSONValue(parsing: patch), to: JSONValue(parsing: target)).text == result)
  }

  @Test(
    "JSON patches follow RFC 6902",
    arguments: [
      (#"{"a":1}"#, #"[{"op":"add","path":"/b","value":2}]"#, #"{"a":1,"b":2}"#),
      (#"{"a":[1,3]}"#, #"[{"op":"add","path":"/a/1","value":2},{"op":"add","path":"/a/-","value":4}]"#, #"{"a":[1,2,3,4]}"#),
      (#"{"a":[1,2]}"#, #"[{"op":"remove","path":"/a/0"}]"#, #"{"a":[2]}"#),
      (#"{"a/b":1,"c~d":2}"#, #"[{"op":"replace","path":"/a~1b","value":3},{"op":"remove","path":"/c~0d"}]"#, #"{"a/b":3}"#),
      (#"{"a":{"b":1}}"#, #"[{"op":"move","from":"/a/b","path":"/c"}]"#, #"{"a":{},"c":1}"#),
      (#"{"a":{"b":1}}"#, #"[{"op":"copy","from":"/a","path":"/c"},{"op":"test","path":"/c/b","value":1}]"#, #"{"a":{"b":1},"c":{"b":1}}"#),
    ])
  func jsonPatch(target: String, patch: String, result: String) throws {
    #expect(try JSONPatch(JSONValue(parsing: patch)).apply(to: JSONValue(parsing: target)).text == result)
  }

  @Test(
    "JSON patches that cannot be carried out are refused",
    arguments: [
      #"[{"op":"test","path":"/a","value":2}]"#, #"[{"op":"remove","path":"/b"}]"#, #"[{"op":"replace","path":"/b","value":1}]"#,
      #"[{"op":"add","path":"/l/9","value":1}]"#, #"[{"op":"add","path":"/l/01","value":1}]"#, #"[{"op":"add","path":"/b/c","value":1}]"#,
      #"[{"op":"move","from":"/x","path":"/y"}]"#, #"[{"op":"jump","path":"/a"}]"#, #"{"op":"add"}"#, #"[{"op":"add","path":"a"}]"#,
    ])
  func badJSONPatch(patch: String) throws {
    let target = try JSONValue(parsing: #"{"a":1,"l":[1]}"#)
    #expect(throws: JSONPatch.Failure.self) { try JSONPatch(JSONValue(parsing: patch)).apply(to: target) }
  }

  private static let spec = #"{"containers":[{"env":[{"name":"A","value":"1"}],"image":"x","name":"c"}],"tolerations":[{"key":"k"}]}"#

  @Test(
    "strategic merge patches know the lists of a pod",
    arguments: [
      (
        #"{"containers":[{"name":"c","image":"y"}]}"#,
        #"{"containers":[{"env":[{"name":"A","value":"1"}],"image":"y","name":"c"}],"tolerations":[{"key":"k"}]}"#
      ),
      (
        #"{"containers":[{"name":"d","image":"z"}],"$setElementOrder/containers":[{"name":"d"},{"name":"c"}]}"#,
        #"{"containers":[{"image":"z","name":"d"},{"env":[{"name":"A","value":"1"}],"image":"x","name":"c"}],"tolerations":[{"key":"k"}]}"#
      ),
      (#"{"containers":[{"name":"c","$patch":"delete"}]}"#, #"{"containers":[],"tolerations":[{"key":"k"}]}"#),
      (#"{"containers":[{"$patch":"replace"},{"name":"e"}]}"#, #"{"containers":[{"name":"e"}],"tolerations":[{"key":"k"}]}"#),
      (#"{"tolerations":[]}"#, #"{"containers":[{"env":[{"name":"A","value":"1"}],"image":"x","name":"c"}],"tolerations":[]}"#),
      (
        #"{"containers":[{"name":"c","env":[{"name":"B","value":"2"},{"name":"A","$patch":"delete"}]}],"tolerations":null}"#,
        #"{"containers":[{"env":[{"name":"B","value":"2"}],"image":"x","name":"c"}]}"#
      ),
      (#"{"$patch":"replace","hostname":"h"}"#, #"{"hostname":"h"}"#),
    ])
  func strategic(patch: String, result: String) throws {
    let merged = try StrategicMerge.apply(
      JSONValue(parsing: patch), to: JSONValue(parsing: Self.spec), schema: BuiltinKinds.schema("PodSpec"))
    #expect(merged.text == result)
  }

  @Test("strategic merge patches treat finalizers as a set and owners by uid")
  func strategicMetadata() throws {
    let target = try JSONValue(parsing: #"{"finalizers":["a","b"],"ownerReferences":[{"uid":"1","name":"x"}]}"#)
    let patch = try JSONValue(
      parsing:
        #"{"finalizers":["c"],"$deleteFromPrimitiveList/finalizers":["a"],"ownerReferences":[{"uid":"2"},{"uid":"1","$patch":"delete"}]}"#)
    let merged = try StrategicMerge.apply(patch, to: target, schema: BuiltinKinds.metadata)
    #expect(Set(merged["finalizers"]?.array ?? []) == ["b", "c"])
    #expect(merged["ownerReferences"] == [["uid": "2"]])
  }

  @Test("a field that its manager no longer applies goes, unless another owns it")
  func applyRemoves() async throws {
    let lab = try await LabClient()
    func gauge(_ spec: JSONValue) -> JSONValue {
      ["apiVersion": "lab.example.org/v1", "kind": "Gauge", "metadata": ["name": "a"], "spec": spec]
    }
    let target = LabClient.gauges + "/a?fieldManager="
    try await lab.patch(
      target + "one",
      gauge(["cidr": "1.0.0.0/8", "labels": ["x": "1", "y": "1"], "tags": ["t1"], "rules": [["id": 1, "action": "drop"]]]),
      LabClient.apply, expecting: 201)
    try await lab.patch(target + "two", gauge(["labels": ["y": "1", "z": "1"], "tags": ["t2"], "rules": [["id": 2]]]), LabClient.apply)
    let left = try await lab.patch(target + "one", gauge(["cidr": "1.0.0.0/8"]), LabClient.apply)
    #expect(left[path: ["spec", "labels"]] == ["y": "1", "z": "1"])
    #expect(left[path: ["spec", "tags"]] == ["t2"])
    #expect(left[path: ["spec", "rules"]] == [["id": 2, "action": "allow"]])
  }

  @Test("applying the same again writes nothing; an update by another makes a conflict that force settles")
  func applyConflicts() async throws {
    let lab = try await LabClient()
    let gauge = LabClient.gauge("a")
    let target = LabClient.gauges + "/a?fieldManager=one"
    let first = try await lab.patch(target, gauge, LabClient.apply, expecting: 201)
    lab.clock.advance(by: .seconds(5))
    let again = try await lab.patch(target, gauge, LabClient.apply)
    #expect(first[path: ["metadata", "resourceVersion"]] == again[path: ["metadata", "resourceVersion"]])
    try await lab.patch(LabClient.gauges + "/a?fieldManager=two", ["spec": ["cidr": "2.0.0.0/8"]])
    let status = try await lab.patch(target, gauge, LabClient.apply, expecting: 409)
    #expect(status[path: ["details", "causes"]]?[0]?["field"] == ".spec.cidr")
    let forced = try await lab.patch(target + "&force=true", gauge, LabClient.apply)
    #expect(forced[path: ["spec", "cidr"]] == "10.0.0.0/24")
    let managers = forced[path: ["metadata", "managedFields"]]?.array?.compactMap { $0["manager"]?.string }
    #expect(managers == ["one"])
    try await lab.patch(LabClient.gauges + "/a", gauge, LabClient.apply, expecting: 422)
  }

  @Test("an apply owns container ports by number and protocol")
  func applyPorts() async throws {
    let lab = try await LabClient()
    func pod(_ port: Int) -> JSONValue {
      var pod = LabClient.pod("p")
      pod["spec"] = ["containers": [["name": "c", "image": "x", "ports": [["containerPort": .integer(port)]]]]]
      return pod
    }
    let target = LabClient.pods + "/p?fieldManager=one"
    let made = try await lab.patch(target, pod(80), LabClient.apply, expecting: 201)
    let fields = made[path: ["metadata", "managedFields"]]?[0]?["fieldsV1"]
    let container = fields?[path: ["f:spec", "f:containers", #"k:{"name":"c"}"#]]
    #expect(container?[path: ["f:ports", #"k:{"containerPort":80,"protocol":"TCP"}"#, "."]] == [:])
  }
}
