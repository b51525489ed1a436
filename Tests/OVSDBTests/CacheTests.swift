import Testing
import WireJSON

@testable import OVSDB

struct CacheTests {
  @Test("an inserted row has the defaults of what the server left out")
  func defaults() throws {
    var cache = sampleCache()
    let changes = try cache.apply(parseUpdate("{'Port':{'\(id(1))':{'initial':{'name':'a'}}}}"))
    let row = try #require(cache["Port"][id(1)])
    #expect(row.columns["rate"] == Datum(.real(0)) && row.columns["tag"] == .empty && row.columns["options"] == Datum.emptyMap)
    #expect(row.columns.count == 8)
    #expect(changes == [RowChange(table: "Port", uuid: id(1), old: nil, new: row)])
  }

  @Test("only monitored columns are there")
  func columns() throws {
    var cache = DatabaseCache(schema: sampleSchema, tables: [MonitoredTable("Port", columns: ["name", "gone"]), MonitoredTable("Gone")])
    _ = try cache.apply(parseUpdate("{'Port':{'\(id(1))':{'insert':{}}}}"))
    #expect(cache["Port"][id(1)]?.columns == ["name": ""])
    #expect(cache["Gone"].count == 0 && cache["Never"].count == 0 && cache.names == ["Gone", "Port"])
  }

  @Test(
    "a modification is a difference where a column can hold several, else the new value",
    arguments: [
      ("'name':'b'", "name", Datum("b")), ("'tag':5", "tag", 5), ("'tag':['set',[]]", "tag", Datum.empty), ("'up':true", "up", true),
      ("'addresses':['set',['x','z']]", "addresses", ["y", "z"]), ("'addresses':'x'", "addresses", "y"),
      ("'options':['map',[['owner','web'],['k','2'],['n','3']]]", "options", ["k": "2", "n": "3"]),
      ("'one_pair':['map',[['b',2]]]", "one_pair", ["b": 2]), ("'one_pair':['map',[]]", "one_pair", Datum.emptyMap),
      ("'peers':['set',[['uuid','\(id(4))'],['uuid','\(id(5))']]]", "peers", Datum(id(5))),
    ] as [(String, String, Datum)])
  func modify(_ difference: String, _ column: String, _ value: Datum) throws {
    var cache = sampleCache()
    let row = """
      'name':'a','tag':3,'addresses':['set',['x','y']],'options':['map',[['owner','web'],['k','1']]],'one_pair':['map',[['a',1]]],
      'peers':['uuid','\(id(4))']
      """
    _ = try cache.apply(parseUpdate("{'Port':{'\(id(1))':{'insert':{\(row)}}}}"))
    let changes = try cache.apply(parseUpdate("{'Port':{'\(id(1))':{'modify':{\(difference)}}}}"))
    #expect(cache["Port"][id(1)]?.columns[column] == value)
    #expect(changes.count == 1 && changes[0].old?.columns[column] != value && changes[0].new?.columns[column] == value)
  }

  @Test("RFC 7047's own update has whole rows")
  func plain() throws {
    var cache = sampleCache()
    _ = try cache.apply(parseUpdate("{'Port':{'\(id(1))':{'new':{'name':'a','tag':['set',[]]}}}}", .plain))
    _ = try cache.apply(parseUpdate("{'Port':{'\(id(1))':{'old':{'name':'a'},'new':{'name':'b','tag':1}}}}", .plain))
    #expect(cache["Port"].first(byName, "b")?.integer("tag") == 1)
    let changes = try cache.apply(parseUpdate("{'Port':{'\(id(1))':{'old':{'name':'b','tag':1}}}}", .plain))
    #expect(cache["Port"].count == 0 && changes.count == 1 && changes[0].new == nil)
  }

  @Test("tables and columns that are not in the schema are passed over")
  func unknown() throws {
    let update = try parseUpdate("{'Other':{'x':1},'Port':{'\(id(1))':{'insert':{'name':'a','later':{'x':[1]}}}}}")
    #expect(update.entries == [.init(table: "Port", row: id(1), update: .insert(["name": "a"]))])
  }

