import WireJSON

/// The conversation on one connection: from the first question to the running monitor. It knows nothing of time, nor of what comes after it.
///
/// Three questions go out at once: what the server says of its databases (`_Server`, with RFC 7047's own monitor, which needs no schema to
/// be read), the schema of ours, and not to be thrown out when databases come and go. When the server is fit and the schema known, the
/// database is monitored with the best method that the server takes.
struct Session: Sendable {
  /// What must be the same for a server to be able to say only what has happened since.
  struct ResumePoint: Equatable, Sendable {
    let transaction: RowUUID
    let cluster: RowUUID
    let schema: DatabaseSchema
  }

  enum Output: Equatable, Sendable {
    case send([UInt8])
    /// A caller's request is answered.
    case answer(UInt64, Result<[UInt8], TransactionError>)
    /// The database as a whole, or, after a resume, what has happened to it meanwhile.
    case synchronized(DatabaseUpdate, isResumed: Bool)
    case update(DatabaseUpdate)
    /// The conversation is over; nothing follows.
    case end(DisconnectReason)
  }

  /// Names of our own requests and monitors. Callers' requests have numbers.
  private enum Name {
    static let server = "server"
    static let schema = "schema"
    static let awareness = "awareness"
    static let data = "data"
    static let echo = "echo"
  }

  private enum ServerKnowledge {
    case asked
    /// Before ovsdb-server 2.9 there was no such database; clusters came with it.
    case none
    case known(DatabaseCache)
  }

  private let database: String
  private let tables: [MonitoredTable]
  private let resume: ResumePoint?
  private(set) var wanted: ServerDatabase.Wanted
  private var framer: JSONRPCFramer
  private var server = ServerKnowledge.asked
  private(set) var schema: DatabaseSchema?
  /// The method in use, or the one that was asked for.
  private var method: MonitorMethod?
  /// Whether the database has arrived.
  private(set) var isReady = false
  private var isOver = false
  private var transaction = RowUUID.zero

  init(_ options: ConnectionOptions, wanted: ServerDatabase.Wanted, resume: ResumePoint?) {
    database = options.database
    tables = options.tables
    framer = JSONRPCFramer(limits: options.limits)
    self.wanted = wanted
    self.resume = resume
  }

  /// Where a later connection to this cluster can go on; nil if the server tells no transactions.
  var resumePoint: ResumePoint? {
    guard isReady, transaction != .zero, let schema, let cluster = current?.cluster else { return nil }
    return ResumePoint(transaction: transaction, cluster: cluster, schema: schema)
  }

  private var current: ServerDatabase? {
    guard case .known(let cache) = server else { return nil }
    return ServerDatabase.find(database, in: cache)
  }

  // MARK: Asking

  func open() -> [Output] {
    let about = MonitorMethod.plain.parameters(
      database: ServerDatabase.databaseName, id: Name.server, tables: [ServerDatabase.table], schema: ServerDatabase.schema, since: .zero)
    return [
      ask(Name.server, MonitorMethod.plain.requestName, about),
      ask(Name.schema, "get_schema", JSONValue.array([.string(database)]).bytes),
      ask(Name.awareness, "set_db_change_aware", Array("[true]".utf8)),
    ]
  }

  func echo() -> Output { ask(Name.echo, "echo", Array("[]".utf8)) }

  func transact(_ id: UInt64, _ parameters: [UInt8]) -> Output {
    .send(JSONRPCMessage.request(id: .integer(id), method: "transact", parameters: parameters).bytes)
  }

  /// Asks the server to forget a request (RFC 7047 §4.1.4), so that one that waits there does not take effect long after.
  func cancel(_ id: UInt64) -> Output {
    .send(JSONRPCMessage.notification(method: "cancel", parameters: JSONValue.array([.integer(id)]).bytes).bytes)
  }

  private func ask(_ id: String, _ method: String, _ parameters: [UInt8]) -> Output {
    .send(JSONRPCMessage.request(id: .string(id), method: method, parameters: parameters).bytes)
  }

  // MARK: Hearing

  /// Takes in what has arrived, split in any way.
  mutating func receive(_ bytes: some Sequence<UInt8>) -> [Output] {
    var outputs: [Output] = []
    framer.feed(bytes)
    while !isOver {
      do throws(FramingError) {
        guard let frame = try framer.next() else { break }
        outputs += receive(frame)
      } catch {
        outputs.append(end(.malformed("\(error)")))
      }
    }
    return outputs
  }

  private mutating func receive(_ frame: JSONRPCFramer.Frame) -> [Output] {
    do throws(JSONError) {
      switch try JSONRPCMessage(parsing: frame.bytes) {
      case .request(let id, "echo", let parameters): return [.send(JSONRPCMessage.result(id: id, parameters).bytes)]
      case .request(let id, _, _): return [.send(JSONRPCMessage.failure(id: id, RPCError(error: "unknown method")).bytes)]
      case .notification(let method, let parameters): return try receive(method, parameters)
      case .result(let id, let result): return try receive(id, .success(result))
      case .failure(let id, let error): return try receive(id, .failure(error))
      }
    } catch {
      return [end(.malformed("in the message at byte \(frame.offset) of the stream: \(error)"))]
    }
  }

