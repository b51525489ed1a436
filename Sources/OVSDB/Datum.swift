/// What a column holds (RFC 7047 §5.1): a set of atoms, of which a scalar is the set of one, or a map from atoms to atoms.
///
/// Equal contents are equal values whatever their spelling on the wire: an atom and the set of that one atom are the same.
package struct Datum: Hashable, Sendable {
  private enum Form: Hashable {
    case one(Atom)
    /// None, or at least two.
    case many(Set<Atom>)
    case map([Atom: Atom])
  }

  private var form: Form

  package static let empty = Datum(set: [])
  package static let emptyMap = Datum(map: [:])

  package init(_ atom: Atom) { form = .one(atom) }

  package init(set atoms: some Sequence<Atom>) {
    let atoms = Set(atoms)
    if atoms.count == 1, let only = atoms.first { form = .one(only) } else { form = .many(atoms) }
  }

  package init(map pairs: [Atom: Atom]) { form = .map(pairs) }

  /// A map of texts, as external_ids and options are.
  package init(_ texts: [String: String]) {
    form = .map(Dictionary(uniqueKeysWithValues: texts.map { (Atom.string($0.key), Atom.string($0.value)) }))
  }

  package init(_ texts: [String]) { self.init(set: texts.map { .string($0) }) }
  package init(_ text: String) { self.init(Atom.string(text)) }
  package init(_ row: RowUUID) { self.init(Atom.uuid(row)) }
  package init(_ rows: [RowUUID]) { self.init(set: rows.map { .uuid($0) }) }

  package var isMap: Bool { if case .map = form { true } else { false } }

  /// How many elements or pairs there are.
  package var count: Int {
    switch form {
    case .one: 1
    case .many(let atoms): atoms.count
    case .map(let pairs): pairs.count
    }
  }

  package var isEmpty: Bool { count == 0 }

  /// The element of a set that has exactly one.
  package var atom: Atom? { if case .one(let atom) = form { atom } else { nil } }

  /// The elements of a set in no order; none for a map.
  package var atoms: Set<Atom> {
    switch form {
    case .one(let atom): [atom]
    case .many(let atoms): atoms
    case .map: []
    }
  }

  /// The pairs of a map; none for a set.
  package var pairs: [Atom: Atom] { if case .map(let pairs) = form { pairs } else { [:] } }

  package subscript(key: Atom) -> Atom? { if case .map(let pairs) = form { pairs[key] } else { nil } }

  package func contains(_ atom: Atom) -> Bool {
    switch form {
    case .one(let only): only == atom
    case .many(let atoms): atoms.contains(atom)
    case .map(let pairs): pairs[atom] != nil
    }
  }

  var fault: String? {
    switch form {
    case .one(let atom): return atom.fault
    case .many(let atoms):
      for atom in atoms { if let fault = atom.fault { return fault } }
    case .map(let pairs):
      for (key, value) in pairs { if let fault = key.fault ?? value.fault { return fault } }
    }
    return nil
  }

  /// The value that differs from this one by `difference`, as update2 and update3 state changes of columns that hold more than one
  /// element: of a set, the elements that only one of old and new has; of a map, the pairs whose key only one of them has, and those
  /// whose value has changed, with the new one.
  package func applying(difference: Datum) -> Datum {
    guard case .map(var pairs) = form else {
      // An empty set and an empty map look alike where the type is not known.
      if difference.isMap { return isEmpty ? difference : self }
      return Datum(set: atoms.symmetricDifference(difference.atoms))
    }
    for (key, value) in difference.pairs {
      if pairs[key] == value { pairs[key] = nil } else { pairs[key] = value }
    }
    return Datum(map: pairs)
  }
}

extension Datum: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self.init(Atom.string(value)) }
  package init(integerLiteral value: Int64) { self.init(Atom.integer(value)) }
  package init(floatLiteral value: Double) { self.init(Atom.real(value)) }
  package init(booleanLiteral value: Bool) { self.init(Atom.boolean(value)) }
  package init(arrayLiteral elements: Atom...) { self.init(set: elements) }
  /// The last of two equal keys wins.
  package init(dictionaryLiteral elements: (Atom, Atom)...) {
    self.init(map: Dictionary(elements, uniquingKeysWith: { _, last in last }))
  }
}

extension Datum: CustomStringConvertible {
  package var description: String {
    switch form {
    case .one(let atom): atom.description
    case .many(let atoms): "[" + atoms.sorted().map(\.description).joined(separator: ", ") + "]"
    case .map(let pairs): "{" + pairs.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ") + "}"
    }
  }
}
