package import WireJSON

/// A route as NADs, the `routes` annotation and the daemon's messages write it: `{"dst": "10.0.0.0/8", "gw": "10.1.0.1"}`.
///
/// Both are texts: an absent destination means the default route of the gateway's family, and what cannot be parsed is the
/// business of whoever installs the route.
package struct DaemonRoute: Sendable, Hashable {
  /// CIDR, or empty.
  package var destination: String
  /// Address, or empty.
  package var gateway: String

  package init(destination: String = "", gateway: String = "") {
    self.destination = destination
    self.gateway = gateway
  }

  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    if !destination.isEmpty { writer.field(Key.destination.rawValue, destination) }
    if !gateway.isEmpty { writer.field(Key.gateway.rawValue, gateway) }
    writer.endObject()
  }

  /// Reads the next value: an object, or null for an empty route.
  package init(from reader: inout JSONReader) throws(JSONError) {
    self.init()
    guard try !reader.readNull() else { return }
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch Key(rawValue: key.string) {
      case .destination: destination = try reader.readText()
      case .gateway: gateway = try reader.readText()
      case nil: try reader.skipValue()
      }
    }
  }

  /// A list of routes; null is the empty one.
  package static func readList(from reader: inout JSONReader) throws(JSONError) -> [DaemonRoute] {
    guard try !reader.readNull() else { return [] }
    var routes: [DaemonRoute] = []
    try reader.readArray { (reader) throws(JSONError) in routes.append(try DaemonRoute(from: &reader)) }
    return routes
  }

  /// A list of routes; the empty one is null, as a nil slice in Go.
  static func writeList(_ routes: [DaemonRoute], to writer: inout JSONWriter) {
    guard !routes.isEmpty else { return writer.null() }
    writer.beginArray()
    for route in routes { route.write(to: &writer) }
    writer.endArray()
  }

  private enum Key: String {
    case destination = "dst"
    case gateway = "gw"
  }
}
