import Testing
import WireJSON

@testable import OVSDB

struct FramerTests {
  private func frames(_ framer: inout JSONRPCFramer) throws(FramingError) -> [String] {
    var found: [String] = []
    while let frame = try framer.next() { found.append(text(frame.bytes)) }
    return found
  }

  @Test("a stream split anywhere gives the same messages at the same places", arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func splits(_ seed: UInt64) throws {
    var dice = Dice(seed)
    var stream: [UInt8] = []
    var expected: [JSONRPCFramer.Frame] = []
    for _ in 0..<200 {
      stream += [[], [0x20], [0x0A, 0x09], [0x0D, 0x0A]][dice.roll(4)] as [UInt8]
      let message = JSONValue.object(["v": Self.value(&dice, depth: 5)]).bytes
      expected.append(JSONRPCFramer.Frame(bytes: message, offset: stream.count))
      stream += message
    }
    var framer = JSONRPCFramer()
    var found: [JSONRPCFramer.Frame] = []
    var rest = stream[...]
    while !rest.isEmpty {
      let count = min(rest.count, 1 + dice.roll(dice.roll(4) == 0 ? 2000 : 9))
      framer.feed(rest.prefix(count))
      rest = rest.dropFirst(count)
      while let frame = try framer.next() { found.append(frame) }
    }
    #expect(found == expected, "seed \(seed)")
    #expect(framer.pendingBytes == 0, "seed \(seed)")
  }

  private static func value(_ dice: inout Dice, depth: Int) -> JSONValue {
    switch dice.roll(depth == 0 ? 4 : 6) {
    case 0: .integer(dice.roll(1000))
    case 1: .bool(true)
    case 2: .string(["}{", "]\\", "\"", "\\\"", "é{", "\u{1}"][dice.roll(6)])
    case 3: .null
    case 4: .array((0..<dice.roll(4)).map { _ in value(&dice, depth: depth - 1) })
    default: .object(["{k\"": value(&dice, depth: depth - 1)])
    }
  }

  @Test("bytes changed at random never bring anything down", arguments: [11, 12, 13, 14] as [UInt64])
  func mutations(_ seed: UInt64) {
    var dice = Dice(seed)
    let message = json("{'id':7,'method':'update3','params':['data','abcd0000-0000-4000-8000-000000000001',{'Port':{}}]}")
    let ready = readySession()
    for _ in 0..<2000 {
      var bytes = message + message
      for _ in 0...dice.roll(4) {
        switch dice.roll(3) {
        case 0: bytes[dice.roll(bytes.count)] = UInt8(dice.roll(256))
        case 1: bytes.remove(at: dice.roll(bytes.count))
        default: bytes.insert(UInt8(dice.roll(256)), at: dice.roll(bytes.count))
        }
      }
      var session = ready
      for output in session.receive(bytes) {
        if case .end(let reason) = output { #expect(!reason.description.isEmpty, "seed \(seed)") }
      }
    }
  }

  @Test("what does not begin with a brace is refused with its place, after what was before it")
  func notAnObject() throws {
    var framer = JSONRPCFramer()
    framer.feed(Array("{} {}\n x".utf8))
    #expect(try framer.next()?.offset == 0)
    #expect(try framer.next()?.offset == 3)
    #expect(throws: FramingError.notAnObject(byte: UInt8(ascii: "x"), offset: 7)) { try framer.next() }
  }

  @Test("a message that is too large or too deep is refused before it is whole")
  func limits() throws {
    var framer = JSONRPCFramer(limits: JSONRPCFramer.Limits(bytes: 20, depth: 4))
    framer.feed(Array("{\"a\":1}".utf8))
    _ = try framer.next()
    framer.feed(Array(("{\"a\":\"" + String(repeating: "x", count: 15)).utf8))
    #expect(throws: FramingError.tooLarge(limit: 20, offset: 7)) { try frames(&framer) }

    framer = JSONRPCFramer(limits: JSONRPCFramer.Limits(bytes: 2000, depth: 4))
    framer.feed(Array("{\"a\":[[[[".utf8))
    #expect(throws: FramingError.tooDeep(limit: 4, offset: 8)) { try frames(&framer) }
  }

  @Test("a message of exactly the limits passes")
  func atTheLimits() throws {
    var framer = JSONRPCFramer(limits: JSONRPCFramer.Limits(bytes: 10, depth: 3))
    framer.feed(Array("{\"a\":[[]]}{".utf8))
    #expect(try frames(&framer) == ["{\"a\":[[]]}"])
    #expect(framer.pendingBytes == 1)
  }

  @Test(
    "messages are told apart by their members",
    arguments: [
      ("{'id':null,'method':'update','params':[1]}", JSONRPCMessage.notification(method: "update", parameters: json("[1]"))),
      ("{'method':'locked'}", .notification(method: "locked", parameters: json("[]"))),
      ("{'params':['x'],'method':'echo','id':'e'}", .request(id: "e", method: "echo", parameters: json("['x']"))),
      ("{'id':3,'result':{'a':[]},'error':null}", .result(id: 3, json("{'a':[]}"))),
      ("{'id':3,'result':null,'error':null}", .result(id: 3, json("null"))),
      ("{'id':3,'error':'canceled'}", .failure(id: 3, RPCError(error: "canceled"))),
      (
        "{'id':3,'result':null,'error':{'error':'unknown database','details':'no','syntax':'x'}}",
        .failure(id: 3, RPCError(error: "unknown database", details: "no"))
      ),
      ("{'id':3,'error':[1]}", .failure(id: 3, RPCError(error: "[1]"))),
    ])
  func messages(_ wire: String, _ message: JSONRPCMessage) throws {
    #expect(try JSONRPCMessage(parsing: json(wire)) == message)
  }

  @Test("what is no message is refused", arguments: ["{}", "{'id':1}", "{'method':1}", "[]", "{'id':1,'result':}", "{'id':1,'result':1}x"])
  func notMessages(_ wire: String) { #expect(throws: JSONError.self) { try JSONRPCMessage(parsing: json(wire)) } }

  @Test(
    "messages go out as RFC 7047 §4.1 has them",
    arguments: [
      (JSONRPCMessage.request(id: 5, method: "echo", parameters: json("[]")), "{'method':'echo','params':[],'id':5}"),
      (.notification(method: "cancel", parameters: json("[5]")), "{'method':'cancel','params':[5],'id':null}"),
      (.result(id: "e", json("[1]")), "{'result':[1],'error':null,'id':'e'}"),
      (.failure(id: 1, RPCError(error: "unknown method")), "{'result':null,'error':'unknown method','id':1}"),
    ])
  func written(_ message: JSONRPCMessage, _ wire: String) { #expect(text(message.bytes) == wire.replacingQuotes) }
}
