package import WireJSON

/// Reading of optional fields as Go's encoder leaves them: absent, `null`, or a value.
extension JSONReader {
  package mutating func readStringOrNull() throws(JSONError) -> String { try readNull() ? "" : try readString() }
  package mutating func readSharedStringOrNull() throws(JSONError) -> String { try readNull() ? "" : try readSharedString() }
  package mutating func readBoolOrNull() throws(JSONError) -> Bool? { try readNull() ? nil : try readBool() }
  package mutating func readInt64OrNull() throws(JSONError) -> Int64? { try readNull() ? nil : try readInt64() }

  package mutating func readStrings() throws(JSONError) -> [String] {
    if try readNull() { return [] }
    var strings: [String] = []
    try readArray { (reader) throws(JSONError) in strings.append(try reader.readStringOrNull()) }
    return strings
  }

  package mutating func readStringMap() throws(JSONError) -> [String: String] {
    if try readNull() { return [:] }
    var map: [String: String] = [:]
    try beginObject()
    while let key = try nextKey() { map[key.sharedString] = try readSharedStringOrNull() }
    return map
  }

  /// The members whose names are wanted; the others are passed over.
  package mutating func readStringMap(where isWanted: (JSONKey) -> Bool) throws(JSONError) -> [String: String] {
    if try readNull() { return [:] }
    var map: [String: String] = [:]
    try beginObject()
    while let key = try nextKey() {
      if isWanted(key) { map[key.sharedString] = try readSharedStringOrNull() } else { try skipValue() }
    }
    return map
  }

  /// Calls `field` before the value of each member; `null` in place of the object is an empty one. `field` must consume the value.
  package mutating func readFields(
    _ field: (inout JSONReader, JSONKey) throws(JSONError) -> Void
  ) throws(JSONError) {
    if try readNull() { return }
    try beginObject()
    while let key = try nextKey() { try field(&self, key) }
  }

  /// A list of objects, each read by `element`.
  package mutating func readObjects<Element>(
    _ element: (inout JSONReader) throws(JSONError) -> Element
  ) throws(JSONError) -> [Element] {
    if try readNull() { return [] }
    var elements: [Element] = []
    try readArray { (reader) throws(JSONError) in elements.append(try element(&reader)) }
    return elements
  }
}
