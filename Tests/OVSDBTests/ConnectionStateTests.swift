import Testing
import WireJSON

@testable import OVSDB

struct ConnectionStateTests {
  /// The bytes that bring a connection to its running monitor.
  private func ready(_ row: String = Said.row(), _ rows: String = "{}", isFound: Bool = false, transaction: RowUUID = .zero) -> [UInt8] {
    Said.server(row) + Said.schema + Said.since(rows, isFound: isFound, transaction: transaction)
  }

  /// A machine that is connected since zero.
  private func connected(_ servers: String = sampleServers, _ change: (inout ConnectionOptions) -> Void = { _ in }) -> ConnectionState {
    var state = ConnectionState(sampleOptions(servers, change))
    _ = state.start(now: .zero)
    _ = state.connected(1, now: .zero)
    _ = state.received(ready(), 1, now: .zero)
    return state
  }

  /// The lines without the contents of what is sent.
  private func lines(_ actions: [ConnectionState.Action]) -> [String] { actions.map { $0.line.hasPrefix("send") ? "send" : $0.line } }

  @Test("from the start to the replica")
  func beginning() {
    var state = ConnectionState(sampleOptions { $0.probeInterval = .seconds(30) })
    #expect(state.status == .idle && state.deadline == nil)
    #expect(lines(state.start(now: .seconds(10))) == ["connect tcp:a:1 #1", "status connecting to tcp:a:1"])
    #expect(state.deadline == .seconds(15))
    #expect(lines(state.connected(1, now: .seconds(11))) == ["send", "send", "send"])
    #expect(state.deadline == .seconds(41))
    let rows = "{'Port':{'\(id(1))':{'initial':{'name':'p'}}}}"
    #expect(lines(state.received(ready(Said.row(), rows), 1, now: .seconds(12))) == ["send", "replace p", "status connected to tcp:a:1"])
    #expect(state.deadline == .seconds(42))
    #expect(lines(state.received(Said.update("{'Port':{'\(id(1))':{'delete':null}}}"), 1, now: .seconds(13))) == ["update 1:-"])
    #expect(state.start(now: .seconds(13)).isEmpty, "a second start")
  }

