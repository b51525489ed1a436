import Testing
import WireJSON

@testable import OVSDB

struct SessionTests {
  private let opening = [
    "send {'method':'monitor','params':['_Server','server',{'Database':[{'columns':['name','model','connected','leader','cid','index']}]}],"
      + "'id':'server'}",
    "send {'method':'get_schema','params':['Lab'],'id':'schema'}",
    "send {'method':'set_db_change_aware','params':[true],'id':'awareness'}",
  ].map(\.replacingQuotes)

  private func monitor(_ method: String, _ since: String = "") -> String {
    "send {'method':'\(method)','params':['Lab','data',{'Port':[{'columns':['name']}]}\(since)],'id':'data'}".replacingQuotes
  }

  private func session(
    _ wanted: ServerDatabase.Wanted = .init(cluster: nil, isLeaderOnly: true), resume: Session.ResumePoint? = nil
  ) -> Session {
    Session(sampleOptions(), wanted: wanted, resume: resume)
  }

  @Test("from the first question to the running monitor")
  func handshake() {
    var session = session()
    #expect(session.open().map(\.line) == opening)
    #expect(session.receive(Said.server(Said.row())).isEmpty)
    #expect(session.receive(Said.schema).map(\.line) == [monitor("monitor_cond_since", ",'\(RowUUID.zero)'")])
    #expect(session.receive(Said.result("'awareness'", "{}")).isEmpty && !session.isReady)
    #expect(session.receive(Said.since("{'Port':{'\(id(1))':{'initial':{'name':'p'}}}}")).map(\.line) == ["synchronized 1:+p"])
    #expect(session.isReady && session.resumePoint == nil)
    #expect(session.receive(Said.update("{'Port':{'\(id(1))':{'modify':{'name':'q'}}}}")).map(\.line) == ["update 1:~q"])
  }

  @Test("the schema may come before what the server says of itself")
  func otherOrder() {
    var session = session()
    #expect(session.receive(Said.schema).isEmpty)
    #expect(session.receive(Said.server(Said.row())).count == 1)
  }

  @Test("a server without `_Server`, and without the newer monitors, is monitored as RFC 7047 says")
  func oldServer() {
    var session = session()
    #expect(session.receive(Said.failure("'server'", "unknown database") + Said.failure("'awareness'", "unknown method")).isEmpty)
    #expect(session.receive(Said.schema).map(\.line) == [monitor("monitor_cond_since", ",'\(RowUUID.zero)'")])
    #expect(session.receive(Said.failure("'data'", "unknown method")).map(\.line) == [monitor("monitor_cond")])
    #expect(session.receive(Said.failure("'data'", "unknown method")).map(\.line) == [monitor("monitor")])
    #expect(session.receive(Said.result("'data'", "{'Port':{'\(id(1))':{'new':{'name':'p'}}}}")).map(\.line) == ["synchronized 1:=p"])
    let update = Said.notification("update", "['data',{'Port':{'\(id(1))':{'old':{'name':'p'}}}}]")
    #expect(session.receive(update).map(\.line) == ["update 1:-"])
  }

  @Test("the middle method has updates of its own name")
  func conditional() {
    var session = session()
    _ = session.receive(Said.server(Said.row()) + Said.schema + Said.failure("'data'", "unknown method"))
    #expect(session.receive(Said.result("'data'", "{}")).map(\.line) == ["synchronized "])
    #expect(session.receive(Said.notification("update2", "['data',{'Port':{'\(id(1))':{'insert':{}}}}]")).map(\.line) == ["update 1:+"])
  }

  @Test("a server that refuses every monitor is given up")
  func refused() {
    var session = session()
    _ = session.receive(Said.server(Said.row()) + Said.schema + Said.failure("'data'", "x") + Said.failure("'data'", "x"))
    #expect(session.receive(Said.failure("'data'", "no")) == [.end(.monitorRefused(RPCError(error: "no")))])
    #expect(session.receive(Said.update("{}")).isEmpty, "nothing follows an end")
  }

