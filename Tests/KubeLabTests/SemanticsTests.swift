import HTTPMessage
import Testing
import WireJSON

@testable import KubeLab

@Suite("API semantics")
struct SemanticsTests {
  @Test("a PUT with an old version is a conflict and changes nothing")
  func conflict() async throws {
    let lab = try await LabClient()
    var gauge = try await lab.makeGauge("a")
    let old = gauge
    gauge["spec"]?["cidr"] = "10.1.0.0/16"
    try await lab.expect(200, "PUT", LabClient.gauges + "/a", gauge)
    let status = try await lab.expect(409, "PUT", LabClient.gauges + "/a", old)
    #expect(status["reason"]?.string == "Conflict")
    #expect(try await lab.expect(200, "GET", LabClient.gauges + "/a")[path: ["spec", "cidr"]] == "10.1.0.0/16")
  }

  @Test("a PUT without a version is refused for custom resources and taken for pods")
  func unconditional() async throws {
    let lab = try await LabClient()
    try await lab.makeGauge("a")
    try await lab.expect(422, "PUT", LabClient.gauges + "/a", LabClient.gauge("a"))
    var pod = try await lab.makePod("p")
    pod["metadata"]?["resourceVersion"] = nil
    pod["metadata"]?["labels"] = ["x": "y"]
    #expect(try await lab.expect(200, "PUT", LabClient.pods + "/p", pod)[path: ["metadata", "labels", "x"]] == "y")
  }

