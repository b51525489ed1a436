import CNI
import Glibc
import KubeAPI
import LabNodes
import Testing
import WireJSON

/// The runner with plugins that are shell scripts: what they are handed, and what becomes of what they answer.
@Suite struct PluginRunnerTests {
  /// A folder of scripts, removed at the end.
  private func withPlugins(_ scripts: [String: String], _ body: (PluginRunner, String) async throws -> Void) async throws {
    let directory = "/tmp/labtest-plugins-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    try TextFile.makeDirectory(directory)
    defer { TextFile.removeTree(directory) }
    for (name, script) in scripts { try TextFile.write(directory + "/" + name, ("#!/bin/sh\n" + script).utf8, mode: 0o755) }
    try await body(PluginRunner(directories: ["/nonexistent", directory], deadline: .seconds(300)), directory)
  }

  private func attachment(_ types: [String], version: String = "0.4.0") -> NetworkAttachment {
    NetworkAttachment(
      network: "ns/n", configurationName: "n", interface: "net1", isDefault: false,
      plugins: types.map { ["type": .string($0), "name": "n", "cniVersion": .string(version)] }, version: version)
  }

  private func surroundings(_ command: CNICommand, namespace: String = "/run/netns/x") -> PluginRunner.Surroundings {
    PluginRunner.Surroundings(command, containerID: "id", networkNamespace: namespace, interface: "net1", arguments: "A=b")
  }

  @Test("ADD goes along the chain: each plugin reads the result so far, the last one's is the answer")
  func chain() async throws {
    let script =
      #"cat > "$0.in"; echo "{\"from\":\"$(basename $0)\",\"command\":\"$CNI_COMMAND $CNI_CONTAINERID $CNI_IFNAME $CNI_NETNS $CNI_ARGS\"}""#
    try await withPlugins(["one": script, "two": script]) { runner, directory in
      let result = try await runner.add(attachment(["one", "two"]), surroundings(.add))
      #expect(result["from"] == "two" && result["command"] == "ADD id net1 /run/netns/x A=b")
      let first = try JSONValue(parsing: try #require(TextFile.bytes(directory + "/one.in")))
      let second = try JSONValue(parsing: try #require(TextFile.bytes(directory + "/two.in")))
      #expect(first["prevResult"] == nil && first["type"] == "one")
      #expect(second["prevResult"]?["from"] == "one" && second["type"] == "two")
    }
  }

  @Test("DEL goes backwards through all, also past a failure; the result goes along from 0.4.0 on", arguments: ["0.3.1", "0.4.0"])
  func delete(version: String) async throws {
    let script = #"cat > "$0.in"; echo $(basename $0) >> "$(dirname $0)/order""#
    try await withPlugins(["one": script, "two": script + "; exit 1"]) { runner, directory in
      let error = await #expect(throws: PluginFailure.self) {
        try await runner.delete(attachment(["one", "two"], version: version), result: ["r": 1], surroundings(.delete, namespace: ""))
      }
      #expect(error?.type == "two")
      #expect(TextFile.read(directory + "/order") == "two\none\n")
      let input = try JSONValue(parsing: try #require(TextFile.bytes(directory + "/one.in")))
      #expect(input["prevResult"] == (version == "0.4.0" ? ["r": 1] : nil))
    }
  }

  @Test(
    "a failure is told in libcni's words",
    arguments: [
      (#"echo '{"code":11,"msg":"RPC failed","details":"no address"}'; exit 1"#, #"plugin type="p" failed (add): RPC failed; no address"#),
      ("echo boom; exit 2", #"plugin type="p" failed (add): netplugin failed but error parsing its diagnostic message "boom""#),
      ("echo bad >&2; exit 1", #"plugin type="p" failed (add): netplugin failed: "bad""#),
      ("exit 3", #"plugin type="p" failed (add): netplugin failed with no error message: exit status 3"#),
      ("echo nonsense", #"plugin type="p" failed (add): its result cannot be read: JSON at byte 0: expected a value"#),
    ])
  func failures(script: String, expected: String) async throws {
    try await withPlugins(["p": script]) { runner, _ in
      let error = await #expect(throws: PluginFailure.self) { try await runner.add(attachment(["p"]), surroundings(.add)) }
      let opening = expected.hasSuffix("a value") ? String(expected.dropLast("JSON at byte 0: expected a value".count)) : expected
      #expect(error?.description.hasPrefix(opening) == true, "\(error?.description ?? "")")
    }
  }

  @Test("a plugin that is nowhere is named with the places that were looked at")
  func missing() async throws {
    try await withPlugins([:]) { runner, directory in
      let error = await #expect(throws: PluginFailure.self) { try await runner.add(attachment(["nope"]), surroundings(.add)) }
      #expect(error?.reason == #"failed to find plugin "nope" in path [/nonexistent \#(directory)]"#)
    }
  }

  @Test("a plugin that hangs is killed at the deadline")
  func hangs() async throws {
    try await withPlugins(["p": "sleep 600"]) { _, directory in
      let runner = PluginRunner(directories: [directory], deadline: .milliseconds(200))
      let error = await #expect(throws: PluginFailure.self) { try await runner.add(attachment(["p"]), surroundings(.add)) }
      #expect(error?.reason.hasPrefix("killed after") == true)
    }
  }
}

@Suite struct SandboxStoreTests {
  @Test("what was saved is found again; a torn file and a stranger's are removed")
  func roundTrip() throws {
    let directory = "/tmp/labtest-store-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    defer { TextFile.removeTree(directory) }
    let store = try SandboxStore(directory: directory)
    var sandbox = Sandbox(id: "a", pod: .init(namespace: "n", name: "p"), podUID: "u-1", namespace: "ns", attachments: [])
    try store.save(sandbox)
    sandbox.isReady = true
    try store.save(sandbox)
    try TextFile.write(directory + "/torn.json", #"{"id":"#.utf8)
    try TextFile.write(directory + "/stranger", "".utf8)
    #expect(store.load() == [sandbox])
    #expect(TextFile.names(in: directory) == ["u-1.json"])
    store.remove(podUID: "u-1")
    #expect(store.load().isEmpty)
  }
}
