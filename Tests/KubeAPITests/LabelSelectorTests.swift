import KubeAPI
import Testing
import WireJSON

@Suite struct LabelSelectorTests {
  private func selector(_ text: String) throws -> LabelSelector {
    let object = #"{"spec":{"namespaceSelectors":[\#(text)]}}"#
    return try #require(try Subnet(decoding: Array(object.utf8)).spec.namespaceSelectors.first)
  }

  @Test(
    "requirements as Kubernetes reads them",
    arguments: [
      ("In", ["a", "b"], ["k": "a"], true), ("In", ["a"], ["k": "c"], false), ("In", ["a"], [:], false), ("In", [], ["k": "a"], false),
      ("NotIn", ["a"], ["k": "c"], true), ("NotIn", ["a"], ["k": "a"], false), ("NotIn", ["a"], [:], true), ("Exists", [], ["k": ""], true),
      ("Exists", [], ["other": "x"], false), ("DoesNotExist", [], [:], true), ("DoesNotExist", [], ["k": ""], false),
      ("in", ["a"], ["k": "a"], false),
      ("", [], ["k": "a"], false), ("Gt", ["1"], ["k": "2"], false),
    ] as [(String, [String], [String: String], Bool)])
  func requirement(operation: String, values: [String], labels: [String: String], matches: Bool) {
    let requirement = LabelSelector.Requirement(key: "k", operation: operation, values: values)
    #expect(LabelSelector(requirements: [requirement]).matches(labels) == matches)
  }

  @Test("all labels and requirements must hold; none is all")
  func conjunction() throws {
    #expect(try selector("{}").matches([:]) && selector("null").matches(["a": "b"]))
    let both = try selector(
      #"{"matchLabels":{"a":"1","b":"2"},"matchExpressions":[{"key":"c","operator":"Exists"},{"key":"d","operator":"DoesNotExist","values":null}]}"#
    )
    #expect(both.matches(["a": "1", "b": "2", "c": "", "e": ""]))
    #expect(
      !both.matches(["a": "1", "b": "2"]) && !both.matches(["a": "1", "c": ""]) && !both.matches(["a": "1", "b": "2", "c": "", "d": ""]))
  }

  @Test("an empty requirement matches nothing, so that a typing error selects nothing")
  func emptyRequirement() throws { #expect(try !selector(#"{"matchExpressions":[{}]}"#).matches(["": ""])) }
}
