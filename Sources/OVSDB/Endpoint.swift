/// How to reach an OVSDB server: an active connection method of ovsdb(7).
package enum Endpoint: Hashable, Sendable {
  case unix(path: String)
  case tcp(host: String, port: UInt16)
  case tls(host: String, port: UInt16)

  private enum Scheme {
    static let unix = "unix:"
    static let tcp = "tcp:"
    static let tls = "ssl:"
  }

  package init(_ text: String) throws(EndpointError) {
    if let path = text.after(Scheme.unix) {
      guard !path.isEmpty else { throw .init(text, .noPath) }
      guard path.utf8.count <= Self.longestPath, !path.utf8.contains(0) else { throw .init(text, .pathTooLong(limit: Self.longestPath)) }
      self = .unix(path: path)
    } else if let rest = text.after(Scheme.tcp) {
      let address = try Self.address(rest, of: text)
      self = .tcp(host: address.host, port: address.port)
    } else if let rest = text.after(Scheme.tls) {
      let address = try Self.address(rest, of: text)
      self = .tls(host: address.host, port: address.port)
    } else {
      throw .init(text, .unknownMethod)
    }
  }

  /// What `sockaddr_un` can hold beside its final zero.
  private static let longestPath = 107

  /// `host:port`, with an address in brackets where it has colons of its own. Kube-OVN puts IPv4 addresses into brackets, too.
  private static func address(_ rest: String, of text: String) throws(EndpointError) -> (host: String, port: UInt16) {
    guard let colon = rest.lastIndex(of: ":") else { throw .init(text, .noPort) }
    var host = String(rest[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
    } else if host.contains(":") {
      throw .init(text, .unbracketedAddress)
    }
    guard !host.isEmpty else { throw .init(text, .noHost) }
    guard host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "[") && $0 != UInt8(ascii: "]") }) else {
      throw .init(text, .malformedHost)
    }
    let digits = rest[rest.index(after: colon)...]
    guard !digits.isEmpty else { throw .init(text, .noPort) }
    guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let port = UInt16(digits), port > 0 else {
      throw .init(text, .malformedPort)
    }
    return (host, port)
  }
}

extension Endpoint: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unix(let path): Scheme.unix + path
    case .tcp(let host, let port): "\(Scheme.tcp)\(Self.bracketed(host)):\(port)"
    case .tls(let host, let port): "\(Scheme.tls)\(Self.bracketed(host)):\(port)"
    }
  }

  private static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}

/// The members of a cluster, or the one server that there is.
package struct EndpointList: Hashable, Sendable {
  /// Without repetitions, in the order given; never empty.
  package let endpoints: [Endpoint]
  /// The cluster that the servers must belong to; nil takes any. Guards against addresses that have passed to another cluster.
  package let cluster: RowUUID?

  private static let clusterPrefix = "cid:"

  /// Reads `method,method,…` with optional spaces, and optionally `cid:<uuid>` among them.
  package init(_ text: String) throws(EndpointError) {
    var endpoints: [Endpoint] = []
    var cluster: RowUUID?
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let part = part.trimmed
      if let identity = part.after(Self.clusterPrefix) {
        guard let uuid = RowUUID(identity), cluster == nil || cluster == uuid else { throw .init(part, .malformedCluster) }
        cluster = uuid
        continue
      }
      guard !part.isEmpty else { throw .init(text, .emptyElement) }
      let endpoint = try Endpoint(part)
      if !endpoints.contains(endpoint) { endpoints.append(endpoint) }
    }
    guard !endpoints.isEmpty else { throw .init(text, .emptyElement) }
    self.endpoints = endpoints
    self.cluster = cluster
  }

  package init(_ endpoint: Endpoint) {
    endpoints = [endpoint]
    cluster = nil
  }
}

extension EndpointList: CustomStringConvertible {
  package var description: String {
    let methods = endpoints.map(\.description) + (cluster.map { [Self.clusterPrefix + $0.description] } ?? [])
    return methods.joined(separator: ",")
  }
}

/// Why a text names no OVSDB server.
package struct EndpointError: Error, Equatable, CustomStringConvertible {
  package enum Reason: Equatable, Sendable {
    case unknownMethod, noPath, pathTooLong(limit: Int), noHost, malformedHost, unbracketedAddress, noPort, malformedPort, emptyElement
    case malformedCluster
  }

  package let text: String
  package let reason: Reason

  init(_ text: String, _ reason: Reason) {
    self.text = text
    self.reason = reason
  }

  package var description: String { "OVSDB endpoint \"\(text)\": \(explanation)" }

  private var explanation: String {
    switch reason {
    case .unknownMethod: "it must begin with unix:, tcp: or ssl:"
    case .noPath: "the path of the socket is missing"
    case .pathTooLong(let limit): "a socket's path has at most \(limit) bytes and no zero among them"
    case .noHost: "the host is missing"
    case .malformedHost: "the host is neither a name nor an address"
    case .unbracketedAddress: "an IPv6 address must stand in brackets, as in tcp:[fd00::1]:6641"
    case .noPort: "the port is missing"
    case .malformedPort: "the port must be a number from 1 to 65535"
    case .emptyElement: "a list must not have empty elements, and must name a server"
    case .malformedCluster: "cid: must be followed by one cluster's uuid"
    }
  }
}

extension StringProtocol {
  /// What follows the prefix; nil if the text does not begin with it.
  fileprivate func after(_ prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }

  fileprivate var trimmed: String {
    var rest = self[...]
    while rest.first == " " || rest.first == "\t" { rest = rest.dropFirst() }
    while rest.last == " " || rest.last == "\t" { rest = rest.dropLast() }
    return String(rest)
  }
}
