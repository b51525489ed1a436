import Testing
import WireJSON

@testable import OVSDB

struct TransactionTests {
  private func written(_ build: (inout Transaction) -> Void) throws -> String {
    var transaction = Transaction(database: "Lab")
    build(&transaction)
    return text(try transaction.parameters())
  }

  @Test(
    "every operation is written as RFC 7047 §5.2 says",
    arguments: [
      (
        Operation.insert(table: "Port", row: ["name": "a", "tag": 3], name: "row0"),
        "{'op':'insert','table':'Port','row':{'name':'a','tag':3},'uuid-name':'row0'}"
      ),
      (.insert(table: "Port", row: [:], name: nil), "{'op':'insert','table':'Port','row':{}}"),
      (
        .select(table: "Port", where: [.equal("name", "a"), Condition("tag", .greaterOrEqual, 2)], columns: ["_uuid", "name"]),
        "{'op':'select','table':'Port','where':[['name','==','a'],['tag','>=',2]],'columns':['_uuid','name']}"
      ),
      (.select(table: "Port", where: [], columns: nil), "{'op':'select','table':'Port','where':[]}"),
      (
        .update(table: "Port", where: [.row(id(1))], row: ["addresses": ["b", "a"]]),
        "{'op':'update','table':'Port','where':[['_uuid','==',['uuid','abcd0000-0000-4000-8000-000000000001']]],"
          + "'row':{'addresses':['set',['a','b']]}}"
      ),
      (
        .mutate(
          table: "Port", where: [.includes("options", ["owner": "web"])],
          mutations: [.insert("options", ["k": "v"]), .delete("options", ["x", "y"]), Mutation("rate", .multiply, 2)]),
        "{'op':'mutate','table':'Port','where':[['options','includes',['map',[['owner','web']]]]],"
          + "'mutations':[['options','insert',['map',[['k','v']]]],['options','delete',['set',['x','y']]],['rate','*=',2]]}"
      ),
      (
        .delete(table: "Port", where: [Condition("addresses", .excludes, "a")]),
        "{'op':'delete','table':'Port','where':[['addresses','excludes','a']]}"
      ),
      (
        .wait(
          table: "Port", where: [.equal("name", "a")], columns: ["tag"], until: .notEqual, rows: [["tag": .empty]],
          timeout: .microseconds(1500)),
        "{'op':'wait','table':'Port','where':[['name','==','a']],'columns':['tag'],'until':'!=','rows':[{'tag':['set',[]]}],'timeout':2}"
      ),
      (.commit(isDurable: true), "{'op':'commit','durable':true}"),
      (.abort, "{'op':'abort'}"),
      (.comment("by \"hand\"\n"), "{'op':'comment','comment':'by \\\"hand\\\"\\n'}"),
      (.assert(lock: "l"), "{'op':'assert','lock':'l'}"),
    ])
  func operations(_ operation: OVSDB.Operation, _ wire: String) throws {
    #expect(try written { $0.add(operation) } == "[\"Lab\"," + wire.replacingQuotes + "]")
  }

  @Test("rows of one transaction refer to each other by name")
  func references() throws {
    let wire = try written { transaction in
      let first = transaction.insert("Port", ["name": "a"])
      transaction.comment()
      let second = transaction.insert("Port", ["name": "b", "peers": first.reference])
      transaction.update("Port", where: [.equal("name", "c")], ["peers": Datum(set: [first.atom, second.atom])])
    }
    let expected = """
      ['Lab',{'op':'insert','table':'Port','row':{'name':'a'},'uuid-name':'row0'},{'op':'comment','comment':'.'},\
      {'op':'insert','table':'Port','row':{'name':'b','peers':['named-uuid','row0']},'uuid-name':'row2'},\
      {'op':'update','table':'Port','where':[['name','==','c']],'row':{'peers':['set',[['named-uuid','row0'],['named-uuid','row2']]]}}]
      """.replacingQuotes
    #expect(wire == expected)
  }

  @Test("guards wait for no time at all")
  func guards() throws {
    let wire = try written { transaction in
      transaction.require("Port", where: [.row(id(1))], ["tag": 4, "name": "a"])
      transaction.requireNone("Port", where: [.equal("name", "b")])
    }
    let expected = """
      ['Lab',{'op':'wait','table':'Port','where':[['_uuid','==',['uuid','abcd0000-0000-4000-8000-000000000001']]],\
      'columns':['name','tag'],'until':'==','rows':[{'name':'a','tag':4}],'timeout':0},\
      {'op':'wait','table':'Port','where':[['name','==','b']],'columns':['_uuid'],'until':'==','rows':[],'timeout':0}]
      """.replacingQuotes
    #expect(wire == expected)
  }

