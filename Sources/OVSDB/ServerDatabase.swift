/// What a server says of one database that it hosts: a row of `_Server.Database` (ovsdb-server(5)).
struct ServerDatabase: Equatable, Sendable {
  /// How a server stores a database. The words are ovsdb-server's.
  enum Model: Equatable, Sendable {
    case standalone
    case clustered
    case relay
    case other(String)

    init(_ word: String) {
      self =
        switch word {
        case "standalone": .standalone
        case "clustered": .clustered
        case "relay": .relay
        default: .other(word)
        }
    }
  }

  let model: Model
  /// Whether the server can see its storage: of a cluster, a majority.
  let isConnected: Bool
  let isLeader: Bool
  let cluster: RowUUID?
  /// Of a cluster, the log entry that the server shows: it never goes back on one server, but differs between them.
  let index: Int64?

  static let databaseName = "_Server"
  static let table = MonitoredTable("Database", columns: ["name", "model", "connected", "leader", "cid", "index"])

  /// The part of `_Server`'s schema that is read here; unchanged since ovsdb-server 2.9.
  static let schema = DatabaseSchema(
    name: databaseName,
    tables: [
      table.name: TableSchema(columns: [
        "name": ColumnType(key: .string), "model": ColumnType(key: .string), "connected": ColumnType(key: .boolean),
        "leader": ColumnType(key: .boolean), "cid": ColumnType(key: .uuid, min: 0), "index": ColumnType(key: .integer, min: 0),
      ])
    ])

  init(_ row: Row) {
    model = Model(row.string("model") ?? "")
    isConnected = row.boolean("connected") ?? false
    isLeader = row.boolean("leader") ?? false
    cluster = row.reference("cid")
    index = row.integer("index")
  }

  /// The row of a database; nil if the server does not host it.
  static func find(_ name: String, in cache: DatabaseCache) -> ServerDatabase? {
    cache[table.name].rows.values.first { $0.string("name") == name }.map { ServerDatabase($0) }
  }

  /// Why this server is not to be used; nil if it is.
  func fault(_ wanted: Wanted) -> DisconnectReason? {
    if let cluster = wanted.cluster, self.cluster != cluster { return .otherCluster(self.cluster) }
    if !isConnected { return .notConnected }
    switch model {
    case .clustered:
      if wanted.isLeaderOnly, !isLeader { return .notLeader }
      if let newest = wanted.newest, newest.cluster == cluster, let index, index < newest.index { return .stale }
    case .relay:
      if wanted.isLeaderOnly { return .notLeader }
    case .standalone, .other: break
    }
    return nil
  }

  /// What a client wants of a server.
  struct Wanted: Equatable, Sendable {
    /// The newest state that was seen of a cluster: no older one is to be believed again.
    struct Newest: Equatable, Sendable {
      let cluster: RowUUID
      let index: Int64
    }

    var cluster: RowUUID?
    var isLeaderOnly: Bool
    var newest: Newest?
  }

  var newest: Wanted.Newest? {
    guard case .clustered = model, let cluster, let index else { return nil }
    return Wanted.Newest(cluster: cluster, index: index)
  }
}
