import IPAM
import KubeAPI
import NetAddress
import PodNetwork
import Testing

@testable import Controllers

/// Pods that come, wait, are served and go in any order, on the real allocator with the real lines: when all is quiet, nobody waits for
/// what is there.
@Suite struct WakeUpModelTests {
  @Test("nobody is left waiting for what is there, and waking comes to an end", arguments: UInt64(1)...40)
  func nobodyStarves(seed: UInt64) throws {
    var model = try Model(seed: seed)
    for _ in 0..<400 { try model.step() }
    let turns = try model.drain(limit: 100_000)
    #expect(turns != nil, "seed \(seed): pods wake each other for ever")
    #expect(model.servable() == nil, "seed \(seed): \(model.servable() ?? "")")
    #expect(model.served > 25, "seed \(seed): too few pods were served to show anything")
  }

  @Test("the model can tell: where wake-ups are not passed on, somebody is left")
  func noticesLoss() throws {
    let isNoticed = try (UInt64(1)...40).contains { seed in
      var model = try Model(seed: seed, passesOn: false)
      for _ in 0..<400 { try model.step() }
      _ = try model.drain(limit: 100_000)
      return model.servable() != nil
    }
    #expect(isNoticed)
  }
}

/// Two subnets: `s` is dual-stack, tight in both families, with a pool and an excluded address; `t` has a single address.
private struct Model {
  private struct Pod {
    let created: Int64
    let bindings: [AttachmentBinding]
    var isServed = false
  }

  private var generator: Generator
  private let allocator = Allocator(seed: 7)
  private var waiting = WaitingPods()
  private var pods: [ObjectKey: Pod] = [:]
  private var queue: [ObjectKey] = []
  private var nextName = 0
  private(set) var served = 0
  private let passesOn: Bool

  init(seed: UInt64, passesOn: Bool = true) throws {
    self.passesOn = passesOn
    generator = Generator(state: seed)
    try allocator.setSubnet(
      SubnetDefinition(
        name: "s", cidrs: try CIDRBlock(parsing: "10.0.0.0/29,fd00::/125"), gateways: try AddressPair(parsing: "10.0.0.1,fd00::1"),
        excludes: try ["10.0.0.1", "10.0.0.6", "fd00::1", "fd00::5..fd00::6"].map { try AddressRange(parsing: $0) }))
    try allocator.setPool(PoolDefinition(name: "web", entries: ["10.0.0.2..10.0.0.3", "fd00::2"]), in: "s")
    try allocator.setSubnet(
      SubnetDefinition(
        name: "t", cidrs: try CIDRBlock(parsing: "10.1.0.0/30"), gateways: try AddressPair(parsing: "10.1.0.1"),
        excludes: [try AddressRange(parsing: "10.1.0.1")]))
    allocator.restoreFinished()
  }

  // MARK: Steps

  mutating func step() throws {
    switch generator.pick(10) {
    case 0..<3: try create()
    case 3..<8: try turn()
    default: try remove()
    }
  }

  /// Turns until nobody is in the queue; nil when that takes more than `limit`.
  mutating func drain(limit: Int) throws -> Int? {
    for turns in 0..<limit {
      if queue.isEmpty { return turns }
      try turn()
    }
    return nil
  }

  /// A waiting pod that could be served; there must be none.
  func servable() -> String? {
    for (key, pod) in pods.sorted(by: { $0.key < $1.key }) where !pod.isServed {
      let owner = Self.owner(key)
      if (try? allocator.allocate(pod.bindings.map { $0.request(owner: owner) }, owner: owner.allocatorOwner)) != nil {
        return "\(key) waits, and could have \(pod.bindings.map(\.places))"
      }
    }
    return nil
  }

  private mutating func create() throws {
    let key = ObjectKey(namespace: "d", name: "p\(nextName)")
    nextName += 1
    var bindings: [AttachmentBinding] = []
    if generator.pick(4) > 0 { bindings.append(try inS()) }
    if bindings.isEmpty || generator.pick(3) == 0 { bindings.append(binding("t", .any)) }
    // Some are older than those that came before them.
    pods[key] = Pod(created: Int64(generator.pick(50)), bindings: bindings)
    queue.append(key)
  }

