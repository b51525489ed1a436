import HTTPMessage
package import KubeAPI
package import WireJSON

/// How a watch broke.
package enum WatchError: Error, Equatable, CustomStringConvertible {
  case lineTooLong(bytes: Int)
  case malformedEvent(JSONError)

  package var description: String {
    switch self {
    case .lineTooLong(let bytes): "an event of the watch is longer than \(bytes) bytes"
    case .malformedEvent(let error): "the watch sent what is no event: \(error)"
    }
  }
}

extension KubeClient {
  /// Follows a collection from a version on and hands every event to `handle`, in order; returns when the server ends the watch, which
  /// it does after `timeoutSeconds` (a kube-apiserver also by itself, after half an hour or so).
  ///
  /// `connected` is called once the server has accepted. An object that cannot be read gives an event of its own and does not end the
  /// watch. Throws `APIError` when the server refuses (410: the version is too old), `HTTPExchangeError`, `WatchError`, whatever
  /// `handle` throws, or cancellation.
  package func watch<R: Resource>(
    _ type: R.Type, _ selection: Selection = .everything, from resourceVersion: String, timeoutSeconds: Int,
    connected: () async -> Void = {}, handle: (WatchEvent<R>) async throws -> Void
  ) async throws {
    var query = selection.query
    query.append(HTTPQueryItem(name: "watch", value: "true"))
    query.append(HTTPQueryItem(name: "allowWatchBookmarks", value: "true"))
    query.append(HTTPQueryItem(name: "resourceVersion", value: resourceVersion))
    query.append(HTTPQueryItem(name: "timeoutSeconds", value: String(timeoutSeconds)))
    let path = R.resourceType.path(namespace: selection.namespace)
    try await stream(Call(method: "GET", resource: R.resourceType.path(), path: path, query: query)) { response in
      await connected()
      var splitter = LineSplitter()
      while let chunk = try await response.next() {
        guard let lines = splitter.lines(chunk) else { throw WatchError.lineTooLong(bytes: LineSplitter.maxLineBytes) }
        for line in lines { try await handle(try Self.event(line)) }
      }
      let rest = splitter.takeRest()
      if !rest.isEmpty { try await handle(try Self.event(rest)) }
    }
  }

  private static func event<R: Resource>(_ line: [UInt8]) throws -> WatchEvent<R> {
    do {
      return try WatchEvent(decoding: line)
    } catch {
      throw WatchError.malformedEvent(error)
    }
  }
}
