package import WireJSON

/// `metav1.LabelSelector`: all requirements must hold.
package struct LabelSelector: Sendable, Equatable {
  package struct Requirement: Sendable, Equatable {
    package var key = ""
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`; any other matches nothing.
    package var operation = ""
    package var values: [String] = []

    package init(key: String, operation: String, values: [String]) {
      self.key = key
      self.operation = operation
      self.values = values
    }

    init(from reader: inout JSONReader) throws(JSONError) {
      try reader.readFields { (reader, name) throws(JSONError) in
        switch name {
        case "key": key = try reader.readStringOrNull()
        case "operator": operation = try reader.readStringOrNull()
        case "values": values = try reader.readStrings()
        default: try reader.skipValue()
        }
      }
    }

    func matches(_ labels: [String: String]) -> Bool {
      switch operation {
      case "In": labels[key].map { values.contains($0) } ?? false
      case "NotIn": labels[key].map { !values.contains($0) } ?? true
      case "Exists": labels[key] != nil
      case "DoesNotExist": labels[key] == nil
      default: false
      }
    }
  }

  package var matchLabels: [String: String] = [:]
  package var requirements: [Requirement] = []

  package init(matchLabels: [String: String] = [:], requirements: [Requirement] = []) {
    self.matchLabels = matchLabels
    self.requirements = requirements
  }

  package init(from reader: inout JSONReader) throws(JSONError) {
    try reader.readFields { (reader, key) throws(JSONError) in
      switch key {
      case "matchLabels": matchLabels = try reader.readStringMap()
      case "matchExpressions":
        requirements = try reader.readObjects { (reader) throws(JSONError) in try Requirement(from: &reader) }
      default: try reader.skipValue()
      }
    }
  }

  /// An empty selector matches everything.
  package func matches(_ labels: [String: String]) -> Bool {
    matchLabels.allSatisfy { labels[$0.key] == $0.value } && requirements.allSatisfy { $0.matches(labels) }
  }
}