  private mutating func inS() throws -> AttachmentBinding {
    func address(_ text: String) throws -> IPAddress { try IPAddress(parsing: text) }
    let wish: AddressWish
    switch generator.pick(6) {
    case 0: wish = .pool("web")
    case 1: wish = .fixed([RequestedAddress(address: try address("10.0.0.\(2 + generator.pick(5))"))])
    case 2: wish = .oneOf([[try address("10.0.0.6")], [try address("10.0.0.\(2 + generator.pick(4))")]])
    case 3: wish = .fixed([RequestedAddress(address: try address("fd00::\(2 + generator.pick(4))"))])
    default: wish = .any
    }
    var binding = binding("s", wish)
    switch (wish, generator.pick(4)) {
    case (.any, 0), (.pool, 0): binding.wish.family = .v4
    case (.any, 1): binding.wish.family = .v6
    default: break
    }
    if generator.pick(5) == 0 { binding.wish.mac = MACAddress("02:00:00:00:00:0\(generator.pick(2))") }
    return binding
  }

  private func binding(_ subnet: String, _ wish: AddressWish) -> AttachmentBinding {
    let provider = ProviderName("\(subnet).default")
    let attachment = PodNetwork.Attachment(
      network: ObjectKey(namespace: "default", name: subnet), provider: provider, subnetProvider: provider, interface: subnet,
      namesInterface: false)
    var whole = AttachmentWish()
    whole.address = wish
    return AttachmentBinding(attachment: attachment, wish: whole, places: [AddressPlace(subnet: subnet, wish: wish)])
  }

  /// Some pod goes, served or not.
  private mutating func remove() throws {
    guard let key = pods.keys.sorted().dropFirst(generator.pick(max(pods.count, 1))).first else { return }
    pods[key] = nil
    waiting.remove(key)
    giveBack(key)
    queue.append(key)
  }

  private mutating func giveBack(_ key: ObjectKey) {
    for released in allocator.release(Self.owner(key).allocatorOwner) {
      for returned in Returned.all(of: released, in: allocator) {
        if let next = waiting.wake(for: returned) { queue.append(next) }
      }
    }
  }

  /// What `PodReconciler` does with a key; now and then somebody else gives something back in the middle of it.
  private mutating func turn() throws {
    guard !queue.isEmpty else { return }
    let key = queue.remove(at: generator.pick(queue.count))
    queue.removeAll { $0 == key }
    let wakeUps = waiting.takeWakeUps(of: key)
    if let pod = pods[key], !pod.isServed { try serve(key, pod) }
    for wakeUp in wakeUps where passesOn {
      let open = Set(wakeUp.returned.awaited.filter { allocator.has($0) })
      if let next = waiting.passOn(wakeUp, isOpen: { open.contains($0) }) { queue.append(next) }
    }
  }

  private mutating func serve(_ key: ObjectKey, _ pod: Pod) throws {
    let owner = Self.owner(key)
    let ticket = waiting.ticket
    do throws(AllocationFailure) {
      _ = try allocator.allocate(pod.bindings.map { $0.request(owner: owner) }, owner: owner.allocatorOwner)
      waiting.remove(key)
      pods[key]?.isServed = true
      served += 1
    } catch {
      if generator.pick(3) == 0, let other = pods.keys.sorted().first(where: { pods[$0]?.isServed == true }) {
        pods[other] = nil
        giveBack(other)
        queue.append(other)
      }
      let isStale = waiting.park(
        key, created: Timestamp(seconds: pod.created), awaiting: error.awaited(pod.bindings, owner), since: ticket)
      if isStale { queue.append(key) }
    }
  }

  private static func owner(_ key: ObjectKey) -> PodOwner {
    PodOwner(namespace: key.namespace, name: key.name, uid: key.name, kind: .plain)
  }
}

/// SplitMix64: the same numbers for the same seed on every machine.
private struct Generator {
  var state: UInt64

  /// A number below `limit`.
  mutating func pick(_ limit: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ (mixed >> 31)) % UInt64(limit))
  }
}
