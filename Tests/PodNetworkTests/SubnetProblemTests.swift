import KubeAPI
import PodNetwork
import Testing

/// The numbered rules of crds.md (validation of Subnets) and the cases D7–D15.
@Suite struct SubnetProblemTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let spec: @Sendable (inout Subnet.Spec) -> Void
    let text: String

    init(_ text: String, _ spec: @escaping @Sendable (inout Subnet.Spec) -> Void) {
      self.text = text
      self.spec = spec
    }

    /// Refused for its CIDR.
    static func cidr(_ cidr: String, _ text: String) -> Case { Case(text) { $0.cidrBlock = cidr } }
    static func gateway(_ cidr: String, _ gateway: String, _ text: String) -> Case {
      Case(text) {
        $0.cidrBlock = cidr
        $0.gateway = gateway
      }
    }
    static func exclude(_ exclude: String, _ text: String) -> Case { Case(text) { $0.excludeIPs = ["10.0.0.3", exclude] } }

    var testDescription: String { text }
  }

  private static let gateways = [
    Case.gateway("10.0.0.0/24", "10.0.1.1", "gateway 10.0.1.1 is not in cidr 10.0.0.0/24"),
    .gateway("10.0.0.0/24", "fd00::1", "gateway fd00::1 is not in cidr 10.0.0.0/24"),
    .gateway("10.0.0.0/24,fd00::/64", "10.0.0.1,fd01::1", "gateway fd01::1 is not in cidr 10.0.0.0/24,fd00::/64"),
    .gateway("192.168.0.0/24", "192.168.0.0", "validate gateway 192.168.0.0 for cidr 192.168.0.0/24 failed: it is the network address"),
    .gateway(
      "192.168.0.0/24", "192.168.0.255", "validate gateway 192.168.0.255 for cidr 192.168.0.0/24 failed: it is the broadcast address"),
    .gateway("fd00::/64", "FD00::", "validate gateway fd00:: for cidr fd00::/64 failed: it is the network address"),
    .gateway("10.0.0.0/24", "10.0.0", "gateway \"10.0.0\" is not valid: "),
    .gateway("10.0.0.0/24", "10.0.0.1,10.0.0.2", "gateway \"10.0.0.1,10.0.0.2\" is not valid: "),
    .gateway("10.0.0.0/24", "10.0.0.1,", "gateway \"10.0.0.1,\" is not valid: "),
  ]

  private static let cidrs = [
    Case.cidr("", #"CIDRBlock: "" format error: "#), .cidr("10.0.0.0", #"CIDRBlock: "10.0.0.0" format error: "#),
    .cidr("10.0.0.0/33", #"CIDRBlock: "10.0.0.0/33" format error: "#), .cidr("x/24", #"CIDRBlock: "x/24" format error: "#),
    .cidr("10.0.0.0/24,10.0.1.0/24", #"CIDRBlock: "10.0.0.0/24,10.0.1.0/24" format error: "#),
    .cidr("10.0.0.0/24,", #"CIDRBlock: "10.0.0.0/24," format error: "#), .cidr("10.0.0.1/32", "subnet cidr 10.0.0.1/32 mask is invalid"),
    .cidr("fd00::1/128", "subnet cidr fd00::1/128 mask is invalid"),
    .cidr("10.0.0.0/24,fd00::1/128", "subnet cidr fd00::1/128 mask is invalid"),
    .cidr("0.0.0.0/0", #"invalid zero cidr "0.0.0.0/0""#), .cidr("0.0.0.5/24", #"invalid zero cidr "0.0.0.5/24""#),
    .cidr("127.0.0.0/24", "127.0.0.0/24 conflict with v4 loopback cidr 127.0.0.1/8"),
    .cidr("224.0.1.0/24", "224.0.1.0/24 conflict with v4 multicast cidr 224.0.0.0/4"),
    .cidr("255.255.255.0/24", "255.255.255.0/24 conflict with v4 broadcast cidr 255.255.255.255/32"),
    .cidr("169.254.7.0/24", "169.254.7.0/24 conflict with v4 link local cidr 169.254.0.0/16"),
    .cidr("168.0.0.0/7", "168.0.0.0/7 conflict with v4 link local cidr 169.254.0.0/16"),
    .cidr("::/127", "::/127 conflict with v6 unspecified cidr ::/128"), .cidr("::/0", "::/0 conflict with v6 unspecified cidr ::/128"),
    .cidr("ff02::/64", "ff02::/64 conflict with v6 multicast cidr ff00::/8"),
    .cidr("fe80::/64", "fe80::/64 conflict with v6 link local cidr fe80::/10"),
    // Its addresses would be read back as IPv4 ones.
    .cidr("::fffe:0:0/95", "::fffe:0:0/95 conflict with v4-mapped v6 cidr ::ffff:0.0.0.0/96"),
    .cidr("::ffff:10.0.0.0/120", #"CIDRBlock: "::ffff:10.0.0.0/120" format error: "#),
  ]

  private static let excludes = [
    Case.exclude("", " in excludeIps is not a valid ip range: "),
    .exclude("10.0.0.1..10.0.0.2..10.0.0.3", "10.0.0.1..10.0.0.2..10.0.0.3 in excludeIps is not a valid ip range: "),
    .exclude("10.0.0.261", "10.0.0.261 in excludeIps is not a valid ip range: "),
    .exclude("10.0.0.9..x", "10.0.0.9..x in excludeIps is not a valid ip range: "),
    .exclude("192.168.0.10..192.168.0.9", "it starts at 192.168.0.10, after its end 192.168.0.9"),
    .exclude("10.0.0.1..fd00::1", "one end is IPv4, the other IPv6"),
    .exclude("10.0.0.1-10.0.0.9", "write first..last with two dots, not a dash"),
    .exclude("10.0.0.0/28", "10.0.0.0/28 in excludeIps is not a valid ip range: "),
    .exclude("10.0.0.9..", "10.0.0.9.. in excludeIps is not a valid ip range: "),
  ]

  private static let fields = [
    Case(#"spec.gatewayType "star" is not valid"#) { $0.gatewayType = "star" },
    Case(#"spec.protocol "ipv4" is not valid"#) { $0.protocolName = "ipv4" },
    Case(#"spec.mtu "1279" is not valid: IPv6 needs at least 1280"#) {
      $0.cidrBlock = "fd00::/64"
      $0.mtu = 1279
    },
    Case(#"spec.vpc "net-a" is not valid"#) { $0.vpc = "net-a" },
    Case("natOutgoing and externalEgressGateway cannot both be set") {
      $0.natOutgoing = true
      $0.externalEgressGateway = "10.0.0.9"
    },
    Case("logicalGateway and u2oInterconnection cannot both be set") {
      $0.logicalGateway = true
      $0.u2oInterconnection = true
    }, Case(#"spec.allowSubnets "10.0.0.0" is not valid: it is not a CIDR"#) { $0.allowSubnets = ["10.1.0.0/16", "10.0.0.0"] },
    Case(#"spec.vips "10.0.1.9" is not valid: it is not an address of 10.0.0.0/24"#) { $0.vips = ["10.0.0.9", "10.0.1.9"] },
    Case(#"spec.vips "x" is not valid"#) { $0.vips = ["x"] },
    Case("an underlay without cidrBlock and gateway cannot both be set") {
      ($0.cidrBlock, $0.vlan, $0.gateway) = ("", "v1", "10.0.0.1")
    },
    Case("an underlay without cidrBlock and excludeIps cannot both be set") {
      ($0.cidrBlock, $0.vlan, $0.excludeIPs) = ("", "v1", ["10.0.0.1"])
    }, Case("an underlay without cidrBlock and vips cannot both be set") { ($0.cidrBlock, $0.vlan, $0.vips) = ("", "v1", ["10.0.0.1"]) },
  ]

  @Test("what makes no sense is refused with a text that names the fault", arguments: gateways + cidrs + excludes + fields)
  func refuses(_ given: Case) {
    let subnet = Sample.subnet { given.spec(&$0) }
    let problem = #expect(throws: SubnetProblem.self) { try SubnetPlan(subnet) }
    #expect(problem?.description.contains(given.text) == true, "\(problem?.description ?? "")")
  }

  @Test("the name is a label too: 63 characters at most")
  func name() throws {
    let longest = String(repeating: "s", count: 63)
    #expect(try SubnetPlan(Sample.subnet(longest)).name == longest)
    let problem = #expect(throws: SubnetProblem.self) { try SubnetPlan(Sample.subnet(longest + "s")) }
    #expect(problem?.description.contains("has 64 characters") == true)
  }

  @Test("a default VPC of the subnet's own name is refused before anything is stored")
  func vpcOfOwnName() {
    #expect(throws: SubnetProblem.self) { try SubnetPlan(Sample.subnet("ovn-cluster", provider: "ovn")) }
    #expect(throws: Never.self) { try SubnetPlan(Sample.subnet("ovn-cluster")) }
  }

  @Test(
    "what is odd but sound is accepted",
    arguments: [
      Case("centralized") { $0.gatewayType = "centralized" }, Case("mtu of IPv4") { $0.mtu = 600 },
      Case("mtu 0 of IPv6") { $0.cidrBlock = "fd00::/64" }, Case("protocol Mac, though there is a CIDR") { $0.protocolName = "Mac" },
      Case("upper-case v6") { ($0.cidrBlock, $0.gateway, $0.excludeIPs) = ("FD00::/64", "FD00::A", ["FD00::B..FD00::C"]) },
      Case("gateway inside an exclude") { $0.excludeIPs = ["10.0.0.0..10.0.0.9"] },
      Case("natOutgoing alone") { $0.natOutgoing = true },
      Case("vip in v6") { ($0.cidrBlock, $0.vips) = ("10.0.0.0/24,fd00::/64", ["FD00::9"]) },
      Case("all excluded") { $0.excludeIPs = ["10.0.0.0..10.0.0.255"] },
    ])
  func accepts(_ given: Case) {
    #expect(throws: Never.self) { try SubnetPlan(Sample.subnet { given.spec(&$0) }) }
  }
}
