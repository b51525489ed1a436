import Glibc
import HTTPMessage
import Testing

@testable import HTTPTransport

/// Certificates made by the system's `openssl` for one test.
struct TestCertificates {
  let authority: [UInt8]
  let server: [UInt8]
  let serverKey: [UInt8]
  let client: [UInt8]
  let clientKey: [UInt8]

  static let isAvailable = system("command -v openssl >/dev/null 2>&1") == 0

  init(in directory: String) throws {
    let script = """
      cd \(directory) && exec >/dev/null 2>&1
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test-ca -keyout ca.key -out ca.crt &&
      for who in server client; do
        names=DNS:$who.test; [ $who = server ] && names=DNS:lab.test,IP:127.0.0.1
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=$who -keyout $who.key -out $who.csr &&
        echo "subjectAltName=$names" > $who.ext &&
        openssl x509 -req -in $who.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile $who.ext -out $who.crt || exit 1
      done
      """
    try #require(system(script) == 0)
    func read(_ name: String) throws -> [UInt8] {
      let file = try #require(fopen(directory + "/" + name, "r"))
      defer { fclose(file) }
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let count = fread(&bytes, 1, bytes.count, file)
      return Array(bytes[..<count])
    }
    authority = try read("ca.crt")
    server = try read("server.crt")
    serverKey = try read("server.key")
    client = try read("client.crt")
    clientKey = try read("client.key")
  }
}

@Suite(
  "TLS", .timeLimit(.minutes(10)), .enabled(if: TestCertificates.isAvailable, "openssl is not installed: certificates cannot be made"))
struct TLSTests {
  private func withServer(
    demandsClientCertificate: Bool = false, showsClientCertificate: Bool = false,
    _ body: (TestCertificates, HTTPEndpoint) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory async throws in
      let certificates = try TestCertificates(in: directory)
      var options = HTTPServerOptions.patient
      options.tls = HTTPServerTLS(
        certificateChain: showsClientCertificate ? certificates.client : certificates.server,
        privateKey: showsClientCertificate ? certificates.clientKey : certificates.serverKey,
        clientTrustRoots: demandsClientCertificate ? certificates.authority : nil)
      try await HTTPServer(loopback, options: options, logger: quiet, handler: echo).withRunning { endpoint async throws in
        try await body(certificates, endpoint)
      }
    }
  }

  private func exchange(_ endpoint: HTTPEndpoint, _ tls: HTTPClientTLS) async throws -> Int {
    try await pool(endpoint, tls: tls).exchange(get("/")).status
  }

  @Test("a server of a trusted authority is verified by its address, by a name that was asked for, or not at all")
  func trust() async throws {
    try await withServer { certificates, endpoint async throws in
      #expect(try await exchange(endpoint, HTTPClientTLS(trustRoots: certificates.authority)) == 200)
      #expect(try await exchange(endpoint, HTTPClientTLS(trustRoots: certificates.authority, serverName: "lab.test")) == 200)
      #expect(try await exchange(endpoint, HTTPClientTLS(isInsecure: true)) == 200)
    }
  }

  @Test("an unknown authority and a wrong name are refused before anything is sent", arguments: [false, true])
  func distrust(isWrongName: Bool) async throws {
    try await withServer(showsClientCertificate: isWrongName) { certificates, endpoint async throws in
      let tls = isWrongName ? HTTPClientTLS(trustRoots: certificates.authority, serverName: "lab.test") : HTTPClientTLS()
      let error = await #expect(throws: HTTPExchangeError.self) { try await exchange(endpoint, tls) }
      guard case .notConnected = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test("a client shows its certificate to a server that demands one, and is refused without")
  func clientCertificate() async throws {
    try await withServer(demandsClientCertificate: true) { certificates, endpoint async throws in
      let tls = HTTPClientTLS(
        trustRoots: certificates.authority, certificateChain: certificates.client, privateKey: certificates.clientKey)
      #expect(try await exchange(endpoint, tls) == 200)
      await #expect(throws: HTTPExchangeError.self) {
        try await exchange(endpoint, HTTPClientTLS(trustRoots: certificates.authority))
      }
    }
  }

  @Test("a large body goes through TLS both ways")
  func bigBody() async throws {
    try await withServer { certificates, endpoint async throws in
      let body = [UInt8](repeating: 7, count: 3_000_000)
      let pool = try pool(endpoint, tls: HTTPClientTLS(trustRoots: certificates.authority))
      for _ in 0..<2 { #expect(try await pool.exchange(HTTPRequest(method: "POST", target: "/", body: body)).bytes == body) }
    }
  }

  @Test("plain text on a TLS port, and texts that are no certificates, are errors")
  func wrong() async throws {
    try await withServer { _, endpoint async throws in
      await #expect(throws: HTTPExchangeError.self) { try await pool(endpoint).exchange(get("/")) }
    }
    #expect(throws: (any Error).self) {
      try HTTPPool(HTTPPeer(endpoint: .tcp(host: "127.0.0.1", port: 1), tls: HTTPClientTLS(trustRoots: Array("x".utf8))))
    }
    var options = HTTPServerOptions()
    options.tls = HTTPServerTLS(certificateChain: [], privateKey: [])
    await #expect(throws: HTTPServerError.self) { try await HTTPServer(loopback, options: options, logger: quiet, handler: echo).bind() }
  }
}
