import HTTPMessage
import WireJSON

/// What a DELETE asks for, from its body and its query.
struct DeleteOptions: Sendable {
  enum Propagation: String, Sendable {
    case background = "Background"
    case foreground = "Foreground"
    case orphan = "Orphan"
  }

  var grace: Int?
  var uid: String?
  var resourceVersion: String?
  var propagation = Propagation.background
  var isDryRun = false

  init() {}

  init(_ call: APICall) throws {
    let body = call.request.body.isEmpty ? JSONValue.object([:]) : try call.decodedBody()
    try self.init(body, call)
  }

  init(_ body: JSONValue, _ call: APICall) throws(APIStatus) {
    grace = body["gracePeriodSeconds"]?.int
    if let stated = try call.number("gracePeriodSeconds") { grace = Int(stated) }
    uid = body[path: ["preconditions", "uid"]]?.string
    resourceVersion = body[path: ["preconditions", "resourceVersion"]]?.string
    isDryRun = call.isDryRun || body["dryRun"]?.array?.contains("All") == true
    if body["orphanDependents"]?.bool == true { propagation = .orphan }
    if let text = call.query["propagationPolicy"] ?? body["propagationPolicy"]?.string {
      guard let known = Propagation(rawValue: text) else {
        throw APIStatus(
          code: 422, reason: "Invalid",
          message: "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"\(text)\": supported values: "
            + "\"Foreground\", \"Background\", \"Orphan\", \"nil\"")
      }
      propagation = known
    }
  }
}
