package import CNI
import Netlink
package import WireJSON

/// Calls CNI plugin binaries as libcni does, in the network namespace of this process (the node's).
package struct PluginRunner: Sendable {
  /// Where plugins are looked for, in order: also the CNI_PATH that they get.
  private let directories: [String]
  private let deadline: Duration

  /// `deadline` is what one call may take before it is killed: longer than the minute after which our plugin gives up by itself, so that
  /// its reason is heard.
  package init(directories: [String], deadline: Duration = .seconds(120)) {
    self.directories = directories
    self.deadline = deadline
  }

  /// What every plugin of one call gets.
  package struct Surroundings: Sendable {
    package var command: CNICommand
    package var containerID: String
    /// Empty on the second DEL.
    package var networkNamespace: String
    package var interface: String
    package var arguments: String

    package init(_ command: CNICommand, containerID: String, networkNamespace: String, interface: String, arguments: String) {
      self.command = command
      self.containerID = containerID
      self.networkNamespace = networkNamespace
      self.interface = interface
      self.arguments = arguments
    }
  }

  /// Runs the whole chain: each plugin gets the result so far. The last one's result is the attachment's.
  package func add(_ attachment: NetworkAttachment, _ surroundings: Surroundings) async throws -> JSONValue {
    var previous: JSONValue?
    for index in attachment.plugins.indices {
      let output = try await run(attachment, plugin: index, previous: previous, surroundings)
      do throws(JSONError) { previous = try JSONValue(parsing: output) } catch {
        throw PluginFailure(type: attachment.type(of: index), verb: surroundings.command, reason: "its result cannot be read: \(error)")
      }
    }
    return previous ?? [:]
  }

  /// Runs the chain backwards. Every plugin is called, also after one has failed; the first failure is thrown in the end.
  package func delete(_ attachment: NetworkAttachment, result: JSONValue?, _ surroundings: Surroundings) async throws {
    var first: (any Error)?
    for index in attachment.plugins.indices.reversed() {
      do {
        _ = try await run(attachment, plugin: index, previous: attachment.passesResultOnDelete ? result : nil, surroundings)
      } catch {
        first = first ?? error
      }
    }
    if let first { throw first }
  }

  private func run(
    _ attachment: NetworkAttachment, plugin index: Int, previous: JSONValue?, _ surroundings: Surroundings
  ) async throws -> [UInt8] {
    let type = attachment.type(of: index)
    func failure(_ reason: String) -> PluginFailure { PluginFailure(type: type, verb: surroundings.command, reason: reason) }
    guard let directory = directories.first(where: { TextFile.exists($0 + "/" + type) }) else {
      throw failure("failed to find plugin \"\(type)\" in path [\(directories.joined(separator: " "))]")
    }
    let call = ProgramCall(directory + "/" + type, environment: environment(surroundings))
    let output: CommandOutput
    do {
      output = try await Command.run(call, input: attachment.configuration(of: index, previous: previous), deadline: deadline)
    } catch {
      throw failure("\(error)")
    }
    try Task.checkCancellation()
    if output.isTimedOut { throw failure("killed after \(deadline) without an answer") }
    guard output.status.isSuccess else { throw failure(Self.reason(output)) }
    return output.standardOutput
  }

  private func environment(_ surroundings: Surroundings) -> [String: String] {
    [
      CNIEnvironment.Variable.command.rawValue: surroundings.command.rawValue,
      CNIEnvironment.Variable.containerID.rawValue: surroundings.containerID,
      CNIEnvironment.Variable.networkNamespace.rawValue: surroundings.networkNamespace,
      CNIEnvironment.Variable.interfaceName.rawValue: surroundings.interface,
      CNIEnvironment.Variable.arguments.rawValue: surroundings.arguments,
      CNIEnvironment.Variable.path.rawValue: directories.joined(separator: ":"),
      "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ]
  }

  /// What a runtime makes of a failed plugin's output.
  static func reason(_ output: CommandOutput) -> String {
    if let error = CNIError(parsing: output.standardOutput) { return error.description }
    let said = output.text.trimmed
    let complaint = output.errorText.trimmed
    if !said.isEmpty { return "netplugin failed but error parsing its diagnostic message \"\(said)\"" }
    return complaint.isEmpty ? "netplugin failed with no error message: \(output.status)" : "netplugin failed: \"\(complaint)\""
  }
}

/// One plugin's failure, in libcni's words.
package struct PluginFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package let type: String
  package let verb: CNICommand
  package let reason: String

  package init(type: String, verb: CNICommand, reason: String) {
    self.type = type
    self.verb = verb
    self.reason = reason
  }

  package var description: String {
    "plugin type=\"\(type)\" failed (\(verb == .delete ? "delete" : verb.rawValue.lowercased())): \(reason)"
  }
}

extension NetworkAttachment {
  fileprivate func type(of plugin: Int) -> String { plugins[plugin]["type"]?.string ?? "" }
}

extension String {
  /// Without blanks and line ends at both ends.
  fileprivate var trimmed: String {
    var text = self[...]
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
