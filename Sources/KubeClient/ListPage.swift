package import KubeAPI
package import WireJSON

/// An object in a list or a watch that is not what its kind says. It is left out, and nothing else suffers.
package struct UndecodableObject: Sendable, Equatable, CustomStringConvertible {
  /// Nil when not even its name can be read.
  package let key: ObjectKey?
  package let error: JSONError

  package init(key: ObjectKey?, error: JSONError) {
    self.key = key
    self.error = error
  }

  package var description: String { "\(key?.description ?? "an object without a name"): \(error)" }

  /// Finds out what can be found out about an object that did not decode.
  init(_ raw: [UInt8], _ error: JSONError) {
    self.error = error
    let metadata = (try? JSONValue(parsing: raw))?["metadata"]
    key = metadata?["name"]?.string.map { ObjectKey(namespace: metadata?["namespace"]?.string ?? "", name: $0) }
  }
}

/// A page of a list, or a whole list.
package struct ListPage<R: Resource>: Sendable {
  package var items: [R] = []
  package var undecodable: [UndecodableObject] = []
  /// The version of the whole collection at which the list was taken: where a watch goes on.
  package var resourceVersion = ""
  /// Names the next page; empty on the last.
  package var continueToken = ""

  package init() {}

  /// Decodes each item straight from the page's bytes.
  init(decoding bytes: [UInt8]) throws(JSONError) {
    self = try JSONReader.parse(bytes) { (reader) throws(JSONError) in
      var page = ListPage()
      try reader.readFields { (reader, key) throws(JSONError) in
        switch key {
        case "metadata":
          try reader.readFields { (reader, key) throws(JSONError) in
            switch key {
            case "resourceVersion": page.resourceVersion = try reader.readStringOrNull()
            case "continue": page.continueToken = try reader.readStringOrNull()
            default: try reader.skipValue()
            }
          }
        case "items":
          guard try !reader.readNull() else { return }
          try reader.readArray { (reader) throws(JSONError) in try page.readItem(&reader) }
        default: try reader.skipValue()
        }
      }
      return page
    }
  }

  private mutating func readItem(_ reader: inout JSONReader) throws(JSONError) {
    let before = reader
    do throws(JSONError) {
      items.append(try R(from: &reader))
    } catch {
      // The reader stands somewhere within the item. An item that is no JSON at all ends the page here.
      reader = before
      undecodable.append(UndecodableObject(try reader.readRawValue(), error))
    }
  }
}
