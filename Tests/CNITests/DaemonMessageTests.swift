import CNI
import NetAddress
import Testing
import WireJSON

@Suite struct DaemonMessageTests {
  @Test("a request carries every key in Kube-OVN's order, ours last")
  func requestBytes() {
    var request = DaemonRequest(
      cniType: "macvlan", containerID: "c1", networkNamespace: "/run/netns/p", interfaceName: "net1", provider: "macvlan.default")
    request.podName = "samplepod"
    request.podNamespace = "default"
    request.routes = [DaemonRoute(destination: "10.0.0.0/8", gateway: "172.17.0.1"), DaemonRoute(gateway: "172.17.0.2")]
    request.dns = DNSConfiguration(nameservers: ["10.96.0.10"], options: ["ndots:5"])
    request.networkName = "macvlan"
    #expect(
      String(decoding: request.json, as: UTF8.self)
        == #"{"cni_type":"macvlan","pod_name":"samplepod","pod_namespace":"default","container_id":"c1","net_ns":"/run/netns/p","#
        + #""if_name":"net1","provider":"macvlan.default","routes":[{"dst":"10.0.0.0/8","gw":"172.17.0.1"},{"gw":"172.17.0.2"}],"#
        + #""dns":{"nameservers":["10.96.0.10"],"options":["ndots:5"]},"vf_driver":"","deviceID":"","#
        + #""vhost_user_socket_volume_name":"","vhost_user_socket_name":"","vhost_user_socket_consumption":"","network_name":"macvlan"}"#)
  }

  @Test("an empty request has null routes and an empty dns object")
  func emptyRequest() {
    #expect(
      String(decoding: DaemonRequest().json, as: UTF8.self)
        == #"{"cni_type":"","pod_name":"","pod_namespace":"","container_id":"","net_ns":"","if_name":"","provider":"","#
        + #""routes":null,"dns":{},"vf_driver":"","deviceID":"","vhost_user_socket_volume_name":"","#
        + #""vhost_user_socket_name":"","vhost_user_socket_consumption":"","network_name":""}"#)
  }

  @Test("an error response is Kube-OVN's: every other key with its empty value")
  func errorResponse() {
    #expect(
      String(decoding: DaemonResponse(error: "no").json, as: UTF8.self)
        == #"{"ips":null,"mac_address":"","routes":null,"mtu":0,"nicname":"","dns":{},"error":"no"}"#)
  }

  @Test("a response carries every key in Kube-OVN's order")
  func responseBytes() throws {
    var response = DaemonResponse(
      addresses: [
        DaemonAddress(
          try IPAddress(parsing: "10.16.0.5"), in: try CIDR(parsing: "10.16.0.0/16"), gateway: try IPAddress(parsing: "10.16.0.1")),
        DaemonAddress(try IPAddress(parsing: "fd00::5"), in: try CIDR(parsing: "fd00::/64"), gateway: nil),
      ], routes: [DaemonRoute(gateway: "10.16.0.1")])
    response.macAddress = "00:00:00:53:6b:b6"
    response.mtu = 1400
    response.interfaceName = "eth0"
    #expect(
      String(decoding: response.json, as: UTF8.self)
        == #"{"ips":[{"protocol":"IPv4","ip":"10.16.0.5","cidr":"10.16.0.0/16","gateway":"10.16.0.1"},"#
        + #"{"protocol":"IPv6","ip":"fd00::5","cidr":"fd00::/64"}],"mac_address":"00:00:00:53:6b:b6","#
        + #""routes":[{"gw":"10.16.0.1"}],"mtu":1400,"nicname":"eth0","dns":{},"error":""}"#)
    #expect(try DaemonResponse(parsing: response.json) == response)
  }

  @Test("a request reads back")
  func requestRoundTrip() throws {
    var request = DaemonRequest(cniType: "kube-ovn", containerID: "c", networkNamespace: "n", interfaceName: "i", provider: "p")
    request.podName = "pod \"x\"\n"
    request.podNamespace = "ns"
    request.routes = [DaemonRoute(destination: "d", gateway: "g")]
    request.dns = DNSConfiguration(nameservers: ["1"], domain: "d", search: ["s", "t"], options: ["o"])
    request.device = DeviceAttachment(
      deviceID: "0000:00:01.0", vfDriver: "vfio-pci", vhostUserVolume: "v", vhostUserSocket: "s", vhostUserConsumption: "kubevirt")
    request.networkName = "net"
    #expect(try DaemonRequest(parsing: request.json) == request)
  }

  @Test(
    "missing, null and unknown members of a request are no error",
    arguments: [
      "{}", #"{"cni_type":null,"routes":null,"dns":null,"mtu":3,"plan":{"a":[1,{"b":null}]}}"#,
      #"{"prepare_only":true,"dns":{},"routes":[]}"#,
    ])
  func tolerantRequest(text: String) throws {
    #expect(try DaemonRequest(parsing: Array(text.utf8)) == DaemonRequest())
  }

  @Test(
    "missing, null and unknown members of a response are no error",
    arguments: ["{}", #"{"ips":null,"mtu":null,"dns":null,"error":null,"x":[[]]}"#, #"{"ips":[],"routes":[]}"#])
  func tolerantResponse(text: String) throws {
    #expect(try DaemonResponse(parsing: Array(text.utf8)) == DaemonResponse())
  }

  @Test(
    "a body that is no request is an error",
    arguments: ["", "null", "[]", #"{"pod_name":1}"#, #"{"routes":{}}"#, #"{"pod_name":"a"} x"#, #"{"pod_name":"a""#])
  func malformedRequest(text: String) {
    #expect(throws: JSONError.self) { try DaemonRequest(parsing: Array(text.utf8)) }
  }

  @Test("a body that is no response is an error", arguments: ["", "[]", #"{"mtu":"1"}"#, #"{"ips":[1]}"#, "<html>"])
  func malformedResponse(text: String) {
    #expect(throws: JSONError.self) { try DaemonResponse(parsing: Array(text.utf8)) }
  }
}