  @Test(
    "a server that is of no use is told apart at once",
    arguments: [
      (Said.row("clustered", connected: false, cluster: id(7), index: 9), DisconnectReason.notConnected),
      (Said.row("clustered", leader: false, cluster: id(7), index: 9), .notLeader),
      (Said.row("clustered", cluster: id(7), index: 4), .stale),
      (Said.row("clustered", cluster: id(8), index: 9), .otherCluster(id(8))),
      (Said.row("standalone"), .otherCluster(nil)),
      (Said.row("relay", cluster: id(7)), .notLeader),
    ])
  func useless(_ row: String, _ reason: DisconnectReason) {
    let wanted = ServerDatabase.Wanted(cluster: id(7), isLeaderOnly: true, newest: .init(cluster: id(7), index: 5))
    var session = session(wanted)
    #expect(session.receive(Said.server(row)) == [.end(reason)])
  }

  @Test(
    "a server that is of use is taken",
    arguments: [
      (Said.row("clustered", cluster: id(7), index: 5), true), (Said.row("clustered", leader: false, cluster: id(7), index: 5), false),
      (Said.row("standalone"), true), (Said.row("relay", leader: false), false), (Said.row("clustered", cluster: id(8), index: 1), true),
      (Said.row("something new"), true),
    ])
  func useful(_ row: String, _ isLeaderOnly: Bool) {
    let wanted = ServerDatabase.Wanted(cluster: nil, isLeaderOnly: isLeaderOnly, newest: .init(cluster: id(7), index: 5))
    var session = session(wanted)
    #expect(session.receive(Said.server(row) + Said.schema).count == 1)
  }

