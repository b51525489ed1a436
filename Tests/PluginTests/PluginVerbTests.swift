import CNI
import Glibc
import NetAddress
import Netlink
import Testing
import WireJSON

/// Verbs that need neither a daemon nor a namespace.
@Suite struct PluginBasicsTests {
  @Test("without CNI_COMMAND the plugin introduces itself on stderr and succeeds")
  func about() throws {
    var plugin = PluginProcess("")
    plugin["CNI_COMMAND"] = nil
    let outcome = try plugin.run()
    #expect(outcome.succeededSilently)
    #expect(outcome.errors.hasPrefix("CNI kube-ovn plugin v"))
    #expect(outcome.errors.hasSuffix("\nCNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0\n"))
  }

  @Test("VERSION is the reference library's line")
  func version() throws {
    var plugin = PluginProcess("VERSION")
    plugin.input = "not looked at"
    plugin.environment = ["CNI_COMMAND": "VERSION"]
    let outcome = try plugin.run()
    #expect(outcome.status == 0)
    #expect(
      outcome.text
        == #"{"cniVersion":"1.1.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}"# + "\n")
  }

  @Test("an error is indented JSON on stdout and exit status 1")
  func error() throws {
    var plugin = PluginProcess("ADD")
    plugin["CNI_NETNS"] = nil
    plugin["CNI_PATH"] = ""
    let outcome = try plugin.run()
    #expect(outcome.status == 1)
    #expect(outcome.text == "{\n    \"code\": 4,\n    \"msg\": \"required env variables [CNI_NETNS,CNI_PATH] missing\"\n}")
  }

  @Test(
    "CHECK, STATUS and GC succeed without a word once the version has them", arguments: ["CHECK", "STATUS", "GC"], ["kube-ovn", "macvlan"])
  func laterVerbs(verb: String, type: String) throws {
    #expect(try PluginProcess(verb, type: type, version: "1.1.0").run().succeededSilently)
    let old = try PluginProcess(verb, type: type, version: "0.3.1").run()
    #expect(old.error == CNIError(.incompatibleVersion, "config version does not allow \(verb)"))
  }
}

