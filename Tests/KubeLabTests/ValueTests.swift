import Testing
import WireJSON

@testable import KubeLab

@Suite("Values")
struct ValueTests {
  @Test(
    "numbers take the form that Go's encoder gives them",
    arguments: [
      ("65533", "65533"), ("9223372036854775807", "9223372036854775807"), ("-9223372036854775808", "-9223372036854775808"),
      ("9223372036854775808", "9223372036854776000"), ("18446744073709551613", "18446744073709552000"),
      ("1208925819614629174706173", "1.2089258196146292e+24"), ("1.0", "1"), ("0.5", "0.5"), ("1e3", "1000"), ("1E-7", "1e-7"),
      ("0.000001", "0.000001"), ("-0", "0"), ("1e21", "1e+21"), ("123456.789e2", "12345678.9"), ("-2.50", "-2.5"),
    ])
  func numbers(sent: String, kept: String) throws {
    let value = try JSONValue(parsing: "{\"a\":[\(sent)]}")
    #expect(GoNumber.normalize(value).text == "{\"a\":[\(kept)]}")
  }

  @Test(
    "times are read with any zone and printed in UTC",
    arguments: [
      ("2026-01-01T00:00:01.000002Z", "2026-01-01T00:00:01.000002Z"), ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00.000000Z"),
      ("2024-02-29T23:59:59-00:30", "2024-03-01T00:29:59.000000Z"), ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59.000000Z"),
      ("2000-03-01T00:00:00.5Z", "2000-03-01T00:00:00.500000Z"),
    ])
  func times(text: String, utc: String) throws {
    #expect(try #require(Timestamp(rfc3339: text)).microText == utc)
  }

  @Test(
    "what is no time is refused",
    arguments: ["", "2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "x"])
  func noTimes(text: String) { #expect(Timestamp(rfc3339: text) == nil) }

  @Test(
    "ages have two units at most",
    arguments: [
      (0, "0s"), (119, "119s"), (120, "2m"), (125, "2m5s"), (605, "10m"), (10_799, "179m"), (10_800, "3h"), (11_000, "3h3m"),
      (100_000, "27h"), (200_000, "2d7h"), (800_000, "9d"), (70_000_000, "2y80d"), (-5, "<invalid>"),
    ])
  func ages(seconds: Int, text: String) { #expect(HumanDuration.text(seconds: Int64(seconds)) == text) }

  @Test("base64 turns every length round", arguments: 0..<20)
  func base64(count: Int) {
    let bytes = (0..<count).map { UInt8($0 * 13 & 255) }
    #expect(Base64.decode(Base64.encode(bytes)) == bytes)
  }

  @Test("base64 refuses what is none", arguments: ["a", "ab!=", "é"])
  func noBase64(text: String) { #expect(Base64.decode(text) == nil) }

  @Test(
    "printer columns follow their paths",
    arguments: [
      (".a.b", "1"), (".list[0].name", "x"), (".list[*].name", "x,y"), (".list[?(@.name==\"y\")].value", "2"), (".odd\\.key", "o"),
      ("['odd.key']", "o"), (".list[-1].name", "y"), (".none", ""), (".list[?(@.name!=\"y\")].value", "1"),
    ])
  func jsonPath(path: String, expected: String) throws {
    let object: JSONValue = [
      "a": ["b": 1], "odd.key": "o", "list": [["name": "x", "value": 1], ["name": "y", "value": 2]],
    ]
    let values = try #require(JSONPath(path)).values(in: object)
    #expect(values.map { $0.string ?? $0.text }.joined(separator: ",") == expected)
  }

  @Test("YAML becomes the same values as JSON")
  func yaml() throws {
    let documents = try YAMLReader.documents(
      "a: 1\nb: '1'\nc: true\nd: null\ne: [1.5, x]\nf: 18446744073709551613\ng: 0x10\n---\n---\nh: yes\n")
    #expect(
      documents == [
        [
          "a": 1, "b": "1", "c": true, "d": nil, "e": [.number(JSONNumber(literal: "1.5")), "x"],
          "f": .number(JSONNumber(literal: "18446744073709551613")), "g": 16,
        ], ["h": true],
      ])
  }
}
