import CNI
import HTTPMessage
import KubeAPI
import KubeClient
import KubeRuntime
import KubeTesting
import Logging
import NetAddress
import NodeDaemon
import Synchronization
import WireJSON

/// A node daemon without sockets: stores fed by hand, a clock moved by hand, an API server that knows the pods it is told of.
struct NodeUnderTest: Sendable {
  let stores = NodeStores()
  let clock = ManualClock()
  let interfaces = RecordedInterfaces()
  let events = Box<[EventDraft]>([])
  /// What the API server answers to a GET of a pod; nothing else is asked of it here.
  let served = Box<[String: JSONValue]>([:])
  let exchange: ScriptedExchange
  let agent: NodeAgent

  init() {
    let (served, events) = (served, events)
    exchange = ScriptedExchange { request, _ in
      guard let body = served.value[request.path] else {
        let status: JSONValue = ["kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404, "message": "not found"]
        return HTTPResponse(status: 404, json: status.bytes)
      }
      return HTTPResponse(status: 200, json: body.bytes)
    }
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    agent = NodeAgent(
      stores: stores,
      environment: .init(
        client: KubeClient(exchange, limiter: nil), node: "n1", interfaces: interfaces, logger: logger,
        record: { draft in events.change { $0.append(draft) } }),
      clock: clock)
    stores.pods.replaceAll([])
    stores.subnets.replaceAll([])
  }

  func addSubnet(_ name: String, provider: String, cidr: String) {
    var spec = Subnet.Spec()
    spec.provider = provider
    spec.cidrBlock = cidr
    stores.subnets.apply(Subnet(metadata: ObjectMeta(name: name), spec: spec))
  }

  func addPod(_ name: String, _ annotations: [String: String], version: Int = 1) {
    var metadata = ObjectMeta(name: name, namespace: "default")
    metadata.uid = "uid-" + name
    metadata.resourceVersion = String(version)
    metadata.annotations = annotations
    var pod = Pod(metadata: metadata)
    pod.nodeName = "n1"
    stores.pods.apply(pod)
  }

  static let allocated = [
    "macvlan.default.kubernetes.io/ip_address": "172.17.0.11", "macvlan.default.kubernetes.io/cidr": "172.17.0.0/16",
    "macvlan.default.kubernetes.io/gateway": "172.17.0.1", "macvlan.default.kubernetes.io/allocated": "true",
  ]

  static func request(_ change: (inout DaemonRequest) -> Void = { _ in }) -> DaemonRequest {
    var request = DaemonRequest(
      cniType: "macvlan", containerID: "c0ffee", networkNamespace: "/run/netns/p", interfaceName: "net1", provider: "macvlan.default")
    request.podName = "p"
    request.podNamespace = "default"
    request.networkName = "macvlan"
    change(&request)
    return request
  }

  /// Status and body of a call.
  func call(_ path: String, _ request: DaemonRequest) async -> (status: Int, body: JSONValue) {
    await call(path, bytes: request.json)
  }

  func call(_ path: String, bytes: [UInt8], method: String = "POST", type: String = "application/json") async -> (
    status: Int, body: JSONValue
  ) {
    let response = await agent.respond(
      to: HTTPRequest(method: method, target: path, headers: ["Content-Type": type], body: bytes))
    guard case .bytes(let bytes) = response.body else { return (response.status, .null) }
    return (response.status, (try? JSONValue(parsing: bytes)) ?? .string(String(decoding: bytes, as: UTF8.self)))
  }

  func add(_ request: DaemonRequest = NodeUnderTest.request()) async -> (status: Int, body: JSONValue) {
    await call("/api/v1/add", request)
  }
}

/// A value that several tasks share.
final class Box<Value: Sendable>: Sendable {
  private let state: Mutex<Value>

  init(_ value: Value) { state = Mutex(value) }

  var value: Value { state.withLock { $0 } }
  func change(_ body: (inout Value) -> Void) { state.withLock { body(&$0) } }
}

/// Notes what is asked of interfaces; fails where it is told to.
final class RecordedInterfaces: PodInterfaces {
  struct Refused: Error, CustomStringConvertible {
    var description: String { "Operation not permitted" }
  }

  let calls = Box<[String]>([])
  let refusesRoutes = Box(false)
  let mac = Box(MACAddress("02:00:00:00:00:01"))

  func setMAC(_ mac: MACAddress, interface: String, namespace: String) throws -> MACAddress? {
    calls.change { $0.append("mac \(mac) \(interface) \(namespace)") }
    let former = self.mac.value
    self.mac.change { $0 = mac }
    return former == mac ? nil : former
  }

  func removeDefaultRoutes(_ family: AddressFamily, namespace: String) throws -> any RemovedRoutes {
    if refusesRoutes.value { throw Refused() }
    calls.change { $0.append("remove defaults \(family) \(namespace)") }
    return Removed(calls: calls, family: family)
  }

  private struct Removed: RemovedRoutes {
    let calls: Box<[String]>
    let family: AddressFamily

    func restore() { calls.change { $0.append("restore defaults \(family)") } }
  }
}
