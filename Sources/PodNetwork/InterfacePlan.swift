package import CNI
package import KubeAPI
package import NetAddress
import WireJSON

/// What the node does about one ADD of another CNI's NIC, and what it answers (wire.md §5).
package struct InterfacePlan: Sendable, Equatable {
  /// Prefix of the annotations that decided: the request's provider, or that with the interface behind it.
  package var provider: ProviderName
  package var subnet: String
  package var addresses: [PlannedAddress]
  package var routes: [DaemonRoute]
  /// The MAC that the interface is to have; nil leaves it as its plugin made it.
  package var mac: MACAddress?
  /// Families whose present default routes give way to one of `routes` (wire.md §5, 9b).
  package var replacedDefaults: [AddressFamily]
  /// The IP CR of this NIC.
  package var recordName: String

  package struct PlannedAddress: Sendable, Equatable {
    package var address: IPAddress
    package var cidr: CIDR
    /// Only where the NIC carries the pod's default route.
    package var gateway: IPAddress?
  }
}

/// Whether an ADD can be answered yet.
package enum AddDecision: Sendable, Equatable {
  case ready(InterfacePlan)
  /// Not yet; the reason is told if it never comes.
  case wait(String)
  case fail(AddFailure)
}

/// An ADD that fails: the HTTP status and text of the answer, and the stage that Kube-OVN's event names.
package struct AddFailure: Error, Sendable, Equatable {
  package let status: Int
  package let stage: String
  package let message: String

  package init(status: Int, stage: String, message: String) {
    self.status = status
    self.stage = stage
    self.message = message
  }
}

/// What the node knows about subnets when it answers.
package protocol SubnetLookup {
  /// Names of the subnets of a provider, in name order.
  func names(provider: ProviderName) -> [String]
  func contains(name: String) -> Bool
  /// The subnet of a provider that holds an address.
  func name(provider: ProviderName, holding address: IPAddress) -> String?
}

extension SubnetLookup {
  /// For lookups that know no ranges: the first subnet, which is right where the provider has one.
  package func name(provider: ProviderName, holding address: IPAddress) -> String? { names(provider: provider).first }
}

extension AddDecision {
  /// What can be refused before the pod is known: requests that could only end on the wrong network (decisions.md §4 row 27).
  package static func refuse(_ request: DaemonRequest) -> AddFailure? {
    guard !request.wantsInterface else { return nil }
    let network = request.networkName.isEmpty ? "" : " of network \(request.networkName)"
    let provider = ProviderName(request.provider)
    guard provider.isOVN else { return nil }
    let why =
      switch provider.text {
      case "": "the ipam section\(network) names no provider"
      // Kube-OVN's plugin sends this also where the section names none.
      case ProviderName.primary.text: "the ipam section\(network) names no provider, or \(provider), which is the pod's primary network"
      default: "the ipam section\(network) names provider \(provider), which is for NICs that kube-ovn makes itself"
      }
    let rule = ": for a NIC of type \(request.cniType) it must be <nad>.<namespace>, without .ovn"
    return AddFailure(status: 400, stage: "provider", message: why + rule)
  }

  /// Decides from the pod's annotations. Synchronous and without effects: called again at each change of the pod.
  package init(_ request: DaemonRequest, pod: Pod, subnets: some SubnetLookup) {
    do throws(Outcome) {
      self = .ready(try Self.plan(request, pod: pod, subnets: subnets))
    } catch {
      switch error {
      case .wait(let reason): self = .wait(reason)
      case .fail(let failure): self = .fail(failure)
      }
    }
  }

  private enum Outcome: Error {
    case wait(String)
    case fail(AddFailure)
  }

  private static func plan(
    _ request: DaemonRequest, pod: Pod, subnets: some SubnetLookup
  ) throws(Outcome) -> InterfacePlan {
    let annotations = pod.metadata.annotations
    let base = ProviderName(request.provider)
    let provider = ProviderForm(pod).provider(of: base, interface: request.interfaceName, podNamespace: pod.metadata.namespace)
    let isAllocated =
      annotations[provider.key(.allocated)] == "true" && !(annotations[provider.key(.ipAddress)] ?? "").isEmpty && pod.ownsItsGrants
    let named = annotations[provider.key(.logicalSwitch)] ?? annotations[base.key(.logicalSwitch)] ?? ""
    guard isAllocated else {
      let isServed = !subnets.names(provider: base).isEmpty || (!named.isEmpty && subnets.contains(name: named))
      throw waiting(request, provider, pod: pod, isServed: isServed)
    }
    var plan = InterfacePlan(
      provider: provider, subnet: named, addresses: [], routes: [], mac: nil, replacedDefaults: [],
      // An allocated pod says itself whose address it has; the flag is the controller's.
      recordName: PodOwner(pod, keepsVMAddress: true).recordName(provider))
    plan.addresses = try addresses(annotations, provider, base: base, interface: request.interfaceName)
    if named.isEmpty, let first = plan.addresses.first { plan.subnet = subnets.name(provider: base, holding: first.address) ?? "" }
    plan.routes = request.routes + (try routes(annotations, base, pod: pod))
    plan.replacedDefaults = AddressFamily.allCases.filter { family in
      plan.routes.contains { $0.defaultFamily == family }
    }
    if let text = annotations[provider.key(.macAddress)], !text.isEmpty, request.cniType != "ipvlan" {
      guard let mac = MACAddress(text) else { throw .wait("annotation \(provider.key(.macAddress)) \"\(text)\" is not a MAC address") }
      plan.mac = mac
    }
    return plan
  }

