import WireJSON

@testable import OVSDB

/// Texts of tests are written with single quotes, for legibility: they are what JSON calls double.
func json(_ text: String) -> [UInt8] { Array(text.replacingQuotes.utf8) }

extension String {
  var replacingQuotes: String { String(map { $0 == "'" ? "\"" : $0 }) }
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// A row's identity from a small number.
func id(_ number: UInt64) -> RowUUID { RowUUID(high: 0xABCD_0000_0000_4000, low: 0x8000_0000_0000_0000 | number) }

/// Random numbers that a seed repeats.
struct Dice: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }

  mutating func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &self) }
}

/// A database of one table with a column of every form.
let sampleSchema = DatabaseSchema(
  name: "Lab", version: "1.2.3",
  tables: [
    "Port": TableSchema(columns: [
      "name": ColumnType(key: .string), "tag": ColumnType(key: .integer, min: 0, max: 1), "rate": ColumnType(key: .real),
      "addresses": ColumnType(key: .string, min: 0, max: nil), "peers": ColumnType(key: .uuid, min: 0, max: nil),
      "options": ColumnType(key: .string, value: .string, min: 0, max: nil), "up": ColumnType(key: .boolean, min: 0, max: 1),
      "one_pair": ColumnType(key: .string, value: .integer, min: 0, max: 1),
    ])
  ])

/// The same, as `get_schema` gives it.
let sampleSchemaText = """
  {'name':'Lab','version':'1.2.3','cksum':'1 2','tables':{'Port':{'isRoot':true,'maxRows':10,'indexes':[['name']],'columns':{
  'name':{'type':'string','mutable':false},
  'tag':{'type':{'key':{'type':'integer','minInteger':1,'maxInteger':4095},'min':0,'max':1}},
  'rate':{'type':{'key':'real'}},
  'addresses':{'type':{'key':'string','min':0,'max':'unlimited'}},
  'peers':{'type':{'key':{'type':'uuid','refTable':'Port','refType':'weak'},'min':0,'max':'unlimited'}},
  'options':{'type':{'key':'string','value':'string','min':0,'max':'unlimited'},'ephemeral':true},
  'up':{'type':{'key':'boolean','min':0,'max':1}},
  'one_pair':{'type':{'key':'string','value':'integer','min':0,'max':1}}}}}}
  """.replacingQuotes

let byName = TableIndex("name")
let byOption = TableIndex("options", key: "owner")
let byAddress = TableIndex("addresses")
let samplePort = MonitoredTable("Port", indexes: [byName, byOption, byAddress])

func sampleCache() -> DatabaseCache { DatabaseCache(schema: sampleSchema, tables: [samplePort]) }

func parseUpdate(_ text: String, _ method: MonitorMethod = .conditional) throws -> DatabaseUpdate {
  try JSONReader.parse(json(text)) { (reader) throws(JSONError) in try DatabaseUpdate(reading: &reader, method, sampleSchema) }
}