  @Test(
    "a malformed update is refused",
    arguments: [
      "[]", "{'Port':[]}", "{'Port':{'x':{'insert':{}}}}", "{'Port':{'\(id(1))':{}}}", "{'Port':{'\(id(1))':{'insert':{},'delete':null}}}",
      "{'Port':{'\(id(1))':{'upsert':{}}}}", "{'Port':{'\(id(1))':{'insert':{'name':1}}}}", "{'Port':{'\(id(1))':{'insert':null}}}",
    ])
  func malformed(_ text: String) { #expect(throws: JSONError.self) { try parseUpdate(text) } }

  @Test("a plain update needs old or new", arguments: ["{}", "{'insert':{}}", "{'new':null}"])
  func malformedPlain(_ row: String) { #expect(throws: JSONError.self) { try parseUpdate("{'Port':{'\(id(1))':\(row)}}", .plain) } }

  @Test(
    "an update that contradicts the cache changes nothing at all",
    arguments: ["{'insert':{}}", "{'modify':{}}", "{'delete':null}"])
  func contradiction(_ wrong: String) throws {
    var cache = sampleCache()
    _ = try cache.apply(parseUpdate("{'Port':{'\(id(1))':{'insert':{'name':'a'}}}}"))
    let target = wrong.contains("insert") ? id(1) : id(2)
    let error = #expect(throws: CacheInconsistency.self) {
      try cache.apply(try parseUpdate("{'Port':{'\(id(3))':{'insert':{}},'\(target)':\(wrong)}}"))
    }
    #expect(error?.row == target)
    #expect(Array(cache["Port"].rows.keys) == [id(1)])
  }

  @Test("rows are found by column, by element and by the value of a key")
  func indexes() throws {
    var cache = sampleCache()
    _ = try cache.apply(
      parseUpdate(
        """
        {'Port':{'\(id(1))':{'insert':{'name':'a','addresses':['set',['x','y']],'options':['map',[['owner','web']]]}},
        '\(id(2))':{'insert':{'name':'a','addresses':'x'}},'\(id(3))':{'insert':{'name':'b','options':['map',[['owner','web']]]}}}}
        """))
    func uuids(_ index: TableIndex, _ key: Atom) -> [RowUUID] { cache["Port"].rows(index, key).map(\.uuid) }
    #expect(uuids(byName, "a") == [id(1), id(2)] && uuids(byAddress, "x") == [id(1), id(2)] && uuids(byAddress, "y") == [id(1)])
    #expect(uuids(byOption, "web") == [id(1), id(3)] && uuids(byOption, "db").isEmpty)
    #expect(uuids(TableIndex("rate"), Atom.real(0)) == [id(1), id(2), id(3)], "an index that was not declared")

    _ = try cache.apply(
      parseUpdate(
        "{'Port':{'\(id(1))':{'modify':{'name':'c','addresses':'x','options':['map',[['owner','db']]]}},'\(id(2))':{'delete':null}}}"))
    #expect(
      uuids(byName, "a").isEmpty && uuids(byName, "c") == [id(1)] && uuids(byAddress, "x").isEmpty && uuids(byAddress, "y") == [id(1)])
    #expect(uuids(byOption, "web") == [id(3)] && uuids(byOption, "db") == [id(1)])
  }

  @Test("the changes between two caches lead from one to the other")
  func difference() throws {
    var old = sampleCache()
    _ = try old.apply(
      parseUpdate("{'Port':{'\(id(1))':{'insert':{'name':'a'}},'\(id(2))':{'insert':{'name':'b'}},'\(id(3))':{'insert':{}}}}"))
    var new = sampleCache()
    _ = try new.apply(
      parseUpdate("{'Port':{'\(id(1))':{'insert':{'name':'a'}},'\(id(2))':{'insert':{'name':'B'}},'\(id(4))':{'insert':{}}}}"))
    let changes = new.changes(since: old)
    #expect(Set(changes.map(\.uuid)) == [id(2), id(3), id(4)])
    for change in changes {
      #expect(change.old == old["Port"][change.uuid] && change.new == new["Port"][change.uuid])
    }
    #expect(new.changes(since: nil).count == 3 && new.changes(since: new).isEmpty)
  }

