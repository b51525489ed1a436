import ArgumentParser
import Foundation
import HTTPMessage
import HTTPTransport
import KubeLab
import Logging

/// `kube-ovn-lab apiserver`: the embedded API server alone, until SIGINT or SIGTERM.
struct ApiserverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apiserver", abstract: "Run the embedded Kubernetes API server alone.",
    discussion: "Everything is kept in memory and gone when it ends. Without a token file everybody is an administrator.")

  @Option(help: "Address to listen on; port 0 takes any free one.")
  var listen = "127.0.0.1:6443"

  @Option(help: ArgumentHelp("File to write a kubeconfig to; it is removed at the end.", valueName: "path"))
  var kubeconfig: String?

  @Option(help: ArgumentHelp("Accounts, one a line: token,user,uid[,\"group,group\"]. Rights come from RBAC then.", valueName: "path"))
  var tokenFile: String?

  @Flag(help: "Serve TLS with a certificate made for this run (needs the openssl command).")
  var tls = false

  @Option(name: .customLong("install"), help: ArgumentHelp("Manifest or folder of manifests to start with (CRDs).", valueName: "path"))
  var manifests: [String] = []

  mutating func validate() throws {
    guard let colon = listen.lastIndex(of: ":"), colon != listen.startIndex, UInt16(listen[listen.index(after: colon)...]) != nil else {
      throw ValidationError("--listen \(listen) is not HOST:PORT")
    }
  }

  func run() async throws {
    var configuration = APIServer.Configuration()
    if let tokenFile { configuration.accounts = try StaticAccount.parse(tokenFile: String(contentsOfFile: tokenFile, encoding: .utf8)) }
    let server = APIServer(configuration)
    for path in manifests { try await server.install(APIServer.manifests(at: path)) }
    var options = HTTPServerOptions()
    options.gracePeriod = .seconds(1)
    let certificate = tls ? try LabCertificate(host: host) : nil
    options.tls = certificate.map { HTTPServerTLS(certificateChain: $0.certificate, privateKey: $0.privateKey) }
    let http = HTTPServer(
      .tcp(host: host, port: port), options: options, logger: Logger(label: "kube-ovn-lab"), handler: server.handler)
    let admin = configuration.accounts.first { $0.caller.groups.contains("system:masters") } ?? configuration.accounts.first
    try await http.withRunning { endpoint in
      guard case .tcp(let host, let port) = endpoint else { return }
      let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
      let url = (tls ? "https://" : "http://") + authority
      let text = Kubeconfig(
        server: url, token: admin?.token, certificateAuthority: certificate.map { String(decoding: $0.certificate, as: UTF8.self) }
      ).yaml
      if let kubeconfig { try writePrivately(text, to: kubeconfig) }
      // Not `print`: into a pipe it would wait for more.
      FileHandle.standardOutput.write(Data("serving on \(url)\n".utf8))
      await UntilStopped.wait()
      if let kubeconfig { try? FileManager.default.removeItem(atPath: kubeconfig) }
    }
  }

  private var host: String {
    let text = listen.prefix { $0 != "]" }
    if text.count < listen.count, text.hasPrefix("[") { return String(text.dropFirst()) }
    return String(listen[..<(listen.lastIndex(of: ":") ?? listen.endIndex)])
  }

  private var port: Int { listen.lastIndex(of: ":").flatMap { Int(listen[listen.index(after: $0)...]) } ?? 0 }

  /// A kubeconfig can hold a token: only its owner may read it.
  private func writePrivately(_ text: String, to path: String) throws {
    try? FileManager.default.removeItem(atPath: path)
    guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]) else {
      throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
    }
  }
}
