import Glibc
import HTTPMessage
import Testing

@testable import KubeClient

/// A directory of the test's own with the files that it names; it is removed afterwards.
func withFiles(_ files: [String: String], _ body: (String) throws -> Void) throws {
  var template = Array("/tmp/client-XXXXXX".utf8CString)
  let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
  defer { rmdir(directory) }
  defer { for name in files.keys { unlink(directory + "/" + name) } }
  for (name, text) in files { try write(directory + "/" + name, text) }
  try body(directory)
}

func write(_ path: String, _ text: String) throws {
  let file = try #require(fopen(path, "w"))
  defer { fclose(file) }
  fputs(text, file)
}

@Suite("how to reach the API server") struct ConfigurationTests {
  private static let kubeconfig = """
    apiVersion: v1
    kind: Config
    current-context: lab
    clusters:
    - name: lab
      cluster: {server: "https://[fd00::1]:6443/base/", certificate-authority-data: Y2E=, tls-server-name: api.lab}
    - name: plain
      cluster: {server: http://127.0.0.1:8080}
    - name: files
      cluster: {server: https://h, certificate-authority: ca.pem}
    - name: insecure
      cluster: {server: https://h, insecure-skip-tls-verify: true}
    contexts:
    - name: lab
      context: {cluster: lab, user: certificate, namespace: kube-system}
    - name: plain
      context: {cluster: plain, user: token}
    - name: files
      context: {cluster: files, user: files}
    - name: insecure
      context: {cluster: insecure, user: ""}
    - name: cloud
      context: {cluster: plain, user: cloud}
    - name: old
      context: {cluster: plain, user: old}
    - name: lost-user
      context: {cluster: plain, user: nobody}
    - name: lost-cluster
      context: {cluster: nowhere, user: token}
    users:
    - name: certificate
      user: {client-certificate-data: Y2VydA==, client-key-data: "a2V5"}
    - name: token
      user: {token: secret}
    - name: files
      user: {client-certificate: c.pem, client-key: k.pem, tokenFile: token, token: other}
    - name: cloud
      user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}}
    - name: old
      user: {username: u, password: p}
    """

  private func check(_ context: String?, _ body: (ClientConfiguration) throws -> Void) throws {
    try withFiles(["config": Self.kubeconfig, "ca.pem": "CA", "c.pem": "C", "k.pem": "K", "token": " t1\n"]) { directory in
      try body(try ClientConfiguration.forUser(kubeconfig: directory + "/config", context: context, environment: [:]))
    }
  }