  /// Why there is no address yet, and whether there is any use in waiting.
  private static func waiting(_ request: DaemonRequest, _ provider: ProviderName, pod: Pod, isServed: Bool) -> Outcome {
    let errors = AllocationErrors(annotation: pod.metadata.annotations[AnnotationKey.allocationError])
    let reason =
      errors.entries[provider.text] ?? errors.reason(for: request.provider, network: request.networkName)
    if let reason, reason.isFinal {
      return .fail(AddFailure(status: 500, stage: "wait-address", message: unallocated(request, reason.reason)))
    }
    guard isServed || reason != nil else {
      let network = request.networkName.isEmpty ? "" : " (network \(request.networkName))"
      return .fail(
        AddFailure(
          status: 400, stage: "provider", message: "provider \(request.provider)\(network) is not bound to any subnet"))
    }
    return .wait(reason?.reason ?? "kube-ovn-controller has not allocated it yet")
  }

  /// Kube-OVN's opening words, then the reason (decisions.md §4 row 2).
  package static func unallocated(_ request: DaemonRequest, _ reason: String) -> String {
    "no address allocated to pod \(request.podNamespace)/\(request.podName) provider \(request.provider): \(reason)"
  }

  private static func addresses(
    _ annotations: [String: String], _ provider: ProviderName, base: ProviderName, interface: String
  ) throws(Outcome) -> [InterfacePlan.PlannedAddress] {
    func parse<Value: FamilyValue>(_ field: NetworkField, _ type: Value.Type) throws(Outcome) -> DualStack<Value> {
      let key = provider.key(field)
      let text = annotations[key] ?? ""
      if text.isEmpty { return DualStack<Value>() }
      do throws(AddressError) { return try DualStack<Value>(parsing: text) } catch {
        throw .wait("annotation \(key) is not valid: \(error)")
      }
    }
    let ips = try parse(.ipAddress, IPAddress.self)
    let cidrs = try parse(.cidr, CIDR.self)
    let gateways = try parse(.gateway, IPAddress.self)
    let carriesDefault: Bool =
      switch annotations[provider.key(.defaultRoute)] ?? annotations[base.key(.defaultRoute)] {
      case "true": true
      case "false": false
      default: interface == "eth0"
      }
    var planned: [InterfacePlan.PlannedAddress] = []
    for address in ips.values {
      guard let cidr = cidrs[address.family] else {
        throw .wait("annotation \(provider.key(.cidr)) has no \(address.family) range for address \(address)")
      }
      planned.append(
        InterfacePlan.PlannedAddress(
          address: address, cidr: cidr, gateway: carriesDefault ? gateways[address.family] : nil))
    }
    return planned
  }

  /// `<provider>.kubernetes.io/routes`, a JSON list of `{"dst","gw"}`; never with the interface in its key.
  private static func routes(_ annotations: [String: String], _ base: ProviderName, pod: Pod) throws(Outcome) -> [DaemonRoute] {
    guard let text = annotations[base.key(.routes)], !text.isEmpty else { return [] }
    do throws(JSONError) {
      return try JSONReader.parse(Array(text.utf8)) { (reader) throws(JSONError) in try DaemonRoute.readList(from: &reader) }
    } catch {
      throw .fail(
        AddFailure(
          status: 500, stage: "parse-routes",
          message: "invalid routes for pod \(pod.key) in annotation \(base.key(.routes)): \(error.description)"))
    }
  }
}

extension DaemonRoute {
  /// The family whose default route this is: no destination or one of length 0; nil for any other route.
  var defaultFamily: AddressFamily? {
    if destination.isEmpty { return (try? IPAddress(parsing: gateway))?.family }
    guard let block = CIDR(destination), block.prefixLength == 0 else { return nil }
    return block.family
  }
}
