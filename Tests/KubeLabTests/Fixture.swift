import Foundation
import Testing

/// The path of a file in `Fixtures`.
func fixture(_ name: String) throws -> String {
  try #require(Bundle.module.path(forResource: "Fixtures/" + name, ofType: nil), "fixture \(name) is missing")
}
