import CLinux
import CNI
import Glibc
import Netlink
import Testing
import WireJSON

/// The built plugin, run as a runtime runs it.
struct PluginProcess: Sendable {
  struct Outcome: Sendable {
    var output: [UInt8]
    var errors: String
    var status: Int32
    /// The signal that ended it.
    var signal: Int32?

    var json: JSONValue? { try? JSONValue(parsing: output) }
    var text: String { String(decoding: output, as: UTF8.self) }
    var error: CNIError? { status == 0 ? nil : CNIError(parsing: output) }
    var succeededSilently: Bool { status == 0 && signal == nil && output.isEmpty }
  }

  /// The folder the test bundle was built into: SwiftPM builds all executables beside it.
  static let buildDirectory: String = {
    let path = realpath("/proc/self/exe", nil)
    defer { free(path) }
    let parts = path.map { String(cString: $0) }?.split(separator: "/").dropLast() ?? []
    return "/" + parts.joined(separator: "/")
  }()

  var executable = Self.buildDirectory + "/kube-ovn"
  var environment: [String: String] = [
    "CNI_CONTAINERID": "c1", "CNI_NETNS": "/run/netns/kos-none", "CNI_IFNAME": "net1", "CNI_PATH": "/opt/cni/bin",
    "CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=samplepod;K8S_POD_INFRA_CONTAINER_ID=c1",
  ]
  var input = ""

  init(_ verb: String, socket: String = "/tmp/kos-no-such.sock", type: String = "macvlan", version: String = "0.3.1") {
    environment["CNI_COMMAND"] = verb
    let own = #""server_socket":"\#(socket)","provider":"macvlan.default""#
    let members = type == "kube-ovn" ? own : #""ipam":{"type":"kube-ovn",\#(own)}"#
    input = #"{"cniVersion":"\#(version)","name":"macvlan","type":"\#(type)","master":"eth0",\#(members)}"#
  }

  subscript(variable: String) -> String? {
    get { environment[variable] }
    set { environment[variable] = newValue }
  }

  func run() throws -> Outcome { try start().wait() }

  /// Runs it inside a network namespace, as on a node.
  func run(in namespace: NetworkNamespace) throws -> Outcome {
    try namespace.perform { try self.run() }
  }

  func start() throws -> Running { try Running(self) }

  /// A started process, its streams being files so that no pipe can fill up.
  struct Running {
    let identifier: pid_t
    private let handle: Int32
    private let output: ScratchFile
    private let errors: ScratchFile

    fileprivate init(_ plugin: PluginProcess) throws {
      let input = try ScratchFile(plugin.input)
      output = try ScratchFile()
      errors = try ScratchFile()
      var actions = posix_spawn_file_actions_t()
      posix_spawn_file_actions_init(&actions)
      defer { posix_spawn_file_actions_destroy(&actions) }
      for (target, file) in [(STDIN_FILENO, input), (STDOUT_FILENO, output), (STDERR_FILENO, errors)] {
        posix_spawn_file_actions_adddup2(&actions, file.descriptor, target)
      }
      var attributes = posix_spawnattr_t()
      posix_spawnattr_init(&attributes)
      defer { posix_spawnattr_destroy(&attributes) }
      // The test runner's threads block signals, which a child would inherit.
      clinux_spawn_new_session(&attributes)
      var environment = plugin.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
      var arguments = [strdup(plugin.executable), nil]
      defer { for text in environment + arguments { free(text) } }
      var process = pid_t()
      let error = posix_spawn(&process, plugin.executable, &actions, &attributes, &arguments, &environment)
      guard error == 0 else { throw TestFailure("cannot start \(plugin.executable): \(String(cString: strerror(error)))") }
      identifier = process
      handle = clinux_pidfd_open(process)
    }

    func send(signal: Int32) { clinux_pidfd_signal(handle, signal) }

    /// Once only.
    func wait() throws -> Outcome {
      var exited: Int32 = 0
      var status: Int32 = 0
      let error = clinux_pidfd_wait(handle, 1, &exited, &status)
      close(handle)
      guard error == 0 else { throw TestFailure("wait for the plugin: \(error)") }
      return Outcome(
        output: output.content, errors: String(decoding: errors.content, as: UTF8.self), status: exited == 1 ? status : -1,
        signal: exited == 1 ? nil : status)
    }
  }
}

/// A file without a name.
final class ScratchFile {
  let descriptor: Int32

  init(_ text: String = "") throws {
    let path = "/tmp/kos-plugin-\(getpid())-\(UInt64.random(in: .min ... .max))"
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw TestFailure("\(path): \(errno)") }
    unlink(path)
    guard pwrite(descriptor, text, text.utf8.count, 0) == text.utf8.count else { throw TestFailure("\(path): \(errno)") }
  }

  deinit { close(descriptor) }

  var content: [UInt8] {
    let size = Int(lseek(descriptor, 0, SEEK_END))
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
      initialized = max(0, pread(descriptor, buffer.baseAddress, size, 0))
    }
  }
}

/// Whether this process may make network namespaces; said once, so that a skipped suite explains itself.
let mayMakeNamespaces: Bool = {
  let name = "kos-\(getpid())-probe"
  let allowed = geteuid() == 0 && (try? NetworkNamespace.create(named: name)) != nil
  if allowed {
    _ = try? NetworkNamespace.delete(named: name)
  } else {
    print("Plugin tests with network namespaces are skipped: they need root and the right to make them")
  }
  return allowed
}()

/// A network namespace that goes with the test.
final class TestNamespace: Sendable {
  let name: String
  let namespace: NetworkNamespace

  init(_ role: String) throws {
    name = "kos-\(getpid())-\(UInt32.random(in: .min ... .max))-\(role)"
    namespace = try NetworkNamespace.create(named: name)
  }

  deinit { _ = try? NetworkNamespace.delete(named: name) }

  var path: String { namespace.path }
}

/// The daemon's answer that gives a pod one address and nothing else.
let oneAddress = DaemonResponse(addresses: [DaemonAddress(family: "IPv4", address: "172.17.0.100", cidr: "172.17.0.0/16")])
