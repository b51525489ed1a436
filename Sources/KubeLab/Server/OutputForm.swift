import HTTPMessage

/// In which shape a client wants an answer (the `Accept` header).
enum OutputForm: Equatable, Sendable {
  case object
  case table
  case partial
  /// Aggregated discovery, `apidiscovery.k8s.io/v2`.
  case discovery

  /// The first acceptable range counts, as clients list them by preference; nil when there is none.
  init?(accept: String?) {
    guard let accept, !accept.isEmpty else {
      self = .object
      return
    }
    for range in accept.split(separator: ",") {
      let parts = range.split(separator: ";").map { $0.filter { $0 != " " } }
      guard let type = parts.first, ["application/json", "application/*", "*/*"].contains(type) else { continue }
      var parameters: [String: String] = [:]
      for part in parts.dropFirst() {
        let pair = part.split(separator: "=", maxSplits: 1)
        if pair.count == 2 { parameters[String(pair[0])] = String(pair[1]) }
      }
      guard let form = Self.form(parameters) else { continue }
      self = form
      return
    }
    return nil
  }

  private static func form(_ parameters: [String: String]) -> OutputForm? {
    switch parameters["as"] {
    case nil: .object
    case "Table"? where parameters["v"] == "v1": .table
    case "PartialObjectMetadata"?, "PartialObjectMetadataList"?: .partial
    case "APIGroupDiscoveryList"? where parameters["v"] == "v2": .discovery
    default: nil
    }
  }
}