  @Test("a random history arrives alike by all methods and matches its indexes", arguments: [21, 22, 23, 24, 25, 26] as [UInt64])
  func history(_ seed: UInt64) throws {
    var dice = Dice(seed)
    var truth: [RowUUID: [String: Datum]] = [:]
    var conditional = sampleCache()
    var plain = sampleCache()
    for step in 0..<300 {
      let uuid = id(UInt64(dice.roll(12)))
      let old = truth[uuid]
      let new = old != nil && dice.roll(4) == 0 ? nil : Self.columns(&dice)
      guard old != nil || new != nil, old != new else { continue }
      truth[uuid] = new
      let changes = try conditional.apply(parse(Self.conditional(uuid, old, new), .conditional))
      _ = try plain.apply(parse(Self.plain(uuid, old, new), .plain))
      #expect(changes.map(\.new?.columns) == [new], "seed \(seed), step \(step)")
      #expect(conditional["Port"].rows.mapValues(\.columns) == truth, "seed \(seed), step \(step)")
    }
    #expect(plain["Port"].rows == conditional["Port"].rows, "seed \(seed)")
    for index in [byName, byOption, byAddress] {
      for key in ["a", "b", "c", "d"] as [Atom] {
        let expected = conditional["Port"].rows.values.filter { index.keys(of: $0).contains(key) }.map(\.uuid).sorted()
        #expect(conditional["Port"].rows(index, key).map(\.uuid) == expected, "seed \(seed), \(index), \(key)")
      }
    }
  }

  private func parse(_ bytes: [UInt8], _ method: MonitorMethod) throws -> DatabaseUpdate {
    try JSONReader.parse(bytes) { (reader) throws(JSONError) in try DatabaseUpdate(reading: &reader, method, sampleSchema) }
  }

  private static func columns(_ dice: inout Dice) -> [String: Datum] {
    let letters: [Atom] = ["a", "b", "c", "d"]
    func some(_ dice: inout Dice) -> [Atom] { letters.filter { _ in dice.roll(2) == 0 } }
    var options: [Atom: Atom] = [:]
    for key in some(&dice) + ["owner"] { options[key] = letters[dice.roll(4)] }
    return [
      "name": Datum(letters[dice.roll(4)]), "tag": dice.roll(2) == 0 ? .empty : Datum(.integer(Int64(dice.roll(3)))),
      "rate": Datum(.real(Double(dice.roll(3)))), "addresses": Datum(set: some(&dice)),
      "peers": Datum(set: (0..<dice.roll(3)).map { Atom.uuid(id(UInt64($0))) }), "options": Datum(map: options),
      "up": dice.roll(2) == 0 ? .empty : true, "one_pair": dice.roll(2) == 0 ? .emptyMap : ["a": .integer(Int64(dice.roll(2)))],
    ]
  }

  /// What an ovsdb-server would send: the test's own arithmetic of differences.
  private static func conditional(_ uuid: RowUUID, _ old: [String: Datum]?, _ new: [String: Datum]?) -> [UInt8] {
    update(uuid) { writer in
      guard let new else {
        writer.field("delete", .null)
        return
      }
      guard let old else {
        writer.key("insert")
        writer.columns(new.filter { sampleSchema.tables["Port"]?.columns[$0.key]?.defaultValue != $0.value })
        return
      }
      writer.key("modify")
      writer.columns(
        Dictionary(uniqueKeysWithValues: new.filter { old[$0.key] != $0.value }.map { ($0.key, difference(old[$0.key], $0.value, $0.key)) })
      )
    }
  }

  private static func difference(_ old: Datum?, _ new: Datum, _ column: String) -> Datum {
    guard let old, ["addresses", "peers", "options"].contains(column) else { return new }
    guard new.isMap else { return Datum(set: old.atoms.filter { !new.contains($0) } + new.atoms.filter { !old.contains($0) }) }
    let gone = old.pairs.filter { new[$0.key] == nil }
    let changed = new.pairs.filter { old[$0.key] != $0.value }
    return Datum(map: gone.merging(changed) { $1 })
  }

  private static func plain(_ uuid: RowUUID, _ old: [String: Datum]?, _ new: [String: Datum]?) -> [UInt8] {
    update(uuid) { writer in
      if let old {
        writer.key("old")
        writer.columns(old)
      }
      if let new {
        writer.key("new")
        writer.columns(new)
      }
    }
  }

  private static func update(_ uuid: RowUUID, _ body: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("Port")
    writer.beginObject()
    writer.key(uuid.description)
    writer.beginObject()
    body(&writer)
    writer.endObject()
    writer.endObject()
    writer.endObject()
    return writer.bytes
  }
}
