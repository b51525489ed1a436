/// Why a connection, or an attempt at one, was ended.
package enum DisconnectReason: Error, Equatable, Sendable {
  /// The connection could not be made.
  case unreachable(String)
  /// The other side, or the network, ended it.
  case closed(String)
  /// Nothing was heard for this long.
  case silent(Duration)
  /// The server was heard, but did not become useful in this time.
  case handshakeTimedOut(Duration)
  case malformed(String)
  case databaseMissing(String)
  /// The server is cut off from its storage: from the majority of its cluster, or from a relay's source.
  case notConnected
  case notLeader
  /// The server shows an older state than was seen already.
  case stale
  case otherCluster(RowUUID?)
  case schemaRefused(RPCError)
  case monitorRefused(RPCError)
  /// The database was removed, or its schema changed.
  case monitorCanceled
  case inconsistent(String)
  case stopped
}

extension DisconnectReason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unreachable(let reason): "no connection: \(reason)"
    case .closed(let reason): "the connection was closed: \(reason)"
    case .silent(let time): "the server has been silent for \(time)"
    case .handshakeTimedOut(let time): "the server did not send the database within \(time)"
    case .malformed(let reason): "the server sent what cannot be understood: \(reason)"
    case .databaseMissing(let name): "the server has no database \(name)"
    case .notConnected: "the server is cut off from its cluster or source"
    case .notLeader: "the server is not the leader of its cluster"
    case .stale: "the server's data are older than what was seen of the cluster before"
    case .otherCluster(let cluster): "the server belongs to \(cluster.map { "cluster \($0)" } ?? "no cluster"), not to the wanted one"
    case .schemaRefused(let error): "the server does not give the schema: \(error)"
    case .monitorRefused(let error): "the server refuses the monitor: \(error)"
    case .monitorCanceled: "the server has cancelled the monitor: the database was removed or its schema changed"
    case .inconsistent(let reason): reason
    case .stopped: "the client was stopped"
    }
  }
}
