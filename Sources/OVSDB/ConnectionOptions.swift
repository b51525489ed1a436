/// What a client wants to follow, where, and how patient it is.
package struct ConnectionOptions: Sendable {
  package let database: String
  package let tables: [MonitoredTable]
  package let servers: EndpointList
  /// Of a cluster, talk to the leader alone: what is read is then never older than what was written. Servers that are no cluster's
  /// are not concerned.
  package var isLeaderOnly = true
  /// Silence after which the server is sent an echo, and after as much again given up; nil never asks.
  package var probeInterval: Duration? = .seconds(5)
  package var connectTimeout: Duration = .seconds(5)
  /// From the connection to the whole database.
  package var handshakeTimeout: Duration = .seconds(60)
  /// A connection that was useful for so long is replaced at once when it is lost; of others the loss counts as a failure.
  package var stableAfter: Duration = .seconds(3)
  package var backoff = Backoff()
  /// Requests that wait for a connection, or for others' answers, beyond which new ones are refused.
  package var maxWaiting = 4096
  /// Requests under way at a time.
  package var maxInFlight = 256
  package var limits = JSONRPCFramer.Limits()

  package init(database: String, tables: [MonitoredTable], servers: EndpointList) {
    self.database = database
    self.tables = tables
    self.servers = servers
  }
}

/// How it stands with the server.
package enum ConnectionStatus: Equatable, Sendable {
  /// Not yet begun.
  case idle
  /// Why the last connection or attempt ended; nil before the first. Another is to follow.
  case disconnected(DisconnectReason?)
  /// The connection is being made, or the database being read.
  case connecting(Endpoint, after: DisconnectReason?)
  case connected(Endpoint)
  case stopped

  package var isConnected: Bool { if case .connected = self { true } else { false } }
}

extension ConnectionStatus: CustomStringConvertible {
  package var description: String {
    switch self {
    case .idle: "not started"
    case .disconnected(let reason): "not connected" + (reason.map { "; \($0)" } ?? "")
    case .connecting(let endpoint, let reason): "connecting to \(endpoint)" + (reason.map { "; before, \($0)" } ?? "")
    case .connected(let endpoint): "connected to \(endpoint)"
    case .stopped: "stopped"
    }
  }
}
