package import WireJSON

/// A status condition as every Kube-OVN kind has it.
package struct Condition: Sendable, Equatable {
  package var type = ""
  /// `True`, `False` or `Unknown`.
  package var status = ""
  package var reason = ""
  package var message = ""
  package var observedGeneration: Int64 = 0
  package var lastUpdateTime = ""
  package var lastTransitionTime = ""

  package init(type: String, status: String, reason: String, message: String) {
    self.type = type
    self.status = status
    self.reason = reason
    self.message = message
  }

  package init(from reader: inout JSONReader) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "type": type = try reader.readStringOrNull()
      case "status": status = try reader.readStringOrNull()
      case "reason": reason = try reader.readStringOrNull()
      case "message": message = try reader.readStringOrNull()
      case "observedGeneration": observedGeneration = try reader.readInt64OrNull() ?? 0
      case "lastUpdateTime": lastUpdateTime = try reader.readStringOrNull()
      case "lastTransitionTime": lastTransitionTime = try reader.readStringOrNull()
      default: try reader.skipValue()
      }
    }
  }

  package var json: JSONValue {
    var value: JSONValue = [
      "type": .string(type), "status": .string(status), "lastUpdateTime": .string(lastUpdateTime),
      "lastTransitionTime": .string(lastTransitionTime),
    ]
    if !reason.isEmpty { value["reason"] = .string(reason) }
    if !message.isEmpty { value["message"] = .string(message) }
    if observedGeneration != 0 { value["observedGeneration"] = .integer(observedGeneration) }
    return value
  }
}