@Suite struct PluginDeleteTests {
  @Test("DEL of our own interface asks the daemon, with Kube-OVN's request byte for byte and our key behind it")
  func golden() throws {
    let daemon = try FakeDaemon(.deleted)
    var plugin = PluginProcess("DEL", socket: daemon.path, type: "kube-ovn")
    plugin["CNI_NETNS"] = ""
    #expect(try plugin.run().succeededSilently)
    #expect(daemon.calls.first?.head.first == "POST /api/v1/del HTTP/1.1")
    #expect(
      daemon.calls.map(\.text) == [
        #"{"cni_type":"kube-ovn","pod_name":"samplepod","pod_namespace":"default","container_id":"c1","net_ns":"","if_name":"net1","#
          + #""provider":"macvlan.default","routes":null,"dns":{},"vf_driver":"","deviceID":"","vhost_user_socket_volume_name":"","#
          + #""vhost_user_socket_name":"","vhost_user_socket_consumption":"","network_name":"macvlan"}"#
      ])
  }

  @Test(
    "DEL may come before ADD, twice, without namespace, with one that is gone, and without the pod's name (G2)",
    arguments: ["kube-ovn", "macvlan"])
  func anyTime(type: String) throws {
    let daemon = try FakeDaemon(.deleted)
    for (namespace, arguments) in [
      ("/run/netns/kos-gone", "K8S_POD_NAME=a;K8S_POD_NAMESPACE=b"), ("", "K8S_POD_NAME=a;K8S_POD_NAMESPACE=b"), (nil, nil), (nil, "x=y"),
    ] {
      var plugin = PluginProcess("DEL", socket: daemon.path, type: type)
      plugin["CNI_NETNS"] = namespace
      plugin["CNI_ARGS"] = arguments
      #expect(try plugin.run().succeededSilently)
      #expect(try plugin.run().succeededSilently)
    }
    // Without the pod's name a delegated DEL has nobody to tell; our own interface is found by the container.
    #expect(daemon.calls.count == (type == "kube-ovn" ? 8 : 4))
    #expect(daemon.requests.allSatisfy { $0.containerID == "c1" && $0.interfaceName == "net1" && $0.cniType == type })
  }

  @Test("a delegated DEL with a cut-down configuration succeeds, though it leads to no daemon (B17)")
  func cutDown() throws {
    var plugin = PluginProcess("DEL")
    plugin.input = #"{"cniVersion":"0.3.1","name":"macvlan","type":"macvlan","ipam":{"type":"kube-ovn"}}"#
    #expect(try plugin.run().succeededSilently)
    plugin["CNI_ARGS"] = nil
    #expect(try plugin.run().succeededSilently)
  }

  @Test("a delegated DEL succeeds whatever becomes of the call, and says on stderr what became of it")
  func notice() throws {
    let failing = try FakeDaemon(.failure(500, "no such luck"))
    let gone = try FakeDaemon.abandonedSocket()
    defer { unlink(gone) }
    for (socket, words) in [("/tmp/kos-no-such.sock", "does not exist"), (gone, "nobody listens"), (failing.path, "500 no such luck")] {
      let outcome = try PluginProcess("DEL", socket: socket).run()
      #expect(outcome.succeededSilently)
      #expect(outcome.errors.contains(words))
      #expect(outcome.errors.contains("default/samplepod"))
    }
  }

  @Test("an error of DEL of our own interface is the runtime's to try again")
  func failures() throws {
    let failing = try FakeDaemon(.failure(500, "del nic failed no ovs"))
    let strange = try FakeDaemon(.http(404, Array("404: Page Not Found".utf8)))
    let hanging = try FakeDaemon(.hangUp)
    let gone = try FakeDaemon.abandonedSocket()
    defer { unlink(gone) }
    let expected = [
      (failing.path, "delete ip return 500 del nic failed no ovs"), (strange.path, "delete ip return 404 404: Page Not Found"),
      (hanging.path, "POST /api/v1/del on \(hanging.path): the connection was closed without an answer"),
      (gone, "nobody listens on the node daemon's socket \(gone): kube-ovn-cni is not running, or just starting"),
      (
        "/tmp/kos-no-such.sock",
        "the node daemon's socket /tmp/kos-no-such.sock does not exist: is kube-ovn-cni running on this node, and is server_socket its --bind-socket?"
      ),
    ]
    for (socket, details) in expected {
      let outcome = try PluginProcess("DEL", socket: socket, type: "kube-ovn").run()
      #expect(outcome.error == CNIError(.tryAgainLater, "RPC failed", details: details))
    }
  }

  @Test("DEL in the plugin's own namespace is carried out and then refused with code 8, unless that is allowed")
  func ownNamespace() throws {
    let daemon = try FakeDaemon(.deleted)
    var plugin = PluginProcess("DEL", socket: daemon.path, type: "kube-ovn")
    plugin["CNI_NETNS"] = "/proc/self/ns/net"
    #expect(
      try plugin.run().error == CNIError(.invalidNamespace, "plugin's netns and netns from CNI_NETNS should not be the same"))
    plugin["CNI_NETNS_OVERRIDE"] = "1"
    #expect(try plugin.run().succeededSilently)
    #expect(daemon.calls.count == 2)
  }

  @Test("SIGTERM ends a waiting plugin at once", .timeLimit(.minutes(10)))
  func terminated() async throws {
    let (arrived, signal) = AsyncStream.makeStream(of: Void.self)
    let daemon = try FakeDaemon { _ in
      signal.yield()
      return .silence
    }
    let running = try PluginProcess("DEL", socket: daemon.path, type: "kube-ovn").start()
    for await _ in arrived { break }
    running.send(signal: SIGTERM)
    let outcome = try running.wait()
    #expect(outcome.signal == SIGTERM)
    #expect(outcome.output.isEmpty)
  }
}

