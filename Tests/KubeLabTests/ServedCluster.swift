import Foundation
import HTTPMessage
import HTTPTransport
import Logging
import Testing

@testable import KubeLab

/// A cluster that programs outside of this process can talk to: that of `KUBECONFIG` when it is set, else the lab's server on loopback.
struct ServedCluster: Sendable {
  /// A finished program.
  struct Outcome: Sendable {
    var status: Int32
    var output: String
    var errors: String
    /// Both, for failure messages.
    var text: String { "status \(status)\n\(output)\n\(errors)" }
  }

  /// The tests' own folder: kubeconfig, kubectl's caches, manifests.
  let folder: String
  private let kubeconfig: String

  static func run<Result: Sendable>(_ body: @Sendable (ServedCluster) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kubelab-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    if let external = ProcessInfo.processInfo.environment["KUBECONFIG"], !external.isEmpty {
      return try await body(ServedCluster(folder: folder.path, kubeconfig: external))
    }
    let server = HTTPServer(
      .tcp(host: "127.0.0.1", port: 0), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, handler: APIServer().handler)
    return try await server.withRunning { endpoint in
      let path = folder.appendingPathComponent("kubeconfig").path
      try Kubeconfig(server: "http://\(endpoint)").yaml.write(toFile: path, atomically: true, encoding: .utf8)
      return try await body(ServedCluster(folder: folder.path, kubeconfig: path))
    }
  }

  /// Ends only what hangs: kubectl itself takes a second on a slow machine, and so does our answer to its first look at the schemas.
  static let requestTimeout = "--request-timeout=300s"

  func kubectl(_ arguments: String..., input: String? = nil) async throws -> Outcome {
    try await run(["kubectl", Self.requestTimeout] + arguments, input: input)
  }

  /// Runs a program found on PATH to its end.
  func run(_ arguments: [String], input: String? = nil) async throws -> Outcome {
    let place = folder + "/" + UUID().uuidString
    let (output, errors, source) = (place + ".out", place + ".err", place + ".in")
    for (file, text) in [(output, ""), (errors, ""), (source, input ?? "")] {
      try text.write(toFile: file, atomically: false, encoding: .utf8)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    var environment = ProcessInfo.processInfo.environment
    environment["KUBECONFIG"] = kubeconfig
    // Discovery of another server that had the same port must not be believed.
    environment["KUBECACHEDIR"] = folder + "/cache"
    process.environment = environment
    process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: source))
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
    let status: Int32 = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do {
        try process.run()
      } catch {
        process.terminationHandler = nil
        continuation.resume(throwing: error)
      }
    }
    return Outcome(
      status: status, output: try String(contentsOfFile: output, encoding: .utf8),
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }

  /// The minor version of the kubectl on PATH, 0 without one; says why tests are skipped.
  static let kubectlMinor: Int = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["kubectl", "version", "--client", "-o", "json"]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    var minor = 0
    if (try? process.run()) != nil {
      let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      if let match = text.firstMatch(of: /"minor": *"(\d+)/) { minor = Int(match.1) ?? 0 }
    }
    if minor < 24 {
      print("kubectl tests are skipped: kubectl 1.24 or later is needed on PATH, found \(minor == 0 ? "none" : "1.\(minor)")")
    }
    return minor
  }()

  static let hasPython: Bool = ["/usr/bin/python3", "/usr/local/bin/python3", "/bin/python3"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
  }
}