  @Test(
    "bodies that are no objects of the kind are refused",
    arguments: [
      ("{", 400), ("[]", 400), ("null", 400), (#"{"apiVersion":"v2","kind":"Pod"}"#, 400), (#"{"apiVersion":"v1","kind":"Node"}"#, 400),
      (#"{"metadata":{"name":5}}"#, 400), (#"{"metadata":{"name":"a","labels":{"x":1}},"spec":{"containers":[]}}"#, 400),
      (#"{"metadata":{"name":"a"},"spec":{"containers":[{"name":"c","image":"i","ports":[{"containerPort":"x"}]}]}}"#, 400),
      (#"{"metadata":{"name":"a"},"spec":{"containers":[]}}"#, 422), (#"{"metadata":{},"spec":{}}"#, 422),
      (#"{"metadata":{"name":"A_b"},"spec":{"containers":[{"name":"c","image":"i"}]}}"#, 422),
      (#"{"metadata":{"name":"a","namespace":"other"},"spec":{"containers":[{"name":"c","image":"i"}]}}"#, 400),
    ])
  func badBodies(text: String, status: Int) async throws {
    let lab = try await LabClient()
    let request = HTTPRequest(
      method: "POST", target: LabClient.pods, headers: ["Content-Type": "application/json"], body: Array(text.utf8))
    let response = await lab.server.respond(to: request)
    #expect(response.status == status)
  }

  @Test("a body of an unknown type is 415, a body that is too large 413, an answer that nobody wants 406")
  func media() async throws {
    let lab = try await LabClient { $0.bodyLimit = 1000 }
    #expect(try await lab.ask("POST", LabClient.pods, LabClient.pod("a"), type: "text/plain").status == 415)
    var large = LabClient.pod("a")
    large["metadata"]?["annotations"] = ["a": .string(String(repeating: "x", count: 1000))]
    #expect(try await lab.ask("POST", LabClient.pods, large).status == 413)
    #expect(try await lab.ask("GET", LabClient.pods, headers: ["Accept": "text/html"]).status == 406)
  }

  @Test("deletion with a finalizer waits, raises the generation and takes no new finalizers")
  func finalizers() async throws {
    let lab = try await LabClient()
    try await lab.makeGauge("f") { $0["metadata"]?["finalizers"] = ["example.org/a"] }
    let deleting = try await lab.expect(200, "DELETE", LabClient.gauges + "/f")
    #expect(deleting[path: ["metadata", "deletionTimestamp"]]?.string == lab.clock.now().text)
    #expect(deleting[path: ["metadata", "generation"]] == 2)
    try await lab.patch(LabClient.gauges + "/f", ["metadata": ["finalizers": ["example.org/a", "example.org/b"]]], expecting: 422)
    try await lab.expect(200, "GET", LabClient.gauges + "/f")
    try await lab.patch(LabClient.gauges + "/f", ["metadata": ["finalizers": nil]])
    try await lab.expect(404, "GET", LabClient.gauges + "/f")
  }

  @Test("preconditions of a deletion must hold")
  func preconditions() async throws {
    let lab = try await LabClient()
    let gauge = try await lab.makeGauge("p")
    let uid = gauge[path: ["metadata", "uid"]] ?? .null
    try await lab.expect(409, "DELETE", LabClient.gauges + "/p", ["preconditions": ["uid": "other"]])
    try await lab.expect(409, "DELETE", LabClient.gauges + "/p", ["preconditions": ["resourceVersion": "1"]])
    try await lab.expect(200, "DELETE", LabClient.gauges + "/p", ["preconditions": ["uid": uid]])
  }

  @Test("a pod on a node keeps its grace until it is deleted with none")
  func grace() async throws {
    let lab = try await LabClient()
    try await lab.makePod("g") { $0["spec"]?["nodeName"] = "n" }
    let deleting = try await lab.expect(200, "DELETE", LabClient.pods + "/g")
    #expect(deleting[path: ["metadata", "deletionGracePeriodSeconds"]] == 30)
    #expect(deleting[path: ["metadata", "deletionTimestamp"]]?.string == (lab.clock.now() + .seconds(30)).text)
    let hastened = try await lab.expect(200, "DELETE", LabClient.pods + "/g?gracePeriodSeconds=5")
    #expect(hastened[path: ["metadata", "deletionGracePeriodSeconds"]] == 5)
    try await lab.expect(200, "DELETE", LabClient.pods + "/g?gracePeriodSeconds=0")
    try await lab.expect(404, "GET", LabClient.pods + "/g")
  }

  @Test("a pod that has ended goes at once")
  func endedPod() async throws {
    let lab = try await LabClient()
    try await lab.makePod("e") { $0["spec"]?["nodeName"] = "n" }
    try await lab.patch(LabClient.pods + "/e/status", ["status": ["phase": "Succeeded"]])
    try await lab.expect(200, "DELETE", LabClient.pods + "/e")
    try await lab.expect(404, "GET", LabClient.pods + "/e")
  }

  @Test("dry runs answer and store nothing")
  func dryRun() async throws {
    let lab = try await LabClient()
    let before = lab.server.revision
    try await lab.expect(201, "POST", LabClient.gauges + "?dryRun=All", LabClient.gauge("d"))
    try await lab.expect(400, "POST", LabClient.gauges + "?dryRun=Some", LabClient.gauge("d"))
    #expect(lab.server.revision == before)
    try await lab.makeGauge("d")
    let made = lab.server.revision
    #expect(try await lab.patch(LabClient.gauges + "/d?dryRun=All", ["spec": ["mode": "manual"]])[path: ["spec", "mode"]] == "manual")
    try await lab.expect(200, "DELETE", LabClient.gauges + "/d?dryRun=All")
    #expect(lab.server.revision == made)
  }

  @Test("status and spec are written through their own paths")
  func statusSubresource() async throws {
    let lab = try await LabClient()
    try await lab.makeGauge("s") { $0["status"] = ["used": 1] }
    let written = try await lab.patch(LabClient.gauges + "/s/status", ["spec": ["mode": "manual"], "status": ["used": 7]])
    #expect(written[path: ["spec", "mode"]] == "auto" && written[path: ["status", "used"]] == 7)
    #expect(written[path: ["metadata", "generation"]] == 1)
    let spec = try await lab.patch(LabClient.gauges + "/s", ["spec": ["mode": "manual"], "status": ["used": 9]])
    #expect(spec[path: ["status", "used"]] == 7 && spec[path: ["metadata", "generation"]] == 2)
  }

  @Test("a pod is bound once, and its spec is fixed")
  func binding() async throws {
    let lab = try await LabClient()
    try await lab.makePod("b")
    let binding: JSONValue = [
      "apiVersion": "v1", "kind": "Binding", "metadata": ["name": "b"], "target": ["kind": "Node", "name": "n1"],
    ]
    try await lab.expect(201, "POST", LabClient.pods + "/b/binding", binding)
    let pod = try await lab.expect(200, "GET", LabClient.pods + "/b")
    #expect(pod[path: ["spec", "nodeName"]] == "n1")
    #expect(pod[path: ["status", "conditions"]]?[0]?["type"] == "PodScheduled")
    try await lab.expect(409, "POST", LabClient.pods + "/b/binding", binding)
    try await lab.patch(LabClient.pods + "/b", ["spec": ["nodeName": "n2"]], expecting: 422)
    try await lab.patch(LabClient.pods + "/b", ["spec": ["containers": [["name": "c", "image": "new"]]]], LabClient.strategic)
  }

  @Test("scale is a view of the workload")
  func scale() async throws {
    let lab = try await LabClient()
    let target = "/apis/apps/v1/namespaces/default/deployments"
    let template: JSONValue = [
      "metadata": ["labels": ["a": "b"]], "spec": ["containers": [["name": "c", "image": "i"]]],
    ]
    let deployment: JSONValue = [
      "metadata": ["name": "d"], "spec": ["selector": ["matchLabels": ["a": "b"]], "template": template],
    ]
    let made = try await lab.expect(201, "POST", target, deployment)
    #expect(made[path: ["spec", "strategy", "rollingUpdate", "maxSurge"]] == "25%")
    let scale = try await lab.expect(200, "GET", target + "/d/scale")
    #expect(scale[path: ["spec", "replicas"]] == 1 && scale[path: ["status", "selector"]] == "a=b")
    try await lab.patch(target + "/d/scale", ["spec": ["replicas": 3]])
    try await lab.patch(target + "/d/scale", ["spec": ["replicas": -1]], expecting: 422)
    #expect(try await lab.expect(200, "GET", target + "/d")[path: ["spec", "replicas"]] == 3)
  }

  @Test("an interceptor can answer in the server's place, and be taken away")
  func interceptor() async throws {
    let lab = try await LabClient()
    lab.server.intercept { request in request.method == "DELETE" ? HTTPResponse(status: 503) : nil }
    try await lab.makeGauge("i")
    try await lab.expect(503, "DELETE", LabClient.gauges + "/i")
    lab.server.intercept(nil)
    try await lab.expect(200, "DELETE", LabClient.gauges + "/i")
  }

  @Test("ten writers of one object lose no update")
  func concurrentWriters() async throws {
    let lab = try await LabClient()
    try await lab.makeGauge("c") { $0["spec"]?["labels"] = [:] }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<10 {
        group.addTask {
          for step in 0..<20 { try await lab.patch(LabClient.gauges + "/c", ["spec": ["labels": .object(["k\(writer)-\(step)": "x"])]]) }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await lab.expect(200, "GET", LabClient.gauges + "/c")[path: ["spec", "labels"]]?.object?.count == 200)
  }
}
