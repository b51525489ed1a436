import KubeAPI
import NetAddress

/// Why no address is held for an object that asks for one by itself: a Vip, or an IP that was made by hand. Told by condition and event.
package enum ReservationProblem: Error, Sendable, Equatable {
  case missing(field: String)
  case subnet(String, why: String)
  case address(field: String, text: String, why: String)
  /// Two fields of one object name different addresses.
  case contradiction(field: String, text: String, other: String, otherText: String)
  case mac(String, why: String)
  case macWithoutAddress(String)
  case podType(String)
  /// An IP is the record of one NIC, and its name says which.
  case name(String, expected: String)
  /// The allocator's answer: its word and its sentence.
  case refused(word: String, text: String)
  /// An edit of what has been given already.
  case change(String, held: String)

  /// The reason of condition and event: Kube-OVN's word where it has one.
  package var reason: String {
    switch self {
    case .subnet: "NoSubnet"
    case .refused(let word, _): word
    case .change: EventReason.changeRefused
    default: EventReason.invalidReservation
    }
  }

  /// Whether the object itself makes no sense; otherwise others are in the way.
  package var isMalformed: Bool {
    switch self {
    case .subnet, .refused: false
    default: true
    }
  }
}

extension ReservationProblem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missing(let field): "\(field) is empty"
    case .subnet(let name, let why): "subnet \(name) \(why)"
    case .address(let field, let text, let why): "\(field) \"\(text)\" is not valid: \(why)"
    case .contradiction(let field, let text, let other, let otherText):
      "\(field) says \(text), but \(other) says \(otherText)"
    case .mac(let text, let why): "spec.macAddress \"\(text)\" is not valid: \(why)"
    case .macWithoutAddress(let text):
      "spec.macAddress \(text) is given without an address: a hardware address is reserved together with an IP address only"
    case .podType(let text): "spec.podType \"\(text)\" is not valid: it must be empty, StatefulSet or VirtualMachine"
    case .name(let name, let expected):
      "IP \(name) reserves nothing: for this pod and subnet it would have to be named \(expected), or that with .<interface> behind it "
        + "where the pod uses the network twice"
    case .refused(_, let text): text
    case .change(let what, let held): "vip has been assigned, does not support change: \(what), but it holds \(held)"
    }
  }
}

/// Reads the fields that Vips and IPs have in common.
enum ReservationFields {
  static func address(_ text: String, _ field: String, _ family: AddressFamily) throws(ReservationProblem) -> IPAddress? {
    guard !text.isEmpty else { return nil }
    let address: IPAddress
    do throws(AddressError) { address = try IPAddress(parsing: text) } catch {
      throw .address(field: field, text: text, why: "it is no IP address")
    }
    guard address.family == family else { throw .address(field: field, text: text, why: "it is not an \(family) address") }
    return address
  }

  static func mac(_ text: String) throws(ReservationProblem) -> MACAddress? {
    guard !text.isEmpty else { return nil }
    guard let mac = MACAddress(text) else { throw .mac(text, why: "it is no MAC address") }
    guard !mac.isZero else { throw .mac(text, why: "no interface can have it") }
    guard !mac.isMulticast else { throw .mac(text, why: "it is a multicast address") }
    return mac
  }

  /// The subnet, if it gives addresses now.
  static func subnet(_ name: String, in subnets: SubnetTable) throws(ReservationProblem) -> SubnetPlan {
    guard !name.isEmpty else { throw .missing(field: "spec.subnet") }
    guard let plan = subnets.plans[name] else {
      throw .subnet(name, why: subnets.refused[name].map { "is refused: \($0.reason)" } ?? "does not exist")
    }
    guard !subnets.closed.contains(name) else { throw .subnet(name, why: "is being deleted") }
    guard !plan.cidrs.isEmpty else { throw .subnet(name, why: "has no addresses to give") }
    return plan
  }
}
