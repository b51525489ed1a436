import WireJSON

@testable import OVSDB

/// What a server says, for conversations of tests.
enum Said {
  static func result(_ id: String, _ result: String) -> [UInt8] { json("{'id':\(id),'result':\(result),'error':null}") }
  static func failure(_ id: String, _ error: String) -> [UInt8] { json("{'id':\(id),'error':'\(error)'}") }
  static func notification(_ method: String, _ parameters: String) -> [UInt8] {
    json("{'id':null,'method':'\(method)','params':\(parameters)}")
  }

  /// A row of `_Server.Database` about the sample's database.
  static func row(_ model: String = "standalone", connected: Bool = true, leader: Bool = true, cluster: RowUUID? = nil, index: Int? = nil)
    -> String
  {
    """
    {'name':'Lab','model':'\(model)','connected':\(connected),'leader':\(leader),
    'cid':\(cluster.map { "['uuid','\($0)']" } ?? "['set',[]]"),'index':\(index.map { "\($0)" } ?? "['set',[]]")}
    """
  }

  static func server(_ row: String) -> [UInt8] {
    result(
      "'server'", "{'Database':{'\(id(90))':{'new':\(row)},'\(id(91))':{'new':{'name':'_Server','model':'standalone','connected':true}}}}")
  }

  static func serverChange(_ row: String) -> [UInt8] {
    notification("update", "['server',{'Database':{'\(id(90))':{'old':{},'new':\(row)}}}]")
  }

  static let schema = result("'schema'", sampleSchemaText)

  static func since(_ updates: String, isFound: Bool = false, transaction: RowUUID = .zero) -> [UInt8] {
    result("'data'", "[\(isFound),'\(transaction)',\(updates)]")
  }

  static func update(_ updates: String, transaction: RowUUID = .zero) -> [UInt8] {
    notification("update3", "['data','\(transaction)',\(updates)]")
  }
}

let sampleServers = "tcp:a:1,tcp:b:2"

func sampleOptions(_ servers: String = sampleServers, _ change: (inout ConnectionOptions) -> Void = { _ in }) -> ConnectionOptions {
  // The texts of tests are right.
  guard let list = try? EndpointList(servers) else { preconditionFailure("\(servers) is no list of endpoints") }
  var options = ConnectionOptions(database: "Lab", tables: [MonitoredTable("Port", columns: ["name"])], servers: list)
  options.backoff = Backoff(initial: .seconds(1), longest: .seconds(4), jitter: { 1 })
  change(&options)
  return options
}

/// A session that monitors the sample with the best method.
func readySession() -> Session {
  var session = Session(sampleOptions(), wanted: .init(cluster: nil, isLeaderOnly: true), resume: nil)
  _ = session.open()
  _ = session.receive(Said.server(Said.row()) + Said.schema + Said.since("{}"))
  return session
}

extension Session.Output {
  /// One line about it.
  var line: String {
    switch self {
    case .send(let bytes): "send " + text(bytes)
    case .answer(let id, let outcome): "answer \(id) \(outcome.line)"
    case .synchronized(let update, let isResumed): "synchronized \(isResumed ? "on " : "")\(update.line)"
    case .update(let update): "update \(update.line)"
    case .end(let reason): "end \(reason)"
    }
  }
}

extension Result where Success == [UInt8], Failure == TransactionError {
  var line: String {
    switch self {
    case .success(let bytes): text(bytes)
    case .failure(let error): "\(error)"
    }
  }
}

extension DatabaseUpdate {
  var line: String { entries.map { "\($0.row.low & 0xFF):\($0.update.line)" }.joined(separator: " ") }
}

extension RowUpdate {
  fileprivate var line: String {
    switch self {
    case .insert(let columns): "+\(columns["name"]?.description ?? "")"
    case .replace(let columns): "=\(columns["name"]?.description ?? "")"
    case .modify(let columns): "~\(columns["name"]?.description ?? "")"
    case .delete: "-"
    }
  }
}

extension ConnectionState.Action {
  var line: String {
    switch self {
    case .connect(let endpoint, let connection): "connect \(endpoint) #\(connection)"
    case .disconnect: "disconnect"
    case .send(let bytes): "send " + text(bytes)
    case .replace(let cache): "replace \(cache["Port"].rows.values.compactMap { $0.string("name") }.sorted().joined(separator: " "))"
    case .update(let update): "update \(update.line)"
    case .report(let absent): "absent \(absent.joined(separator: " "))"
    case .finish(let id, let outcome): "finish \(id) \(outcome.line)"
    case .changeStatus(let status): "status \(status)"
    }
  }
}
