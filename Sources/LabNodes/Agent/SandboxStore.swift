import WireJSON

/// The sandboxes of one node on disk, one file a pod, so that an agent that was killed finds what it has to look after.
package struct SandboxStore: Sendable {
  private let directory: String

  package init(directory: String) throws(ProcessError) {
    self.directory = directory
    try TextFile.makeDirectory(directory, mode: 0o700)
  }

  package func save(_ sandbox: Sandbox) throws(ProcessError) {
    try TextFile.replace(file(sandbox.podUID), sandbox.json.bytes, mode: 0o600)
  }

  package func remove(podUID: String) { TextFile.removeTree(file(podUID)) }

  /// Everything that can be read. A file that a crash cut short is removed: the namespace it may stand for is swept with the lab.
  package func load() -> [Sandbox] {
    TextFile.names(in: directory).compactMap { name in
      let path = directory + "/" + name
      guard name.hasSuffix(".json"), let bytes = TextFile.bytes(path), let json = try? JSONValue(parsing: bytes),
        let sandbox = Sandbox(json: json)
      else {
        TextFile.removeTree(path)
        return nil
      }
      return sandbox
    }
  }

  private func file(_ podUID: String) -> String {
    // A uid is the API server's and harmless; this makes sure that it is a file name.
    directory + "/" + podUID.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") } + ".json"
  }
}