  @Test("servers that cannot be reached are tried in turn, with growing pauses")
  func unreachable() {
    var state = ConnectionState(sampleOptions())
    _ = state.start(now: .zero)
    let refused = DisconnectReason.unreachable("refused")
    #expect(
      lines(state.closed(refused, 1, now: .zero)) == [
        "disconnect", "status not connected; no connection: refused", "connect tcp:b:2 #2",
        "status connecting to tcp:b:2; before, no connection: refused",
      ])
    #expect(lines(state.closed(refused, 2, now: .zero)) == ["disconnect", "status not connected; no connection: refused"])
    #expect(state.deadline == .seconds(1) && state.tick(now: .milliseconds(999)).isEmpty)
    #expect(lines(state.tick(now: .seconds(1))).first == "connect tcp:a:1 #3")
    _ = state.closed(refused, 3, now: .seconds(1))
    _ = state.closed(refused, 4, now: .seconds(1))
    #expect(state.deadline == .seconds(3))
  }

  @Test("an attempt that takes too long is given up")
  func connectTimeout() {
    var state = ConnectionState(sampleOptions())
    _ = state.start(now: .zero)
    #expect(
      lines(state.tick(now: .seconds(5))).prefix(3) == [
        "disconnect", "status not connected; no connection: no connection within 5.0 seconds", "connect tcp:b:2 #2",
      ])
    #expect(state.connected(1, now: .seconds(5)).isEmpty, "the old attempt succeeds late")
  }

  @Test("events of an older connection are of no interest")
  func oldEvents() {
    var state = connected()
    _ = state.closed(.closed("x"), 1, now: .seconds(9))
    #expect(state.received(Said.update("{}"), 1, now: .seconds(9)).isEmpty && state.closed(.closed("x"), 1, now: .seconds(9)).isEmpty)
    #expect(state.connected(1, now: .seconds(9)).isEmpty)
  }

  @Test("a follower is left for the next server without a pause, and the leader is kept")
  func leader() {
    var state = ConnectionState(sampleOptions())
    _ = state.start(now: .zero)
    _ = state.connected(1, now: .zero)
    let follower = Said.server(Said.row("clustered", leader: false, cluster: id(7), index: 1))
    #expect(lines(state.received(follower, 1, now: .zero)).contains("connect tcp:b:2 #2"))
    _ = state.connected(2, now: .zero)
    _ = state.received(ready(Said.row("clustered", cluster: id(7), index: 4)), 2, now: .zero)
    #expect(state.status == .connected(.tcp(host: "b", port: 2)))
    let down = Said.serverChange(Said.row("clustered", leader: false, cluster: id(7), index: 5))
    #expect(
      lines(state.received(down, 2, now: .seconds(60))) == [
        "disconnect", "status not connected; the server is not the leader of its cluster", "connect tcp:a:1 #3",
        "status connecting to tcp:a:1; before, the server is not the leader of its cluster",
      ])
    _ = state.connected(3, now: .seconds(60))
    let old = Said.server(Said.row("clustered", cluster: id(7), index: 4))
    #expect(lines(state.received(old, 3, now: .seconds(60))).contains { $0.contains("older than what was seen") })
  }

  @Test("a lasting connection that is lost is replaced at once, one that had just been made counts as a failure")
  func stability() {
    var lasting = connected("unix:/a")
    #expect(lines(lasting.closed(.closed("x"), 1, now: .seconds(3))).contains("connect unix:/a #2"))
    var short = connected("unix:/a")
    #expect(!lines(short.closed(.closed("x"), 1, now: .seconds(2))).contains { $0.hasPrefix("connect") })
    #expect(short.deadline == .seconds(3))
  }

  @Test("a server that falls silent is asked, then given up")
  func silence() {
    var state = connected()
    #expect(state.deadline == .seconds(5))
    #expect(state.tick(now: .seconds(5)).map(\.line) == ["send {'method':'echo','params':[],'id':'echo'}".replacingQuotes])
    #expect(state.received(Said.result("'echo'", "[]"), 1, now: .seconds(6)).isEmpty && state.deadline == .seconds(11))
    _ = state.tick(now: .seconds(11))
    #expect(
      lines(state.tick(now: .seconds(16))).prefix(2) == ["disconnect", "status not connected; the server has been silent for 10.0 seconds"])
  }

  @Test("a server that talks but never gives the database is given up")
  func handshakeTimeout() {
    var state = ConnectionState(sampleOptions { $0.handshakeTimeout = .seconds(9) })
    _ = state.start(now: .zero)
    _ = state.connected(1, now: .zero)
    for second in 1...8 { _ = state.received(json(" "), 1, now: .seconds(second)) }
    #expect(state.deadline == .seconds(9))
    #expect(lines(state.tick(now: .seconds(9))).contains { $0.contains("did not send the database within 9.0 seconds") })
  }

  @Test("requests wait for the replica, and then go out in order")
  func waiting() {
    var state = ConnectionState(sampleOptions())
    #expect(state.submit(1, json("['Lab',1]"), deadline: .seconds(30)).isEmpty)
    _ = state.start(now: .zero)
    _ = state.connected(1, now: .zero)
    #expect(state.submit(2, json("['Lab',2]"), deadline: .seconds(30)).isEmpty)
    let actions = state.received(ready(), 1, now: .zero).map(\.line)
    #expect(
      Array(actions.suffix(3)) == [
        "status connected to tcp:a:1", "send {'method':'transact','params':['Lab',1],'id':1}".replacingQuotes,
        "send {'method':'transact','params':['Lab',2],'id':2}".replacingQuotes,
      ])
    #expect(state.received(Said.result("2", "[{}]"), 1, now: .zero).map(\.line) == ["finish 2 [{}]"])
    #expect(state.received(Said.result("2", "[{}]") + Said.result("9", "[]"), 1, now: .zero).isEmpty, "answers that nobody waits for")
  }

  @Test("the update of a transaction is taken in before its answer is given")
  func updateBeforeAnswer() {
    var state = connected()
    _ = state.submit(1, json("['Lab']"), deadline: .seconds(30))
    let bytes = Said.update("{'Port':{'\(id(1))':{'insert':{'name':'p'}}}}") + Said.result("1", "[{}]")
    #expect(state.received(bytes, 1, now: .zero).map(\.line) == ["update 1:+p", "finish 1 [{}]"])
  }

  @Test("a lost connection leaves the outcome of what was sent open, and keeps what was not")
  func lostAnswers() {
    var state = connected { $0.maxInFlight = 1 }
    #expect(lines(state.submit(1, json("['Lab']"), deadline: .seconds(30))) == ["send"])
    #expect(state.submit(2, json("['Lab']"), deadline: .seconds(30)).isEmpty)
    #expect(
      lines(state.closed(.closed("reset"), 1, now: .seconds(9))).prefix(2) == [
        "disconnect",
        "finish 1 OVSDB transaction was sent and may have taken effect; its answer is lost: the connection was closed: reset",
      ])
    _ = state.connected(2, now: .seconds(9))
    #expect(lines(state.received(ready(), 2, now: .seconds(9))).suffix(2) == ["status connected to tcp:b:2", "send"])
  }

  @Test("at its deadline a request ends, and the server is asked to forget it")
  func deadlines() {
    var state = connected {
      $0.maxInFlight = 1; $0.probeInterval = nil
    }
    _ = state.submit(1, json("['Lab']"), deadline: .seconds(2))
    _ = state.submit(2, json("['Lab']"), deadline: .seconds(3))
    #expect(state.deadline == .seconds(2))
    #expect(
      state.tick(now: .seconds(2)).map(\.line) == [
        "send {'method':'cancel','params':[1],'id':null}".replacingQuotes,
        "finish 1 OVSDB transaction was sent and may have taken effect; its answer is lost: no answer in time",
        "send {'method':'transact','params':['Lab'],'id':2}".replacingQuotes,
      ])
    #expect(state.received(Said.failure("1", "canceled"), 1, now: .seconds(2)).isEmpty)
  }

  @Test("a request that no connection came for says why")
  func noConnection() {
    var state = ConnectionState(sampleOptions("unix:/a"))
    _ = state.start(now: .zero)
    _ = state.submit(1, [], deadline: .seconds(2))
    _ = state.closed(.unreachable("No such file or directory"), 1, now: .zero)
    _ = state.tick(now: .seconds(1))
    _ = state.closed(.unreachable("No such file or directory"), 2, now: .seconds(1))
    #expect(
      state.tick(now: .seconds(2)).map(\.line) == [
        "finish 1 OVSDB transaction was not sent: no connection in time: not connected; no connection: No such file or directory"
      ])
  }

  @Test("who is cancelled is told at once, and the server is asked to forget it")
  func cancelled() {
    var state = connected { $0.maxInFlight = 1 }
    _ = state.submit(1, json("['Lab']"), deadline: .seconds(9))
    _ = state.submit(2, json("['Lab']"), deadline: .seconds(9))
    #expect(state.cancel(2).map(\.line) == ["finish 2 OVSDB transaction was not sent: the caller was cancelled"])
    let actions = lines(state.cancel(1))
    #expect(actions.count == 2 && actions[0] == "send" && actions[1].hasPrefix("finish 1 OVSDB transaction was sent"))
    #expect(state.cancel(1).isEmpty)
  }

  @Test("an update that does not fit means a new connection and the whole database")
  func inconsistent() throws {
    let row = Said.row("clustered", cluster: id(7), index: 5)
    var state = ConnectionState(sampleOptions("unix:/a"))
    _ = state.start(now: .zero)
    _ = state.connected(1, now: .zero)
    _ = state.received(ready(row, transaction: id(20)), 1, now: .zero)
    var cache = sampleCache()
    let error = #expect(throws: CacheInconsistency.self) { try cache.apply(parseUpdate("{'Port':{'\(id(1))':{'delete':null}}}")) }
    let actions = lines(state.cacheIsInconsistent(try #require(error), now: .seconds(9)))
    #expect(actions.contains { $0.contains("contradict") } && actions.contains("connect unix:/a #2"))
    _ = state.connected(2, now: .seconds(9))
    let asked = state.received(Said.server(row) + Said.schema, 2, now: .seconds(9)).map(\.line)
    #expect(asked.contains { $0.contains("\(RowUUID.zero)") })
  }

  @Test("a database that contradicts itself is not taken")
  func inconsistentBeginning() {
    var state = ConnectionState(sampleOptions())
    _ = state.start(now: .zero)
    _ = state.connected(1, now: .zero)
    let actions = lines(state.received(ready(Said.row(), "{'Port':{'\(id(1))':{'delete':null}}}"), 1, now: .zero))
    #expect(actions.contains("connect tcp:b:2 #2") && !actions.contains { $0.hasPrefix("replace") })
  }

  @Test("after a reconnection to the cluster only what has happened since is taken in")
  func resume() {
    let row = Said.row("clustered", cluster: id(7), index: 5)
    var state = ConnectionState(sampleOptions("unix:/a"))
    _ = state.start(now: .zero)
    _ = state.connected(1, now: .zero)
    _ = state.received(ready(row, transaction: id(20)), 1, now: .zero)
    _ = state.closed(.closed("x"), 1, now: .seconds(9))
    // An attempt that fails in between does not lose the place.
    _ = state.closed(.unreachable("x"), 2, now: .seconds(9))
    _ = state.tick(now: .seconds(10))
    _ = state.connected(3, now: .seconds(10))
    #expect(state.received(Said.server(row) + Said.schema, 3, now: .seconds(10)).map(\.line).contains { $0.contains("\(id(20))") })
    let change = Said.since("{'Port':{'\(id(1))':{'insert':{'name':'p'}}}}", isFound: true, transaction: id(21))
    #expect(lines(state.received(change, 3, now: .seconds(10))) == ["update 1:+p", "status connected to unix:/a"])
  }

  @Test("what the schema lacks is reported, and not asked for")
  func absent() {
    var state = ConnectionState(
      ConnectionOptions(
        database: "Lab", tables: [MonitoredTable("Port", columns: ["name", "later"]), MonitoredTable("Later")],
        servers: EndpointList(.unix(path: "/a"))))
    _ = state.start(now: .zero)
    _ = state.connected(1, now: .zero)
    let actions = state.received(ready(), 1, now: .zero).map(\.line)
    #expect(actions.contains("absent Port.later Later"))
    #expect(actions.contains { $0.contains("{\"Port\":[{\"columns\":[\"name\"]}]}") })
  }

  @Test("a stop closes, ends every request, and nothing follows")
  func stop() {
    var state = connected { $0.maxInFlight = 1 }
    _ = state.submit(1, json("['Lab']"), deadline: .seconds(9))
    _ = state.submit(2, json("['Lab']"), deadline: .seconds(9))
    let actions = lines(state.stop())
    #expect(actions.first == "disconnect" && actions.last == "status stopped" && actions.count == 4)
    #expect(actions[1].hasPrefix("finish 1 OVSDB transaction was sent") && actions[2].hasPrefix("finish 2 OVSDB transaction was not sent"))
    #expect(state.stop().isEmpty && state.tick(now: .seconds(99)).isEmpty && state.deadline == nil)
    #expect(state.submit(3, [], deadline: .seconds(99)).map(\.line) == ["finish 3 OVSDB transaction was not sent: the client was stopped"])
  }

  @Test("any order of events leaves every request with exactly one ending", arguments: [41, 42, 43, 44, 45, 46, 47, 48] as [UInt64])
  func anyOrder(_ seed: UInt64) {
    var dice = Dice(seed)
    var state = ConnectionState(
      sampleOptions {
        $0.maxInFlight = 3; $0.maxWaiting = 5
      })
    var now = Duration.zero
    var connection = 0
    var endings: [UInt64: Int] = [:]
    var submitted: UInt64 = 0
    func note(_ actions: [ConnectionState.Action]) {
      for action in actions {
        switch action {
        case .finish(let id, _): endings[id, default: 0] += 1
        case .connect(_, let number): connection = number
        default: break
        }
      }
    }
    note(state.start(now: now))
    for _ in 0..<4000 {
      now += .milliseconds(dice.roll(700))
      let number = dice.roll(10) == 0 ? connection - 1 : connection
      switch dice.roll(9) {
      case 0: note(state.connected(number, now: now))
      case 1: note(state.received(ready(), number, now: now))
      case 2: note(state.received(Said.result("\(1 + dice.roll(Int(submitted) + 1))", "[]"), number, now: now))
      case 3: note(state.closed(.closed("x"), number, now: now))
      case 4, 5:
        submitted += 1
        note(state.submit(submitted, [], deadline: now + .milliseconds(dice.roll(9000))))
      case 6: note(state.cancel(UInt64(dice.roll(Int(submitted) + 1))))
      default: if let deadline = state.deadline, deadline <= now { note(state.tick(now: now)) }
      }
      if let deadline = state.deadline, deadline <= now { note(state.tick(now: now)) }
    }
    note(state.stop())
    #expect(endings.count == Int(submitted) && endings.values.allSatisfy { $0 == 1 }, "seed \(seed)")
  }
}