  @Test("inline data, server name, base path and namespace of the current context")
  func inline() throws {
    try check(nil) { configuration in
      #expect(configuration.peer.endpoint == .tcp(host: "fd00::1", port: 6443))
      #expect(configuration.basePath == "/base" && configuration.namespace == "kube-system")
      #expect(
        configuration.peer.tls
          == HTTPClientTLS(
            trustRoots: Array("ca".utf8), certificateChain: Array("cert".utf8), privateKey: Array("key".utf8), serverName: "api.lab"))
      #expect(configuration.credentials.authorization == nil)
    }
  }

  @Test("plain HTTP with a token")
  func plain() throws {
    try check("plain") { configuration in
      #expect(configuration.peer == HTTPPeer(endpoint: .tcp(host: "127.0.0.1", port: 8080)))
      #expect(configuration.credentials.authorization == "Bearer secret" && configuration.namespace == "default")
    }
  }

  @Test("file names count from the kubeconfig's directory, and a token file goes before a token")
  func files() throws {
    try check("files") { configuration in
      #expect(configuration.peer.endpoint == .tcp(host: "h", port: 443))
      #expect(
        configuration.peer.tls
          == HTTPClientTLS(trustRoots: Array("CA".utf8), certificateChain: Array("C".utf8), privateKey: Array("K".utf8)))
      #expect(configuration.credentials.authorization == "Bearer t1")
    }
  }

  @Test("no verification, nobody in particular")
  func insecure() throws {
    try check("insecure") { configuration in
      #expect(configuration.peer.tls == HTTPClientTLS(isInsecure: true))
      #expect(configuration.credentials.authorization == nil)
    }
  }

  @Test(
    "what is missing or cannot be done is said by name",
    arguments: [
      ("cloud", "kubeconfig user \"cloud\" logs in by the exec plugin \"aws\""), ("old", "user name and password"),
      ("lost-user", "has no user named \"nobody\""), ("lost-cluster", "has no cluster named \"nowhere\""),
      ("none", "has no context named \"none\""),
    ])
  func refused(context: String, words: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try check(context) { _ in } }
    #expect(error?.description.contains(words) == true)
  }

  @Test("of several files the first that names something wins, and the others add to it")
  func merged() throws {
    let first = """
      current-context: plain
      users: [{name: token, user: {token: first}}]
      """
    try withFiles(["a": first, "b": Self.kubeconfig]) { directory in
      let configuration = try ClientConfiguration.forUser(environment: ["KUBECONFIG": "\(directory)/a:\(directory)/b"])
      #expect(configuration.credentials.authorization == "Bearer first")
      #expect(configuration.peer.endpoint == .tcp(host: "127.0.0.1", port: 8080))
    }
  }

  @Test("a file that is no kubeconfig is an error", arguments: ["", "just text", "- a\n- b", "a: [", "\t"])
  func malformed(text: String) throws {
    try withFiles(["config": text]) { directory in
      let error = #expect(throws: ConfigurationError.self) {
        try ClientConfiguration.load(kubeconfig: directory + "/config", environment: [:])
      }
      #expect(error?.description.contains(directory + "/config") == true)
    }
    #expect(throws: ConfigurationError.unreadable(path: "/nonexistent", reason: "No such file or directory")) {
      try ClientConfiguration.load(kubeconfig: "/nonexistent", environment: [:])
    }
  }

  @Test(
    "server URLs",
    arguments: [
      ("https://h", "h", 443, ""), ("http://h/", "h", 80, ""), ("https://[::1]", "::1", 443, ""), ("https://h:1/a/b/", "h", 1, "/a/b"),
      ("http://lab:secret@h:2", "h", 2, ""),
    ])
  func servers(text: String, host: String, port: Int, basePath: String) throws {
    let url = try ServerURL(text)
    #expect(url.host == host && url.port == port && url.basePath == basePath)
  }

  @Test(
    "what is no server URL is refused",
    arguments: ["", "h", "ftp://h", "https://", "https://h:0", "https://h:x", "https://[::1", "https://u@h", "https://h?q"])
  func badServers(text: String) {
    #expect(throws: ConfigurationError.badServer(text)) { try ServerURL(text) }
  }

  @Test("in a pod: address from the environment, token, authority and namespace from the service account's files")
  func inCluster() throws {
    let environment = ["KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"]
    try withFiles(["ca.crt": "CA", "token": "t1", "namespace": "kube-system\n"]) { directory in
      let configuration = try ClientConfiguration.inCluster(environment: environment, directory: directory)
      #expect(
        configuration.peer == HTTPPeer(endpoint: .tcp(host: "10.96.0.1", port: 443), tls: HTTPClientTLS(trustRoots: Array("CA".utf8))))
      #expect(configuration.namespace == "kube-system")
      #expect(configuration.credentials.authorization == "Bearer t1")
      // As kubelet renews it: another file in its place.
      try write(directory + "/new", "t2")
      #expect(rename(directory + "/new", directory + "/token") == 0)
      #expect(configuration.credentials.authorization == "Bearer t2")
      // While it is missing or empty, the last one counts.
      try write(directory + "/token", "")
      #expect(configuration.credentials.authorization == "Bearer t2")
    }
    #expect(throws: ConfigurationError.notInCluster) { try ClientConfiguration.load(kubeconfig: "", environment: [:]) }
  }

  @Test(
    "base64",
    arguments: [
      ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg", "foob"), ("Zm9v\n YmFy", "foobar"), ("Zg=", nil), ("Z", nil),
      ("Zm9v!", nil), ("Zg==Zg==", nil), ("====", nil),
    ])
  func base64(text: String, decoded: String?) {
    #expect(Base64.decode(text).map { String(decoding: $0, as: UTF8.self) } == decoded)
  }
}