@Suite(.enabled(if: mayMakeNamespaces, "needs root and the right to make network namespaces")) struct PluginAddTests {
  @Test("a delegated ADD sends Kube-OVN's request, and prints addresses in the version that was asked for")
  func golden() throws {
    let pod = try TestNamespace("pod")
    let daemon = try FakeDaemon(.response(oneAddress))
    var plugin = PluginProcess("ADD", socket: daemon.path, version: "0.4.0")
    plugin["CNI_NETNS"] = pod.path
    let outcome = try plugin.run()
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    #expect(
      outcome.text == """
        {
            "cniVersion": "0.4.0",
            "interfaces": [
                {
                    "name": "",
                    "sandbox": "\(pod.path)"
                }
            ],
            "ips": [
                {
                    "version": "4",
                    "interface": 0,
                    "address": "172.17.0.100/16"
                }
            ],
            "dns": {}
        }
        """)
    #expect(
      daemon.calls.map(\.text) == [
        #"{"cni_type":"macvlan","pod_name":"samplepod","pod_namespace":"default","container_id":"c1","net_ns":"\#(pod.path)","#
          + #""if_name":"net1","provider":"macvlan.default","routes":null,"dns":{},"vf_driver":"","deviceID":"","#
          + #""vhost_user_socket_volume_name":"","vhost_user_socket_name":"","vhost_user_socket_consumption":"","network_name":"macvlan"}"#
      ])
  }

  @Test("a full ADD prints interface, addresses and routes in every version", arguments: CNIVersion.supported)
  func everyVersion(version: CNIVersion) throws {
    let pod = try TestNamespace("pod")
    var response = DaemonResponse(
      addresses: [
        DaemonAddress(family: "IPv4", address: "10.16.0.15", cidr: "10.16.0.0/16", gateway: "10.16.0.1"),
        DaemonAddress(family: "IPv6", address: "fd00:10:16::e", cidr: "fd00:10:16::/64", gateway: "fd00:10:16::1"),
      ], routes: [DaemonRoute(destination: "10.16.0.0/16"), DaemonRoute(gateway: "10.16.0.1")])
    response.macAddress = "00:00:00:53:6b:b6"
    response.mtu = 1400
    response.interfaceName = "eth0"
    let daemon = try FakeDaemon(.response(response))
    var plugin = PluginProcess("ADD", socket: daemon.path, type: "kube-ovn", version: version.description)
    plugin["CNI_NETNS"] = pod.path
    plugin["CNI_IFNAME"] = "eth0"
    let outcome = try plugin.run()
    #expect(outcome.status == 0)
    let request = try #require(daemon.requests.first)
    #expect(outcome.output == (try CNIResult(response, to: request).json(version: version)))
    #expect(outcome.json?["cniVersion"]?.string == version.description)
  }

  @Test("an answer in chunks and pieces is the same answer")
  func chunked() throws {
    let pod = try TestNamespace("pod")
    let text = String(decoding: oneAddress.json, as: UTF8.self)
    let (first, second) = (text.prefix(10), text.dropFirst(10))
    let daemon = try FakeDaemon(
      .raw([
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chun", "ked\r\n\r\n\(String(first.utf8.count, radix: 16))\r\n\(first)\r\n",
        "\(String(second.utf8.count, radix: 16))\r\n\(second)\r\n0\r\n\r\n",
      ]))
    var plugin = PluginProcess("ADD", socket: daemon.path, version: "1.0.0")
    plugin["CNI_NETNS"] = pod.path
    #expect(try plugin.run().json?["ips"]?[0]?["address"] == "172.17.0.100/16")
  }

  @Test("a second ADD, of the same or a new sandbox, is asked again and answered alike (C3)")
  func repeated() throws {
    let pod = try TestNamespace("pod")
    let daemon = try FakeDaemon { call in
      // As the real one does: the address goes with pod and interface, whatever the sandbox.
      call.request?.podName == "samplepod" && call.request?.interfaceName == "net1"
        ? .response(oneAddress) : .failure(500, "another pod")
    }
    var plugin = PluginProcess("ADD", socket: daemon.path, version: "1.0.0")
    plugin["CNI_NETNS"] = pod.path
    let first = try plugin.run()
    let again = try plugin.run()
    plugin["CNI_CONTAINERID"] = "c2"
    let other = try plugin.run()
    #expect(first.status == 0 && again.output == first.output && other.output == first.output)
    #expect(daemon.requests.map(\.containerID) == ["c1", "c1", "c2"])
  }

  @Test("whatever goes wrong with the daemon is code 11 and says what")
  func daemonFailures() throws {
    let pod = try TestNamespace("pod")
    let reason = "no address allocated to pod default/samplepod provider macvlan.default: subnet macvlan is full (0 of 245 free)"
    let refusing = try FakeDaemon(.failure(500, reason))
    let unbound = try FakeDaemon(.failure(400, "provider macvlan.default is not bound to any subnet"))
    let strange = try FakeDaemon(.http(404, Array("404: Page Not Found".utf8)))
    let wordless = try FakeDaemon(.http(503, []))
    let empty = try FakeDaemon(.http(200, []))
    let hanging = try FakeDaemon(.hangUp)
    let cut = try FakeDaemon(.raw(["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"]))
    let expected = [
      (refusing.path, "request ip return 500 \(reason)"),
      (unbound.path, "request ip return 400 provider macvlan.default is not bound to any subnet"),
      (strange.path, "request ip return 404 404: Page Not Found"), (wordless.path, "request ip return 503 "),
      (empty.path, "the node daemon's answer to ADD is no response: JSON ends early at byte 0"),
      (hanging.path, "POST /api/v1/add on \(hanging.path): the connection was closed without an answer"),
      (cut.path, "POST /api/v1/add on \(cut.path): the answer ends early"),
      (
        "/tmp/kos-no-such.sock",
        "the node daemon's socket /tmp/kos-no-such.sock does not exist: is kube-ovn-cni running on this node, and is server_socket its --bind-socket?"
      ),
    ]
    for (socket, details) in expected {
      var plugin = PluginProcess("ADD", socket: socket)
      plugin["CNI_NETNS"] = pod.path
      #expect(try plugin.run().error == CNIError(.tryAgainLater, "RPC failed", details: details))
    }
  }

  @Test("an answer that makes no result is an internal error")
  func unusable() throws {
    let pod = try TestNamespace("pod")
    let daemon = try FakeDaemon(.response(DaemonResponse()))
    var plugin = PluginProcess("ADD", socket: daemon.path, version: "0.2.0")
    plugin["CNI_NETNS"] = pod.path
    #expect(try plugin.run().error == CNIError(.internal, "cannot convert: no valid IP addresses"))
    let broken = try FakeDaemon(.response(DaemonResponse(addresses: [DaemonAddress(address: "10.0.0.1", cidr: "x")])))
    plugin = PluginProcess("ADD", socket: broken.path)
    plugin["CNI_NETNS"] = pod.path
    #expect(try plugin.run().error?.code == .internal)
  }

  @Test("a namespace that is gone, is none, or is the plugin's own is code 8, and the daemon is not asked")
  func namespaces() throws {
    let daemon = try FakeDaemon(.response(oneAddress))
    for (path, message) in [
      ("/run/netns/kos-gone", "the pod's network namespace cannot be opened"),
      ("/proc/version", "the pod's network namespace cannot be entered"),
      ("/proc/self/ns/net", "plugin's netns and netns from CNI_NETNS should not be the same"),
    ] {
      var plugin = PluginProcess("ADD", socket: daemon.path)
      plugin["CNI_NETNS"] = path
      let error = try plugin.run().error
      #expect(error?.code == .invalidNamespace)
      #expect(error?.message == message)
    }
    #expect(daemon.calls.isEmpty)
    var plugin = PluginProcess("ADD", socket: daemon.path)
    plugin["CNI_NETNS"] = "/run/netns/kos-gone"
    #expect(try plugin.run().error?.details == "/run/netns/kos-gone: No such file or directory")
  }

  @Test("in the plugin's own namespace ADD goes on where that is allowed")
  func override() throws {
    let node = try TestNamespace("node")
    let daemon = try FakeDaemon(.response(oneAddress))
    var plugin = PluginProcess("ADD", socket: daemon.path)
    plugin["CNI_NETNS"] = node.path
    #expect(try plugin.run(in: node.namespace).error?.code == .invalidNamespace)
    plugin["CNI_NETNS_OVERRIDE"] = "true"
    #expect(try plugin.run(in: node.namespace).status == 0)
  }

  @Test("ADD switches IPv6 on and router advertisements off in the pod, and nowhere else")
  func settings() throws {
    let pod = try TestNamespace("pod")
    let node = try TestNamespace("node")
    let files = ["all", "default"].flatMap { ["\($0)/disable_ipv6", "\($0)/accept_ra"] }.map { "/proc/sys/net/ipv6/conf/" + $0 }
    for place in [pod, node] { try place.namespace.perform { for file in files { try write("1", to: file) } } }
    let daemon = try FakeDaemon(.response(oneAddress))
    var plugin = PluginProcess("ADD", socket: daemon.path)
    plugin["CNI_NETNS"] = pod.path
    #expect(try plugin.run(in: node.namespace).status == 0)
    #expect(try pod.namespace.perform { try files.map(read) } == ["0", "0", "0", "0"])
    #expect(try node.namespace.perform { try files.map(read) } == ["1", "1", "1", "1"])
  }
}

private func write(_ text: String, to file: String) throws {
  let descriptor = open(file, O_WRONLY)
  defer { close(descriptor) }
  guard descriptor >= 0, Glibc.write(descriptor, text, text.utf8.count) > 0 else { throw TestFailure("\(file): \(errno)") }
}

private func read(_ file: String) throws -> String {
  let descriptor = open(file, O_RDONLY)
  defer { close(descriptor) }
  var bytes = [UInt8](repeating: 0, count: 64)
  let count = Glibc.read(descriptor, &bytes, bytes.count)
  guard count > 0 else { throw TestFailure("\(file): \(errno)") }
  return String(decoding: bytes[..<count], as: UTF8.self).trimmingSuffix { $0.isNewline }
}

extension String {
  fileprivate func trimmingSuffix(_ isTrimmed: (Character) -> Bool) -> String {
    var text = self
    while let last = text.last, isTrimmed(last) { text.removeLast() }
    return text
  }
}
