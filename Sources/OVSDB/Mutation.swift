/// A change of a column in terms of what it holds (RFC 7047 §5.1): `[<column>, <mutator>, <value>]`.
package struct Mutation: Hashable, Sendable {
  package enum Mutator: String, Sendable {
    case add = "+="
    case subtract = "-="
    case multiply = "*="
    case divide = "/="
    case remainder = "%="
    case insert
    case delete
  }

  package let column: String
  package let mutator: Mutator
  package let value: Datum

  package init(_ column: String, _ mutator: Mutator, _ value: Datum) {
    self.column = column
    self.mutator = mutator
    self.value = value
  }

  /// Adds elements to a set or pairs to a map. A pair whose key is there already is left as it is.
  package static func insert(_ column: String, _ value: Datum) -> Mutation { Mutation(column, .insert, value) }

  /// Removes elements of a set, the pairs of a map that are equal to those of `value`, or, where `value` is a set, the pairs of a map
  /// whose keys are in it.
  package static func delete(_ column: String, _ value: Datum) -> Mutation { Mutation(column, .delete, value) }
}
