package import WireJSON

/// The words that open the arrays of RFC 7047 §5.1.
private enum Tag {
  static let set = "set"
  static let map = "map"
  static let uuid = "uuid"
  static let named = "named-uuid"
}

extension JSONWriter {
  package mutating func atom(_ atom: Atom) {
    switch atom {
    case .integer(let value): integer(value)
    case .real(let value): number(JSONNumber(value))
    case .boolean(let value): bool(value)
    case .string(let value): string(value)
    case .uuid(let value): tagged(Tag.uuid) { $0.string(value.description) }
    case .named(let name): tagged(Tag.named) { $0.string(name) }
    }
  }

  /// Sets and maps in the order of their atoms, so that equal values are equal bytes.
  package mutating func datum(_ datum: Datum) {
    if let atom = datum.atom { return self.atom(atom) }
    if datum.isMap {
      tagged(Tag.map) { writer in
        writer.beginArray()
        for (key, value) in datum.pairs.sorted(by: { $0.key < $1.key }) {
          writer.beginArray()
          writer.atom(key)
          writer.atom(value)
          writer.endArray()
        }
        writer.endArray()
      }
    } else {
      tagged(Tag.set) { writer in
        writer.beginArray()
        for atom in datum.atoms.sorted() { writer.atom(atom) }
        writer.endArray()
      }
    }
  }

  /// A row as an object from column to value, columns by name.
  package mutating func columns(_ columns: [String: Datum]) {
    beginObject()
    for (name, value) in columns.sorted(by: { $0.key < $1.key }) {
      key(name)
      datum(value)
    }
    endObject()
  }

  private mutating func tagged(_ tag: String, _ body: (inout JSONWriter) -> Void) {
    beginArray()
    string(tag)
    body(&self)
    endArray()
  }
}

extension JSONReader {
  /// A column's value; with a type it must be of that type, without one it is taken as it looks.
  package mutating func readDatum(as type: ColumnType?) throws(JSONError) -> Datum {
    guard try peekKind() == .array else {
      if type?.value != nil { throw error(.expected("a map")) }
      return Datum(try readAtom(as: type?.key))
    }
    try beginArray()
    try expectElement()
    let result: Datum
    switch try readString() {
    case Tag.set:
      if type?.value != nil { throw error(.expected("a map")) }
      result = Datum(set: try readSet(as: type))
    case Tag.map:
      if let type, type.value == nil { throw error(.expected("a set")) }
      result = Datum(map: try readMap(as: type))
    case Tag.uuid:
      if let type, type.key != .uuid || type.value != nil { throw error(.expected("no uuid")) }
      result = Datum(.uuid(try readUUIDText()))
    default: throw error(.expected("set, map or uuid"))
    }
    try endArray()
    return result
  }

  private mutating func readSet(as type: ColumnType?) throws(JSONError) -> Set<Atom> {
    try expectElement()
    var atoms: Set<Atom> = []
    try readArray { (reader) throws(JSONError) in
      guard atoms.insert(try reader.readAtom(as: type?.key)).inserted else { throw reader.error(.expected("distinct elements")) }
    }
    return atoms
  }

  private mutating func readMap(as type: ColumnType?) throws(JSONError) -> [Atom: Atom] {
    try expectElement()
    var pairs: [Atom: Atom] = [:]
    try readArray { (reader) throws(JSONError) in
      try reader.beginArray()
      try reader.expectElement()
      let key = try reader.readAtom(as: type?.key)
      try reader.expectElement()
      guard pairs.updateValue(try reader.readAtom(as: type?.value), forKey: key) == nil else {
        throw reader.error(.expected("distinct keys"))
      }
      try reader.endArray()
    }
    return pairs
  }

  private mutating func readAtom(as type: AtomType?) throws(JSONError) -> Atom {
    switch type {
    case .integer: return .integer(try readInt64())
    case .real: return .real(try readReal())
    case .boolean: return .boolean(try readBool())
    case .string: return .string(try readString())
    case .uuid: return .uuid(try readUUIDPair())
    case nil: break
    }
    switch try peekKind() {
    case .number:
      let number = try readNumber()
      if number.isInteger, let value = number.int64 { return .integer(value) }
      guard let value = number.double else { throw error(.numberOutOfRange(number.text)) }
      return .real(value)
    case .bool: return .boolean(try readBool())
    case .string: return .string(try readString())
    case .array: return .uuid(try readUUIDPair())
    case .null, .object: throw error(.expected("an atom"))
    }
  }

  private mutating func readReal() throws(JSONError) -> Double {
    let number = try readNumber()
    guard let value = number.double, value.isFinite else { throw error(.numberOutOfRange(number.text)) }
    return value
  }

  /// `["uuid", "…"]`.
  private mutating func readUUIDPair() throws(JSONError) -> RowUUID {
    try beginArray()
    try expectElement()
    guard try readString() == Tag.uuid else { throw error(.expected("a uuid")) }
    let uuid = try readUUIDText()
    try endArray()
    return uuid
  }

  private mutating func readUUIDText() throws(JSONError) -> RowUUID {
    try expectElement()
    let text = try readString()
    guard let uuid = RowUUID(text) else { throw error(.expected("the 36 characters of a uuid")) }
    return uuid
  }

  /// Moves to the array's next element, which must be there.
  package mutating func expectElement() throws(JSONError) {
    guard try nextElement() else { throw error(.expected("another element")) }
  }

  /// Moves behind the array, which must have no more elements.
  package mutating func endArray() throws(JSONError) {
    guard try !nextElement() else { throw error(.expected("the end of the array")) }
  }
}
