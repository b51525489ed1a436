import CNI
import Testing

@Suite struct CNIErrorTests {
  @Test("an error prints as the reference library's does, without details when there are none")
  func printing() {
    let error = CNIError(.tryAgainLater, "RPC failed", details: "request ip return 500 no \"address\"")
    #expect(
      String(decoding: error.json, as: UTF8.self) == """
        {
            "code": 11,
            "msg": "RPC failed",
            "details": "request ip return 500 no \\"address\\""
        }
        """)
    #expect(
      String(decoding: CNIError(.invalidConfiguration, "missing network name").json, as: UTF8.self) == """
        {
            "code": 7,
            "msg": "missing network name"
        }
        """)
  }

  @Test("a printed error reads back, also with a cniVersion and a code of another plugin's own")
  func parsing() {
    let error = CNIError(.internal, "a", details: "b")
    #expect(CNIError(parsing: error.json) == error)
    let foreign = #"{"cniVersion":"1.0.0","code":123,"msg":"x"}"#
    #expect(CNIError(parsing: Array(foreign.utf8)) == CNIError(CNIError.Code(rawValue: 123), "x"))
  }

  @Test("what is no error is none", arguments: ["", "boom", "{}", #"{"code":"1"}"#, #"{"code":-1}"#, #"{"cniVersion":"1.0.0","ips":[]}"#])
  func notAnError(text: String) {
    #expect(CNIError(parsing: Array(text.utf8)) == nil)
  }

  @Test("an error says its message and details in one line")
  func description() {
    #expect("\(CNIError(.internal, "a", details: "b"))" == "a; b")
    #expect("\(CNIError(.internal, "a"))" == "a")
  }
}

@Suite struct CNIVersionTests {
  @Test("versions are compared by number, not by text")
  func ordering() throws {
    #expect(CNIVersion.supported == CNIVersion.supported.sorted())
    #expect(try #require(CNIVersion("0.10.0")) > CNIVersion.v0_4_0)
    #expect(CNIVersion("1") == CNIVersion.v1_0_0)
    #expect(CNIVersion("1.1") == CNIVersion.v1_1_0)
  }

  @Test("what is no version is none", arguments: ["", ".", "1.", "a", "1.a", "-1", "1.2.3.4", "1.0.0-rc1", "99999999999999999999"])
  func malformed(text: String) {
    #expect(CNIVersion(text) == nil)
  }

  @Test("a configuration without a version means 0.1.0; one we do not speak is code 1")
  func requested() throws {
    #expect(try CNIVersion.requested(by: "") == .v0_1_0)
    #expect(try CNIVersion.requested(by: "0.3.1") == .v0_3_1)
    #expect(
      throws: CNIError(
        .incompatibleVersion, "incompatible CNI versions",
        details: #"config is "9.9.9", plugin supports ["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0" "1.0.0" "1.1.0"]"#)
    ) { try CNIVersion.requested(by: "9.9.9") }
  }
}

@Suite struct CNIArgumentsTests {
  @Test("containerd's arguments in any order, with keys nobody asked for")
  func anyOrder() throws {
    let arguments = CNIArguments(
      "IgnoreUnknown=1;K8S_POD_UID=u-1;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=c9;K8S_POD_NAMESPACE=shop;MAC=0a:00:00:00:00:01")
    #expect(try arguments.require(.podName) == "web-0")
    #expect(try arguments.require(.podNamespace) == "shop")
    #expect(arguments[.podUID] == "u-1")
    #expect(arguments[.sandboxID] == "c9")
    #expect(arguments[.mac] == "0a:00:00:00:00:01")
    #expect(arguments["IgnoreUnknown"] == "1")
  }

  @Test("pieces without a value do not count, of two values the first does")
  func tolerance() {
    let arguments = CNIArguments(";;K8S_POD_NAME;K8S_POD_NAME=;K8S_POD_NAME=a;K8S_POD_NAME=b;=x;K8S_POD_NAMESPACE=c=d;")
    #expect(arguments[.podName] == "a")
    #expect(arguments[.podNamespace] == "c=d")
  }

  @Test("what is missing is named")
  func missing() {
    #expect(throws: CNIError(.invalidConfiguration, "Invalid Configuration", details: "CNI_ARGS is required")) {
      try CNIArguments("").require(.podName)
    }
    #expect(throws: CNIError(.invalidConfiguration, "Invalid Configuration", details: "K8S_POD_NAME is required in CNI_ARGS")) {
      try CNIArguments("K8S_POD_NAMESPACE=a").require(.podName)
    }
  }
}
