import WireJSON

/// A JSON object of a network configuration, read as Go reads it into a struct, since that is what people's files were written
/// for: null means absent, a key matches in any letter case when the exact one is missing, a value of another type is an error.
struct ConfigurationObject {
  private let members: [String: JSONValue]
  /// Where the object stands, for messages: empty at the top level, else `ipam.` and the like.
  private let prefix: String

  init(_ members: [String: JSONValue], prefix: String = "") {
    self.members = members
    self.prefix = prefix
  }

  /// The member, nil when absent or null.
  subscript(name: String) -> JSONValue? {
    let exact = members[name] ?? members.first { $0.key.lowercased() == name.lowercased() }?.value
    guard let exact, !exact.isNull else { return nil }
    return exact
  }

  /// The text, empty when absent.
  func text(_ name: String) throws(CNIError) -> String {
    guard let value = self[name] else { return "" }
    guard let text = value.string else { throw mismatch(name, "a string") }
    return text
  }

  func object(_ name: String) throws(CNIError) -> ConfigurationObject? {
    guard let value = self[name] else { return nil }
    guard let members = value.object else { throw mismatch(name, "an object") }
    return ConfigurationObject(members, prefix: "\(prefix)\(name).")
  }

  /// A member in the form of one of our wire types.
  func value<Value>(
    _ name: String, default absent: Value, _ read: (inout JSONReader) throws(JSONError) -> Value
  ) throws(CNIError) -> Value {
    guard let value = self[name] else { return absent }
    do throws(JSONError) {
      return try JSONReader.parse(value.bytes, read)
    } catch {
      guard case .expected(let what) = error.reason else { throw mismatch(name, "something else: \(error)") }
      throw mismatch(name, what)
    }
  }

  private func mismatch(_ name: String, _ expected: String) -> CNIError {
    .unusableConfiguration("\"\(prefix)\(name)\" must be \(expected)")
  }
}
