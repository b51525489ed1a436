import HTTPMessage
import Yams

/// One or several kubeconfig files, read as kubectl reads them: of several, the first that names something wins.
struct Kubeconfig {
  private struct Entry {
    let fields: Node
    /// The directory that relative file names count from.
    let directory: String
    let path: String
  }

  private var clusters: [String: Entry] = [:]
  private var users: [String: Entry] = [:]
  private var contexts: [String: Entry] = [:]
  private var currentContext = ""
  private let origin: String

  init(paths: [String]) throws(ConfigurationError) {
    origin = paths.joined(separator: ":")
    for path in paths {
      let text = String(decoding: try TextFile.read(path), as: UTF8.self)
      let root: Node?
      do {
        root = try Yams.compose(yaml: text)
      } catch {
        throw .malformed(path: path, reason: "\(error)")
      }
      guard let root, root.mapping != nil else { throw .malformed(path: path, reason: "it is no mapping") }
      let directory = path.lastIndex(of: "/").map { String(path[..<$0]) + "/" } ?? ""
      collect(root, "clusters", "cluster", directory, path, into: &clusters)
      collect(root, "users", "user", directory, path, into: &users)
      collect(root, "contexts", "context", directory, path, into: &contexts)
      if currentContext.isEmpty { currentContext = Self.text(root, "current-context") ?? "" }
    }
  }

  private func collect(
    _ root: Node, _ list: String, _ item: String, _ directory: String, _ path: String, into table: inout [String: Entry]
  ) {
    for element in root[list]?.array() ?? [] {
      guard let name = Self.text(element, "name"), table[name] == nil, let fields = element[item] else { continue }
      table[name] = Entry(fields: fields, directory: directory, path: path)
    }
  }

  /// What a context, or the current one, comes to.
  func configuration(context: String? = nil) throws(ConfigurationError) -> ClientConfiguration {
    let contextName = context ?? currentContext
    guard let context = contexts[contextName] else { throw .missing(kind: "context", name: contextName, path: origin) }
    let clusterName = Self.text(context.fields, "cluster") ?? ""
    guard let cluster = clusters[clusterName] else { throw .missing(kind: "cluster", name: clusterName, path: origin) }
    let userName = Self.text(context.fields, "user") ?? ""
    // A context without a user asks anonymously.
    var user: Entry?
    if !userName.isEmpty {
      guard let found = users[userName] else { throw .missing(kind: "user", name: userName, path: origin) }
      user = found
    }
    if let user { try refuseUnsupported(user, userName) }
    if Self.text(cluster.fields, "proxy-url") != nil {
      throw .malformed(path: cluster.path, reason: "cluster \"\(clusterName)\" has a proxy-url, which is not supported here")
    }
    let url = try ServerURL(Self.text(cluster.fields, "server") ?? "")
    let tls = url.isSecure ? try clientTLS(cluster, user) : nil
    return ClientConfiguration(
      peer: HTTPPeer(endpoint: url.endpoint, tls: tls), basePath: url.basePath, credentials: try credentials(user),
      namespace: Self.text(context.fields, "namespace") ?? "default")
  }

  private func clientTLS(_ cluster: Entry, _ user: Entry?) throws(ConfigurationError) -> HTTPClientTLS {
    let isInsecure = cluster.fields["insecure-skip-tls-verify"]?.bool ?? false
    return HTTPClientTLS(
      trustRoots: isInsecure ? nil : try bytes(cluster, "certificate-authority"),
      certificateChain: try user.flatMap { (user) throws(ConfigurationError) in try bytes(user, "client-certificate") },
      privateKey: try user.flatMap { (user) throws(ConfigurationError) in try bytes(user, "client-key") },
      serverName: Self.text(cluster.fields, "tls-server-name"), isInsecure: isInsecure)
  }

  private func credentials(_ user: Entry?) throws(ConfigurationError) -> Credentials {
    guard let user else { return .none }
    // A token file goes before a token, as in client-go: the file is renewed.
    if let file = Self.text(user.fields, "tokenFile") { return .tokenFile(try TokenFile(path: absolute(file, user))) }
    return Self.text(user.fields, "token").map { .token($0) } ?? .none
  }

  private func refuseUnsupported(_ user: Entry, _ name: String) throws(ConfigurationError) {
    if let exec = user.fields["exec"], exec.mapping != nil {
      throw .unsupported(what: "the exec plugin \"\(Self.text(exec, "command") ?? "")\"", user: name)
    }
    if let provider = user.fields["auth-provider"], provider.mapping != nil {
      throw .unsupported(what: "the auth-provider \"\(Self.text(provider, "name") ?? "")\"", user: name)
    }
    if Self.text(user.fields, "username") != nil { throw .unsupported(what: "user name and password", user: name) }
    if Self.text(user.fields, "as") != nil { throw .unsupported(what: "impersonation", user: name) }
  }

  /// `<field>-data` as base64, or the file that `<field>` names; the data win.
  private func bytes(_ entry: Entry, _ field: String) throws(ConfigurationError) -> [UInt8]? {
    if let text = Self.text(entry.fields, field + "-data") {
      guard let bytes = Base64.decode(text) else { throw .badData(field: field + "-data") }
      return bytes
    }
    guard let file = Self.text(entry.fields, field) else { return nil }
    return try TextFile.read(absolute(file, entry))
  }

  private func absolute(_ file: String, _ entry: Entry) -> String { file.hasPrefix("/") ? file : entry.directory + file }

  /// A field's text; nil when it is absent, null or empty.
  private static func text(_ node: Node, _ field: String) -> String? {
    guard let value = node[field], value.null == nil, let text = value.string, !text.isEmpty else { return nil }
    return text
  }
}
