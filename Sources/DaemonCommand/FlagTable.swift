/// The flags of a Kube-OVN daemon that ours does not have: a manifest written for Kube-OVN starts ours unchanged, with a warning for each
/// (operations.md).
package struct FlagTable: Sendable {
  /// Name without dashes → whether it takes a value even when none is attached by `=`.
  private let foreign: [String: Bool]

  package init(withValue: [String], boolean: [String]) {
    var table: [String: Bool] = [:]
    for name in withValue { table[name] = true }
    for name in boolean { table[name] = false }
    foreign = table
  }

  package struct Split: Sendable, Equatable {
    /// For the argument parser.
    package var own: [String] = []
    /// Names of Kube-OVN's flags that were given and have no effect here.
    package var ignored: [String] = []
  }

  /// Takes the foreign flags out: `--x=v`, `--x v`, and `--x` alone for booleans. Everything behind `--` stays.
  package func split(_ arguments: [String]) -> Split {
    var split = Split()
    var index = 0
    while index < arguments.count {
      let argument = arguments[index]
      index += 1
      if argument == "--" {
        split.own += [argument] + arguments[index...]
        break
      }
      guard argument.hasPrefix("--") else {
        split.own.append(argument)
        continue
      }
      let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = parts.first.map(String.init) ?? ""
      guard let takesValue = foreign[name] else {
        split.own.append(argument)
        continue
      }
      split.ignored.append(name)
      if takesValue, parts.count == 1, index < arguments.count { index += 1 }
    }
    return split
  }
}
