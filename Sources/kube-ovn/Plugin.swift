import CNI
import Glibc

/// The CNI plugin `kube-ovn`: environment and stdin → a plan → one call of the node daemon → a result on stdout.
///
/// A static binary without framework or concurrency, since a runtime starts it for every interface of every pod and waits. All
/// decisions are `PluginPlan`'s and `CNIResult`'s; here they are carried out. SIGTERM ends it as it ends any program: the daemon
/// finishes the call by itself, and ADD and DEL can be repeated.
@main
enum Plugin {
  /// How long the daemon may take. ADD waits up to 20 s for an address and as long again for the interface and its record; the
  /// runtimes' own limit is some minutes. DEL only takes things away.
  static let addLimit = Duration.seconds(60)
  static let deleteLimit = Duration.seconds(30)
  /// For a DEL that only tells the daemon: nobody needs the answer.
  static let noticeLimit = Duration.seconds(5)

  static let version = "v0.1.0"
  private static let name = "kube-ovn"

  static func main() {
    do throws(CNIError) {
      try run()
    } catch {
      Streams.write(error.json, to: STDOUT_FILENO)
      exit(1)
    }
  }

  private static func run() throws(CNIError) {
    let plan = try PluginPlan(environment: environment()) { () throws(CNIError) in try Streams.readInput() }
    switch plan {
    case .about: about()
    case .version: Streams.write(versionAnswer, to: STDOUT_FILENO)
    case .succeed: break
    case .add(let call): try add(call)
    case .delete(let call): try delete(call)
    case .notifyDelete(let call): notifyDelete(call)
    }
  }

  // MARK: Verbs

  private static func add(_ call: DaemonCall) throws(CNIError) {
    let namespace = try PodNamespace(path: call.request.networkNamespace)
    if !call.allowsOwnNamespace, try namespace.isOwn() { throw .ownNamespace }
    try namespace.enableIPv6()
    let socket = try DaemonSocket(path: call.socket, limit: addLimit)
    let answer = try socket.post(call.path, call.request.json)
    let response = try answer.addResponse()
    let result = try CNIResult(response, to: call.request)
    Streams.write(try result.json(version: call.version), to: STDOUT_FILENO)
  }

  /// The namespace is compared only after the interface is gone, as the reference library does: a pod whose recorded namespace is
  /// suddenly our own has lost it, and its interface must go all the more.
  private static func delete(_ call: DaemonCall) throws(CNIError) {
    try send(call, limit: deleteLimit)
    guard !call.allowsOwnNamespace, let namespace = try? PodNamespace(path: call.request.networkNamespace) else { return }
    if try namespace.isOwn() { throw .ownNamespace }
  }

  private static func notifyDelete(_ call: DaemonCall) {
    do throws(CNIError) {
      try send(call, limit: noticeLimit)
    } catch {
      let request = call.request
      let text = """
        \(name): DEL of \(request.interfaceName) of pod \(request.podNamespace)/\(request.podName) goes on, \
        though the node daemon could not be told: \(error)\n
        """
      Streams.write(Array(text.utf8), to: STDERR_FILENO)
    }
  }

  private static func send(_ call: DaemonCall, limit: Duration) throws(CNIError) {
    let socket = try DaemonSocket(path: call.socket, limit: limit)
    try socket.post(call.path, call.request.json).requireDeleted()
  }

  // MARK: Without a daemon

  private static func about() {
    let versions = CNIVersion.supported.map(\.description).joined(separator: ", ")
    let text = "CNI \(name) plugin \(version)\nCNI protocol versions supported: \(versions)\n"
    Streams.write(Array(text.utf8), to: STDERR_FILENO)
  }

  /// One line, as the reference library encodes it.
  private static var versionAnswer: [UInt8] {
    let versions = CNIVersion.supported.map { "\"\($0)\"" }.joined(separator: ",")
    return Array("{\"cniVersion\":\"\(CNIVersion.current)\",\"supportedVersions\":[\(versions)]}\n".utf8)
  }

  private static func environment() -> [String: String] {
    var variables: [String: String] = [:]
    for variable in CNIEnvironment.Variable.allCases {
      if let value = getenv(variable.rawValue) { variables[variable.rawValue] = String(cString: value) }
    }
    return variables
  }
}
