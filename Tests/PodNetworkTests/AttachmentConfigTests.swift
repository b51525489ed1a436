import PodNetwork
import Testing

@Suite struct AttachmentConfigTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let config: String
    let role: AttachmentConfig.Role
    let type: String
    var provider: String?
    var takesMAC = false

    var testDescription: String { config }
  }

  @Test(
    "a configuration tells whether and how we serve its NICs",
    arguments: [
      Case(config: #"{"type":"kube-ovn","provider":"a.b.ovn"}"#, role: .ovn, type: "kube-ovn", provider: "a.b.ovn"),
      Case(config: #"{"type":"kube-ovn"}"#, role: .ovn, type: "kube-ovn"),
      Case(
        config: #"{"type":"macvlan","ipam":{"type":"kube-ovn","provider":"m.d"}}"#, role: .ipam, type: "macvlan", provider: "m.d"),
      // A provider beside the ipam section is not what the plugin reads.
      Case(config: #"{"type":"macvlan","provider":"m.d","ipam":{"type":"kube-ovn"}}"#, role: .ipam, type: "macvlan"),
      Case(config: #"{"type":"macvlan","ipam":{"type":"kube-ovn","provider":""}}"#, role: .ipam, type: "macvlan"),
      Case(config: #"{"type":"macvlan","ipam":{"type":"host-local"}}"#, role: .foreign, type: "macvlan"),
      Case(config: #"{"type":"macvlan"}"#, role: .foreign, type: "macvlan"),
      Case(config: #"{"type":"macvlan","ipam":null}"#, role: .foreign, type: "macvlan"),
      Case(config: #"{"type":"macvlan","ipam":"kube-ovn"}"#, role: .foreign, type: "macvlan"),
      Case(config: #"{"type":"macvlan","ipam":{"type":7}}"#, role: .foreign, type: "macvlan"),
      Case(config: #"{"plugins":[{"type":"kube-ovn","provider":"a.b.ovn"}]}"#, role: .ovn, type: "kube-ovn", provider: "a.b.ovn"),
      Case(
        config: #"{"type":"","plugins":[{"type":"tuning"},{"type":"ipvlan","ipam":{"type":"kube-ovn","provider":"i.d"}}]}"#, role: .ipam,
        type: "ipvlan", provider: "i.d"),
      Case(
        config: #"{"type":null,"plugins":[{"type":"portmap"},{"type":"kube-ovn","provider":"x.y.ovn"},{"type":"bandwidth"}]}"#,
        role: .ovn, type: "kube-ovn", provider: "x.y.ovn"),
      // Kube-OVN asks for its own type first, wherever it stands.
      Case(
        config: #"{"plugins":[{"type":"macvlan","ipam":{"type":"kube-ovn","provider":"m.d"}},{"type":"kube-ovn","provider":"x.y.ovn"}]}"#,
        role: .ovn, type: "kube-ovn", provider: "x.y.ovn"),
      Case(config: #"{"plugins":[{"type":"bridge"},{"type":"portmap"}]}"#, role: .foreign, type: "bridge"),
      Case(
        config: #"{"type":"macvlan","capabilities":{"mac":true},"ipam":{"type":"kube-ovn","provider":"m.d"}}"#, role: .ipam,
        type: "macvlan", provider: "m.d", takesMAC: true),
      Case(
        config:
          #"{"plugins":[{"type":"macvlan","ipam":{"type":"kube-ovn","provider":"m.d"}},{"type":"tuning","capabilities":{"mac":true}}]}"#,
        role: .ipam, type: "macvlan", provider: "m.d"),
      Case(config: #"{"type":"macvlan","capabilities":{"mac":"true"}}"#, role: .foreign, type: "macvlan"),
      Case(config: #"{"type":"macvlan","capabilities":[]}"#, role: .foreign, type: "macvlan"),
    ])
  func reads(_ expected: Case) throws {
    let config = try AttachmentConfig(parsing: expected.config)
    #expect(config.role == expected.role)
    #expect(config.pluginType == expected.type)
    #expect(config.provider == expected.provider)
    #expect(config.takesMAC == expected.takesMAC)
  }

  @Test(
    "a broken configuration is refused with what is wrong",
    arguments: [
      ("{", "JSON ends early"), (" ", "JSON ends early"), ("macvlan", "unexpected 'm'"), ("[]", "must be a JSON object"),
      (#""kube-ovn""#, "must be a JSON object"), ("null", "must be a JSON object"), ("{}", "neither a type nor plugins"),
      (#"{"type":""}"#, "neither a type nor plugins"), (#"{"plugins":[]}"#, "neither a type nor plugins"),
      (#"{"plugins":{}}"#, "neither a type nor plugins"), (#"{"plugins":null}"#, "neither a type nor plugins"),
      (#"{"type":5}"#, "type must be a string"), (#"{"type":["kube-ovn"]}"#, "type must be a string"),
      (#"{"plugins":[{"type":"kube-ovn"},{}]}"#, "plugin 2 of its list has no type"),
      (#"{"plugins":[null]}"#, "plugin 1 of its list has no type"), (#"{"plugins":["kube-ovn"]}"#, "plugin 1 of its list has no type"),
      (#"{"plugins":[{"type":3}]}"#, "plugin 1 of its list has no type"), (#"{"type":"kube-ovn"} x"#, "bytes after the JSON value"),
    ])
  func refuses(config: String, words: String) {
    let error = #expect(throws: AttachmentConfigError.self) { try AttachmentConfig(parsing: config) }
    #expect(error?.description.hasPrefix("its CNI configuration is malformed: ") == true)
    #expect(error?.description.contains(words) == true, "\(error as Any)")
  }
}
