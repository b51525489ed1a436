package import WireJSON

/// The `dns` object of configurations, results and daemon messages: every member is left out when empty.
package struct DNSConfiguration: Sendable, Hashable {
  package var nameservers: [String]
  package var domain: String
  package var search: [String]
  package var options: [String]

  package init(nameservers: [String] = [], domain: String = "", search: [String] = [], options: [String] = []) {
    self.nameservers = nameservers
    self.domain = domain
    self.search = search
    self.options = options
  }

  package var isEmpty: Bool { nameservers.isEmpty && domain.isEmpty && search.isEmpty && options.isEmpty }

  /// The members in the order of the specification, or by name as the reference library prints results from 1.0.0 on.
  package func write(to writer: inout JSONWriter, sorted: Bool = false) {
    writer.beginObject()
    let order: [Key] = sorted ? [.domain, .nameservers, .options, .search] : [.nameservers, .domain, .search, .options]
    for key in order {
      switch key {
      case .nameservers: writer.field(key.rawValue, unlessEmpty: nameservers)
      case .domain: if !domain.isEmpty { writer.field(key.rawValue, domain) }
      case .search: writer.field(key.rawValue, unlessEmpty: search)
      case .options: writer.field(key.rawValue, unlessEmpty: options)
      }
    }
    writer.endObject()
  }

  /// Reads the next value: an object, or null for nothing.
  package init(from reader: inout JSONReader) throws(JSONError) {
    self.init()
    guard try !reader.readNull() else { return }
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch Key(rawValue: key.string) {
      case .nameservers: nameservers = try reader.readStrings()
      case .domain: domain = try reader.readText()
      case .search: search = try reader.readStrings()
      case .options: options = try reader.readStrings()
      case nil: try reader.skipValue()
      }
    }
  }

  private enum Key: String {
    case nameservers, domain, search, options
  }
}

extension JSONReader {
  /// A string; null is the empty one, as Go reads it.
  mutating func readText() throws(JSONError) -> String {
    try readNull() ? "" : try readString()
  }

  /// An array of strings; null is the empty one.
  mutating func readStrings() throws(JSONError) -> [String] {
    guard try !readNull() else { return [] }
    var texts: [String] = []
    try readArray { (reader) throws(JSONError) in texts.append(try reader.readText()) }
    return texts
  }
}

extension JSONWriter {
  /// An array of strings, or nothing at all.
  mutating func field(_ name: String, unlessEmpty texts: [String]) {
    guard !texts.isEmpty else { return }
    key(name)
    beginArray()
    for text in texts { string(text) }
    endArray()
  }
}
