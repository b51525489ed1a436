import Synchronization

/// What a request carries to say who sends it. A client certificate is part of the connection instead.
package enum Credentials: Sendable {
  case none
  case token(String)
  case tokenFile(TokenFile)

  /// The `Authorization` field's value.
  var authorization: String? {
    switch self {
    case .none: nil
    case .token(let token): "Bearer " + token
    case .tokenFile(let file): "Bearer " + file.current
    }
  }

  /// Reads anew what can be read anew; true if that gave something else.
  func refresh() -> Bool {
    guard case .tokenFile(let file) = self else { return false }
    return file.refresh()
  }
}

/// A token in a file that somebody else renews (kubelet does, before it expires).
package final class TokenFile: Sendable {
  private struct State {
    var token: String
    var version: TextFile.Version?
  }

  private let path: String
  private let state: Mutex<State>

  package init(path: String) throws(ConfigurationError) {
    self.path = path
    let version = TextFile.Version(of: path)
    state = Mutex(State(token: try Self.read(path), version: version))
  }

  /// The token; its file is looked at every time and read when it has changed. While the file is gone or empty, the last token counts.
  var current: String {
    let version = TextFile.Version(of: path)
    return state.withLock { state in
      if version != state.version, let token = try? Self.read(path) {
        state.token = token
        state.version = version
      }
      return state.token
    }
  }

  func refresh() -> Bool {
    guard let token = try? Self.read(path) else { return false }
    return state.withLock { state in
      defer { state.token = token }
      return state.token != token
    }
  }

  private static func read(_ path: String) throws(ConfigurationError) -> String {
    let text = String(decoding: try TextFile.read(path), as: UTF8.self).filter { !$0.isWhitespace }
    guard !text.isEmpty else { throw .unreadable(path: path, reason: "it holds no token") }
    return text
  }
}
