import Testing
import WireJSON

@testable import KubeLab

@Suite("Owners and namespaces")
struct CollectionTests {
  private func owned(by owners: [JSONValue], blocking: Bool = false) -> (inout JSONValue) -> Void {
    { object in
      object["metadata"]?["ownerReferences"] = .array(
        owners.map { owner in
          [
            "apiVersion": "lab.example.org/v1", "kind": "Gauge", "name": owner[path: ["metadata", "name"]] ?? "",
            "uid": owner[path: ["metadata", "uid"]] ?? "", "blockOwnerDeletion": .bool(blocking),
          ]
        })
    }
  }

  @Test("a dependent goes with its last owner")
  func lastOwner() async throws {
    let lab = try await LabClient()
    let (a, b) = (try await lab.makeGauge("a"), try await lab.makeGauge("b"))
    try await lab.makePod("p", owned(by: [a, b]))
    let pod = try await lab.expect(200, "GET", LabClient.pods + "/p")
    try await lab.makeGauge("grandchild", owned(by: [pod]))
    try await lab.expect(200, "DELETE", LabClient.gauges + "/a")
    let left = try await lab.expect(200, "GET", LabClient.pods + "/p")
    #expect(left[path: ["metadata", "ownerReferences"]]?.array?.count == 1)
    try await lab.expect(200, "DELETE", LabClient.gauges + "/b")
    try await lab.expect(404, "GET", LabClient.pods + "/p")
    try await lab.expect(404, "GET", LabClient.gauges + "/grandchild")
  }

  @Test("orphans stay and forget their owner")
  func orphans() async throws {
    let lab = try await LabClient()
    let owner = try await lab.makeGauge("a")
    try await lab.makePod("p", owned(by: [owner]))
    try await lab.expect(200, "DELETE", LabClient.gauges + "/a?propagationPolicy=Orphan")
    let pod = try await lab.expect(200, "GET", LabClient.pods + "/p")
    #expect(pod[path: ["metadata", "ownerReferences"]] == nil)
  }

  @Test("in the foreground an owner waits for the dependents that block it")
  func foreground() async throws {
    let lab = try await LabClient()
    let owner = try await lab.makeGauge("a")
    let references = owned(by: [owner], blocking: true)
    try await lab.makePod("p") { pod in
      references(&pod)
      pod["metadata"]?["finalizers"] = ["example.org/a"]
    }
    let deleting = try await lab.expect(200, "DELETE", LabClient.gauges + "/a?propagationPolicy=Foreground")
    #expect(deleting[path: ["metadata", "finalizers"]] == ["foregroundDeletion"])
    try await lab.expect(200, "GET", LabClient.gauges + "/a")
    try await lab.patch(LabClient.pods + "/p", ["metadata": ["finalizers": nil]])
    try await lab.expect(404, "GET", LabClient.pods + "/p")
    try await lab.expect(404, "GET", LabClient.gauges + "/a")
  }

  @Test("a namespace goes when its contents have gone, and takes nothing new meanwhile")
  func namespace() async throws {
    let lab = try await LabClient()
    try await lab.expect(201, "POST", "/api/v1/namespaces", ["metadata": ["name": "x"]])
    let pods = "/api/v1/namespaces/x/pods"
    var held = LabClient.pod("held")
    held["spec"]?["nodeName"] = "n"
    try await lab.expect(201, "POST", pods, held)
    try await lab.expect(201, "POST", pods, LabClient.pod("free"))
    let going = try await lab.expect(200, "DELETE", "/api/v1/namespaces/x")
    #expect(going[path: ["status", "phase"]] == "Terminating")
    try await lab.expect(404, "GET", pods + "/free")
    let status = try await lab.expect(403, "POST", pods, LabClient.pod("late"))
    #expect(status[path: ["details", "causes"]]?[0]?["reason"] == "NamespaceTerminating")
    try await lab.expect(200, "DELETE", pods + "/held?gracePeriodSeconds=0")
    try await lab.expect(404, "GET", "/api/v1/namespaces/x")
    try await lab.expect(403, "DELETE", "/api/v1/namespaces/default")
  }
}