  private mutating func receive(_ id: JSONValue, _ outcome: Result<[UInt8], RPCError>) throws(JSONError) -> [Output] {
    if let number = id.number.flatMap({ UInt64($0.text) }) { return [.answer(number, Self.callersOutcome(outcome))] }
    switch (id.string, outcome) {
    case (Name.server, .success(let result)):
      server = .known(DatabaseCache(schema: ServerDatabase.schema, tables: [ServerDatabase.table]))
      let update = try JSONReader.parse(result) { (reader) throws(JSONError) in
        try DatabaseUpdate(reading: &reader, .plain, ServerDatabase.schema)
      }
      return takeIn(serverUpdate: update)
    case (Name.server, .failure):
      server = .none
      return proceed()
    case (Name.schema, .success(let result)):
      schema = try DatabaseSchema(parsing: result)
      return proceed()
    case (Name.schema, .failure(let error)): return [end(.schemaRefused(error))]
    case (Name.data, .success(let result)): return try takeIn(database: result)
    case (Name.data, .failure(let error)): return fallBack(error)
    default: return []
    }
  }

  /// `canceled` answers our own cancellation, but also ends requests when a database is removed; of a cluster, what was under way may
  /// yet be written.
  private static func callersOutcome(_ outcome: Result<[UInt8], RPCError>) -> Result<[UInt8], TransactionError> {
    outcome.mapError { $0.error == "canceled" ? .outcomeUnknown("the server has cancelled the request") : .refused($0) }
  }

  private mutating func receive(_ name: String, _ parameters: [UInt8]) throws(JSONError) -> [Output] {
    if name == "monitor_canceled" {
      let canceled = try JSONValue(parsing: parameters)[0]?.string
      return canceled == Name.data || canceled == Name.server ? [end(.monitorCanceled)] : []
    }
    guard let method = MonitorMethod.allCases.first(where: { $0.notificationName == name }) else { return [] }
    return try JSONReader.parse(parameters) { (reader) throws(JSONError) in
      try reader.beginArray()
      try reader.expectElement()
      let monitor = try reader.readString()
      if method == .since {
        try reader.expectElement()
        let newest = try reader.readTransaction()
        if monitor == Name.data { transaction = newest }
      }
      try reader.expectElement()
      let outputs = try receive(monitor, method, &reader)
      try reader.endArray()
      return outputs
    }
  }

  private mutating func receive(
    _ monitor: String, _ method: MonitorMethod, _ reader: inout JSONReader
  ) throws(JSONError) -> [Output] {
    switch (monitor, schema) {
    case (Name.server, _):
      return takeIn(serverUpdate: try DatabaseUpdate(reading: &reader, method, ServerDatabase.schema))
    case (Name.data, let schema?) where isReady && method == self.method:
      return [.update(try DatabaseUpdate(reading: &reader, method, schema))]
    case (Name.data, _): throw reader.error(.expected("no update before the answer to the monitor request"))
    default:
      try reader.skipValue()
      return []
    }
  }

  // MARK: The way to the monitor

  private mutating func takeIn(serverUpdate update: DatabaseUpdate) -> [Output] {
    guard case .known(var cache) = server else { return [] }
    server = .none
    do throws(CacheInconsistency) {
      _ = try cache.apply(update)
    } catch {
      return [end(.inconsistent("\(error)"))]
    }
    server = .known(cache)
    guard let current else { return [end(.databaseMissing(database))] }
    let fault = current.fault(wanted)
    // A leader that steps down has shown what it had last.
    if fault == nil || fault == .notLeader { wanted.newest = current.newest ?? wanted.newest }
    if let fault { return [end(fault)] }
    return proceed()
  }

  private mutating func proceed() -> [Output] {
    guard method == nil, schema != nil else { return [] }
    if case .asked = server { return [] }
    return askForData(.since)
  }

  private mutating func askForData(_ method: MonitorMethod) -> [Output] {
    guard let schema else { return [] }
    self.method = method
    let parameters = method.parameters(
      database: database, id: Name.data, tables: tables, schema: schema, since: usableResume?.transaction ?? .zero)
    return [ask(Name.data, method.requestName, parameters)]
  }

  private var usableResume: ResumePoint? {
    guard let resume, resume.schema == schema, let cluster = current?.cluster, resume.cluster == cluster else { return nil }
    return resume
  }

  private mutating func fallBack(_ error: RPCError) -> [Output] {
    guard !isReady, let method else { return [] }
    guard let next = method.fallback else { return [end(.monitorRefused(error))] }
    return askForData(next)
  }

  private mutating func takeIn(database result: [UInt8]) throws(JSONError) -> [Output] {
    guard !isReady, let method, let schema else { return [] }
    let output = try JSONReader.parse(result) { (reader) throws(JSONError) in
      guard method == .since else {
        return Output.synchronized(try DatabaseUpdate(reading: &reader, method, schema), isResumed: false)
      }
      try reader.beginArray()
      try reader.expectElement()
      let isFound = try reader.readBool()
      try reader.expectElement()
      transaction = try reader.readTransaction()
      try reader.expectElement()
      let update = try DatabaseUpdate(reading: &reader, method, schema)
      try reader.endArray()
      // Nobody can have found what we did not ask for.
      return .synchronized(update, isResumed: isFound && usableResume != nil)
    }
    isReady = true
    return [output]
  }

  private mutating func end(_ reason: DisconnectReason) -> Output {
    isOver = true
    return .end(reason)
  }
}

extension JSONReader {
  fileprivate mutating func readTransaction() throws(JSONError) -> RowUUID {
    guard let transaction = RowUUID(try readString()) else { throw error(.expected("a transaction's uuid")) }
    return transaction
  }
}
