import Testing
import WireJSON

@testable import OVSDB

struct DatumTests {
  private func read(_ text: String, _ type: ColumnType? = nil) throws -> Datum {
    try JSONReader.parse(json(text)) { (reader) throws(JSONError) in try reader.readDatum(as: type) }
  }

  private func written(_ datum: Datum) -> String {
    var writer = JSONWriter()
    writer.datum(datum)
    return text(writer.bytes)
  }

  @Test(
    "a uuid is 36 characters of either case, and is printed in lower case",
    arguments: [
      ("00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"),
      ("0123ABCD-4567-89ef-FEDC-ba9876543210", "0123abcd-4567-89ef-fedc-ba9876543210"),
    ])
  func uuid(_ given: String, _ printed: String) throws {
    #expect(try #require(RowUUID(given)).description == printed)
  }

  @Test(
    "what is not a uuid is none",
    arguments: [
      "", "0123abcd", "0123abcd-4567-89ef-fedc-ba987654321", "0123abcd-4567-89ef-fedc-ba98765432100",
      "0123abcd-4567-89ef-fedcb-a9876543210",
      "0123abcd-4567-89ef-fedc_ba9876543210", "g123abcd-4567-89ef-fedc-ba9876543210", "0123abcd-4567-89ef-fedc-ba987654321é",
      "{123abcd-4567-89ef-fedc-ba9876543210", "0123abcd456789effedcba9876543210",
    ])
  func notUUID(_ given: String) { #expect(RowUUID(given) == nil) }

  @Test(
    "a datum is written as RFC 7047 §5.1 says, and read back the same with and without its type",
    arguments: [
      (Datum("br-int"), "'br-int'", ColumnType(key: .string)),
      (-7, "-7", ColumnType(key: .integer)),
      (2.5, "2.5", ColumnType(key: .real)),
      (true, "true", ColumnType(key: .boolean)),
      (Datum(id(1)), "['uuid','abcd0000-0000-4000-8000-000000000001']", ColumnType(key: .uuid)),
      (.empty, "['set',[]]", ColumnType(key: .string, min: 0, max: nil)),
      (["b", "a"], "['set',['a','b']]", ColumnType(key: .string, min: 0, max: nil)),
      (
        Datum([id(2), id(1)]),
        "['set',[['uuid','abcd0000-0000-4000-8000-000000000001'],['uuid','abcd0000-0000-4000-8000-000000000002']]]",
        ColumnType(key: .uuid, min: 0, max: nil)
      ),
      (.emptyMap, "['map',[]]", ColumnType(key: .string, value: .string, min: 0, max: nil)),
      (["b": "2", "a": "1"], "['map',[['a','1'],['b','2']]]", ColumnType(key: .string, value: .string, min: 0, max: nil)),
      ([1: true], "['map',[[1,true]]]", ColumnType(key: .integer, value: .boolean, min: 0, max: nil)),
    ] as [(Datum, String, ColumnType)])
  func forms(_ datum: Datum, _ wire: String, _ type: ColumnType) throws {
    #expect(written(datum) == wire.replacingQuotes)
    #expect(try read(wire, type) == datum)
    #expect(try read(wire) == datum)
  }

  @Test("a set of one and the bare atom are the same")
  func setOfOne() throws {
    #expect(try read("['set',['a']]") == read("'a'"))
    #expect(try read("['set',[['uuid','abcd0000-0000-4000-8000-000000000001']]]") == Datum(id(1)))
    #expect(Datum(set: ["a", "a"]) == "a")
    #expect(written(Datum(set: ["a"])) == "\"a\"")
  }

  @Test("a real column takes numbers without a fraction, an integer column none with one")
  func numbers() throws {
    #expect(try read("3", ColumnType(key: .real)) == Datum(.real(3)))
    #expect(try read("3").atom == .integer(3))
    #expect(try read("3").atom?.real == 3)
    #expect(throws: JSONError.self) { try read("3.5", ColumnType(key: .integer)) }
    #expect(throws: JSONError.self) { try read("9223372036854775808", ColumnType(key: .integer)) }
    #expect(throws: JSONError.self) { try read("1e999", ColumnType(key: .real)) }
  }

  @Test(
    "what is no datum is refused with its place",
    arguments: [
      "null", "{}", "[]", "['set']", "['set',1]", "['set',[],1]", "['set',[1,1]]", "['set',[[1]]]", "['map',[['a']]]",
      "['map',[['a','b','c']]]", "['map',[['a','b'],['a','c']]]", "['uuid']", "['uuid','x']",
      "['uuid','abcd0000-0000-4000-8000-000000000001',1]", "['bag',[]]", "[1]", "['set',[null]]",
    ])
  func malformed(_ wire: String) { #expect(throws: JSONError.self, "\(wire)") { try read(wire) } }

  @Test(
    "a datum of another type than the column's is refused",
    arguments: [
      ("1", ColumnType(key: .string)), ("'a'", ColumnType(key: .integer)), ("'a'", ColumnType(key: .uuid)),
      ("'a'", ColumnType(key: .string, value: .string)), ("['set',[]]", ColumnType(key: .string, value: .string)),
      ("['map',[]]", ColumnType(key: .string, min: 0)), ("['uuid','abcd0000-0000-4000-8000-000000000001']", ColumnType(key: .string)),
      ("['map',[['a',1]]]", ColumnType(key: .string, value: .string)), ("['set',[true]]", ColumnType(key: .real)),
    ])
  func otherType(_ wire: String, _ type: ColumnType) { #expect(throws: JSONError.self) { try read(wire, type) } }

  @Test("a row of a named uuid is written as such")
  func named() { #expect(written(Datum(.named("row0"))) == #"["named-uuid","row0"]"#) }

  @Test(
    "a difference leads from the old to the new",
    arguments: [
      (Datum(set: ["a", "b"]), Datum(set: ["b", "c"]), Datum(set: ["a", "c"])),
      (Datum(set: []), Datum(set: ["a"]), Datum(set: ["a"])),
      (Datum(set: ["a"]), Datum(set: ["a"]), Datum(set: [])),
      (["a": "1", "b": "2", "d": "5"], ["a": "1", "b": "3", "c": "4"], ["b": "3", "c": "4", "d": "5"]),
      (.emptyMap, ["a": "1"], ["a": "1"]),
    ] as [(Datum, Datum, Datum)])
  func difference(_ old: Datum, _ difference: Datum, _ new: Datum) { #expect(old.applying(difference: difference) == new) }

  @Test("a schema is read with every form of column type")
  func schema() throws {
    #expect(try DatabaseSchema(parsing: json(sampleSchemaText)) == sampleSchema)
  }

  @Test(
    "a broken schema is refused",
    arguments: [
      "{}", "[]", "{'tables':{'T':{}}}", "{'tables':{'T':{'columns':{'c':{}}}}}", "{'tables':{'T':{'columns':{'c':{'type':'text'}}}}}",
      "{'tables':{'T':{'columns':{'c':{'type':{'min':0}}}}}}", "{'tables':{'T':{'columns':{'c':{'type':{'key':'string','max':'many'}}}}}}",
    ])
  func brokenSchema(_ text: String) { #expect(throws: JSONError.self) { try DatabaseSchema(parsing: json(text)) } }

  @Test("a row reads columns by their type, and what is absent or other as empty")
  func row() {
    let row = Row(
      uuid: id(9),
      columns: [
        "name": "p", "tag": 7, "rate": 1.5, "up": false, "addresses": ["x", "a"], "peers": Datum([id(1), id(2)]),
        "options": ["owner": "web", "n": 1],
      ])
    #expect(row.string("name") == "p" && row.integer("tag") == 7 && row.real("rate") == 1.5 && row.boolean("up") == false)
    #expect(row.strings("addresses") == ["a", "x"])
    #expect(row.references("peers") == [id(1), id(2)])
    #expect(row.texts("options") == ["owner": "web"] && row.text("options", "owner") == "web")
    #expect(row.string("tag") == nil && row.string("gone") == nil && row.strings("gone").isEmpty && row.texts("name").isEmpty)
    #expect(row.reference("peers") == nil && row.text("name", "owner") == nil)
  }
}
