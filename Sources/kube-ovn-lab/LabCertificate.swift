import Foundation

/// A self-signed certificate for one run of the lab, made by the machine's openssl command and kept in memory only.
struct LabCertificate {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// PEM.
  let certificate: [UInt8]
  let privateKey: [UInt8]

  init(host: String) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kube-ovn-lab-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    let (key, file) = (folder.appendingPathComponent("key.pem"), folder.appendingPathComponent("certificate.pem"))
    let isAddress = host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
    let names = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1,\(isAddress ? "IP" : "DNS"):\(host)"
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
      "/CN=kube-ovn-lab", "-addext", names, "-keyout", key.path, "-out", file.path,
    ]
    openssl.standardOutput = FileHandle.nullDevice
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    guard openssl.terminationStatus == 0 else {
      throw Failure(description: "--tls needs the openssl command (1.1.1 or later); it ended with status \(openssl.terminationStatus)")
    }
    certificate = Array(try Data(contentsOf: file))
    privateKey = Array(try Data(contentsOf: key))
  }
}
