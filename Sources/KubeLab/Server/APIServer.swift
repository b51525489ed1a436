package import HTTPMessage
import Synchronization
import WireJSON

/// A Kubernetes API server in one process: what a controller and kubectl can see of a kube-apiserver, over an `ObjectStore` in memory.
///
/// Its front is an `HTTPHandler`, so a test calls it without a socket and the lab serves it over TCP or TLS. Requests are independent:
/// each computes on snapshots and commits against the revision that it read. Controllers that a cluster cannot be without (namespace
/// deletion, garbage collection by owner, CRD clean-up) run inside the request that causes them, so they need no tasks of their own.
/// It is for the lab and for tests, never a store to rely on: nothing is written to disk.
package final class APIServer: Sendable {
  package struct Configuration: Sendable {
    package var clock: any LabClock = SystemLabClock()
    /// Makes uids and generated names repeatable.
    package var seed: UInt64?
    /// Changes per resource that watches can go back.
    package var historyLimit = 10_000
    /// Larger bodies are refused (kube-apiserver: 3 MiB).
    package var bodyLimit = 3 << 20
    package var bookmarkInterval = Duration.seconds(60)
    /// Without accounts everybody is an administrator.
    package var accounts: [StaticAccount] = []

    package init() {}
  }

  let configuration: Configuration
  let store: ObjectStore
  let registry: Registry
  let identifiers: IdentifierSource
  /// Numbers the addresses (within 10.96.0.0/16) and node ports of Services.
  private let serviceNumbers = Mutex(10)
  private let interceptor = Mutex<(@Sendable (HTTPRequest) async -> HTTPResponse?)?>(nil)

  package init(_ configuration: Configuration = Configuration()) {
    self.configuration = configuration
    store = ObjectStore(historyLimit: configuration.historyLimit)
    registry = Registry(BuiltinKinds.all)
    identifiers = IdentifierSource(seed: configuration.seed)
    for namespace in Self.firstNamespaces { seedNamespace(namespace) }
    seedAccessRules()
  }

  /// The shape in which servers take it.
  package var handler: HTTPHandler { { [self] request in await respond(to: request) } }

  package func respond(to request: HTTPRequest) async -> HTTPResponse {
    if let intercept = interceptor.withLock({ $0 }), let answer = await intercept(request) { return answer }
    do {
      return try route(request)
    } catch {
      return Self.failure(error)
    }
  }

  // MARK: Levers for tests

  /// Forgets all history: watches and pages from before are answered 410.
  package func compact() { store.compact() }

  /// Ends every watch, as a restart of the server would.
  package func closeWatches() { store.closeWatches() }

  /// Lets a closure see each request first; its answer, if any, is the server's. It may also wait. Nil takes it away again.
  package func intercept(_ closure: (@Sendable (HTTPRequest) async -> HTTPResponse?)?) { interceptor.withLock { $0 = closure } }

  /// The revision of the latest write.
  package var revision: Int64 { store.revision }

  // MARK: Routing

  private func route(_ request: HTTPRequest) throws -> HTTPResponse {
    guard request.body.count <= configuration.bodyLimit else {
      throw APIStatus(
        code: 413, reason: "RequestEntityTooLarge", message: "Request entity too large: limit is \(configuration.bodyLimit)")
    }
    let caller = try authenticate(request)
    guard let form = OutputForm(accept: request.headers["Accept"]) else {
      throw APIStatus(
        code: 406, reason: "NotAcceptable",
        message: "only the following media types are accepted: application/json, application/json;stream=watch")
    }
    guard let path = ResourcePath(request.target) else { return try answerDocument(request, form, caller) }
    var query: [String: String] = [:]
    for item in request.query where query[item.name] == nil { query[item.name] = item.value }
    guard let definition = registry.definition(path.group, path.version, path.plural) else {
      try authorizeUnknown(path, request, caller)
      throw APIStatus.noResource()
    }
    if path.namespace != nil, !definition.isNamespaced { throw APIStatus.noResource() }
    if let subresource = path.subresource, !definition.subresources.contains(subresource) { throw APIStatus.noResource() }
    let call = APICall(
      definition: definition, namespace: path.namespace, name: path.name, subresource: path.subresource, request: request, query: query,
      form: form, caller: caller)
    try authorize(call)
    return try answer(call)
  }

  private func answer(_ call: APICall) throws -> HTTPResponse {
    if call.definition.isTransient { return try answerReview(call) }
    if let dryRun = call.query["dryRun"], dryRun != "All" { throw APIStatus.badRequest("Invalid value: \"\(dryRun)\": dryRun must be All") }
    guard call.name != nil else {
      switch call.request.method {
      case "GET": return call.flag("watch") ? try watch(call) : try list(call)
      case "POST": return try create(call)
      case "DELETE": return try deleteCollection(call)
      default: throw APIStatus.methodNotAllowed()
      }
    }
    if let subresource = call.subresource, subresource != "status" { return try answerSubresource(subresource, call) }
    switch call.request.method {
    case "GET": return call.flag("watch") ? try watch(call) : try get(call)
    case "PUT": return try replace(call)
    case "PATCH": return try patch(call)
    case "DELETE" where call.subresource == nil: return try delete(call)
    default: throw APIStatus.methodNotAllowed()
    }
  }

  static func failure(_ error: any Error) -> HTTPResponse {
    let status: APIStatus
    switch error {
    case let known as APIStatus: status = known
    case let failure as JSONPatch.Failure:
      if case .malformed = failure {
        status = .badRequest(failure.description)
      } else {
        status = APIStatus(code: 422, reason: "Invalid", message: failure.description)
      }
    case let failure as StrategicMerge.Failure: status = .badRequest(failure.description)
    default: status = APIStatus(code: 500, reason: "InternalError", message: "Internal error occurred: \(error)")
    }
    return HTTPResponse(status: status.code, json: status.json.bytes)
  }

  private func nextServiceNumber(below limit: Int) -> Int {
    serviceNumbers.withLock { next in
      next += 1
      return next % limit
    }
  }

  var now: Timestamp { configuration.clock.now() }

  var kindContext: KindContext {
    KindContext(
      now: now,
      serviceAddress: { [self] in
        let number = nextServiceNumber(below: 65_000)
        return "10.96.\(number >> 8).\(number & 255)"
      }, nodePort: { [self] in 30_000 + nextServiceNumber(below: 2_700) })
  }
}