  @Test("what would make a server hang up is not sent")
  func unsendable() {
    let zero = Datum("a\u{0}b")
    let bad: [OVSDB.Operation] = [
      .insert(table: "Port", row: ["name": zero], name: nil), .select(table: "Port", where: [.equal("name", zero)], columns: nil),
      .update(table: "Port", where: [], row: ["options": ["k": "\u{0}"]]), .comment("\u{0}"), .assert(lock: "\u{0}"),
      .mutate(table: "Port", where: [], mutations: [.insert("addresses", ["a", "\u{0}"])]),
      .wait(table: "Port", where: [], columns: nil, until: .equal, rows: [["name": zero]], timeout: .zero),
      .update(table: "Port", where: [], row: ["rate": Datum(.real(.infinity))]), .delete(table: "Port", where: [.equal("name", zero)]),
    ]
    for operation in bad {
      var transaction = Transaction(database: "Lab")
      transaction.add(operation)
      #expect(throws: TransactionError.self, "\(operation)") { try transaction.parameters() }
    }
  }

  private var sample: Transaction {
    var transaction = Transaction(database: "Lab")
    transaction.insert("Port", ["name": "a"])
    transaction.select("Port", where: [])
    transaction.mutate("Port", where: [], [.insert("addresses", "x")])
    transaction.comment()
    return transaction
  }

  @Test("results are found by operation, and a select is read by the schema")
  func results() throws {
    let answer = json(
      """
      [{'uuid':['uuid','abcd0000-0000-4000-8000-000000000007']},
       {'rows':[{'_uuid':['uuid','abcd0000-0000-4000-8000-000000000001'],'rate':2,'addresses':'x','new_column':{}}]},{'count':3},{}]
      """)
    let result = try sample.result(from: answer, schema: sampleSchema)
    #expect(result.operations[0] == .inserted(id(7)) && result.operations[3] == .done)
    var other = Transaction(database: "Lab")
    #expect(result[other.insert("Port", [:])] == id(7))
    #expect(result.rows(at: 1) == [["_uuid": Datum(id(1)), "rate": Datum(.real(2)), "addresses": "x"]])
    #expect(result.count(at: 2) == 3)
    #expect(result.count(at: 0) == 0 && result.count(at: 9) == 0 && result.rows(at: 3).isEmpty)
  }

  @Test(
    "a failure names its operation and table",
    arguments: [
      (
        "[{'uuid':['uuid','abcd0000-0000-4000-8000-000000000007']},{'error':'timed out','details':'no'},null,null]", 1, "Port",
        TransactionFailure.Reason.timedOut, "OVSDB transaction failed at operation 1 (select Port): timed out: no"
      ),
      (
        "[{},{},{},{'error':'aborted'}]", 3, nil, .aborted, "OVSDB transaction failed at operation 3 (comment): aborted"
      ),
      (
        "[{'count':1},{'rows':[]},{'count':1},{},{'details':'2 rows','error':'constraint violation'}]", nil, nil, .constraintViolation,
        "OVSDB transaction failed at its commit: constraint violation: 2 rows"
      ),
      (
        "[{'syntax':'{}','error':'unknown column'}]", 0, "Port", .other("unknown column"),
        "OVSDB transaction failed at operation 0 (insert Port): unknown column"
      ),
    ] as [(String, Int?, String?, TransactionFailure.Reason, String)])
  func failures(_ answer: String, _ index: Int?, _ table: String?, _ reason: TransactionFailure.Reason, _ description: String) {
    let error = #expect(throws: TransactionError.self) { try sample.result(from: json(answer)) }
    guard case .rejected(let failure) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(failure.operation == index && failure.table == table && failure.reason == reason)
    #expect(failure.description == description)
    #expect(error?.isGuardFailure == (reason == .timedOut))
  }

  @Test(
    "an answer that cannot be understood leaves the outcome open",
    arguments: [
      "{}", "[", "[{},{}]", "[{},{},{},{},{}]", "[null,{},{},{}]", "[{'uuid':1},{},{},{}]", "[1,2,3,4]", "[{'rows':[[]]},{},{},{}]",
    ])
  func malformed(_ answer: String) {
    let error = #expect(throws: TransactionError.self) { try sample.result(from: json(answer)) }
    guard case .outcomeUnknown = error else {
      Issue.record("\(answer): \(String(describing: error))")
      return
    }
  }
}

extension Transaction {
  fileprivate mutating func comment() { add(.comment(".")) }
}
