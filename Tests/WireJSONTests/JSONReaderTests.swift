import Testing
import WireJSON

@Suite struct JSONReaderTests {
  @Test(
    "a valid document is read and printed back",
    arguments: [
      ("{}", "{}"), ("[]", "[]"), (" { \"a\" : [ 1 , -0.5e+3 , true , false , null ] } ", #"{"a":[1,-0.5e+3,true,false,null]}"#),
      (#""\u00e9\ud83d\ude00\n\/""#, #""é😀\n/""#), (#""\ud800x""#, #""\#u{FFFD}x""#),
      (#"{"b":1,"a":{"c":[{},[]]}}"#, #"{"a":{"c":[{},[]]},"b":1}"#),
      ("18446744073709551613", "18446744073709551613"), (#"{"\u0061":1}"#, #"{"a":1}"#), (#"{"a":1,"a":2}"#, #"{"a":2}"#),
    ])
  func readsValid(input: String, output: String) throws {
    #expect(try JSONValue(parsing: input).text == output)
  }

  @Test(
    "a malformed document is refused",
    arguments: [
      "", " ", "{", "}", "[", "{,}", "[,]", "[1,]", #"{"a":1,}"#, #"{"a" 1}"#, #"{"a":}"#, #"{a:1}"#, "[1 2]", #"{"a":1 "b":2}"#, "01", "-",
      "1.",
      ".5", "1e", "+1", "tru", "nul", "\"", "\"\\x\"", "\"\\u12g4\"", "\"\u{1}\"", "1 2", "{}x", "'a'", "[\"\\\"]", "NaN",
    ])
  func refusesMalformed(input: String) {
    #expect(throws: JSONError.self) { try JSONValue(parsing: input) }
  }

  @Test("bytes that are no UTF-8 are refused in strings")
  func refusesInvalidUTF8() {
    #expect(throws: JSONError(offset: 0, reason: .invalidUTF8)) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
  }

  @Test("nesting is bounded")
  func boundsDepth() {
    let deep = String(repeating: "[", count: 10_000)
    #expect(throws: JSONError(offset: 256, reason: .tooDeep(limit: 256))) { try JSONValue(parsing: deep) }
  }

  @Test("the pull reader hands out what is asked for and skips the rest")
  func pulls() throws {
    let bytes = Array(#"{"skip":{"x":[1,{"y":"\"}"}]},"name":"pod-1","n":7,"none":null,"list":["a","b"]}"#.utf8)
    var (name, number, list, none) = ("", Int64(0), [String](), false)
    try JSONReader.parse(bytes) { (reader) throws(JSONError) in
      try reader.beginObject()
      while let key = try reader.nextKey() {
        switch key {
        case "name": name = try reader.readString()
        case "n": number = try reader.readInt64()
        case "none": none = try reader.readNull()
        case "list": try reader.readArray { (reader) throws(JSONError) in list.append(try reader.readString()) }
        default: try reader.skipValue()
        }
      }
    }
    #expect(name == "pod-1")
    #expect(number == 7)
    #expect(none)
    #expect(list == ["a", "b"])
  }

  @Test("a value of another type names what was expected")
  func namesExpectation() {
    #expect(throws: JSONError(offset: 0, reason: .expected("a string"))) {
      try JSONReader.parse(Array("5".utf8)) { (reader) throws(JSONError) in try reader.readString() }
    }
    #expect(throws: JSONError(offset: 0, reason: .numberOutOfRange("9223372036854775808"))) {
      try JSONReader.parse(Array("9223372036854775808".utf8)) { (reader) throws(JSONError) in try reader.readInt64() }
    }
  }

  @Test("random bytes are read or refused, never trapped on; what is read prints to an equal value")
  func survivesNoise() {
    var generator = SplitMix(state: 0x5EED)
    let alphabet = Array("{}[]\",:\\u0123eE+-.truefalsn \u{e9}".utf8)
    for round in 0..<20_000 {
      let noise = (0..<Int.random(in: 0...24, using: &generator)).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
      guard let value = try? JSONValue(parsing: noise) else { continue }
      #expect((try? JSONValue(parsing: value.bytes)) == value, "round \(round) of seed 0x5EED: \(noise)")
    }
  }
}

@Suite struct JSONWriterTests {
  @Test("pretty output indents by the width asked for")
  func indents() {
    var writer = JSONWriter(indentation: 4)
    writer.value(["a": [1, ["b": "c"]], "e": [], "o": [:]])
    #expect(
      String(decoding: writer.bytes, as: UTF8.self) == """
        {
            "a": [
                1,
                {
                    "b": "c"
                }
            ],
            "e": [],
            "o": {}
        }
        """)
  }

  @Test("control characters, quotes and backslashes are escaped")
  func escapes() {
    #expect(JSONValue.string("a\"\\\u{1}\n\t\u{7f}é").text == "\"a\\\"\\\\\\u0001\\n\\t\u{7f}é\"")
  }
}

/// SplitMix64: a tiny generator whose seed makes a run repeatable.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