  @Test("a database that is missing, or goes, ends the conversation")
  func missing() {
    var first = session()
    #expect(first.receive(Said.result("'server'", "{'Database':{}}")) == [.end(.databaseMissing("Lab"))])
    var second = readySession()
    #expect(
      second.receive(Said.notification("update", "['server',{'Database':{'\(id(90))':{'old':{}}}}]")) == [.end(.databaseMissing("Lab"))])
    var third = readySession()
    #expect(third.receive(Said.notification("monitor_canceled", "['data']")) == [.end(.monitorCanceled)])
    var fourth = session()
    #expect(fourth.receive(Said.failure("'schema'", "no")) == [.end(.schemaRefused(RPCError(error: "no")))])
  }

  @Test("a leader that steps down is left, and the newest state seen is remembered")
  func steppingDown() {
    var session = session()
    _ = session.receive(Said.server(Said.row("clustered", cluster: id(7), index: 5)) + Said.schema + Said.since("{}"))
    #expect(session.receive(Said.serverChange(Said.row("clustered", cluster: id(7), index: 8))).isEmpty)
    #expect(session.wanted.newest == .init(cluster: id(7), index: 8))
    #expect(session.receive(Said.serverChange(Said.row("clustered", leader: false, cluster: id(7), index: 9))) == [.end(.notLeader)])
  }

  @Test("where the server tells transactions, a later conversation can go on from the last one")
  func resume() throws {
    var first = session()
    let row = Said.row("clustered", cluster: id(7), index: 5)
    _ = first.receive(Said.server(row) + Said.schema + Said.since("{}", transaction: id(20)))
    _ = first.receive(Said.update("{'Port':{'\(id(1))':{'insert':{}}}}", transaction: id(21)))
    let point = try #require(first.resumePoint)
    #expect(point.transaction == id(21) && point.cluster == id(7))

    var second = session(resume: point)
    #expect(second.receive(Said.server(row) + Said.schema).map(\.line) == [monitor("monitor_cond_since", ",'\(id(21))'")])
    #expect(
      second.receive(Said.since("{'Port':{'\(id(1))':{'delete':null}}}", isFound: true, transaction: id(22))).map(\.line) == [
        "synchronized on 1:-"
      ])
    #expect(second.resumePoint?.transaction == id(22))

    var third = session(resume: point)
    _ = third.receive(Said.server(row) + Said.schema)
    #expect(
      third.receive(Said.since("{}", isFound: false, transaction: id(30))).map(\.line) == ["synchronized "], "forgotten by the server")
  }

  @Test("another cluster or another schema is no place to go on")
  func noResume() {
    let point = Session.ResumePoint(transaction: id(21), cluster: id(7), schema: sampleSchema)
    var other = session(resume: point)
    let asked = other.receive(Said.server(Said.row("clustered", cluster: id(8), index: 1)) + Said.schema)
    #expect(asked.map(\.line) == [monitor("monitor_cond_since", ",'\(RowUUID.zero)'")])
    let older = Session.ResumePoint(transaction: id(21), cluster: id(7), schema: DatabaseSchema(name: "Lab", tables: [:]))
    var changed = session(resume: older)
    let askedAgain = changed.receive(Said.server(Said.row("clustered", cluster: id(7), index: 1)) + Said.schema)
    #expect(askedAgain.map(\.line) == [monitor("monitor_cond_since", ",'\(RowUUID.zero)'")])
    #expect(changed.receive(Said.since("{}", isFound: true)).map(\.line) == ["synchronized "], "found what nobody asked for")
  }

  @Test("an echo is answered in any state, what is not known is refused, what is not asked is passed over")
  func requests() {
    var session = session()
    let bytes =
      json("{'id':'echo','method':'echo','params':['x',{}]}") + json("{'id':4,'method':'steal','params':[]}")
      + Said.notification("locked", "['l']") + Said.notification("update3", "['other','\(RowUUID.zero)',{}]") + Said.result("'what'", "1")
      + Said.notification("monitor_canceled", "['other']")
    #expect(
      session.receive(bytes).map(\.line)
        == [
          "send {'result':['x',{}],'error':null,'id':'echo'}", "send {'result':null,'error':'unknown method','id':4}",
        ].map(\.replacingQuotes))
  }

  @Test("callers' answers come by number, a cancelled one leaves the outcome open")
  func answers() {
    var session = readySession()
    #expect(session.transact(5, json("['Lab']")).line == "send {'method':'transact','params':['Lab'],'id':5}".replacingQuotes)
    #expect(session.cancel(5).line == "send {'method':'cancel','params':[5],'id':null}".replacingQuotes)
    let outputs = session.receive(Said.result("5", "[{}]") + Said.failure("6", "canceled") + Said.failure("7", "unknown database"))
    #expect(
      outputs == [
        .answer(5, .success(json("[{}]"))), .answer(6, .failure(.outcomeUnknown("the server has cancelled the request"))),
        .answer(7, .failure(.refused(RPCError(error: "unknown database")))),
      ])
  }

  @Test(
    "what cannot be understood ends the conversation and says where it stood",
    arguments: [
      json("nonsense"), json("{'id':1}"), json("{]"), Said.notification("update3", "['data']"), Said.notification("update3", "{}"),
      Said.notification("update3", "['data','x',{}]"), Said.notification("update3", "['data','\(RowUUID.zero)',{},1]"),
      Said.update("{'Port':{'\(id(1))':{'insert':{'name':[]}}}}"), Said.notification("update2", "['data',{}]"),
      Said.notification("monitor_canceled", "]"),
    ])
  func malformed(_ bytes: [UInt8]) {
    var session = readySession()
    let outputs = session.receive(json(" ") + bytes + Said.update("{}"))
    guard outputs.count == 1, case .end(.malformed(let reason)) = outputs[0] else {
      Issue.record("\(outputs.map(\.line))")
      return
    }
    #expect(reason.contains("byte"))
  }

  @Test(
    "an answer to the monitor that is not one ends the conversation",
    arguments: [
      "{}", "[true]", "[1,'\(RowUUID.zero)',{}]", "[false,'x',{}]", "[false,'\(RowUUID.zero)',[]]", "[false,'\(RowUUID.zero)',{},1]",
    ])
  func malformedMonitor(_ result: String) {
    var session = session()
    _ = session.receive(Said.server(Said.row()) + Said.schema)
    guard case .end(.malformed) = session.receive(Said.result("'data'", result)).first else {
      Issue.record("\(result)")
      return
    }
  }

  @Test("an update before the database, and a server's update that fits nothing, end the conversation")
  func early() {
    var first = session()
    _ = first.receive(Said.server(Said.row()) + Said.schema)
    guard case .end(.malformed) = first.receive(Said.update("{}")).first else {
      Issue.record("an update before the answer")
      return
    }
    var second = readySession()
    let gone = Said.notification("update2", "['server',{'Database':{'\(id(55))':{'delete':null}}}]")
    guard case .end(.inconsistent) = second.receive(gone).first else {
      Issue.record("a deletion of what is not there")
      return
    }
  }
}
